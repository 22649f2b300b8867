"""What attribution asks: which agreements, with which rosters, were in force on the day of an acceptance."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, bindparam, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core.db import db, is_sqlite
from .models import Agreement, Roster, SettledUntil


@dataclass(frozen=True)
class Terms:
    """What attribution needs of an agreement in force on a day."""

    agreement_id: UUID
    supplier_id: UUID
    product_id: UUID | None
    kind: str
    basis: str | None
    rate_basis_points: int | None
    rate_fen: int | None
    service_order: int
    roster_id: UUID | None
    sale_tied: bool = False


def in_force(supplier_ids: Iterable[UUID], day: date) -> set[UUID]:
    """The suppliers that have an agreement with a roster in force on the day."""
    return set(db.session.scalars(_IN_FORCE, {"suppliers": list(set(supplier_ids)), "day": day}))


def _in_force_on(day: Any) -> tuple:
    return (
        Agreement.state == "in_force",
        Agreement.starts_on <= day,
        or_(Agreement.ends_on.is_(None), Agreement.ends_on >= day),
    )


# Built once: every check of a bulk order asks it.
_DAY = bindparam("day", type_=Date())
_IN_FORCE = (
    select(Agreement.supplier_id)
    .join(Roster, Roster.agreement_id == Agreement.id)
    .where(Agreement.supplier_id.in_(bindparam("suppliers", expanding=True)), Roster.from_day <= _DAY)
    .where(*_in_force_on(_DAY))
    .distinct()
)


def agreements_on(supplier_id: UUID, day: date) -> list[Terms]:
    """The agreements of a supplier in force on a day, in their order of service, each with its roster of that day."""
    newest = (
        select(Roster.agreement_id, func.max(Roster.from_day).label("from_day"))
        .where(Roster.from_day <= day)
        .group_by(Roster.agreement_id)
        .subquery()
    )
    query = (
        select(Agreement, Roster.id)
        .join(newest, newest.c.agreement_id == Agreement.id)
        .join(Roster, (Roster.agreement_id == newest.c.agreement_id) & (Roster.from_day == newest.c.from_day))
        .where(Agreement.supplier_id == supplier_id, *_in_force_on(day))
        .order_by(Agreement.service_order, Agreement.number)
    )
    return [
        Terms(
            agreement_id=row.id,
            supplier_id=row.supplier_id,
            product_id=row.product_id,
            kind=row.kind,
            basis=row.basis,
            rate_basis_points=row.rate_basis_points,
            rate_fen=row.rate_fen,
            service_order=row.service_order,
            roster_id=roster_id,
            sale_tied=row.sale_tied,
        )
        for row, roster_id in db.session.execute(query)
    ]


def settling(supplier_id: UUID, accepted_on: date) -> None:
    """Says that lines accepted on a day settle now: from here on no roster may begin on that day or before.

    Call it before `agreements_on`: whoever puts a roster meanwhile waits, or is seen by the statement that follows.
    """
    if (settled_until(supplier_id) or date.min) >= accepted_on:
        return
    build = sqlite.insert if is_sqlite() else postgresql.insert
    statement = build(SettledUntil).values(supplier_id=supplier_id, day=accepted_on)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["supplier_id"],
            set_={"day": statement.excluded.day},
            where=SettledUntil.day < statement.excluded.day,
        ),
        execution_options={"synchronize_session": False},
    )


def settled_until(supplier_id: UUID, *, lock: bool = False) -> date | None:
    """The latest day of acceptance among a supplier's settled lines; locked, nobody settles a later one meanwhile."""
    query = select(SettledUntil.day).where(SettledUntil.supplier_id == supplier_id)
    return db.session.scalar(query.with_for_update() if lock else query)
