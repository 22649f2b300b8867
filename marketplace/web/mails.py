"""What a mail says, in its reader's language: the same sentences as on the page of messages, and where to open them."""

from typing import Any
from urllib.parse import urljoin

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from ..core import clock
from ..notices import mail
from ..notices.mail import Letter, Parcel
from . import messages_words


def compose(parcel: Parcel) -> Letter:
    """The letter of a parcel. Called by the worker: the request that it makes up gives links their host."""
    base = current_app.config["SETTINGS"].public_url
    with (
        current_app.test_request_context(base_url=base),
        force_locale("en" if parcel.locale == "en" else "zh_Hans_CN"),
    ):
        return _confirming(parcel, base) if parcel.confirm else _telling(parcel, base)


def _link(base: str, path: str, *parts: str) -> str:
    return urljoin(base.rstrip("/") + "/", "/".join((path, *parts)))


def _confirming(parcel: Parcel, base: str) -> Letter:
    assert parcel.confirm is not None
    lines = [
        _("%(name)s，您好：", name=parcel.name),
        "",
        _("有人把这个邮箱填作帮扶平台的工作邮箱。是您本人，请在两天内打开下面的网址确认；不是，请忽略这封邮件。"),
        "",
        _link(base, "messages/mail/confirm", parcel.confirm),
    ]
    return Letter(_("请确认工作邮箱"), "\n".join(lines))


def _telling(parcel: Parcel, base: str) -> Letter:
    stop = _link(base, "messages/mail/stop", parcel.stop)
    sentences = [messages_words.sentence(row) for row in parcel.messages]
    subject = sentences[0]
    if len(sentences) > 1:
        subject = _("%(count)s 条消息：%(first)s", count=len(sentences), first=sentences[0])
    lines = [_("%(name)s，您好：", name=parcel.name), ""]
    for row, sentence in zip(parcel.messages, sentences, strict=True):
        lines += [f"- {sentence}{_by(row)}", f"  {_link(base, 'messages', str(row.id))}"]
    lines += ["", _("不想再收邮件：%(link)s", link=stop), _("消息在平台里照常能看到。")]
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return Letter(subject[:120], "\n".join(lines), headers)


def _by(row: Any) -> str:
    if row.act_by is None:
        return ""
    late = row.act_by < clock.today()
    return _("（%(day)s 已过期）", day=row.act_by) if late else _("（%(day)s 前）", day=row.act_by)


def send_next() -> bool:
    """For the worker: one person's due mails."""
    return mail.send_next(compose)
