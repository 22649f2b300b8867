"""What pages ask of settled money: a year's volume, an agency's lines. A quota plan's are in `plan_reads.py`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from ..core.actor import Actor
from ..core.db import db, visible
from .models import Figure, SettledLine


@dataclass(frozen=True)
class Volume:
    """Sums of settled lines, fen."""

    lines: int
    money_fen: int
    attributed_fen: int
    owed_fen: int


def _months(year: int) -> tuple[int, int]:
    return year * 100 + 1, year * 100 + 12


def volume_of(year: int, dimension: str = "channel", key: str | None = None) -> Volume:
    """A year's settled volume, of one key of a dimension or of all; from the figures."""
    query = select(
        func.coalesce(func.sum(Figure.lines), 0),
        func.coalesce(func.sum(Figure.money_fen), 0),
        func.coalesce(func.sum(Figure.attributed_fen), 0),
        func.coalesce(func.sum(Figure.owed_fen), 0),
    ).where(Figure.dimension == dimension, Figure.period.between(*_months(year)))
    if key is not None:
        query = query.where(Figure.key == key)
    return Volume(*(int(value) for value in db.session.execute(query).one()))


def sold_by(supplier_ids: Iterable[UUID], periods: tuple[int, int]) -> int:
    """What suppliers sold, settled, in a range of months (first, last), fen; from the figures."""
    query = select(func.coalesce(func.sum(Figure.money_fen), 0)).where(
        Figure.dimension == "supplier",
        Figure.key.in_([str(supplier) for supplier in supplier_ids]),
        Figure.period.between(*periods),
    )
    return int(db.session.execute(query).scalar_one())


def lines_of_year(year: int, agency_id: UUID | None = None) -> list[UUID]:
    """The ids of a year's settled lines, of one agency or of all."""
    query = select(SettledLine.id).where(SettledLine.period.between(*_months(year)))
    if agency_id:
        query = query.where(SettledLine.agency_id == agency_id)
    return list(db.session.scalars(query))


def settled_of(order_ids: Sequence[UUID]) -> dict[UUID, list[SettledLine]]:
    """Settled lines by order; the caller has checked scope."""
    found: dict[UUID, list[SettledLine]] = {}
    for row in db.session.scalars(select(SettledLine).where(SettledLine.order_id.in_(order_ids))):
        found.setdefault(row.order_id, []).append(row)
    return found


def lines_by_ids(actor: Actor, line_ids: Iterable[UUID]) -> dict[UUID, SettledLine]:
    """The settled lines within scope among these ids, one statement: what a share opens to."""
    within = visible(
        actor.scope,
        supplier=SettledLine.supplier_id,
        agency=SettledLine.agency_id,
        division=(SettledLine.origin, SettledLine.agency_division),
    )
    query = select(SettledLine).where(SettledLine.id.in_(set(line_ids)), within)
    return {row.id: row for row in db.session.scalars(query)}


def of_lot(actor: Actor, lot_id: UUID) -> list[SettledLine]:
    """What of a supplier's own lot is settled, newest first."""
    query = select(SettledLine).where(SettledLine.lot_id == lot_id, SettledLine.supplier_id == actor.organisation)
    return list(db.session.scalars(query.order_by(SettledLine.day.desc(), SettledLine.id.desc())))
