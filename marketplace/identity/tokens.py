"""API tokens: shown once, kept as a hash, at most a year long."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, literal_column, select, true

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, fetch, new_id
from ..core.errors import Refused, SignInNeeded
from .models import ApiToken, Organisation, User, UserRole
from .services import as_actor

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


def actor_of_token(secret: str) -> Actor | None:
    """The actor of a live token's active user, one statement: each request of the API begins with it."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    rows = db.session.execute(_LIVE, {"digest": _digest(secret), "now": clock.now()}).all()
    if not rows:
        return None
    one = rows[0]
    roles = frozenset(one.roles.split(",")) if one.roles else frozenset()
    return as_actor(one.user_id, one.display_name, roles, one, frozenset(row.agency for row in rows if row.agency))


# Built once. A row for each agency of the user's subtree, or one without.
_COMMA: Any = literal_column("','")  # as text it would be written into the statement anew each time
_ROLES = select(func.aggregate_strings(UserRole.role, _COMMA)).where(UserRole.user_id == User.id)
_ASKED = (
    select(
        User.id.label("user_id"),
        User.display_name,
        Organisation.id,
        Organisation.kind,
        Organisation.name,
        Organisation.division,
        Organisation.prefix,
        _ROLES.scalar_subquery().label("roles"),
    )
    .join(ApiToken, ApiToken.user_id == User.id)
    .join(Organisation, Organisation.id == User.organisation_id)
    .where(
        ApiToken.digest == bindparam("digest"),
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > bindparam("now"),
        User.active,
    )
    .cte("asked")
)
_TREE = select(_ASKED.c.id).where(_ASKED.c.kind == "agency").cte("agencies", recursive=True)
_TREE = _TREE.union(select(Organisation.id).where(Organisation.parent_id == _TREE.c.id))
_LIVE = select(_ASKED, _TREE.c.id.label("agency")).join_from(_ASKED, _TREE, true(), isouter=True)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
