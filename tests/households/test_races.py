"""People at several desks at once: one outcome, whoever was first."""

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.core.errors import DomainError
from marketplace.households import checks
from marketplace.households import services as households
from tests.counts import count
from tests.factories import people
from tests.faults.test_races import race
from tests.households.conftest import Village


def won(results: list) -> list:
    return [result for result in results if not isinstance(result, DomainError)]


@pytest.mark.parametrize("_round", range(count(60)))
def test_a_change_is_either_approved_or_stopped(app: Flask, village: Village, _round: int) -> None:
    """Red when approval reads the state without the row's lock: both would have happened."""
    with transaction():
        village.paid()
        [row] = households.propose_payees(village.clerk, [village.new(serial=77)])
        id_ = row.id
    acts = [lambda: households.approve_payee(village.city, id_).id] * 4
    acts += [lambda: households.stop_payee(village.city, id_, "农户不同意").id] * 4
    results = race(app, acts, workers=8)
    with transaction(write=False):
        state = next(row.state for row in households.payees_of(village.homes[0]) if row.id == id_)
        assert not [fault for check in checks.CHECKS for fault in check()]
    # Approved and then stopped in its cooling-off is two steps in order; twice the same never is.
    assert len(won(results)) <= (1 if state == "approved" else 2)
    assert won(results)


@pytest.mark.parametrize("_round", range(count(60)))
def test_one_of_two_first_payees_is_the_first(app: Flask, village: Village, _round: int) -> None:
    """Red when the household is not locked before asking whether it has one: both would stand without a cooling-off."""
    with transaction():
        whole, own = (
            households.propose_payees(village.clerk, [village.new(serial=serial, agreement_id=agreement)])[0].id
            for serial, agreement in ((1, None), (2, village.world.agreement))
        )
    race(
        app,
        [
            lambda: households.approve_payee(village.city, whole).id,
            lambda: households.approve_payee(village.city, own).id,
        ],
    )
    with transaction(write=False):
        days = sorted(row.in_force_from for row in households.payees_of(village.homes[0]))
        assert days[0] == clock.today() < days[1]


@pytest.mark.parametrize("_round", range(count(60)))
def test_two_mergers_into_each_other_never_both_stand(app: Flask, village: Village, _round: int) -> None:
    """Red when approval does not lock both households: the money would run in a circle."""
    a, b, _ = village.homes
    with transaction():
        waiting = [
            households.record_change(
                village.clerk, one, households.NewChange("merged", clock.today(), "村委证明", parts=[(other, 10_000)])
            ).id
            for one, other in ((a, b), (b, a))
        ]
    results = race(app, [lambda id_=id_: households.approve_change(village.city, id_).id for id_ in waiting])
    assert len(won(results)) == 1, results
    with transaction(write=False):
        assert len(households.heirs_on([a, b], clock.today())) == 1


@pytest.mark.parametrize("_round", range(count(60)))
def test_a_person_typed_at_several_desks_is_a_member_once(app: Flask, village: Village, _round: int) -> None:
    """Red when uq_member_present is dropped: each desk saw nobody."""

    def add(home) -> str:
        try:
            row = households.add_member(
                village.city, home, name="李四", relation="other", id_number=people.id_number(400)
            )
        except IntegrityError:
            raise DomainError("rule_in_database") from None
        return str(row.id)

    results = race(app, [lambda home=home: add(home) for home in village.homes * 2])
    assert len(won(results)) == 1, results
