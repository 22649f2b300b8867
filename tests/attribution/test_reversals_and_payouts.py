"""Returns before and after a distribution and a payout: recoverable is set against coming money, nothing is taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.attribution import services as attribution
from marketplace.attribution.models import DistributionShare, Payout, Pool
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.linkage import standing
from marketplace.settlement import services as settlement
from marketplace.settlement.checks import CHECKS
from marketplace.settlement.models import SettledLine
from tests.factories.world import World, start_agreement


@pytest.fixture
def sold(app):
    """One consigned lot with a dividend beside it, of which one line is settled."""
    with transaction():
        world = World.build(basis="consignment")
        start_agreement(world.manager, world.households[:2], kind="dividend", rate_basis_points=500, service_order=20)
        world.extra["lot"] = world.lot()
        world.extra["bill"] = world.settled(world.extra["lot"])
    return world


def sale_of(bill) -> SettledLine:
    query = select(SettledLine).where(SettledLine.bill_id == bill.id, SettledLine.reverses_id.is_(None))
    return db.session.scalars(query).one()


def back(world: World, bill, quantity: int, number: str) -> None:
    line = sale_of(bill)
    settlement.reverse(
        world.manager, line.id, quantity=quantity, reason="变质", red_invoice_number=number, refund_serial="R"
    )


def standings(world: World) -> dict:
    rows = standing.of_supplier(world.manager.organisation)
    return {household: (row.owed_fen, row.received_fen) for household, row in rows.items()}


def faults() -> list[str]:
    return [fault for check in CHECKS for fault in check()]


def test_a_return_before_the_distribution_lowers_what_is_shared_out(app, sold):
    with transaction():
        back(sold, sold.extra["bill"], 100_000, "H1")
        run = sold.distributed()
        shares = list(db.session.scalars(select(DistributionShare.fen).where(DistributionShare.distribution_id == run)))
        assert sum(shares) == sum(pool.total_fen for pool in db.session.scalars(select(Pool)))
        assert faults() == []


def test_what_was_paid_before_a_return_is_set_against_coming_money_and_nothing_is_taken_back(app, sold):
    """Red when a distribution leaves negative shares out, or pays its shares without looking at the standing."""
    with transaction():
        first = sold.distributed()
        sold.paid_out(first)
        before = standings(sold)
        assert all(owed == received > 0 for owed, received in before.values())
    later = clock.now() + timedelta(days=20)
    with clock.fixed(later), transaction():
        back(sold, sold.extra["bill"], 200_000, "H1")
        assert standings(sold) == before  # until the next cut the books of the households are as they were
        second_bill = sold.settled(sold.extra["lot"], 300_000)
    with clock.fixed(later + timedelta(hours=1)), transaction():
        second = attribution.prepare(sold.clerk, clock.today())
        attribution.approve(sold.manager, second.id)
        after = standings(sold)
        payouts = list(db.session.scalars(select(Payout).where(Payout.distribution_id == second.id)))
        for household, (owed, received) in after.items():
            assert received == before[household][1]
            assert sum(row.fen for row in payouts if row.household_id == household) == max(0, owed - received)
        assert sum(owed for owed, _ in after.values()) == sale_of(second_bill).owed_fen
    with transaction(write=False):
        assert faults() == []


def test_a_return_alone_leaves_a_recoverable_amount_and_no_payout(app, sold):
    with transaction():
        sold.paid_out(sold.distributed())
    with clock.fixed(clock.now() + timedelta(days=20)), transaction():
        back(sold, sold.extra["bill"], 200_000, "H1")
        run = attribution.prepare(sold.clerk, clock.today())
        attribution.approve(sold.manager, run.id)
        rows = standing.of_supplier(sold.manager.organisation).values()
        assert all(row.owed_fen == 0 and row.recoverable_fen == row.received_fen > 0 for row in rows)
        assert list(db.session.scalars(select(Payout).where(Payout.distribution_id == run.id))) == []
    with transaction(write=False):
        assert faults() == []
