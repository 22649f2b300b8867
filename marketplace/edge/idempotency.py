"""`Idempotency-Key` (API) and the hidden field `_key` (forms): the same key does a thing once and answers the same.

The key's row belongs to the effect's transaction. Same key and body → the stored answer; another body → 422; still
under way → 409 on PostgreSQL (an advisory lock is tried), a wait on SQLite (writes stand in line). Refusals are not
stored.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, current_app, flash, get_flashed_messages, request, session
from sqlalchemy import BigInteger, bindparam, delete, func, select

from ..core import clock
from ..core.db import db, is_sqlite
from ..core.errors import Conflict, Refused
from . import current
from .models import IdempotencyKey

HEADER, FIELD = "Idempotency-Key", "_key"
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
MAX_KEY = 120
MAX_BODY = 1024 * 1024


def key_of_request() -> str | None:
    """The key, or None: without one a request is simply done. Raises Refused('key_malformed')."""
    key = request.headers.get(HEADER) or (request.form.get(FIELD) if request.method == "POST" else None)
    if not key:
        return None
    if len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise Refused("key_malformed", field=HEADER)
    return key


# Built once: every write asks them.
_TABLE: Any = IdempotencyKey.__table__
_KEY = ("actor", "route", "key")
_STORED = select(_TABLE).where(*(_TABLE.c[name] == bindparam(name) for name in _KEY))
_LOCKED = select(func.pg_try_advisory_xact_lock(bindparam("number", type_=BigInteger())))
_STORE = _TABLE.insert()


def once(run: Callable[[], Response]) -> Response:
    """Runs the effect, or answers what it answered before."""
    key, actor = key_of_request(), current.actor()
    if key is None or actor.user is None:
        return run()
    identity = (str(actor.user), request.endpoint or "", key)
    _claim("\0".join(identity))
    body_hash = _body_hash()
    stored = db.session.execute(_STORED, dict(zip(_KEY, identity, strict=True))).one_or_none()
    if stored is not None:
        return _replay(stored, body_hash)
    response = run()
    if response.status_code < 400 and not response.is_streamed:
        _store(identity, body_hash, response)
    return response


def forget(before: datetime) -> int:
    """Drops answers older than `before`; the worker calls it daily. Returns how many."""
    gone = delete(IdempotencyKey).where(IdempotencyKey.at < before).returning(IdempotencyKey.key)
    return len(db.session.execute(gone).all())


def _claim(identity: str) -> None:
    if is_sqlite():
        return
    number = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big", signed=True)
    if not db.session.scalar(_LOCKED, {"number": number}):
        raise Conflict("request_running")


def _body_hash() -> str:
    """Of what was asked: the whole URL and body, save the key and the CSRF token, which a repeat may carry anew.

    Keyed with the installation's secret: a body may hold an identity number, which a bare hash would let one guess.
    """
    secret = str(current_app.config["SECRET_KEY"]).encode()
    digest = hmac.new(secret, request.full_path.encode(), hashlib.sha256)
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        for name, values in sorted(request.form.lists()):
            if name not in (FIELD, "csrf_token"):
                digest.update(repr((name, values)).encode())
        for name, upload in sorted(request.files.items(multi=True), key=lambda item: item[0]):
            digest.update(repr((name, upload.filename)).encode())
            digest.update(hashlib.sha256(upload.stream.read()).digest())
            upload.stream.seek(0)
    else:
        digest.update(request.get_data(cache=True))
    return digest.hexdigest()


def _store(identity: tuple[str, str, str], body_hash: str, response: Response) -> None:
    headers: dict[str, Any] = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    headers["flashes"] = session.get("_flashes", [])  # a double click shows the word of the first
    # What must not be stored (a new token's secret) is not stored here either: its repeat answers without a body.
    body = b"" if response.cache_control.no_store else response.get_data()
    row = {
        "body_hash": body_hash,
        "status": response.status_code,
        "headers": headers,
        "body": body if len(body) <= MAX_BODY else b"",
        "at": clock.now(),
    }
    db.session.execute(_STORE, dict(zip(_KEY, identity, strict=True)) | row)


def _replay(stored: Any, body_hash: str) -> Response:
    if stored.body_hash != body_hash:
        raise Refused("key_reused", field=HEADER)
    headers = dict(stored.headers)
    get_flashed_messages()
    for category, message in headers.pop("flashes", []):
        flash(message, category)
    # An answer that was not kept (a secret) is none to a program, and an empty page to a browser.
    status = 204 if not stored.body and request.path.startswith("/api/") else stored.status
    response = Response(stored.body, status, headers)
    response.headers["Idempotent-Replay"] = "true"
    return response
