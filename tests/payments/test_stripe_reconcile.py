"""What webhooks missed is found in Stripe's own list and made good; what cannot be is said."""

import random

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import delete, func, select

from marketplace import worker
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Unavailable
from marketplace.payments.stripe_models import CardPayment, Reconciliation, StripeEvent
from marketplace.settlement import card_reconcile, card_work
from marketplace.settlement.checks import CHECKS
from tests.payments.test_stripe_refunds import ask
from tests.payments.test_stripe_webhooks import outcome, story

PAYMENTS = 60


def reconcile(*, repair=True):
    found = []
    done = card_reconcile.run(clock.today(), repair=repair, tell=lambda _account, _compared, more: found.extend(more))
    return done, found


def test_a_third_of_the_webhooks_never_arrives_and_all_ends_as_if_they_had(counter):
    """Red when the comparison leaves out refunds, or our own rows."""
    rng = random.Random(7)
    all_heard = [story(counter, number, rng) for number in range(PAYMENTS)]
    counter.hear()
    rng = random.Random(7)
    partly_heard = [story(counter, number, rng) for number in range(PAYMENTS)]
    events = counter.double.told()
    lost = set(rng.sample(range(len(events)), len(events) // 3))
    rest = [event for place, event in enumerate(events) if place not in lost]
    rng.shuffle(rest)
    while rest:
        part, rest = rest[:200], rest[200:]
        counter.hear(part)
    assert outcome(counter, partly_heard) != outcome(counter, all_heard)
    [done], found = reconcile()
    assert found
    assert done.differing == done.repaired == len(found)
    assert outcome(counter, partly_heard) == outcome(counter, all_heard)
    with transaction(write=False):
        assert [word for check in CHECKS for word in check()] == []
    assert reconcile()[1] == []


def test_without_any_webhook_at_all(counter):
    rng = random.Random(3)
    heard = [story(counter, number, rng) for number in range(12)]
    counter.hear()
    rng = random.Random(3)
    unheard = [story(counter, number, rng) for number in range(12)]
    counter.double.told()
    reconcile()
    assert outcome(counter, unheard) == outcome(counter, heard)


def test_looking_changes_nothing(counter):
    row = counter.asked()
    counter.double.pays(row.checkout_id)
    [done], found = reconcile(repair=False)
    assert {one["what"] for one in found} == {"behind"}
    assert not any(one["repaired"] or one["heard"] for one in found)
    assert (done.repaired, counter.payment(row.id).state) == (0, "open")


def test_objects_that_are_not_ours_or_not_as_asked_stay_differences(counter):
    row, small = counter.asked(), counter.asked()
    counter.double.pays(row.checkout_id)
    counter.double.objects[row.checkout_id]["metadata"] = {}
    next(one for one in counter.double.objects.values() if one["object"] == "payment_intent")["metadata"] = {}
    counter.double.pays(small.checkout_id, fen=100)
    [done], found = reconcile()
    kinds = sorted(one["what"] for one in found)
    assert "unknown" in kinds
    assert "differs" in kinds
    assert done.differing > done.repaired
    assert counter.payment(small.id).state != "succeeded"


def test_a_payment_that_stripe_does_not_know_is_said(counter):
    row = counter.paid()
    del counter.double.objects[row.stripe_id]
    _, found = reconcile()
    assert [(one["what"], one["object"]) for one in found] == [("not_at_stripe", row.stripe_id)]


def test_one_that_was_broken_off_goes_on_where_it_was(counter, monkeypatch):
    """Red when the last compared object is not written down."""
    monkeypatch.setattr(card_reconcile, "BATCH", 2)
    for _ in range(6):
        counter.paid()
    rounds = 0

    def breaks_off(_account, _compared, _found):
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            raise Unavailable("card_unavailable")

    with pytest.raises(Unavailable):
        card_reconcile.run(clock.today(), repair=True, tell=breaks_off)
    before = len(counter.double.calls)
    [done], _ = reconcile()
    asked = [call["given"] for call in counter.double.calls[before:] if call["path"] == "/v1/payment_intents"]
    assert "starting_after" in asked[0]
    assert done.compared == 6 + 6  # each of Stripe's list once, and each of our own that must be there
    with transaction(write=False):
        assert db.session.scalar(select(func.count()).select_from(Reconciliation)) == 1


def test_refunds_that_nobody_sent_are_sent(counter):
    row = counter.paid()
    ask(counter, row, 300)
    reconcile()
    assert [one["amount"] for one in counter.double.objects.values() if one["object"] == "refund"] == [300]


def test_the_command_prints_each_difference_and_says_by_its_exit_what_is_left(app, counter):
    runner: FlaskCliRunner = app.test_cli_runner()
    row = counter.asked()
    payment = counter.double.pays(row.checkout_id)
    looked = runner.invoke(args=["payments", "reconcile"])
    assert looked.exit_code == 1
    assert f"behind  {payment}: here open, Stripe succeeded, no webhook" in looked.output
    mended = runner.invoke(args=["payments", "reconcile", "--repair", "--since", clock.today().isoformat()])
    assert mended.exit_code == 0, mended.output
    assert "repaired" in mended.output
    assert runner.invoke(args=["payments", "reconcile"]).exit_code == 0
    counter.double.down = True
    away = runner.invoke(args=["payments", "reconcile"])
    assert away.exit_code == 2
    assert "card_unavailable" in away.output
    assert counter.payment(row.id).state == "succeeded"


def test_an_inbox_that_was_lost_is_no_loss(counter):
    row = counter.asked()
    counter.double.pays(row.checkout_id)
    for event in counter.double.told():
        counter.deliver(event)
    with transaction(write=False):
        waiting = db.session.scalar(select(func.count()).select_from(StripeEvent))
    assert waiting > 0
    with pytest.raises(Exception, match="append-only"), transaction():
        db.session.execute(delete(StripeEvent))
    reconcile()
    with transaction(write=False):
        assert db.session.get_one(CardPayment, row.id).state == "succeeded"


def test_the_worker_compares_by_itself_and_outlives_stripe(counter):
    row = counter.asked()
    counter.double.pays(row.checkout_id)
    counter.double.down = True
    worker.compare_with_stripe()
    assert counter.payment(row.id).state == "open"
    counter.double.down = False
    worker.compare_with_stripe()
    assert counter.payment(row.id).state == "succeeded"


def test_fees_are_told_apart_and_the_net_in_arrears_is_shown(app, counter):
    """Red when fees are taken from what was paid, or a payout counts."""
    row, other = counter.paid(), counter.paid()
    ask(counter, row, 5_000)
    card_work.work()
    counter.double.books(counter.account, "stripe_fee", -200, None)["status"] = "available"
    counter.double.books(counter.account, "payout", -90_000, None)
    for one in counter.double.objects.values():
        if one["object"] == "balance_transaction" and one["amount"] == row.fen:
            one["status"] = "available"
            break
    [done], found = reconcile()
    assert found == []
    fee = row.fen * 29 // 1000
    assert (done.gross_fen, done.fee_fen) == (row.fen + other.fen - 5_000, 2 * fee + 200)
    assert done.pending_fen == other.fen - fee - 5_000
    printed = app.test_cli_runner().invoke(args=["payments", "reconcile"])
    assert printed.exit_code == 0
    assert "balance ¥2,350.00, fees ¥71.60, net ¥2,278.40, of it ¥1,115.20 in arrears" in printed.output


def test_what_the_balance_has_otherwise_is_a_difference(counter):
    """Red when one of the three ways to differ goes."""
    missing, wrong = counter.paid(), counter.paid()
    entries = [one for one in counter.double.objects.values() if one["object"] == "balance_transaction"]
    del counter.double.objects[entries[0]["id"]]
    entries[1]["amount"] -= 100
    counter.double.books(counter.account, "refund", -300, None)
    _, found = reconcile()
    assert sorted((one["what"], one["ours"], one["theirs"]) for one in found if one["what"] != "only_in_balance") == [
        ("balance_differs", wrong.fen, wrong.fen - 100),
        ("not_in_balance", missing.fen, None),
    ]
    assert [one["theirs"] for one in found if one["what"] == "only_in_balance"] == [-300]


def test_an_account_that_does_not_give_its_balance_is_compared_without_it(counter):
    counter.paid()
    counter.double.failures.append(("balance_transactions", 403, {"message": "no", "code": "not_allowed"}))
    [done], found = reconcile()
    assert (found, done.gross_fen, done.fee_fen) == ([], None, None)
