"""In-app messages (站内消息): what somebody must do or should know, told to an organisation's people who may do it.

A message is a row of the transaction of what it tells. It stays open until somebody has done it: `done_about` closes it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from ..core import clock
from ..core.db import db, is_sqlite, new_id
from .models import Message


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
    without personal data.
    """
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    row = {
        "id": new_id(),
        "kind": kind,
        "organisation_id": organisation_id,
        "permission": permission,
        "user_id": user_id,
        "about_kind": about[0],
        "about_id": about[1],
        "number": number,
        "facts": facts,
        "at": clock.now(),
        "act_by": act_by,
        "once": once,
    }
    db.session.execute(insert(Message).values(row).on_conflict_do_nothing(index_elements=["once"]))


def done_about(about_kind: str, about_ids: Iterable[UUID], *kinds: str) -> None:
    """What these things' messages asked for (of these kinds, or any) has been done, by whoever."""
    query = update(Message).where(
        Message.about_kind == about_kind, Message.about_id.in_(list(about_ids)), Message.done_at.is_(None)
    )
    if kinds:
        query = query.where(Message.kind.in_(kinds))
    db.session.execute(query.values(done_at=clock.now()), execution_options={"synchronize_session": False})
