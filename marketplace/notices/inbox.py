"""The messages that a person sees: its organisation's, for a permission that it holds, for everybody, or for it alone.

Which kinds ask for something is told by the caller (`to_do`): the words of a kind stand above this room.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db, is_sqlite
from ..core.errors import SignInNeeded
from .models import Message, MessageRead

MOST_UNREAD = 100  # the header says 99+ beyond it


@dataclass(frozen=True)
class Seen:
    """A message and whether this person has read it."""

    row: Message
    read: bool


def _mine(actor: Actor) -> ColumnElement[bool]:
    if actor.user is None or actor.organisation is None:
        raise SignInNeeded
    for_many = Message.user_id.is_(None) & Message.permission.in_(["", *sorted(actor.permissions)])
    return (Message.organisation_id == actor.organisation) & (for_many | (Message.user_id == actor.user))


def _read(actor: Actor) -> ColumnElement[bool]:
    return exists().where(MessageRead.message_id == Message.id, MessageRead.user_id == actor.user)


def to_do(actor: Actor, kinds: Collection[str], limit: int = 200) -> list[Seen]:
    """What waits for this person or its colleagues, the most overdue first, those without a day last."""
    query = select(Message, _read(actor)).where(_mine(actor), Message.done_at.is_(None), Message.kind.in_(kinds))
    query = query.order_by(Message.act_by.is_(None), Message.act_by, Message.at).limit(limit)
    return [Seen(row, read) for row, read in db.session.execute(query)]


def told(actor: Actor, to_do: Collection[str], *, page: int = 1, size: int = 25) -> tuple[list[Seen], int]:
    """The rest, newest first, and how many: what only tells, and what has been done."""
    rest = _mine(actor) & (Message.kind.not_in(to_do) | Message.done_at.is_not(None))
    total = db.session.scalar(select(func.count()).select_from(Message).where(rest)) or 0
    query = select(Message, _read(actor)).where(rest).order_by(Message.at.desc(), Message.id.desc())
    rows = db.session.execute(query.limit(size).offset((page - 1) * size))
    return [Seen(row, read) for row, read in rows], total


def listed(actor: Actor, *, unread: bool = False, page: int = 1, size: int = 25) -> tuple[list[Seen], int]:
    """All of this person's messages, newest first, and how many; `unread` keeps those not read that nobody has done."""
    query = select(Message, _read(actor)).where(_mine(actor))
    if unread:
        query = query.where(Message.done_at.is_(None), ~_read(actor))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.execute(
        query.order_by(Message.at.desc(), Message.id.desc()).limit(size).offset((page - 1) * size)
    )
    return [Seen(row, read) for row, read in rows], total


def unread(actor: Actor) -> int:
    """How many messages this person has not read and nobody has done, MOST_UNREAD at most; one statement."""
    if actor.user is None or actor.organisation is None:
        return 0
    open_ = select(Message.id).where(_mine(actor), Message.done_at.is_(None), ~_read(actor)).limit(MOST_UNREAD)
    return db.session.scalar(select(func.count()).select_from(open_.subquery())) or 0


def message(actor: Actor, message_id: UUID) -> Message:
    """Raises NotFound for another's."""
    return by_id(Message, message_id, _mine(actor), "message")


def one(actor: Actor, message_id: UUID) -> Seen:
    """As `message`, with whether this person has read it."""
    row = message(actor, message_id)
    held = select(MessageRead.at).where(MessageRead.message_id == row.id, MessageRead.user_id == actor.user)
    return Seen(row, db.session.scalar(held) is not None)


def read(actor: Actor, message_id: UUID) -> Message:
    """Marks a message read by this person. Raises NotFound."""
    row = message(actor, message_id)
    _mark([{"message_id": row.id, "user_id": actor.user, "at": clock.now()}])
    return row


def read_all(actor: Actor) -> int:
    """Marks everything read that this person has not; how many."""
    ids = list(db.session.scalars(select(Message.id).where(_mine(actor), ~_read(actor)).limit(5000)))
    for start in range(0, len(ids), 500):
        _mark([{"message_id": id_, "user_id": actor.user, "at": clock.now()} for id_ in ids[start : start + 500]])
    return len(ids)


def _mark(rows: list[dict[str, Any]]) -> None:
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    db.session.execute(insert(MessageRead).values(rows).on_conflict_do_nothing())
