"""The one door to Flask-Mailman. A plain text to one address; called by the worker, outside any transaction.

Where mails go: to the SMTP server of BANGFU_SMTP_URL (smtp://, smtp+starttls://, smtps://, user and password in it),
else into files under var/mail, in tests into a list (`outbox`).
"""

import smtplib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app
from flask_mailman import EmailMessage, Mail

SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
TIMEOUT = 20  # seconds; a server that hangs holds the worker no longer


class MailError(Exception):
    """The mail was not taken; `reason` is a word for the row, never the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def config(url: str, sender: str, folder: Path) -> dict[str, Any]:
    """Flask-Mailman's settings. Raises ValueError for a URL that is none of SCHEMES."""
    base = {"MAIL_DEFAULT_SENDER": sender, "MAIL_TIMEOUT": TIMEOUT}
    if not url:
        return base | {"MAIL_BACKEND": "file", "MAIL_FILE_PATH": str(folder)}
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError("BANGFU_SMTP_URL: smtp://, smtp+starttls:// or smtps://, and a host")
    return base | {
        "MAIL_BACKEND": "smtp",
        "MAIL_SERVER": parts.hostname,
        "MAIL_PORT": parts.port or SCHEMES[parts.scheme],
        "MAIL_USERNAME": unquote(parts.username) if parts.username else None,
        "MAIL_PASSWORD": unquote(parts.password) if parts.password else None,
        "MAIL_USE_TLS": parts.scheme == "smtp+starttls",
        "MAIL_USE_SSL": parts.scheme == "smtps",
    }


def init_app(app: Flask, url: str, sender: str, folder: Path) -> None:
    app.config.update(config(url, sender, folder))
    Mail(app)


def send(to: str, subject: str, text: str, headers: Mapping[str, str] | None = None) -> None:
    """Hands one mail over. Raises MailError."""
    connection = current_app.extensions["mailman"].get_connection(backend="locmem" if current_app.testing else None)
    message = EmailMessage(" ".join(subject.split()), text, None, [to], headers=dict(headers or {}))
    message.connection = connection
    try:
        taken = message.send()
    except (smtplib.SMTPException, OSError) as failure:
        raise MailError(type(failure).__name__) from None  # its words may hold the address
    if not taken:
        raise MailError("not_taken")


def outbox() -> list[Any]:
    """What tests sent."""
    found: list[Any] = current_app.extensions["mailman"].outbox
    return found
