"""Nobody accepts in time: it counts as accepted, which starts the clock, and settles only once two have signed."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import DomainError, Forbidden, Refused
from marketplace.notices.models import Message
from marketplace.payments import services as payments
from marketplace.procurement import services as procurement
from marketplace.quota import services as quota
from marketplace.settlement import services as settlement
from marketplace.settlement.models import SettledLine
from tests.factories.world import actor
from tests.faults.test_races import race


def after(days):
    return clock.fixed(clock.now() + timedelta(days=days))


def settled() -> int:
    return db.session.scalar(select(func.count()).select_from(SettledLine))


def deemed(world):
    with after(11):
        return settlement.deem(world.extra["shipment"])


def test_a_delivery_is_deemed_accepted_after_the_last_day_and_not_on_it(world):
    """Red when `overdue` compares with <=."""
    for days, wanted in ((0, []), (10, []), (11, [world.extra["shipment"]])):
        with after(days), transaction(write=False):
            assert procurement.overdue_shipments() == wanted


def test_an_agencys_own_term_goes_before_the_one_for_all(world):
    agency = world.receiver.organisation
    with transaction():
        procurement.set_deeming_term(SYSTEM, agency, clock.today(), 3, "供货合同第 7 条")
    with after(4), transaction(write=False):
        assert procurement.overdue_shipments() == [world.extra["shipment"]]
    with pytest.raises(Forbidden), transaction():
        procurement.set_deeming_term(world.manager, agency, clock.today(), 3, "x")
    with pytest.raises(DomainError) as refusal, transaction():
        procurement.set_deeming_term(SYSTEM, agency, clock.today(), 5, "再改")
    assert refusal.value.code == "term_exists"


def test_what_is_deemed_accepted_is_billed_at_nominal_and_the_clock_starts(world):
    with transaction():
        row, bill = deemed(world)
        assert (row.state, row.accepted_by, row.money_fen) == ("deemed", None, 240_000)
        assert bill.total_fen == 240_000
        assert bill.due_on > row.day
        kinds = {told.kind for told in db.session.scalars(select(Message).where(Message.done_at.is_(None)))}
        assert {"acceptance_deemed", "delivery_deemed"} <= kinds


def test_deemed_and_paid_settles_nothing_until_two_have_signed_and_then_once(app, world):
    """Red when settle_ready does not ask for `signed`, or `sign` does not call it."""
    with transaction():
        row, bill = deemed(world)
        row_id = row.id
    with transaction():
        world.paid(bill)
        assert settled() == 0
        plan = quota.plan_of(world.requester.organisation, clock.today().year)
        assert (plan.settled_fen, plan.committed_fen > 0) == (0, True)
    with transaction():
        first, _bill = settlement.sign(world.receiver, row_id)
        assert (first.state, first.accepted_by, settled()) == ("deemed", world.receiver.user, 0)
    with transaction():
        people = [actor(world.receiver.organisation, {"receiver"}) for _ in range(3)]
    results = race(app, [lambda who=who: settlement.sign(who, row_id) for who in people])
    assert sum(not isinstance(result, DomainError) for result in results) == 1
    with transaction(write=False):
        assert settled() == 1
        assert quota.plan_of(world.requester.organisation, clock.today().year).settled_fen == 240_000
        assert len(payments.bills_of([row.order_id])[row.order_id]) == 1


def test_one_person_does_not_sign_a_deemed_acceptance_twice(world):
    with transaction():
        row, _bill = deemed(world)
        settlement.sign(world.receiver, row.id)
    with pytest.raises(Refused) as refusal, transaction():
        settlement.sign(world.receiver, row.id)
    assert refusal.value.code == "second_is_first"


def test_what_is_deemed_is_not_accepted_or_deemed_again(world):
    with transaction():
        deemed(world)
    for act in (lambda: world.accepted(world.extra["shipment"]), lambda: deemed(world)):
        with pytest.raises(DomainError) as refusal, transaction():
            act()
        assert refusal.value.code == "wrong_state"


def test_a_reminder_goes_out_three_days_before_and_once(world):
    for days, wanted in ((6, 0), (7, 1), (8, 1), (10, 1)):
        with after(days), transaction():
            procurement.remind_of_acceptance()
            told = select(func.count()).select_from(Message).where(Message.kind == "acceptance_due")
            assert db.session.scalar(told) == wanted
