"""Posting notices, reading them, and telling whom a notice or an objection still makes wait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db, fetch, lies_in, new_id, visible
from . import rules
from .models import Notice, Objection


@dataclass(frozen=True)
class NewNotice:
    """A village's list: `lines` are (group, head's name, household's number, fen, household id), in the order shown."""

    division: str
    lines: Sequence[tuple[str, str, str, int, UUID]]


def post_many(
    kind: str, subject_id: UUID, *, supplier_id: UUID, number: str, days: int, notices: Sequence[NewNotice]
) -> list[UUID]:
    """Posts a list in its villages from today on, for `days` days. One statement; a village that has it keeps it."""
    today = clock.today()
    held = villages_of(kind, subject_id)
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "kind": kind,
            "subject_id": subject_id,
            "supplier_id": supplier_id,
            "number": number,
            "division": new.division,
            "from_day": today,
            "until_day": today + timedelta(days=days - 1),
            "lines": [
                [no, group, rules.masked(name), rules.tail(code), fen, household.hex]
                for no, (group, name, code, fen, household) in enumerate(new.lines, 1)
            ],
            "households": len(new.lines),
            "total_fen": sum(line[3] for line in new.lines),
            "posted_at": clock.now(),
        }
        for new in notices
        if new.division not in held
    ]
    if rows:
        db.session.execute(insert(Notice), rows)
    return [row["id"] for row in rows]


def public(notice_id: UUID) -> Notice:
    """A notice as anybody may read it. Raises NotFound."""
    return by_id(Notice, notice_id, None, "notice")


def notice(actor: Actor, notice_id: UUID) -> Notice:
    """A notice within scope: its supplier's, or of the office's division. Raises NotFound."""
    return by_id(
        Notice, notice_id, visible(actor.scope, supplier=Notice.supplier_id, division=Notice.division), "notice"
    )


def listed(
    *, division: str | None = None, running: bool = True, page: int = 1, size: int = 50
) -> tuple[list[Notice], int]:
    """Notices as anybody may see them, newest first: of a division's prefix or everywhere, those that run or all."""
    query = select(Notice)
    if division:
        query = query.where(lies_in(Notice.division, division))
    if running:
        query = query.where(Notice.until_day >= clock.today())
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Notice.from_day.desc(), Notice.division, Notice.id
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def of_subject(kind: str, subject_id: UUID) -> list[Notice]:
    """The notices of a list, by village; the caller has checked scope."""
    query = select(Notice).where(Notice.kind == kind, Notice.subject_id == subject_id)
    return list(db.session.scalars(query.order_by(Notice.division)))


def villages_of(kind: str, subject_id: UUID) -> set[str]:
    """Where a list is posted; the caller has checked scope."""
    return set(db.session.scalars(select(Notice.division).where(Notice.kind == kind, Notice.subject_id == subject_id)))


def of_subjects(kind: str, subject_ids: Iterable[UUID]) -> dict[UUID, date]:
    """List → the last day that any of its notices runs; the caller has checked scope."""
    query = (
        select(Notice.subject_id, func.max(Notice.until_day))
        .where(Notice.kind == kind, Notice.subject_id.in_(set(subject_ids)))
        .group_by(Notice.subject_id)
    )
    return dict(db.session.execute(query).all())  # type: ignore[arg-type]


def waits(kind: str, subject_ids: Iterable[UUID], day: date, *, lock: bool = False) -> dict[tuple[UUID, str], "Waits"]:
    """(list, village) → who must wait on a day. With `lock`, no objection comes in until the transaction ends."""
    columns = (Notice.id, Notice.subject_id, Notice.division, Notice.until_day)
    query = select(*columns).where(Notice.kind == kind, Notice.subject_id.in_(set(subject_ids)))
    if lock:
        query = query.order_by(Notice.id).with_for_update(read=True)
    rows = db.session.execute(query).all()
    raised: dict[UUID, list[tuple[str, str, int | None]]] = {}
    asked = select(Objection.notice_id, Objection.state, Objection.hold, Objection.line_no)
    for notice_id, state, hold, line in db.session.execute(
        asked.where(Objection.notice_id.in_([row.id for row in rows]), Objection.state.in_(rules.WAITING))
    ):
        raised.setdefault(notice_id, []).append((state, hold, line))
    lines = _households({id_: rules.lines_that_wait(some) for id_, some in raised.items()})
    return {
        (row.subject_id, row.division): Waits(
            until=row.until_day,
            runs=day <= row.until_day,
            whole=rules.whole_list_waits(raised.get(row.id, ())),
            households=lines.get(row.id, frozenset()),
        )
        for row in rows
    }


@dataclass(frozen=True)
class Waits:
    """`runs`: the notice has not run out by the day; `whole`: an objection holds all of it; `households`: held alone."""

    until: date
    runs: bool
    whole: bool
    households: frozenset[UUID]


def _households(wanted: dict[UUID, set[int]]) -> dict[UUID, frozenset[UUID]]:
    if not wanted:
        return {}
    rows = db.session.execute(select(Notice.id, Notice.lines).where(Notice.id.in_(wanted)))
    return {id_: frozenset(UUID(line[5]) for line in lines if line[0] in wanted[id_]) for id_, lines in rows}


def locked(notice_id: UUID) -> Notice:
    """The notice, kept from being read for a payment until the transaction ends. Raises NotFound."""
    return fetch(select(Notice).where(Notice.id == notice_id), "notice", lock=True)
