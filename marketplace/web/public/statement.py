"""A household's own pages behind its card's QR code: the second fact, the statement, a yes, or what is wrong.

Nothing here is anybody's but the link's household: the cookie holds the link for twenty minutes, every request asks
whether it still lives, and no address of these pages names a person. They work without JavaScript, on an old phone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, send_file, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...attribution.household_schemas import ConfirmSchema, DisputeFormSchema, EnterSchema
from ...core import clock, files
from ...core.db import by_id
from ...core.errors import NotFound
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...households import facts
from ...households import services as households
from ...households.rules import masked
from ...identity import services as identity
from ...regions import services as regions
from .. import kit, mechanisms, statements
from . import blueprint

KEY = "statement"
LABELS = {
    "fact": _l("后四位"),
    "about": _l("哪一笔"),
    "words": _l("哪里不对"),
    "claimed_fen": _l("您认为应是"),
    "file": _l("照片"),
    "payouts": _l("确认"),
}


@dataclass(frozen=True)
class Opened:
    """What the cookie opens: a living link, and who came by it."""

    link: Any
    voice: attribution.Voice

    @property
    def household_id(self) -> UUID:
        found: UUID = self.link.household_id
        return found


def _opened() -> Opened | None:
    held = session.get(KEY)
    if (
        not isinstance(held, dict)
        or clock.now().timestamp() - held.get("began", 0) > attribution.OPEN_FOR.total_seconds()
    ):
        return None
    link = attribution.live(UUID(held["link"]))
    if link is None:
        return None
    proxy = facts.proxy(link.household_id, UUID(held["proxy"])) if held.get("proxy") else None
    if held.get("proxy") and proxy is None:
        return None
    return Opened(link, attribution.by_link(link, proxy.name if proxy else ""))


def opened(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view gets what is open; whose time is over, or whose card was ended, is told to scan again."""

    @wraps(view)
    def wrapper(**values: Any) -> Any:
        found = _opened()
        if found is None:
            session.pop(KEY, None)
            return make_response(render_template("public/statement_closed.html"), 401)
        return view(found, **values)

    return wrapper


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """The household's pages are nobody's cache's and no index's. (Referrer-Policy is same-origin on every page: with
    none at all the forms' CSRF check would refuse them under HTTPS.)"""
    if request.endpoint and request.endpoint.startswith("public.household"):
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.route(f"/s/<string(length={attribution.TOKEN_LENGTH}):token>", methods=["GET", "POST"])
@guard(public=True, writes=False)
def household_enter(token: str) -> Response:
    """The same page for every token, known or not; the form asks the second fact."""
    form = Form(EnterSchema())
    if form.posted:
        with form.attempt():
            link, fact = attribution.enter(token, form.data()["fact"], request.remote_addr or "")
            proxy = fact.proxy_id.hex if fact.proxy_id else ""
            session[KEY] = {"link": link.id.hex, "began": int(clock.now().timestamp()), "proxy": proxy}
            return redirect(url_for("public.household_statement"), 303)  # type: ignore[return-value]
    return form.page("public/statement_enter.html", labels=LABELS)


WAYS = statements.Ways(
    lines=lambda pool_id, distribution_id: url_for(
        "public.household_lines", pool_id=pool_id, cut=distribution_id or statements.TAIL
    ),
    dispute=lambda id_: url_for("public.household_dispute", dispute_id=id_),
    raise_dispute=lambda kind, id_: url_for("public.household_dispute_new", kind=kind, about=id_),
)


def _context(found: Opened) -> dict[str, Any]:
    household = households.by_ids([found.household_id])[found.household_id]
    return {
        "household": household,
        "name": masked(household.head_name),
        "place": regions.name_path(household.present_division) + household.group_name,
        "voice": found.voice,
        "minutes": int(attribution.OPEN_FOR.total_seconds() // 60),
        "labels": LABELS,
    }


@blueprint.get("/s/")
@guard(public=True)
@opened
def household_statement(found: Opened) -> str:
    shown = statements.shown(found.household_id, found.link.supplier_id, statements.asked_month(), WAYS)
    to_confirm = attribution.unconfirmed(found.household_id, found.link.supplier_id)
    if shown["month"]:
        to_confirm = [row for row in to_confirm if row.period == shown["month"]]
    return render_template("public/statement.html", to_confirm=to_confirm, **_context(found), **shown)


@blueprint.get("/s/pools/<uuid:pool_id>")
@guard(public=True)
@opened
def household_lines(found: Opened, pool_id: UUID) -> str:
    shown = statements.opened(found.household_id, found.link.supplier_id, pool_id, WAYS)
    return render_template("public/statement_lines.html", **_context(found), **shown)


@blueprint.post("/s/confirm")
@guard(public=True)
@opened
def household_confirm(found: Opened) -> Response:
    """The household's yes to what it received."""
    form = Form(ConfirmSchema())
    with form.attempt():
        count = attribution.confirm(attribution.HOUSEHOLD, found.voice, form.data()["payout_ids"])
        word = _("谢谢，已确认 %(count)s 笔。", count=count) if count else _("这些款已经确认过了。")
        return done(word, "public.household_statement", month=request.args.get("month"))
    return form.page("public/statement_refused.html", **_context(found))


@blueprint.route("/s/disputes/new", methods=["GET", "POST"])
@guard(public=True)
@opened
def household_dispute_new(found: Opened) -> Response:
    """Says what is wrong, about one row, with a photograph if there is one."""
    given = {"about": f"{request.args.get('kind', '')} {request.args.get('about', '')}"}
    form = Form(DisputeFormSchema(), given)
    if form.posted:
        with form.attempt():
            data = statements.about_of(form.data())
            row = attribution.raise_dispute(attribution.HOUSEHOLD, found.voice, file_id=_photo(), **data)
            word = _(
                "已提出异议 %(number)s，供应商会在%(day)s前答复。", number=row.number, day=kit.day(row.answer_due_on)
            )
            return done(word, "public.household_dispute", dispute_id=row.id)
    return form.page(
        "public/statement_dispute_new.html",
        about=statements.about_options(found.household_id, found.link.supplier_id),
        **_context(found),
    )


def _photo() -> UUID | None:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return None
    return files.keep(attribution.HOUSEHOLD, "photo", upload.read(files.MAX_BYTES + 1)).id


def _dispute(found: Opened, dispute_id: UUID) -> Any:
    """A dispute of the link's household, as far as the link shows. Raises NotFound."""
    for row in attribution.disputes_of(found.household_id, found.link.supplier_id):
        if row.id == dispute_id:
            return row
    raise NotFound("dispute")


@blueprint.get("/s/disputes/<uuid:dispute_id>")
@guard(public=True)
@opened
def household_dispute(found: Opened, dispute_id: UUID) -> str:
    row = _dispute(found, dispute_id)
    return render_template(
        "public/statement_dispute.html",
        dispute=row,
        parties=identity.named({row.supplier_id}),
        words=mechanisms,
        file_url=lambda id_: url_for("public.household_file", dispute_id=dispute_id, file_id=id_),
        **_context(found),
    )


@blueprint.post("/s/disputes/<uuid:dispute_id>/withdraw")
@guard(public=True)
@opened
def household_withdraw(found: Opened, dispute_id: UUID) -> Response:
    attribution.withdraw_dispute(attribution.HOUSEHOLD, found.voice, dispute_id)
    return done(_("已撤回。"), "public.household_statement")


@blueprint.get("/s/disputes/<uuid:dispute_id>/files/<uuid:file_id>")
@guard(public=True)
@opened
def household_file(found: Opened, dispute_id: UUID, file_id: UUID) -> Response:
    row = _dispute(found, dispute_id)
    if file_id not in (row.file_id, row.answer_file_id):
        raise NotFound("file")
    kept = by_id(files.FileRow, file_id, what="file")
    response = send_file(files.open_kept(kept), mimetype=kept.media_type, download_name="photo")
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


@blueprint.post("/s/leave")
@guard(public=True)
def household_leave() -> Response:
    """Ends it at once: the phone may be another's."""
    session.pop(KEY, None)
    return make_response(render_template("public/statement_closed.html", left=True))
