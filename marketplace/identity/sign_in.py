"""Sign-in and out by name and password, throttled in the database; the only module that knows flask_security.

An unknown name, a wrong password and a user who may not sign in answer alike, in words and in time. Each attempt is
reserved as a failure in its own short transaction before the password is looked at, so that many at once cannot pass
the limit together; the slow hash runs outside any transaction.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, session
from flask_login import current_user
from flask_security import RoleMixin, Security, UserMixin
from flask_security.datastore import UserDatastore
from flask_security.utils import hash_password as _hash
from flask_security.utils import login_user, logout_user, verify_password
from sqlalchemy import Select, func, select, text, update
from sqlalchemy.orm import joinedload

from ..core import audit, clock
from ..core.actor import SYSTEM, Actor
from ..core.db import db, is_sqlite, new_id, transaction
from ..core.errors import Refused, SignInNeeded, TooMany
from .models import SignInAttempt, User
from .services import actor_of

WINDOW = timedelta(minutes=15)
PER_NAME, PER_ADDRESS = 5, 30


class SessionUser(UserMixin):
    """What flask_login holds for a request: the table's row behind the few names that it asks for."""

    fs_uniquifier = ""  # flask_security looks for the name on the class
    roles: list[RoleMixin] = []  # permissions are ours, not flask_principal's

    def __init__(self, row: User) -> None:
        self.row, self.active, self.fs_uniquifier = row, row.active, row.fs_uniquifier


class Users(UserDatastore):
    """flask_security's way to our users. It never commits: the edge does."""

    def __init__(self) -> None:
        super().__init__(SessionUser, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **by: Any) -> SessionUser | None:
        row = db.session.scalars(_with_roles(select(User).filter_by(**by))).unique().one_or_none()
        return SessionUser(row) if row else None

    def commit(self) -> None:
        pass


def init_app(app: Flask) -> None:
    """Wires flask_security without its pages, and takes away what would read the session by itself on every request."""
    settings = app.config["SETTINGS"]
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
            "argon2__type": "ID",
            "argon2__memory_cost": settings.password_memory_kib,
            "argon2__rounds": settings.password_rounds,
            "argon2__parallelism": 1,
        },
        SECURITY_CLI_USERS_NAME=False,
        SECURITY_CLI_ROLES_NAME=False,
    )
    security = Security(app, Users(), register_blueprint=False)
    security.login_manager._request_callback = None  # bearer tokens are ours (tokens.py)
    principal = security.principal._on_before_request
    app.before_request_funcs[None] = [call for call in app.before_request_funcs[None] if call != principal]


def hash_password(password: str) -> str:
    """argon2id over an HMAC of the password with the installation's salt."""
    return _hash(password)


def actor_of_session() -> Actor | None:
    """The actor of the signed cookie, in two statements; None when nobody is signed in or the user is inactive."""
    if "_user_id" not in session:
        return None
    row = getattr(current_user, "row", None)  # flask_security's anonymous user has none
    return actor_of(row) if row else None


def sign_in(name: str, password: str, address: str) -> Actor:
    """Opens a session for the user of that name, with a new cookie (no session survives from before the sign-in).

    Ends the present transaction and makes its own short ones.
    Raises Refused('sign_in_wrong'), TooMany('sign_in_throttled').
    """
    user = _checked(name, password, address, verb="sign_in.ok")
    session.clear()
    login_user(SessionUser(user), remember=False)
    return actor_of(user)


def vouch(name: str, password: str, address: str) -> Actor:
    """Another person puts name and password into this browser to sign one thing: it opens no session. Throttled.

    Ends the present transaction and makes its own short ones.
    Raises Refused('sign_in_wrong'), TooMany('sign_in_throttled').
    """
    return actor_of(_checked(name, password, address, verb="sign_in.vouch"))


def _checked(name: str, password: str, address: str, verb: str) -> User:
    """The active user of that name and password; the attempt is written down whatever comes of it."""
    name = name.strip()[:60]
    attempt = _reserve(name.casefold(), address[:45])
    with transaction(write=False):
        found = db.session.execute(
            select(User.id, User.password, User.active).where(User.sign_in_name == name)
        ).one_or_none()
    matches = verify_password(password, found.password if found else _nobody())
    if found is None or not matches or not found.active:
        _note(attempt, found.id if found else None, ok=False)
        raise Refused("sign_in_wrong", field="password")
    _note(attempt, found.id, ok=True, verb=verb)
    return db.session.scalars(_with_roles(select(User).where(User.id == found.id))).unique().one()


def confirm(actor: Actor, password: str, address: str) -> None:
    """Asks the signed-in user's password once more; the edge stamps the session as fresh. Throttled as a sign-in.

    Ends the present transaction and makes its own short ones.
    Raises SignInNeeded, Refused('password_wrong'), TooMany('sign_in_throttled').
    """
    with transaction(write=False):
        found = db.session.execute(
            select(User.id, User.sign_in_name, User.password).where(User.id == actor.user, User.active)
        ).one_or_none()
    if found is None:
        raise SignInNeeded
    attempt = _reserve(found.sign_in_name.casefold(), address[:45])
    if not verify_password(password, found.password):
        _note(attempt, found.id, ok=False)
        raise Refused("password_wrong", field="password")
    _note(attempt, found.id, ok=True, verb="sign_in.confirm")


def sign_out(actor: Actor) -> None:
    """Ends this browser's session."""
    if actor.user:
        audit.record(actor, "sign_in.end", "user", actor.user)
    logout_user()
    session.clear()


def end_all_sessions(actor: Actor) -> None:
    """Ends every session of the user, on whatever device: the cookie's secret half changes."""
    user = db.session.scalars(select(User).where(User.id == actor.user).with_for_update(of=User)).one()
    user.fs_uniquifier = secrets.token_hex(32)
    audit.record(actor, "sign_in.end_all", "user", user.id)
    db.session.flush()
    session.clear()


def set_locale(actor: Actor, locale: str) -> None:
    """Remembers the user's language ('zh' or 'en') for mails and documents; pages go by the browser's cookie."""
    if locale not in ("zh", "en"):
        raise Refused("language_unknown", field="locale")
    user = db.session.scalars(select(User).where(User.id == actor.user)).one()
    user.locale = locale


def _with_roles(query: Select[User]) -> Select[User]:
    return query.options(joinedload(User.role_rows), joinedload(User.organisation))


_nobodies: dict[str, str] = {}


def _nobody() -> str:
    """A hash that costs what a real one costs and matches nothing: an unknown name takes as long as a known one."""
    sample = _nobodies.get("hash")
    if sample is None:
        sample = _nobodies["hash"] = _hash(secrets.token_hex(16))
    return sample


def _reserve(name: str, address: str) -> UUID:
    """Writes the attempt down as a failure, if the limits leave room for one more. Raises TooMany."""
    db.session.rollback()
    with transaction():
        if not is_sqlite():  # on SQLite writers stand in line anyway
            for part in sorted((f"name {name}", f"address {address}")):
                number = int.from_bytes(hashlib.sha256(part.encode()).digest()[:8], "big", signed=True)
                db.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
        since = clock.now() - WINDOW
        last_success = (
            select(func.max(SignInAttempt.at)).where(SignInAttempt.name == name, SignInAttempt.ok).scalar_subquery()
        )
        by_name = select(SignInAttempt.at).where(
            SignInAttempt.name == name, SignInAttempt.at > func.coalesce(last_success, since)
        )
        _refuse_beyond(by_name, PER_NAME, since)
        _refuse_beyond(select(SignInAttempt.at).where(SignInAttempt.address == address), PER_ADDRESS, since)
        attempt = SignInAttempt(id=new_id(), name=name, address=address, at=clock.now(), ok=False)
        db.session.add(attempt)
        return attempt.id


def _refuse_beyond(attempts: Select[datetime], limit: int, since: datetime) -> None:
    """Raises TooMany when `limit` failures lie in the window; it opens again when the oldest of them leaves it."""
    failures = attempts.where(SignInAttempt.ok.is_(False), SignInAttempt.at > since)
    latest = db.session.scalars(failures.order_by(SignInAttempt.at.desc()).limit(limit)).all()
    if len(latest) >= limit:
        wait = int((latest[-1] + WINDOW - clock.now()).total_seconds()) + 1
        raise TooMany("sign_in_throttled", retry_after=wait, minutes=-(-wait // 60))


def _note(attempt_id: UUID, user_id: UUID | None, ok: bool, verb: str = "sign_in.ok") -> None:
    """The attempt's end, and its line in the trail. The trail keeps no typed name: people type passwords there."""
    with transaction():
        if ok:
            db.session.execute(update(SignInAttempt).where(SignInAttempt.id == attempt_id).values(ok=True))
        audit.record(SYSTEM, verb if ok else "sign_in.failed", "user", user_id or "unknown")
