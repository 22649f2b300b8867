"""One order from the household's delivery to the household's fen."""

import pytest

from marketplace.attribution import services as attribution
from marketplace.core.db import transaction
from marketplace.ledger import services as ledger
from marketplace.procurement import services as procurement
from marketplace.quota import services as quota
from marketplace.settlement import figures
from marketplace.settlement import services as settlement
from tests.factories.world import World, start_agreement


def test_a_settled_lines_money_is_attributed_to_the_fen(app):
    with transaction():
        world = World.build(families=3)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        lot = world.lot(1_000_000, price_fen=680)
        bill = world.settled(lot, 200_000)
    with transaction(write=False):
        [line] = settlement.settled_of([bill.order_id])[bill.order_id]
        entries = ledger.entries_of("settled_line", str(line.id))
        assert line.money_fen == bill.total_fen == 240_000
        assert sum(entry.fen for entry in entries) == line.money_fen
        # a fifth of the lot's cost, 2 % of the line, the rest the supplier's
        by_kind = {entry.credit.kind: 0 for entry in entries}
        for entry in entries:
            by_kind[entry.credit.kind] += entry.fen
        assert by_kind == {"pool": 136_000 + 4_800, "remainder": 240_000 - 140_800}
        assert line.attributed_fen == 140_800
        assert line.owed_fen == 4_800
        plan = quota.plan_of(world.requester.organisation, bill.issued_on.year)
        assert (plan.settled_fen, plan.committed_fen) == (240_000, 0)
        assert procurement.order(world.manager, bill.order_id).state == "settled"
        assert figures.wrong() == []


def test_a_household_sees_what_it_is_owed_and_what_it_received(app):
    with transaction():
        world = World.build(families=3)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        bill = world.settled(world.lot(), 200_000)
        row = attribution.prepare(world.clerk, bill.issued_on)
        attribution.approve(world.manager, row.id)
        payouts = attribution.payouts_of(row.id)
        assert sum(payout.fen for payout in payouts) == 4_800 == row.total_fen
        world.paid_out(row.id, [payouts[0].id])
    with transaction(write=False):
        statement = attribution.statement(payouts[0].household_id)
        assert statement.received_fen == payouts[0].fen == 1_600
        assert statement.owed_fen == sum(slip.payable_fen for slip in statement.slips) + 1_600
        assert sum(attribution.statement(household).attributed_fen for household in world.households) == 140_800


def test_consigned_produce_is_owed_when_its_line_settles(app):
    with transaction():
        world = World.build(families=4, basis="consignment")
        lot = world.lot(1_000_000, price_fen=700)
        assert attribution.owing(world.manager.organisation).total_fen == 0
        world.settled(lot, 500_000)
    with transaction(write=False):
        # cost 700,004 fen over 1,000,006 g, half of a thousand kilograms sold
        assert attribution.owing(world.manager.organisation).total_fen == 350_000


@pytest.mark.parametrize("families", [1, 40])
def test_rows_of_a_settled_line_do_not_grow_with_its_households(app, families):
    from sqlalchemy import text

    from marketplace.core.db import db

    tables = ("journal", "entry", "pool", "pool_movement", "settled_line", "posted_source")
    with transaction():
        world = World.build(families=families)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        shipment = world.shipped(world.lot())
        _, bill = world.accepted(shipment)
        before = {table: db.session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables}
        world.paid(bill)
        after = {table: db.session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables}
    assert {table: after[table] - before[table] for table in tables} == {
        "journal": 1,
        "entry": 3,
        "pool": 2,
        "pool_movement": 2,
        "settled_line": 1,
        "posted_source": 1,
    }
