"""The audit trail, read: who did what on which object. Nothing here can change it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from ..core.actor import Actor
from ..core.audit import AuditEvent
from ..core.db import db


@dataclass(frozen=True)
class Wanted:
    """What of the trail: a part of a name, a verb or the noun it begins with, an object's kind and id."""

    actor_name: str = ""
    verb: str = ""
    object_kind: str = ""
    object_id: str = ""


def trail(actor: Actor, wanted: Wanted, *, page: int = 1, size: int = 50) -> tuple[list[AuditEvent], int]:
    """Events, latest first, and how many. Raises Forbidden: the trail is the auditor's."""
    actor.require("audit.read")
    query = select(AuditEvent)
    if wanted.actor_name:
        query = query.where(AuditEvent.actor_name.contains(wanted.actor_name, autoescape=True))
    if wanted.verb:
        query = query.where(
            (AuditEvent.verb == wanted.verb) | AuditEvent.verb.startswith(f"{wanted.verb}.", autoescape=True)
        )
    if wanted.object_kind:
        query = query.where(AuditEvent.object_kind == wanted.object_kind)
    if wanted.object_id:
        query = query.where(AuditEvent.object_id == _as_kept(wanted.object_id))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(query.order_by(AuditEvent.id.desc()).limit(size).offset((page - 1) * size))
    return list(rows), total


def _as_kept(text: str) -> str:
    """An id with or without hyphens, as the trail keeps it."""
    try:
        return str(UUID(text.strip()))
    except ValueError:
        return text.strip()


def verbs(actor: Actor) -> list[str]:
    """The verbs that occur, for the filter. Raises Forbidden."""
    actor.require("audit.read")
    return list(db.session.scalars(select(AuditEvent.verb).distinct().order_by(AuditEvent.verb)))
