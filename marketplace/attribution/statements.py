"""What a household is owed and has received, by month and mechanism, opening to the rows that made it.

Months of pool money are those of the cuts that divided it: a statement reads a household's shares of distributions, and
apportions only the open tail, what lines brought its pools since their last cut. So its cost is that of the household's
own rows, however large the book.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select

from ..core import clock
from ..core.db import db
from ..linkage import services as linkage
from ..linkage import standing, statement_reads
from .models import Distribution, DistributionPool, DistributionShare, Payout, Pool
from .shares import household_at, weight_of

Periods = tuple[int, int] | None
POOL_KINDS = ("lot", "roster", "supplement", "revision")
OWED_AT_THE_SLIP = ("outright", "floor_plus")


class CutShare(NamedTuple):
    """A household's fen of one pool in one cut; in the open tail (no `distribution_id`) of what came since the last."""

    pool: Pool
    distribution_id: UUID | None
    number: str
    cut_on: date | None
    period: int
    fen: int
    before_fen: int
    after_fen: int

    @property
    def pool_fen(self) -> int:
        return self.after_fen - self.before_fen


@dataclass(frozen=True)
class PoolShare:
    """One pool's part in a household's statement: `fen` of `pool_fen`, by `weight` of `weights_total`."""

    pool: Pool
    agreement: Any
    lot_number: str | None
    household_id: UUID
    cuts: list[CutShare]

    @property
    def fen(self) -> int:
        return sum(cut.fen for cut in self.cuts)

    @property
    def pool_fen(self) -> int:
        return sum(cut.pool_fen for cut in self.cuts)

    @property
    def mechanism(self) -> str:
        return mechanism_of(self.pool, self.agreement)

    @cached_property
    def _weights(self) -> tuple[int, int]:
        """Read when it is shown: an overview of two years asks for none."""
        return weight_of(self.pool.kind, self.pool.source_id, self.household_id)

    @property
    def weight(self) -> int:
        return self._weights[0]

    @property
    def weights_total(self) -> int:
        return self._weights[1]


def mechanism_of(pool: Any, agreement: Any) -> str:
    """outright, consignment or floor_plus of a lot's pool; supplement, revision; a roster's own mechanism."""
    if pool.kind == "lot":
        return str(agreement.basis or pool.mechanism)
    return str(pool.mechanism) if pool.kind == "roster" else str(pool.kind)


class Entry(NamedTuple):
    """One addition to one of the figures: attributed, owed or received. `mechanism` of received money is how it came."""

    figure: str
    mechanism: str
    period: int
    supplier_id: UUID
    fen: int


@dataclass
class Sums:
    """Fen of the figures that rows add to."""

    attributed_fen: int = 0
    owed_fen: int = 0
    received_fen: int = 0

    def add(self, entry: Entry) -> None:
        name = f"{entry.figure}_fen"
        setattr(self, name, getattr(self, name) + entry.fen)


class Figures:
    """A household's figures in fen (RULES.md): attributed and owed by sales, slips and dated flows, received with
    evidence. Payable and recoverable are of now, supplier by supplier, whatever the months."""

    entries: list[Entry]
    balances: dict[UUID, int]

    @cached_property
    def sums(self) -> Sums:
        found = Sums()
        for entry in self.entries:
            found.add(entry)
        return found

    @property
    def attributed_fen(self) -> int:
        return self.sums.attributed_fen

    @property
    def owed_fen(self) -> int:
        return self.sums.owed_fen

    @property
    def received_fen(self) -> int:
        return self.sums.received_fen

    @property
    def payable_fen(self) -> int:
        return sum(fen for fen in self.balances.values() if fen > 0)

    @property
    def recoverable_fen(self) -> int:
        return -sum(fen for fen in self.balances.values() if fen < 0)

    def by_month(self) -> dict[int, dict[str, Sums]]:
        """Month → mechanism → its figures, newest month first."""
        found: dict[int, dict[str, Sums]] = {}
        for entry in sorted(self.entries, key=lambda entry: (-entry.period, entry.mechanism)):
            found.setdefault(entry.period, {}).setdefault(entry.mechanism, Sums()).add(entry)
        return found

    def by_mechanism(self) -> dict[str, Sums]:
        found: dict[str, Sums] = {}
        for entry in self.entries:
            found.setdefault(entry.mechanism, Sums()).add(entry)
        return found


@dataclass(frozen=True)
class Statement(Figures):
    """A household's rows of some months, and the figures that they make."""

    household_id: UUID
    slips: list[Any]
    payments: list[Any]
    payouts: list[Payout]
    pools: list[PoolShare]
    flows: list[Any] = field(default_factory=list)
    revisions: list[statement_reads.RevisedShare] = field(default_factory=list)
    advances: list[Any] = field(default_factory=list)
    balances: dict[UUID, int] = field(default_factory=dict)

    @cached_property
    def entries(self) -> list[Entry]:  # type: ignore[override]
        return list(_entries(self))

    @property
    def suppliers(self) -> set[UUID]:
        rows = (*self.slips, *self.payments, *self.payouts, *self.flows, *self.revisions, *self.advances)
        return {row.supplier_id for row in rows} | {share.pool.supplier_id for share in self.pools}


def _entries(rows: Statement) -> Iterator[Entry]:
    for share in rows.pools:
        for cut in share.cuts:
            yield Entry("attributed", share.mechanism, cut.period, share.pool.supplier_id, cut.fen)
            if share.pool.makes_debt:
                yield Entry("owed", share.mechanism, cut.period, share.pool.supplier_id, cut.fen)
    for slip in rows.slips:
        if slip.basis in OWED_AT_THE_SLIP:
            yield Entry("owed", slip.basis, slip.period, slip.supplier_id, slip.payable_fen + slip.deduction_fen)
        if slip.deduction_fen:  # set off against a signed advance: received that day
            yield Entry("received", "set_off", slip.period, slip.supplier_id, slip.deduction_fen)
    for revision in rows.revisions:
        if revision.owed_now:
            yield Entry("owed", "revision", revision.period, revision.supplier_id, revision.fen)
    for flow in rows.flows:
        yield Entry("owed", flow.kind, flow.period, flow.supplier_id, flow.fen)
    for payment in rows.payments:
        yield Entry("received", "payment", payment.period, payment.supplier_id, payment.fen)
    for payout in rows.payouts:
        if payout.state == "paid":
            yield Entry("received", "payout", payout.period or 0, payout.supplier_id, payout.fen)


def statement(household_id: UUID, supplier_id: UUID | None = None, periods: Periods = None) -> Statement:
    """A household's statement, of one supplier or all, of a range of months (first, last) or all. The caller checked scope.

    Payouts that wait for payment have no month: they belong to every range that reaches the present one.
    """
    query = select(Payout).where(Payout.household_id == household_id)
    if supplier_id:
        query = query.where(Payout.supplier_id == supplier_id)
    if periods:
        waiting = Payout.period.is_(None) if periods[1] >= present() else None
        paid = Payout.period.between(*periods)
        query = query.where(paid if waiting is None else or_(paid, waiting))
    tail = open_tail(household_id, supplier_id)
    cuts = _cut_shares(household_id, supplier_id, periods)
    shown_tail = tail if periods is None or periods[0] <= present() <= periods[1] else []
    return Statement(
        household_id=household_id,
        slips=linkage.slips_of_household(household_id, supplier_id, periods),
        payments=linkage.payments_of_household(household_id, supplier_id, periods),
        payouts=list(db.session.scalars(query.order_by(Payout.id))),
        pools=_by_pool(household_id, [*cuts, *shown_tail]),
        flows=statement_reads.flows_of_household(household_id, supplier_id, periods),
        revisions=list(statement_reads.revised_shares(household_id, supplier_id, periods)),
        advances=statement_reads.advances_of_household(household_id, supplier_id),
        balances=balances_of(household_id, supplier_id, tail),
    )


def present() -> int:
    return clock.period(clock.today())


def _cut_shares(household_id: UUID, supplier_id: UUID | None, periods: Periods) -> list[CutShare]:
    """The household's shares that were posted, oldest first: one statement over its own rows."""
    query = (
        select(
            Pool,
            Distribution.id,
            Distribution.number,
            Distribution.cut_on,
            DistributionShare.fen,
            DistributionPool.before_fen,
            DistributionPool.after_fen,
        )
        .join(Pool, Pool.id == DistributionShare.pool_id)
        .join(Distribution, Distribution.id == DistributionShare.distribution_id)
        .join(
            DistributionPool,
            (DistributionPool.distribution_id == DistributionShare.distribution_id)
            & (DistributionPool.pool_id == DistributionShare.pool_id),
        )
        .where(
            DistributionShare.household_id == household_id,
            or_(DistributionPool.posted_at.is_not(None), Distribution.state == "approved"),
        )
    )
    if supplier_id:
        query = query.where(Pool.supplier_id == supplier_id)
    if periods:
        query = query.where(Distribution.cut_on.between(first_day(periods[0]), last_day(periods[1])))
    rows = db.session.execute(query.order_by(Distribution.cut_on, Distribution.id, Pool.id))
    return [
        CutShare(pool, id_, number, cut_on, clock.period(cut_on), fen, before, after)
        for pool, id_, number, cut_on, fen, before, after in rows
    ]


def first_day(period: int) -> date:
    return date(period // 100, period % 100, 1)


def last_day(period: int) -> date:
    year, month = divmod(period, 100)
    return (date(year + month // 12, month % 12 + 1, 1)) - timedelta(days=1)


def open_tail(household_id: UUID, supplier_id: UUID | None) -> list[CutShare]:
    """What lines brought (or reversals took back from) the household's pools since their last cut; of this month."""
    moved = []
    for pool in pools_of(household_id, supplier_id, only_moved=True):
        totals = (pool.distributed_fen, pool.total_fen)
        before, after = household_at(pool.kind, pool.source_id, pool.id, totals, household_id)
        moved.append(CutShare(pool, None, "", None, present(), after - before, *totals))
    return moved


def pools_of(household_id: UUID, supplier_id: UUID | None = None, *, only_moved: bool = False) -> list[Pool]:
    """The pools that a household has a weight in; `only_moved`: those with an open tail."""
    # The kinds are named so that the unique key of kind and source serves, not a scan of all pools.
    query = select(Pool).where(
        Pool.kind.in_(POOL_KINDS), Pool.source_id.in_(linkage.sources_of_household(household_id))
    )
    if supplier_id:
        query = query.where(Pool.supplier_id == supplier_id)
    if only_moved:
        query = query.where(Pool.total_fen != Pool.distributed_fen)
    return list(db.session.scalars(query.order_by(Pool.id)))


def _by_pool(household_id: UUID, cuts: Iterable[CutShare]) -> list[PoolShare]:
    found: dict[UUID, list[CutShare]] = {}
    for cut in cuts:
        found.setdefault(cut.pool.id, []).append(cut)
    pools = [cuts[0].pool for cuts in found.values()]
    agreements = linkage.agreements_by_ids({pool.agreement_id for pool in pools})
    lots = linkage.by_ids(pool.source_id for pool in pools if pool.kind in ("lot", "supplement"))
    return [
        PoolShare(
            pool=pool,
            agreement=agreements[pool.agreement_id],
            lot_number=lots[pool.source_id].number if pool.source_id in lots else None,
            household_id=household_id,
            cuts=found[pool.id],
        )
        for pool in pools
    ]


def balances_of(household_id: UUID, supplier_id: UUID | None, tail: list[CutShare]) -> dict[UUID, int]:
    """Supplier → owed less received as of now, fen: the standing, and what sales brought since the last cut."""
    found = {
        supplier: row.owed_fen - row.received_fen
        for supplier, row in standing.of_household(household_id).items()
        if supplier_id in (None, supplier)
    }
    for cut in tail:
        if cut.pool.makes_debt:
            found[cut.pool.supplier_id] = found.get(cut.pool.supplier_id, 0) + cut.fen
    return found
