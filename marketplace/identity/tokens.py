"""API tokens: shown once, kept as a hash, at most a year long."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, fetch, new_id
from ..core.errors import Refused, SignInNeeded
from .models import ApiToken, User

PREFIX = "bf_"
MAX_DAYS = 365
MAX_LIVE = 20


def create_token(actor: Actor, name: str, days: int = 90) -> tuple[ApiToken, str]:
    """A new token of the actor's own user and its secret, which is never shown again.

    Raises SignInNeeded, Refused: token_name, token_days, too_many_tokens.
    """
    if actor.user is None:
        raise SignInNeeded
    name = name.strip()
    if not 1 <= len(name) <= 60:
        raise Refused("token_name", field="name")
    if not 1 <= days <= MAX_DAYS:
        raise Refused("token_days", field="days", limit=MAX_DAYS)
    if sum(1 for token in tokens_of(actor) if is_live(token)) >= MAX_LIVE:
        raise Refused("too_many_tokens", field="name", limit=MAX_LIVE)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=new_id(),
        user_id=actor.user,
        name=name,
        digest=_digest(secret),
        hint=secret[:8],
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(days=days),
    )
    db.session.add(token)
    audit.record(actor, "token.create", "api_token", token.id, days=days)
    db.session.flush()
    return token, secret


def tokens_of(actor: Actor) -> list[ApiToken]:
    """The actor's own tokens, newest first."""
    return list(db.session.scalars(select(ApiToken).where(ApiToken.user_id == actor.user).order_by(ApiToken.id.desc())))


def is_live(token: ApiToken) -> bool:
    return token.revoked_at is None and token.expires_at > clock.now()


def revoke_token(actor: Actor, token_id: UUID) -> None:
    """Ends one of the actor's own tokens; a second time changes nothing. Raises NotFound."""
    token: ApiToken = fetch(
        select(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == actor.user), "token", lock=True
    )
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        audit.record(actor, "token.revoke", "api_token", token.id)
        db.session.flush()


def user_of_token(secret: str) -> User | None:
    """The active user of a live token, one statement."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    found = db.session.scalars(_LIVE, {"digest": _digest(secret), "now": clock.now()})
    return found.unique().one_or_none()


# Built once: every request of the API asks it.
_LIVE = (
    select(User)
    .join(ApiToken, ApiToken.user_id == User.id)
    .where(
        ApiToken.digest == bindparam("digest"),
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > bindparam("now"),
        User.active,
    )
    .options(joinedload(User.role_rows), joinedload(User.organisation))
)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
