"""Interest of a day is claimed once, and a payer's credit pays no more than it holds."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict
from marketplace.payments import services as payments
from marketplace.payments.models import Bill, PayerCredit
from marketplace.settlement import services as settlement
from tests.factories.world import World


def test_interest_of_each_day_is_claimed_once(app):
    """Red when `claim_interest` counts from the due day again; below it stands the unique day of interest_claim."""
    with transaction():
        world = World.build()
        _, bill = world.accepted(world.shipped(world.lot()))
        bill_id, due = bill.id, bill.due_on

    def claimed(days: int) -> int:
        with transaction(), clock.fixed(clock.at(due + timedelta(days=days))):
            return payments.claim_interest(world.manager, bill_id).fen

    with pytest.raises(Conflict, match="nothing_accrued"):
        claimed(0)
    assert claimed(10) == 1_200  # 0.05 % a day of ¥2,400.00
    with pytest.raises(Conflict, match="nothing_accrued"):
        claimed(10)
    assert claimed(13) == 360
    with transaction(write=False):
        assert sum(row.fen for row in payments.claims_of([bill_id])[bill_id]) == 1_560


def test_a_credit_pays_what_it_holds_and_is_used_up(app):
    """Red when `use_credit` pays all that the bill asks; below it stands the CHECK payer_credit.within."""
    with transaction():
        world = World.build()
        lot = world.lot()
        _, first = world.accepted(world.shipped(lot))
        _, other = world.accepted(world.shipped(lot))
        payments.receive(world.manager, first.id, fen=first.total_fen + 100, paid_on=clock.today(), serial="B1")
        held = db.session.scalars(select(PayerCredit)).one()
        settlement.use_credit(world.finance, held.id, other.id)
        assert (held.used_fen, held.state) == (100, "used")
        assert (db.session.get_one(Bill, other.id).paid_fen, other.state) == (100, "partly_paid")
    with pytest.raises(Conflict, match="wrong_state"), transaction():
        settlement.use_credit(world.finance, held.id, other.id)
