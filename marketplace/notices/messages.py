"""In-app messages (站内消息): what somebody must do or should know, told to an organisation's people who may do it.

A message is a row of the transaction of what it tells. It stays open until somebody has done it: `done_about` closes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from ..core import clock
from ..core.db import db, is_sqlite, new_id
from .models import Message

A_STATEMENT = 500  # rows


@dataclass(frozen=True)
class Telling:
    """One message, for `tell_many`: the arguments of `tell`, its facts as a dict."""

    kind: str
    organisation_id: UUID
    about: tuple[str, UUID]
    number: str = ""
    permission: str = ""
    user_id: UUID | None = None
    act_by: date | None = None
    once: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def tell(
    kind: str,
    *,
    organisation_id: UUID,
    about: tuple[str, UUID],
    number: str = "",
    permission: str = "",
    user_id: UUID | None = None,
    act_by: date | None = None,
    once: str | None = None,
    **facts: Any,
) -> None:
    """Tells an organisation's people something: those who hold `permission`, or `user_id` alone, or all of them.

    `about`: (kind, id) of the thing to open; `number`: as people know it; `act_by`: the day it should be done by.
    `once`: a key that tells the same at most once, for reminders that a clock repeats. `facts` are plain values
    without personal data. Its words stand in web/messages_words.py.
    """
    tell_many([Telling(kind, organisation_id, about, number, permission, user_id, act_by, once, facts)])


def tell_many(tellings: Iterable[Telling]) -> None:
    """As `tell`, however many by one statement. No row of a mail is written here: the worker mails from these rows."""
    rows = [
        {
            "id": new_id(),
            "kind": one.kind,
            "organisation_id": one.organisation_id,
            "permission": one.permission,
            "user_id": one.user_id,
            "about_kind": one.about[0],
            "about_id": one.about[1],
            "number": one.number,
            "facts": one.facts,
            "at": clock.now(),
            "act_by": one.act_by,
            "once": one.once,
        }
        for one in tellings
    ]
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    for start in range(0, len(rows), A_STATEMENT):
        statement = insert(Message).values(rows[start : start + A_STATEMENT])
        db.session.execute(statement.on_conflict_do_nothing(index_elements=["once"]))


def done_about(about_kind: str, about_ids: Iterable[UUID], *kinds: str, organisation_id: UUID | None = None) -> None:
    """What these things' messages asked for (of these kinds, or any) has been done, by whoever.

    `organisation_id`: where each of several had to do it, the one that has.
    """
    query = update(Message).where(
        Message.about_kind == about_kind, Message.about_id.in_(list(about_ids)), Message.done_at.is_(None)
    )
    if kinds:
        query = query.where(Message.kind.in_(kinds))
    if organisation_id:
        query = query.where(Message.organisation_id == organisation_id)
    db.session.execute(query.values(done_at=clock.now()), execution_options={"synchronize_session": False})
