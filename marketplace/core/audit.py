"""The append-only trail: who did which verb on what, when, with which facts. Guarded by triggers on both engines."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from . import clock
from .actor import Actor
from .db import Base, db, new_id
from .guards import append_only


class AuditEvent(Base):
    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_object", "object_kind", "object_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    user_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID | None] = mapped_column(index=True)
    actor_name: Mapped[str] = mapped_column(String(80), default="")
    verb: Mapped[str] = mapped_column(String(60))
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(60))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


append_only(AuditEvent.metadata.tables["audit_event"])


def record(actor: Actor, verb: str, object_kind: str, object_id: UUID | str, **facts: Any) -> None:
    """Adds an event to the transaction of what it tells. `facts` are plain values without personal data."""
    db.session.add(
        AuditEvent(
            at=clock.now(),
            user_id=actor.user,
            organisation_id=actor.organisation,
            actor_name=actor.name,
            verb=verb,
            object_kind=object_kind,
            object_id=str(object_id),
            facts=facts,
        )
    )
