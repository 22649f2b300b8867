"""Checks of what households are owed and have received, of reversals and of closed months; part of `checks.CHECKS`."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import String, and_, case, exists, func, literal, or_, select, text, type_coerce, union_all

from ..attribution import shares
from ..attribution.models import (
    Distribution,
    DistributionHousehold,
    DistributionPool,
    DistributionShare,
    Payout,
    Pool,
    PoolMovement,
)
from ..attribution.posting import LEDGER_KIND
from ..attribution.reversals import LEDGER_KIND as REVERSAL_KIND
from ..core.db import db, is_sqlite
from ..findings.models import Finding
from ..ledger.batches import Batch, Batched
from ..ledger.models import Account, ClosedPeriod, Entry, Journal, PostedSource
from ..linkage.models import FarmPayment, Flow, Lot, LotRevision, LotRevisionShare, Slip
from ..linkage.rules import OWED_AT_SLIP
from ..linkage.standing import Standing
from . import frozen
from .closing_models import Closing, FrozenFigure
from .models import SettledLine
from .ranges import Range, id_text, ranged


def reversals_stay_within_their_sale() -> list[str]:
    """What all reversals of a sale take back, of quantity, money and every share, is no more than the sale."""
    sale, back = SettledLine.__table__.alias("sale"), SettledLine.__table__.alias("back")
    names = ("quantity", "money_fen", "attributed_fen", "owed_fen")
    left = [(func.max(sale.c[name]) + func.sum(back.c[name])).label(name) for name in names]
    query = (
        select(sale.c.id, *left)
        .join(back, back.c.reverses_id == sale.c.id)
        .group_by(sale.c.id)
        .having(or_(*(part < 0 for part in left)))
    )
    return [f"settled line {id_}: reversed beyond itself, {rest} left" for id_, *rest in db.session.execute(query)]


def lines_wholly_reversed_leave_nothing() -> list[str]:
    """A line that was taken back whole has no money, and in no pool, left."""
    sale, back = SettledLine.__table__.alias("sale"), SettledLine.__table__.alias("back")
    whole = (
        select(sale.c.id, (func.max(sale.c.money_fen) + func.sum(back.c.money_fen)).label("fen"))
        .join(back, back.c.reverses_id == sale.c.id)
        .group_by(sale.c.id)
        .having(func.max(sale.c.quantity) + func.sum(back.c.quantity) == 0)
        .subquery()
    )
    wrong = [
        f"settled line {id_}: taken back whole, {fen} fen left"
        for id_, fen in db.session.execute(select(whole).where(whole.c.fen != 0))
    ]
    part = SettledLine.__table__.alias("part")
    moved = func.sum(PoolMovement.after_fen - PoolMovement.before_fen)
    pools = (
        select(whole.c.id, PoolMovement.pool_id, moved)
        .join(part, part.c.line_id == whole.c.id)
        .join(PoolMovement, PoolMovement.source_id == part.c.id)
        .group_by(whole.c.id, PoolMovement.pool_id)
        .having(moved != 0)
    )
    return wrong + [
        f"settled line {id_}: taken back whole, {fen} fen left in pool {pool}"
        for id_, pool, fen in db.session.execute(pools)
    ]


def lots_sold_out_posted_their_cost() -> list[str]:
    """A lot's pool never holds more than the lot cost; sold out, it holds exactly that, save what was written off."""
    query = (
        select(Lot.id, Lot.number, Lot.cost_fen, Pool.total_fen)
        .join(Pool, (Pool.kind == "lot") & (Pool.source_id == Lot.id))
        .where(
            or_(Pool.total_fen > Lot.cost_fen, and_(Pool.sold >= Lot.size, Pool.total_fen != Lot.cost_fen)),
        )
    )
    return [
        f"lot {number}: cost {cost} fen, {total} posted"
        for id_, number, cost, total in db.session.execute(query).all()
        if total > cost or not _written_off(id_)
    ]


def _written_off(lot_id: UUID) -> bool:
    """Whether the money of one of the lot's lines was short: then a finding says so."""
    line = select(Finding.id).join(SettledLine, Finding.object_id.startswith(id_text(SettledLine.id)))
    return bool(
        db.session.scalar(select(exists(line.where(SettledLine.lot_id == lot_id, Finding.kind == "line_money_short"))))
    )


def standings_are_the_owed_accounts() -> list[str]:
    """How a household stands with a supplier, owed less received, is the balance of its account in the ledger."""
    credits = _moved(Entry.credit_id)
    debits = _moved(Entry.debit_id)
    balance = func.coalesce(credits.c.fen, 0) - func.coalesce(debits.c.fen, 0)
    held = func.coalesce(Standing.owed_fen - Standing.received_fen, 0)
    query = (
        select(Account.id, Account.owner_id, Account.party_id, balance, held)
        .outerjoin(Standing, Standing.id == Account.id)
        .outerjoin(credits, credits.c.id == Account.id)
        .outerjoin(debits, debits.c.id == Account.id)
        .where(Account.kind == "owed", balance != held)
    )
    alone = select(Standing.id).where(
        Standing.id.not_in(select(Account.id)), or_(Standing.owed_fen != 0, Standing.received_fen != 0)
    )
    return [
        f"household {household} with supplier {supplier}: its account holds {fen} fen, its standing {stands}"
        for _, household, supplier, fen, stands in db.session.execute(query)
    ] + [f"standing {id_}: it has no account" for id_ in db.session.scalars(alone)]


def _moved(side: Any) -> Any:
    """Sums of the owed accounts by one side of their entries."""
    return (
        select(side.label("id"), func.sum(Entry.amount).label("fen"))
        .join(Account, Account.id == side)
        .where(Account.kind == "owed")
        .group_by(side)
        .subquery()
    )


def standings_are_what_rows_make() -> list[str]:
    """Owed is the sum of slips, flows, late costs and posted shares; received of set-offs, farm payments and payouts."""
    zero = literal(0)
    slips = Slip.basis.in_(OWED_AT_SLIP)
    parts = union_all(
        select(Slip.household_id, Slip.supplier_id, Slip.payable_fen + Slip.deduction_fen, Slip.deduction_fen).where(
            slips
        ),
        select(Flow.household_id, Flow.supplier_id, Flow.fen, zero),
        select(LotRevisionShare.household_id, LotRevision.supplier_id, LotRevisionShare.fen, zero)
        .join(LotRevision, LotRevision.id == LotRevisionShare.revision_id)
        .where(LotRevision.owed_now),
        select(DistributionShare.household_id, Pool.supplier_id, DistributionShare.fen, zero)
        .join(Pool, Pool.id == DistributionShare.pool_id)
        .join(
            DistributionPool,
            (DistributionPool.distribution_id == DistributionShare.distribution_id)
            & (DistributionPool.pool_id == DistributionShare.pool_id),
        )
        .where(Pool.makes_debt, DistributionPool.posted_at.is_not(None)),
        select(FarmPayment.household_id, FarmPayment.supplier_id, zero, FarmPayment.fen),
        select(Payout.household_id, Payout.supplier_id, zero, Payout.fen).where(Payout.state == "paid"),
    ).subquery()
    household, supplier, owed, received = parts.c
    made = (
        select(
            household.label("household_id"),
            supplier.label("supplier_id"),
            func.sum(owed).label("owed"),
            func.sum(received).label("received"),
        )
        .group_by(household, supplier)
        .subquery()
    )
    same = (Standing.household_id == made.c.household_id) & (Standing.supplier_id == made.c.supplier_id)
    query = (
        select(made, func.coalesce(Standing.owed_fen, 0), func.coalesce(Standing.received_fen, 0))
        .outerjoin(Standing, same)
        .where(
            or_(
                func.coalesce(Standing.owed_fen, 0) != made.c.owed,
                func.coalesce(Standing.received_fen, 0) != made.c.received,
            )
        )
    )
    alone = (
        select(Standing.household_id, Standing.supplier_id)
        .outerjoin(made, same)
        .where(made.c.household_id.is_(None), or_(Standing.owed_fen != 0, Standing.received_fen != 0))
    )
    return [
        f"household {of} with supplier {by}: rows make {owed_} owed and {paid} received, it stands at {held} and {had}"
        for of, by, owed_, paid, held, had in db.session.execute(query)
    ] + [f"household {of} with supplier {by}: a standing without rows" for of, by in db.session.execute(alone)]


def nobody_received_beyond_what_was_owed() -> list[str]:
    """Received is above owed only where a reversal, or a corrected flow, took back what had been paid."""
    reversed_ = select(SettledLine.supplier_id).where(SettledLine.reverses_id.is_not(None))
    corrected = select(Flow.household_id).where(
        Flow.corrects_id.is_not(None),
        Flow.household_id == Standing.household_id,
        Flow.supplier_id == Standing.supplier_id,
    )
    query = select(Standing.household_id, Standing.supplier_id, Standing.owed_fen, Standing.received_fen).where(
        Standing.received_fen > Standing.owed_fen,
        Standing.supplier_id.not_in(reversed_),
        ~exists(corrected),
    )
    return [
        f"household {household} with supplier {supplier}: received {received} fen of {owed}"
        for household, supplier, owed, received in db.session.execute(query)
    ]


def a_household_is_paid_once_by_a_distribution() -> list[str]:
    """The payouts of a household in a distribution, those taken back left out, come to what its line says."""
    paid = (
        select(Payout.distribution_id, Payout.household_id, func.sum(Payout.fen).label("fen"))
        .where(Payout.state != "void")
        .group_by(Payout.distribution_id, Payout.household_id)
        .subquery()
    )
    line = DistributionHousehold
    query = (
        select(paid.c.distribution_id, paid.c.household_id, paid.c.fen, line.fen)
        .outerjoin(line, (line.distribution_id == paid.c.distribution_id) & (line.household_id == paid.c.household_id))
        .where(paid.c.fen > func.coalesce(line.fen, paid.c.fen))
    )
    return [
        f"distribution {id_}, household {household}: payouts of {fen} fen, its line says {said}"
        for id_, household, fen, said in db.session.execute(query)
    ]


@ranged(Distribution.id, 20)
def shares_are_their_part_of_the_pool(within: Range) -> list[str]:
    """A distribution's shares are the apportionment of the pool after less the apportionment before (invariant 12)."""
    query = (
        select(DistributionPool, Pool.kind, Pool.source_id)
        .join(Pool, Pool.id == DistributionPool.pool_id)
        .join(Distribution, Distribution.id == DistributionPool.distribution_id)
        .where(within.of(DistributionPool.distribution_id), Distribution.state.in_(("draft", "approving", "approved")))
    )
    wrong = []
    for row, kind, source in db.session.execute(query).all():
        right = shares.interval(kind, source, row.pool_id, row.before_fen, row.after_fen)
        held: dict[UUID, int] = dict(
            db.session.execute(
                select(DistributionShare.household_id, DistributionShare.fen).where(
                    DistributionShare.distribution_id == row.distribution_id, DistributionShare.pool_id == row.pool_id
                )
            ).all()  # type: ignore[arg-type]
        )
        if held != {household: fen for household, fen in right.items() if fen}:
            wrong.append(
                f"distribution {row.distribution_id}, pool {row.pool_id}: its shares are not their part of"
                f" {row.before_fen} to {row.after_fen} fen"
            )
    return wrong


_DATED: tuple[tuple[str, Any, Any], ...] = (
    ("slip", Slip, Slip.basis.in_(OWED_AT_SLIP)),
    ("flow", Flow, Flow.id.is_not(None)),
    ("farm_payment", FarmPayment, FarmPayment.id.is_not(None)),
    ("payout", Payout, Payout.state == "paid"),
)


def rows_are_posted_in_their_period() -> list[str]:
    """A slip, flow or payment is posted in the month that it counts in, where it counts."""
    wrong = []
    for kind, row, which in _DATED:
        posted = (PostedSource.kind == kind) & (PostedSource.source == id_text(row.id))
        query = (
            select(row.id, row.period, row.division, Journal.period, Journal.region)
            .outerjoin(PostedSource, posted)
            .outerjoin(Journal, Journal.id == PostedSource.journal_id)
            .where(
                which,
                or_(Journal.id.is_(None), Journal.period != row.period, Journal.region != row.division),
            )
        )
        wrong += [
            f"{kind} {id_}: counts in {period} at {division}, posted in {month} at {region}"
            for id_, period, division, month, region in db.session.execute(query)
        ]
    return wrong


@ranged(SettledLine.id)
def settled_lines_are_posted_in_their_period(within: Range) -> list[str]:
    """A settled line is posted in the month and place that it counts in; a reversal names the month it concerns."""
    kind = case((SettledLine.reverses_id.is_(None), LEDGER_KIND), else_=REVERSAL_KIND)
    query = (
        select(SettledLine.id, SettledLine.period, SettledLine.origin, Journal.period, Journal.region)
        .outerjoin(PostedSource, (PostedSource.source == id_text(SettledLine.id)) & (PostedSource.kind == kind))
        .outerjoin(Journal, Journal.id == PostedSource.journal_id)
        .where(
            within.of(SettledLine.id),
            SettledLine.money_fen != 0,
            or_(Journal.id.is_(None), Journal.period != SettledLine.period, Journal.region != SettledLine.origin),
        )
    )
    return [
        f"settled line {id_}: counts in {period} at {origin}, posted in {month} at {region}"
        for id_, period, origin, month, region in db.session.execute(query)
    ]


@Batched
def closed_months_are_what_was_frozen(state: Any) -> Iterator[Batch]:
    """Every closing's frozen figures are what the rows of its months still make (invariant 16)."""
    rows = db.session.scalars(select(Closing).where(Closing.state == "approved").order_by(Closing.id)).all()
    for done, row in enumerate(rows, 1):
        if state is None or done > state:
            yield Batch(done, len(rows), _thawed(row), done)


def _thawed(row: Closing) -> list[str]:
    query = select(FrozenFigure).where(FrozenFigure.closing_id == row.id)
    held = {
        (figure.period, figure.dimension, figure.key): frozen.Sums(
            figure.lines,
            figure.money_fen,
            figure.attributed_fen,
            figure.owed_fen,
            figure.received_fen,
            figure.households,
        )
        for figure in db.session.scalars(query)
    }
    right = frozen.recomputed(row.prefix, sorted({period for period, _, _ in held}))
    return [
        f"closing {row.id}, {key}: froze {held.get(key)}, its rows make {right.get(key)}"
        for key in sorted(held.keys() | right.keys())
        if held.get(key) != right.get(key)
    ]


def closed_months_are_guarded() -> list[str]:
    """The trigger that refuses a journal of a closed month stands, and is switched on."""
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = 'open_period_journal'"
    if not is_sqlite():
        query = "SELECT count(*) FROM pg_trigger WHERE tgname = 'open_period_journal' AND tgenabled IN ('O', 'A')"
    return [] if db.session.scalar(text(query)) else ["nothing keeps journals out of closed months"]


def nothing_was_posted_into_a_closed_month() -> list[str]:
    """No journal of a closed division and month was made after its closing."""
    lies = Journal.region.startswith(type_coerce(ClosedPeriod.prefix, String))
    query = (
        select(Journal.id, Journal.kind, Journal.region, Journal.period)
        .join(ClosedPeriod, (ClosedPeriod.period == Journal.period) & lies)
        .where(Journal.at > ClosedPeriod.closed_at)
    )
    return [
        f"journal {id_} ({kind}): posted into {period} of {region}, which was closed"
        for id_, kind, region, period in db.session.execute(query)
    ]


CHECKS: list[Callable[[], list[str]]] = [
    reversals_stay_within_their_sale,
    lines_wholly_reversed_leave_nothing,
    lots_sold_out_posted_their_cost,
    standings_are_the_owed_accounts,
    standings_are_what_rows_make,
    nobody_received_beyond_what_was_owed,
    a_household_is_paid_once_by_a_distribution,
    shares_are_their_part_of_the_pool,
    rows_are_posted_in_their_period,
    settled_lines_are_posted_in_their_period,
    closed_months_are_what_was_frozen,
    closed_months_are_guarded,
    nothing_was_posted_into_a_closed_month,
]
