"""What the verifier asks of the edge's own rows; handed to it by the composition root."""

from collections.abc import Callable

from sqlalchemy import func, select

from ..core.db import db
from .models import IdempotencyKey


def keys_have_one_answer() -> list[str]:
    """An actor's key on a route has one effect and one answer, and the answer is no refusal (invariant 6)."""
    own = IdempotencyKey.actor, IdempotencyKey.route, IdempotencyKey.key
    twice = db.session.execute(select(*own, func.count()).group_by(*own).having(func.count() > 1))
    refused = db.session.execute(select(*own, IdempotencyKey.status).where(IdempotencyKey.status >= 400))
    return [f"key {key} of {actor} on {route}: {count} answers" for actor, route, key, count in twice] + [
        f"key {key} of {actor} on {route}: answered with {status}" for actor, route, key, status in refused
    ]


CHECKS: list[Callable[[], list[str]]] = [keys_have_one_answer]
