"""Messages (消息): who must act first, then what happened; read or not by each person. And the links of their mails."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from ..core import clock
from ..core.fields import Taken, Text
from ..edge.current import actor
from ..edge.forms import Form, done
from ..edge.guard import guard
from ..notices import inbox as notices
from ..notices import mail
from . import navigation
from .messages_words import TO_DO, opens, sentence
from .tables import Table

blueprint = Blueprint("messages", __name__)
LABELS = {"address": _l("工作邮箱"), "wish": _l("什么时候发")}
WISHES = {"at_once": _l("一有消息就发"), "daily": _l("每天早上八点发一封汇总"), "none": _l("不发")}


class MailSchema(Taken):
    address = Text(120, required=True)
    wish = fields.String(required=True, validate=validate.OneOf(list(WISHES)))


@blueprint.get("/")
@guard(signed_in=True)
def inbox() -> str:
    table = Table(per_page=25)
    open_ = notices.to_do(actor(), TO_DO)
    rest, table.total = notices.told(actor(), TO_DO, page=table.page, size=table.per_page)
    return render_template(
        "messages/inbox.html",
        open_=[_shown(one) for one in open_],
        rest=[_shown(one) for one in rest],
        table=table,
        today=clock.today(),
    )


def _shown(seen: Any) -> dict[str, Any]:
    row = seen.row
    return {
        "row": row,
        "read": seen.read,
        "words": sentence(row),
        "opens": opens(row) is not None,
        "days_left": (row.act_by - clock.today()).days if row.act_by else None,
    }


@blueprint.get("/<uuid:message_id>")
@guard(signed_in=True)
def one(message_id: UUID) -> str:
    """What a mail's link shows: the one message, and the button that opens what it is about."""
    row = notices.message(actor(), message_id)
    return render_template("messages/one.html", one=_shown(notices.Seen(row, True)))


@blueprint.post("/<uuid:message_id>/open")
@guard(signed_in=True)
def open_one(message_id: UUID) -> Response:
    """Marks it read and goes to what it is about."""
    row = notices.read(actor(), message_id)
    return redirect(opens(row) or url_for("messages.inbox"), 303)  # type: ignore[return-value]


@blueprint.post("/read")
@guard(signed_in=True)
def read_all() -> Response:
    notices.read_all(actor())
    return done(_("全部消息已标为已读。"), "messages.inbox")


@blueprint.route("/mail", methods=["GET", "POST"])
@guard(signed_in=True)
def mail_settings() -> Response:
    """The user's own work address, and when messages go there."""
    held = mail.setting(actor())
    form = Form(MailSchema(), {"address": held.address if held else "", "wish": held.wish if held else "at_once"})
    if form.posted:
        with form.attempt():
            asked = mail.set_address(actor(), **form.data())
            word = _("确认邮件已经发出，请到邮箱里点开。") if asked else _("已保存。")
            return done(word, "messages.mail_settings")
    return form.page(
        "messages/mail.html",
        held=held,
        latest=mail.latest(actor()),
        labels=LABELS,
        wishes=[(wish, word, "") for wish, word in WISHES.items()],
    )


@blueprint.post("/mail/forget")
@guard(signed_in=True)
def mail_forget() -> Response:
    mail.forget_address(actor())
    return done(_("邮箱已删除，不再发邮件。"), "messages.mail_settings")


@blueprint.route("/mail/confirm/<token>", methods=["GET", "POST"])
@guard(public=True)
def mail_confirm(token: str) -> Response:
    """The link of the mail that asks; a button, because a program that looks links up must not say yes."""
    form = Form(Schema())
    if form.posted:
        with form.attempt():
            mail.confirm(token)
            return done(_("工作邮箱已确认，消息会发到那里。"), _home())
    return form.page("messages/mail_link.html", stop=False)


@blueprint.route("/mail/stop/<token>", methods=["GET", "POST"])
@guard(public=True, csrf=False)
def mail_stop(token: str) -> Response:
    """A mail's unsubscribe link; a mail program may post to it by itself (RFC 8058), hence without a page's token."""
    form = Form(Schema())
    if form.posted:
        with form.attempt():
            mail.unsubscribe(token)
            return done(_("不再发邮件。消息在平台里照常能看到。"), _home())
    return form.page("messages/mail_link.html", stop=True)


def _home() -> str:
    return "messages.inbox" if actor().user and navigation.exists("messages.inbox") else "account.sign_in"
