"""A household's figures by month and mechanism alone: sums that the database makes, however many rows stand behind them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from ..core import clock
from ..core.db import db
from ..linkage import services as linkage
from ..linkage import statement_reads
from .models import Distribution, DistributionPool, DistributionShare, Payout, Pool
from .statements import (
    OWED_AT_THE_SLIP,
    CutShare,
    Entry,
    Figures,
    Periods,
    balances_of,
    first_day,
    last_day,
    mechanism_of,
    open_tail,
    present,
)


@dataclass(frozen=True)
class Overview(Figures):
    """The figures of a statement of the same months, without its rows."""

    household_id: UUID
    entries: list[Entry]
    balances: dict[UUID, int]
    advances: list[Any] = field(default_factory=list)

    @property
    def suppliers(self) -> set[UUID]:
        return {entry.supplier_id for entry in self.entries} | {row.supplier_id for row in self.advances}


def overview(household_id: UUID, supplier_id: UUID | None = None, periods: Periods = None) -> Overview:
    """A household's figures, of one supplier or all, of a range of months (first, last) or all. The caller checked scope."""
    tail = open_tail(household_id, supplier_id)
    shown_tail = tail if periods is None or periods[0] <= present() <= periods[1] else []
    narrowed = household_id, supplier_id, periods
    entries = [*_cuts(household_id, supplier_id, periods, shown_tail), *_paid_out(*narrowed)]
    for row in statement_reads.slip_sums(*narrowed):
        if row.kind == "set_off":
            entries.append(Entry("received", *row))
        elif row.kind in OWED_AT_THE_SLIP:
            entries.append(Entry("owed", *row))
    entries += [Entry("received", *row) for row in statement_reads.payment_sums(*narrowed)]
    entries += [Entry("owed", *row) for row in statement_reads.flow_sums(*narrowed)]
    entries += [
        Entry("owed", "revision", row.period, row.supplier_id, row.fen)
        for row in statement_reads.revised_shares(*narrowed)
        if row.owed_now
    ]
    return Overview(
        household_id=household_id,
        entries=entries,
        balances=balances_of(household_id, supplier_id, tail),
        advances=statement_reads.advances_of_household(household_id, supplier_id),
    )


def _cuts(household_id: UUID, supplier_id: UUID | None, periods: Periods, tail: list[CutShare]) -> list[Entry]:
    """What posted cuts divided to the household, by cut and agreement, and the open tail."""
    by = Pool.kind, Pool.mechanism, Pool.makes_debt, Pool.agreement_id, Pool.supplier_id, Distribution.cut_on
    query = (
        select(*by, func.sum(DistributionShare.fen))
        .join(Pool, Pool.id == DistributionShare.pool_id)
        .join(Distribution, Distribution.id == DistributionShare.distribution_id)
        .where(DistributionShare.household_id == household_id, posted())
        .group_by(*by)
    )
    if supplier_id:
        query = query.where(Pool.supplier_id == supplier_id)
    if periods:
        query = query.where(Distribution.cut_on.between(first_day(periods[0]), last_day(periods[1])))
    rows: list[tuple[Any, int, int]] = [
        (row, clock.period(row.cut_on), int(row[-1])) for row in db.session.execute(query)
    ]
    rows += [(cut.pool, cut.period, cut.fen) for cut in tail]
    agreements = linkage.agreements_by_ids({row.agreement_id for row, _, _ in rows})
    entries = []
    for row, period, fen in rows:
        mechanism = mechanism_of(row, agreements[row.agreement_id])
        entries.append(Entry("attributed", mechanism, period, row.supplier_id, fen))
        if row.makes_debt:
            entries.append(Entry("owed", mechanism, period, row.supplier_id, fen))
    return entries


def posted() -> ColumnElement[bool]:
    """A share stands in the ledger and in the standings: its distribution's are posted pool by pool."""
    by_pool = (
        select(DistributionPool.pool_id)
        .where(
            DistributionPool.distribution_id == DistributionShare.distribution_id,
            DistributionPool.pool_id == DistributionShare.pool_id,
            DistributionPool.posted_at.is_not(None),
        )
        .exists()
    )
    return or_(Distribution.state == "approved", by_pool)


def _paid_out(household_id: UUID, supplier_id: UUID | None, periods: Periods) -> list[Entry]:
    by = Payout.period, Payout.supplier_id
    query = select(*by, func.sum(Payout.fen)).where(Payout.household_id == household_id, Payout.state == "paid")
    if supplier_id:
        query = query.where(Payout.supplier_id == supplier_id)
    if periods:
        query = query.where(Payout.period.between(*periods))
    rows = db.session.execute(query.group_by(*by))
    return [Entry("received", "payout", period or 0, supplier, int(fen)) for period, supplier, fen in rows]
