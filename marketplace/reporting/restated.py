"""A closed month as it was closed and as it is known now, with the rows that make the difference.

What came after the closing was posted to an open month and names the one that it concerns. A restated month is what was
closed, plus the rows that name it from later months, less the rows in it that name earlier ones: so all restated months
together sum to all posted ones. Households are those of the closing: a late row reaches no new one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, Uuid, and_, case, cast, func, literal, null, or_, select, union_all

from ..attribution.models import Distribution, Payout
from ..core.actor import Actor
from ..core.db import db, lies_in
from ..core.errors import Refused
from ..linkage.models import FarmPayment, Flow, Lot, LotRevision, Slip
from ..linkage.rules import OWED_AT_SLIP
from ..procurement.models import Order, OrderLine
from ..settlement import closing, frozen, late
from ..settlement.closing_models import Closing
from ..settlement.frozen import NOTHING, TOTAL, Sums
from ..settlement.models import SettledLine
from .volume import names_of

NAMED = {"origin": "origin", "supplier": "supplier", "agency": "buyer", "category": "category", "channel": "channel"}
_MONEY = ("lines", "money_fen", "attributed_fen", "owed_fen", "received_fen")


@dataclass(frozen=True)
class LateRow:
    """A row of another month than it concerns. `added`: it concerns this month and was posted later; else it was posted
    in this month and concerns an earlier one. The amounts are what it changes this month by."""

    kind: str
    id: UUID
    added: bool
    day: date
    period: int
    number: str
    text: str
    supplier_id: UUID
    division: str
    lines: int
    money_fen: int
    attributed_fen: int
    owed_fen: int
    received_fen: int


@dataclass(frozen=True)
class Cell:
    """A group as it was closed and as it is now."""

    key: str
    name: str
    then: Sums
    now: Sums

    @property
    def changed(self) -> bool:
        return self.then != self.now

    def more(self, figure: str) -> int | None:
        """Now less then; None where it cannot be told."""
        now, then = getattr(self.now, figure), getattr(self.then, figure)
        return None if now is None or then is None else now - then


@dataclass(frozen=True)
class Restated:
    """`closing` is None where the month is open, or was closed for a division above: then the figures are recomputed."""

    prefix: str
    period: int
    by: str
    month: closing.Month
    closing: Closing | None
    cells: list[Cell]
    total: Cell
    rows: list[LateRow]
    rows_total: int


def restated(
    actor: Actor, period: int, prefix: str | None = None, by: str = "origin", *, page: int = 1, size: int = 50
) -> Restated:
    """A division's month, then and now. Raises Forbidden, NotFound; Refused: not_a_month, not_a_prefix, not_a_dimension."""
    actor.require("period.read")
    prefix = closing.prefix_of(actor, prefix)
    if by not in NAMED:
        raise Refused("not_a_dimension", field="by", value=by[:20])
    if not (200001 <= period <= 999912 and 1 <= period % 100 <= 12):
        raise Refused("not_a_month", field="period", value=str(period))
    month = closing.month(actor, period, prefix)
    row = month.closing if month.state == "closed" else None
    held = closing.frozen_of(row.id, period) if row else frozen.recomputed(prefix, [period])
    then = {dimension: {} for dimension in (TOTAL, by)}  # type: dict[str, dict[str, Sums]]
    for (_, dimension, key), sums in held.items():
        if dimension in then:
            then[dimension][key] = sums
    changes = _late(prefix, period).subquery()
    cells = _cells(then[by], changes, by)
    names = names_of(NAMED[by], [cell.key for cell in cells])
    count = db.session.scalar(select(func.count()).select_from(changes)) or 0
    found = db.session.execute(
        select(*(changes.c[name] for name in LateRow.__dataclass_fields__))
        .order_by(changes.c.period, changes.c.day, changes.c.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return Restated(
        prefix,
        period,
        by,
        month,
        row,
        sorted((replace(cell, name=names.get(cell.key) or cell.key) for cell in cells), key=_by_size),
        _cells(then[TOTAL], changes, TOTAL)[0],
        [LateRow(**row._mapping) for row in found],
        int(count),
    )


def _by_size(cell: Cell) -> tuple[int, str]:
    return -cell.now.money_fen, cell.key


def _cells(then: dict[str, Sums], changes: Any, by: str) -> list[Cell]:
    key = literal("") if by == TOTAL else cast(changes.c[_COLUMNS[by]], String)
    sums = [func.coalesce(func.sum(changes.c[name]), 0) for name in _MONEY]
    query = select(key, *sums)
    if by != TOTAL:
        query = query.where(changes.c[_COLUMNS[by]].is_not(None)).group_by(key)
    moved = {_plain(name): tuple(int(part) for part in parts) for name, *parts in db.session.execute(query)}
    keys = dict.fromkeys([*then, *moved])
    return [
        Cell(name, "", then.get(name, NOTHING[by]), _plus(then.get(name, NOTHING[by]), moved.get(name)))
        for name in keys
    ]


def _plain(key: Any) -> str:
    """An id as the figures write it: SQLite casts one to its 32 digits."""
    return str(UUID(key)) if len(key) == 32 else str(key)


def _plus(sums: Sums, moved: Iterable[int] | None) -> Sums:
    if moved is None:
        return sums
    values: dict[str, Any] = {
        name: None if getattr(sums, name) is None else getattr(sums, name) + fen
        for name, fen in zip(_MONEY, moved, strict=True)
    }
    return sums._replace(**values)


_COLUMNS = {
    "origin": "division",
    "supplier": "supplier_id",
    "agency": "agency_id",
    "category": "category",
    "channel": "channel",
}


def _late(prefix: str, period: int) -> Any:
    """The rows that this month's restatement adds and takes out, of every kind that carries a period."""
    start, end = date(period // 100, period % 100, 1), late.last_day(period)
    parts = [_reversals(prefix, period)]
    for kind, row, place, day, number, text, owed, received, joins, always in _dated():
        added = and_(day.between(start, end), row.period > period)
        moved = or_(added, and_(row.period == period, day < start))
        shown = {"day": day, "number": number, "text": text, "division": place}
        query = _columns(kind, row, period, owed_fen=owed, received_fen=received, **shown)
        for table, condition in joins:
            query = query.join(table, condition)
        parts.append(query.where(moved, lies_in(place, prefix), *always))
    return union_all(*parts)


def _dated() -> list[tuple[Any, ...]]:
    """(kind, row, place, day, number, text, owed, received, joins, conditions) of what carries a day of its own."""
    nothing = literal(0)
    slip = (Slip, Slip.id == FarmPayment.slip_id)
    cut = (Distribution, Distribution.id == Payout.distribution_id)
    lot = (Lot, Lot.id == LotRevision.lot_id)
    value = Slip.payable_fen + Slip.deduction_fen
    at_slip = (Slip.basis.in_(OWED_AT_SLIP),)
    paid = (Payout.state == "paid",)
    payment = (FarmPayment.paid_on, Slip.number, FarmPayment.evidence, nothing, FarmPayment.fen, (slip,), ())
    payout = (Payout.paid_on, Distribution.number, Payout.evidence, nothing, Payout.fen, (cut,), paid)
    revision = (LotRevision.day, LotRevision.number, LotRevision.reason, LotRevision.fen, nothing, (lot,))
    return [
        (
            "slip",
            Slip,
            Slip.division,
            Slip.delivered_on,
            Slip.number,
            Slip.item,
            value,
            Slip.deduction_fen,
            (),
            at_slip,
        ),
        ("flow", Flow, Flow.division, Flow.day, Flow.batch, Flow.evidence, Flow.fen, nothing, (), ()),
        ("revision", LotRevision, Lot.division, *revision, (LotRevision.owed_now,)),
        ("farm_payment", FarmPayment, FarmPayment.division, *payment),
        ("payout", Payout, Payout.division, *payout),
    ]


def _reversals(prefix: str, period: int) -> Select[Any]:
    line = SettledLine
    concerns = line.concerns_period
    moved = or_(
        and_(line.reverses_id.is_not(None), concerns == period, line.period > period),
        and_(line.reverses_id.is_not(None), line.period == period, concerns < period),
    )
    query = _columns(
        "reversal",
        line,
        period,
        day=line.day,
        number=Order.number,
        text=OrderLine.name,
        division=line.origin,
        owed_fen=line.owed_fen,
        received_fen=literal(0),
        lines=literal(1),
        money_fen=line.money_fen,
        attributed_fen=line.attributed_fen,
        agency_id=line.agency_id,
        category=line.category_code,
        channel=line.channel,
    )
    query = query.join(Order, Order.id == line.order_id).join(OrderLine, OrderLine.id == line.order_line_id)
    return query.where(moved, lies_in(line.origin, prefix))


def _columns(kind: str, row: Any, period: int, **columns: Any) -> Select[Any]:
    sign = case((row.period == period, -1), else_=1)
    none: dict[str, Any] = {name: cast(null(), String()) for name in ("category", "channel")}
    values = {"agency_id": cast(null(), Uuid()), **none, **dict.fromkeys(_MONEY, literal(0)), **columns}
    return select(
        literal(kind, String()).label("kind"),
        row.id.label("id"),
        (row.period > period).label("added"),
        row.period.label("period"),
        row.supplier_id.label("supplier_id"),
        *((value * sign if name in _MONEY else value).label(name) for name, value in sorted(values.items())),
    ).select_from(row)
