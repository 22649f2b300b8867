"""What must follow a commit is a row of the same transaction, relayed at least once to idempotent handlers.

The relay takes rows that are not done, never rows past a mark, so transactions that commit out of order lose nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from . import clock
from .db import Base, db, new_id, transaction

Handler = Callable[[list[dict[str, Any]]], None]


class OutboxEvent(Base):
    __tablename__ = "outbox_event"
    __table_args__ = (Index("ix_outbox_event_open", "done_at", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    topic: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(200))
    done_at: Mapped[datetime | None]


def emit(topic: str, **payload: Any) -> None:
    """Adds an event to the present transaction; `payload` is JSON without personal data."""
    db.session.add(OutboxEvent(topic=topic, payload=payload, at=clock.now(), due_at=clock.now()))


def relay(handlers: dict[str, Handler], limit: int = 500) -> int:
    """Hands due events to their topic's handler, one call per topic, and marks them done. Returns how many were done.

    A handler that fails leaves its events to be tried again, later each time; the other topics go on.
    """
    done = 0
    for topic, handler in handlers.items():
        with transaction():
            events = db.session.scalars(
                select(OutboxEvent)
                .where(OutboxEvent.done_at.is_(None), OutboxEvent.due_at <= clock.now(), OutboxEvent.topic == topic)
                .order_by(OutboxEvent.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            if not events:
                continue
            try:
                with db.session.begin_nested():
                    handler([event.payload for event in events])
            except Exception as failure:  # whatever it was, the row stays due and says why
                for event in events:
                    event.attempts += 1
                    event.error = type(failure).__name__
                    event.due_at = clock.now() + timedelta(seconds=min(3600, 2**event.attempts))
            else:
                for event in events:
                    event.done_at = clock.now()
                done += len(events)
    return done


def waiting(topic: str | None = None) -> int:
    """How many events are not done yet."""
    query = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.done_at.is_(None))
    return db.session.scalar(query if topic is None else query.where(OutboxEvent.topic == topic)) or 0
