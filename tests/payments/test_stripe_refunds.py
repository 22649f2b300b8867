"""Refunds: within what was paid, of two at once one, called by their id, and what Stripe's own pages did is found."""

import pytest
from sqlalchemy import select

from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, NotFound, Refused
from marketplace.findings.models import Finding
from marketplace.payments import refunds
from marketplace.payments.stripe_models import CardRefund
from marketplace.settlement import card_work
from tests.api.callers import neighbours
from tests.faults.test_races import race, refused


def ask(counter, row, fen, reason="两箱坏果"):
    with transaction():
        return refunds.ask_refund(counter.world.manager, row.id, fen=fen, reason=reason).id


def refund(id_):
    db.session.rollback()
    with transaction(write=False):
        row = db.session.get_one(CardRefund, id_, populate_existing=True)
        db.session.expunge(row)
    return row


def findings():
    with transaction(write=False):
        return sorted(db.session.scalars(select(Finding.kind)))


def test_a_refund_is_called_by_its_id_on_the_suppliers_account(counter):
    row = counter.paid()
    id_ = ask(counter, row, 5_000)
    assert counter.payment(row.id).refunded_fen == 5_000  # the room is taken before Stripe is asked
    card_work.work()
    [call] = [call for call in counter.double.calls if call["path"] == "/v1/refunds"]
    assert (call["account"], call["key"], call["given"]["amount"]) == (counter.account, str(id_), "5000")
    assert refund(id_).state == "succeeded"
    counter.hear()
    assert refund(id_).state == "succeeded"
    assert counter.payment(row.id).refunded_fen == 5_000
    assert findings() == []


def test_parts_and_then_the_rest(counter):
    row = counter.paid()
    for fen in (1, row.fen // 2, row.fen - row.fen // 2 - 1):
        ask(counter, row, fen)
    card_work.work()
    assert counter.payment(row.id).refunded_fen == row.fen
    with pytest.raises(Refused) as refusal:
        ask(counter, row, 1)
    assert (refusal.value.code, refusal.value.facts["left_fen"]) == ("refund_too_large", 0)


def test_a_refund_larger_than_what_remains_never_reaches_stripe(counter):
    """Red when the room is not asked for before the row is written."""
    row = counter.paid()
    with pytest.raises(Refused):
        ask(counter, row, row.fen + 1)
    with pytest.raises(Refused):
        ask(counter, row, 0)
    card_work.work()
    assert [call for call in counter.double.calls if call["path"] == "/v1/refunds"] == []


def test_of_two_refunds_at_once_that_do_not_fit_together_one_wins(app, counter):
    """Red when `_take_room` reads first and writes afterwards."""
    row = counter.paid()
    payment, manager, most = row.id, counter.world.manager, row.fen

    def act():
        return refunds.ask_refund(manager, payment, fen=most // 2 + 1, reason="退货").id

    results = race(app, [act] * 8)
    assert [refused(one) for one in results].count(False) == 1
    card_work.work()
    assert counter.payment(row.id).refunded_fen == most // 2 + 1


def test_only_the_supplier_that_was_paid_refunds_and_only_what_was_paid(counter):
    paid, open_ = counter.paid(), counter.asked()
    with transaction():
        stranger = neighbours()["supplier_manager"]
    with transaction(), pytest.raises(NotFound):
        refunds.ask_refund(stranger, paid.id, fen=1, reason="x")
    with transaction(), pytest.raises(Conflict):
        refunds.ask_refund(counter.world.manager, open_.id, fen=1, reason="x")


def test_what_stripe_refuses_gives_its_room_back(counter):
    row = counter.paid()
    id_ = ask(counter, row, 700)
    counter.double.failures.append(("/refunds", 400, {"type": "invalid_request_error", "code": "charge_disputed"}))
    card_work.work()
    assert (refund(id_).state, refund(id_).error) == ("failed", "charge_disputed")
    assert counter.payment(row.id).refunded_fen == 0


def test_a_refund_waits_while_stripe_is_down_and_is_sent_once(counter):
    row = counter.paid()
    id_ = ask(counter, row, 700)
    counter.double.down = True
    card_work.work()
    assert refund(id_).state == "new"
    counter.double.down, counter.double.lost_answers = False, 1
    card_work.work()  # done at Stripe, its answer lost
    card_work.work()
    counter.hear()
    assert refund(id_).state == "succeeded"
    made = [one for one in counter.double.objects.values() if one["object"] == "refund"]
    assert [one["amount"] for one in made] == [700]
    assert counter.payment(row.id).refunded_fen == 700


def test_a_refund_that_the_bank_sends_back_fails_after_it_succeeded(counter):
    row = counter.paid()
    id_ = ask(counter, row, 700)
    card_work.work()
    made = next(one for one in counter.double.objects.values() if one["object"] == "refund")
    counter.double.sends_back(made)
    counter.hear()
    assert refund(id_).state == "failed"
    assert counter.payment(row.id).refunded_fen == 0
    assert findings() == ["card_refund_failed"]


def test_a_refund_made_at_stripes_own_pages_is_taken_over_once(counter):
    row = counter.paid()
    counter.double.refunds_at_stripe(row.stripe_id, 900)
    events = counter.double.told()
    counter.hear(events)
    counter.hear([event | {"id": event["id"] + "x"} for event in events])
    assert counter.payment(row.id).refunded_fen == 900
    assert findings() == ["card_refund_outside"]


def test_a_refund_that_is_told_before_its_payment_waits_for_nothing(counter):
    row = counter.asked()
    payment = counter.double.pays(row.checkout_id)
    counter.double.refunds_at_stripe(payment, 900)
    counter.hear([event for event in counter.double.told() if "refund" in event["type"]])
    row = counter.payment(row.id)
    assert (row.state, row.refunded_fen) == ("succeeded", 900)
