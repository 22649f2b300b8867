"""Who signs an acceptance: two people of the agency, neither of them who requested the order."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, Forbidden, NotFound, Refused
from marketplace.identity import services as identity
from marketplace.payments.models import Bill
from marketplace.procurement import services as procurement
from marketplace.procurement.models import Acceptance
from marketplace.settlement import services as settlement
from tests.factories.world import BEIJING_COUNTY, actor
from tests.faults.test_races import race


def take(world, **how):
    row, _ = procurement.shipment(world.receiver, world.extra["shipment"])
    counts = [procurement.Count(line.id, line.quantity) for line in row.lines]
    return settlement.accept(world.receiver, world.extra["shipment"], counts, **how)


def bills() -> int:
    return db.session.scalar(select(func.count()).select_from(Bill))


def test_quantities_move_at_the_first_signature_and_the_bill_comes_with_the_second(world):
    """Red when accept bills whatever the acceptance's state is."""
    with transaction():
        row, bill = take(world)
        assert (row.state, row.signed_at, bill, bills()) == ("signing", None, None, 0)
        assert procurement.lines_of([row.order_id])[row.order_id][0].accepted == 200_000
    with transaction():
        row, bill = settlement.sign(world.extra["second"], row.id)
        assert (row.state, row.second_by) == ("signed", world.extra["second"].user)
        assert bill.total_fen == row.money_fen == 240_000


def test_with_a_witness_present_and_named_two_have_signed(world):
    with transaction():
        row, bill = take(world, witness="周立新")
    assert row.state == "signed"
    assert bill is not None


def test_the_second_is_neither_the_first_nor_who_requested(world):
    """Red when sign_acceptance does not compare; below it stands the CHECK two_persons."""
    with transaction():
        acceptance = take(world)[0].id
        asked_and_receives = replace(world.receiver, user=world.requester.user)
    for who, code in ((world.receiver, "second_is_first"), (asked_and_receives, "receiver_is_requester")):
        with pytest.raises(Refused) as refusal, transaction():
            settlement.sign(who, acceptance)
        assert refusal.value.code == code
    with pytest.raises(Forbidden), transaction():
        settlement.sign(world.finance, acceptance)


def test_another_agencys_acceptance_is_unknown(world):
    with transaction():
        acceptance = take(world)[0].id
        other = identity.add_organisation(SYSTEM, "agency", "别的学校", BEIJING_COUNTY, agency_kind="budget_unit")
        stranger = actor(other.id, {"receiver"})
    with pytest.raises(NotFound), transaction():
        settlement.sign(stranger, acceptance)


def test_two_who_sign_at_once_make_one_bill(app, world):
    """Red when sign_acceptance reads the acceptance without locking it, and bills are not unique per acceptance."""
    with transaction():
        acceptance = take(world)[0].id
        people = [world.extra["second"], *(actor(world.receiver.organisation, {"receiver"}) for _ in range(3))]
    results = race(app, [lambda person=person: settlement.sign(person, acceptance)[0].state for person in people])
    answers = [result.code if isinstance(result, DomainError) else result for result in results]
    assert sorted(answers) == ["signed", "wrong_state", "wrong_state", "wrong_state"]
    with transaction(write=False):
        assert bills() == 1
        assert db.session.get_one(Acceptance, acceptance).state == "signed"


def test_what_is_signed_is_not_signed_again(world):
    with transaction():
        acceptance = take(world, witness="周立新")[0].id
    with pytest.raises(Conflict), transaction():
        settlement.sign(world.extra["second"], acceptance)
