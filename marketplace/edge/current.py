"""Who asks: the actor of the session or of `Authorization: Bearer`, else PUBLIC. One statement for a token, two for a session.

A session ends two hours after its last request and twelve after the sign-in; both moments are in the signed cookie, so
that looking writes nothing.
"""

from datetime import timedelta

from flask import Flask, flash, g, request, session
from flask_babel import gettext as _

from ..core import clock
from ..core.actor import PUBLIC, Actor
from ..core.errors import SignInNeeded
from ..identity import sign_in, tokens

IDLE = timedelta(hours=2)
ABSOLUTE = timedelta(hours=12)
FRESH = timedelta(minutes=5)
_TOUCH_SECONDS = 300  # the cookie is not sent anew with every answer


def bearer() -> str | None:
    """The request's bearer token, if it carries one."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def actor() -> Actor:
    """The present actor. A token that is unknown, expired or revoked raises SignInNeeded, whatever cookie comes too."""
    found: Actor | None = g.get("actor")
    if found is None:
        found = g.actor = _actor()
    return found


def known() -> Actor:
    """The actor if the request got as far as asking, else PUBLIC; never touches the database (error pages)."""
    found: Actor = g.get("actor", PUBLIC)
    return found


def forget() -> None:
    g.pop("actor", None)


def _actor() -> Actor:
    if (token := bearer()) is not None:
        found = tokens.actor_of_token(token)
        if found is None:
            raise SignInNeeded
        return found
    return sign_in.actor_of_session() or PUBLIC


def begin_session() -> None:
    """Stamps a session that was just opened with its two moments."""
    session["began"] = session["seen"] = session["fresh"] = int(clock.now().timestamp())
    forget()


def confirm_session() -> None:
    """Stamps the session: its user has just given the password again."""
    session["fresh"] = int(clock.now().timestamp())


def is_fresh() -> bool:
    """Whether the password was given within five minutes. A token never is: nobody sits before it."""
    if bearer() is not None:
        return False
    return 0 <= clock.now().timestamp() - int(session.get("fresh", 0)) <= FRESH.total_seconds()


def _expired(now: int) -> bool:
    began, seen = int(session.get("began", 0)), int(session.get("seen", 0))
    return now - began > ABSOLUTE.total_seconds() or now - seen > IDLE.total_seconds()


def init_app(app: Flask) -> None:
    @app.before_request
    def age_session() -> None:
        forget()
        if "_user_id" not in session:
            return
        now = int(clock.now().timestamp())
        if _expired(now):
            session.clear()
            flash(_("登录已超时，请重新登录。"), "warn")
        elif now - session["seen"] > _TOUCH_SECONDS:
            session["seen"] = now
