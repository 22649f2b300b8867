"""In-app messages (站内消息): what somebody must do or should know, told to an organisation's people who may do it.

A message is a row of the transaction of what it tells. It stays open until somebody has done it: `done_about` closes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Update, bindparam, func, update
from sqlalchemy.dialects import postgresql, sqlite

from ..core import clock
from ..core.db import db, is_sqlite, new_id
from .models import Message


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
    if rows:
        db.session.execute(_INSERT[is_sqlite()], rows)


# Built once: every verb tells somebody, and building a statement costs more than sending it.
_INSERT = {
    is_lite: insert(Message.__table__).on_conflict_do_nothing(index_elements=["once"])  # type: ignore[arg-type]
    for is_lite, insert in ((True, sqlite.insert), (False, postgresql.insert))
}
_TABLE: Any = Message.__table__


@lru_cache
def _done(of_kinds: bool, of_organisation: bool) -> Update:
    table = _TABLE.c
    query = update(_TABLE).where(
        table.about_kind == bindparam("of_kind"),
        table.about_id.in_(bindparam("of_ids", expanding=True)),
        table.done_at.is_(None),
    )
    if of_kinds:
        query = query.where(table.kind.in_(bindparam("of_kinds", expanding=True)))
    if of_organisation:
        query = query.where(table.organisation_id == bindparam("of_organisation"))
    return query.values(done_at=bindparam("now"))


def done_about(about_kind: str, about_ids: Iterable[UUID], *kinds: str, organisation_id: UUID | None = None) -> None:
    """What these things' messages asked for (of these kinds, or any) has been done, by whoever.

    `organisation_id`: where each of several had to do it, the one that has.
    """
    asked: dict[str, Any] = {"of_kind": about_kind, "of_ids": list(about_ids), "now": clock.now()}
    if kinds:
        asked["of_kinds"] = list(kinds)
    if organisation_id:
        asked["of_organisation"] = organisation_id
    db.session.execute(_done(bool(kinds), bool(organisation_id)), asked)


def put_aside(before: datetime) -> int:
    """What was told before a moment is over: nobody has to do it and it is not mailed any more; how many there were."""
    open_ = update(Message).where(Message.at < before, Message.done_at.is_(None) | Message.spread_at.is_(None))
    ended = open_.values(
        done_at=func.coalesce(Message.done_at, Message.at), spread_at=func.coalesce(Message.spread_at, Message.at)
    )
    return len(db.session.execute(ended.returning(Message.id), execution_options={"synchronize_session": False}).all())
