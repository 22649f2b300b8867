"""What a household is owed and has received, opening to the order lines that carried it; and what a supplier owes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from ..core import clock
from ..core.db import db
from ..linkage import services as linkage
from .models import Payout, Pool, PoolMovement
from .shares import household_at, shares, weights


@dataclass(frozen=True)
class PoolShare:
    """One pool's part in a household's statement: `fen` of `pool_fen`, by `weight` of `weights_total`."""

    pool: Pool
    agreement: Any
    lot_number: str | None
    fen: int
    pool_fen: int
    weight: int
    weights_total: int


@dataclass(frozen=True)
class LineShare:
    """One settled line's part: the household's fen of what the line brought the pool."""

    line_id: UUID
    day: date
    fen: int
    pool_fen: int


@dataclass(frozen=True)
class Statement:
    """The household's figures in fen (RULES.md): attributed and owed by sales and slips, received with evidence."""

    household_id: UUID
    slips: list[Any]
    payments: list[Any]
    payouts: list[Payout]
    pools: list[PoolShare]

    @property
    def attributed_fen(self) -> int:
        return sum(share.fen for share in self.pools)

    @property
    def owed_fen(self) -> int:
        outright = sum(slip.payable_fen for slip in self.slips if slip.basis == "outright")
        return outright + sum(share.fen for share in self.pools if share.pool.makes_debt)

    @property
    def received_fen(self) -> int:
        return sum(row.fen for row in self.payments) + sum(row.fen for row in self.payouts if row.state == "paid")

    @property
    def payable_fen(self) -> int:
        return max(0, self.owed_fen - self.received_fen)

    @property
    def recoverable_fen(self) -> int:
        return max(0, self.received_fen - self.owed_fen)


def statement(household_id: UUID, supplier_id: UUID | None = None, periods: tuple[int, int] | None = None) -> Statement:
    """A household's statement, of one supplier or all, of a range of months (first, last) or all. The caller checked scope."""
    query = select(Payout).where(Payout.household_id == household_id)
    if supplier_id:
        query = query.where(Payout.supplier_id == supplier_id)
    if periods:
        query = query.where(Payout.period.between(*periods))
    return Statement(
        household_id=household_id,
        slips=linkage.slips_of_household(household_id, supplier_id, periods),
        payments=linkage.payments_of_household(household_id, supplier_id, periods),
        payouts=list(db.session.scalars(query.order_by(Payout.id))),
        pools=_pool_shares(household_id, supplier_id, periods),
    )


def pools_of(household_id: UUID, supplier_id: UUID | None = None) -> list[Pool]:
    """The pools that a household has a weight in."""
    query = select(Pool).where(Pool.source_id.in_(linkage.sources_of_household(household_id)))
    if supplier_id:
        query = query.where(Pool.supplier_id == supplier_id)
    return list(db.session.scalars(query.order_by(Pool.id)))


def pool_of(kind: str, source_id: UUID) -> Pool | None:
    """The pool of a lot or a roster version, if a line fed it; the caller has checked scope."""
    return db.session.scalar(select(Pool).where(Pool.kind == kind, Pool.source_id == source_id))


def shares_of_pool(pool: Pool) -> dict[UUID, int]:
    """Household → fen of all that flowed into a pool; the caller has checked scope."""
    return shares(pool.kind, pool.source_id, pool.id, pool.total_fen)


def _pool_shares(household_id: UUID, supplier_id: UUID | None, periods: tuple[int, int] | None) -> list[PoolShare]:
    pools = pools_of(household_id, supplier_id)
    spans = _spans(pools, periods)
    agreements = linkage.agreements_by_ids({pool.agreement_id for pool in pools})
    lots = linkage.by_ids(pool.source_id for pool in pools if pool.kind == "lot")
    found = []
    for pool in pools:
        before, after = spans.get(pool.id, (0, 0))
        if after == before:
            continue
        rows = weights(pool.kind, pool.source_id)
        first, last = household_at(pool.kind, pool.source_id, pool.id, (before, after), household_id)
        found.append(
            PoolShare(
                pool=pool,
                agreement=agreements[pool.agreement_id],
                lot_number=lots[pool.source_id].number if pool.source_id in lots else None,
                fen=last - first,
                pool_fen=after - before,
                weight=next(weight for household, _, weight in rows if household == household_id),
                weights_total=sum(weight for _, _, weight in rows),
            )
        )
    return found


def _spans(pools: list[Pool], periods: tuple[int, int] | None) -> dict[UUID, tuple[int, int]]:
    """Each pool's total before and after the months: its movements there are one unbroken interval."""
    if periods is None:
        return {pool.id: (0, pool.total_fen) for pool in pools}
    query = (
        select(PoolMovement.pool_id, func.min(PoolMovement.before_fen), func.max(PoolMovement.after_fen))
        .where(PoolMovement.pool_id.in_([pool.id for pool in pools]), PoolMovement.period.between(*periods))
        .group_by(PoolMovement.pool_id)
    )
    return {pool: (int(before), int(after)) for pool, before, after in db.session.execute(query)}


def lines_of(
    pool: Pool, household_id: UUID, periods: tuple[int, int] | None = None, limit: int = 200
) -> list[LineShare]:
    """The settled lines that fed a pool, newest first, each with the household's fen."""
    query = select(PoolMovement).where(PoolMovement.pool_id == pool.id)
    if periods:
        query = query.where(PoolMovement.period.between(*periods))
    rows = list(db.session.scalars(query.order_by(PoolMovement.seq.desc()).limit(limit)))
    return _line_shares(pool, household_id, rows)


def _line_shares(pool: Pool, household_id: UUID, rows: list[PoolMovement]) -> list[LineShare]:
    totals = sorted({total for row in rows for total in (row.before_fen, row.after_fen)})
    at = dict(zip(totals, household_at(pool.kind, pool.source_id, pool.id, totals, household_id), strict=True))
    return [
        LineShare(row.source_id, row.day, at[row.after_fen] - at[row.before_fen], row.after_fen - row.before_fen)
        for row in rows
    ]


def lines_by_pool(
    shares: Iterable[PoolShare], household_id: UUID, periods: tuple[int, int] | None = None
) -> dict[UUID, list[LineShare]]:
    """Pool → the settled lines that fed it, newest first, each with the household's fen. One statement for all pools."""
    pools = {share.pool.id: share.pool for share in shares}
    query = select(PoolMovement).where(PoolMovement.pool_id.in_(pools))
    if periods:
        query = query.where(PoolMovement.period.between(*periods))
    rows: dict[UUID, list[PoolMovement]] = {}
    for row in db.session.scalars(query.order_by(PoolMovement.pool_id, PoolMovement.seq.desc())):
        rows.setdefault(row.pool_id, []).append(row)
    return {id_: _line_shares(pools[id_], household_id, moves) for id_, moves in rows.items()}


@dataclass(frozen=True)
class Owing:
    """What a supplier owes its households now, fen, by age in days and by mechanism."""

    slips_fen: int
    pools_fen: int
    up_to_30_fen: int
    up_to_60_fen: int
    older_fen: int
    by_mechanism: dict[str, int]
    households: int

    @property
    def total_fen(self) -> int:
        return self.slips_fen + self.pools_fen


def owing(supplier_id: UUID) -> Owing:
    """Unpaid outright slips and what flowed into debt pools less what was paid out. Oldest debts are paid first."""
    today = clock.today()
    debts = linkage.unpaid_by_day(supplier_id)
    slips_fen = sum(fen for _, fen in debts)
    moves = db.session.execute(
        select(PoolMovement.day, Pool.mechanism, func.sum(PoolMovement.after_fen - PoolMovement.before_fen))
        .join(Pool, Pool.id == PoolMovement.pool_id)
        .where(Pool.supplier_id == supplier_id, Pool.makes_debt)
        .group_by(PoolMovement.day, Pool.mechanism)
        .order_by(PoolMovement.day)
    )
    paid_out = int(
        db.session.scalar(select(func.sum(Payout.fen)).where(Payout.supplier_id == supplier_id, Payout.state == "paid"))
        or 0
    )
    by_mechanism = {"outright": slips_fen} if slips_fen else {}
    pools_fen = 0
    for day, mechanism, fen in moves:
        left = max(0, int(fen) - paid_out)
        paid_out = max(0, paid_out - int(fen))
        if left:
            debts.append((day, left))
            by_mechanism[mechanism] = by_mechanism.get(mechanism, 0) + left
            pools_fen += left

    def aged(least: int, most: int) -> int:
        return sum(fen for day, fen in debts if today - timedelta(days=most) < day <= today - timedelta(days=least))

    return Owing(
        slips_fen=slips_fen,
        pools_fen=pools_fen,
        up_to_30_fen=aged(-400, 31),
        up_to_60_fen=aged(31, 61),
        older_fen=aged(61, 100_000),
        by_mechanism=by_mechanism,
        households=_households_owed(supplier_id),
    )


def unpaid_of_households(supplier_id: UUID) -> dict[UUID, int]:
    """Household → fen of the supplier's that can be paid now: unpaid outright slips and approved payouts.

    What flowed into debt pools since the last distribution is owed too; it has no household until the next cut.
    """
    unpaid: dict[UUID, int] = {}
    for slip in linkage.unpaid_slips(supplier_id):
        unpaid[slip.household_id] = unpaid.get(slip.household_id, 0) + slip.payable_fen - slip.paid_fen
    query = (
        select(Payout.household_id, func.sum(Payout.fen))
        .where(Payout.supplier_id == supplier_id, Payout.state == "to_pay")
        .group_by(Payout.household_id)
    )
    for household, fen in db.session.execute(query):
        unpaid[household] = unpaid.get(household, 0) + int(fen)
    return unpaid


def _households_owed(supplier_id: UUID) -> int:
    to_pay = select(Payout.household_id).where(Payout.supplier_id == supplier_id, Payout.state == "to_pay")
    return len(linkage.unpaid_households(supplier_id) | set(db.session.scalars(to_pay)))


def households_of_lines(line_ids: Iterable[UUID]) -> set[UUID]:
    """Every household that a weight in a pool links to these settled lines, each once."""
    pools = db.session.execute(
        select(Pool.kind, Pool.source_id)
        .join(PoolMovement, PoolMovement.pool_id == Pool.id)
        .where(PoolMovement.source_id.in_(set(line_ids)))
        .distinct()
    )
    return {household for kind, source in pools for household, _, _ in weights(kind, source)}


def households_reached(year: int | None = None, line_ids: Iterable[UUID] | None = None) -> int:
    """How many households had a pool that something flowed into, each once: in a year, by these settled lines, or ever.

    One statement, whatever the number of pools.
    """
    query = select(Pool.source_id).join(PoolMovement, PoolMovement.pool_id == Pool.id)
    if year is not None:
        query = query.where(PoolMovement.period.between(year * 100 + 1, year * 100 + 12))
    if line_ids is not None:
        query = query.where(PoolMovement.source_id.in_(set(line_ids)))
    return linkage.count_households_of(query)
