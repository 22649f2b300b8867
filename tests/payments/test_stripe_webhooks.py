"""The inbox: signed or refused, stored once as ids, worked off in any order and any number of times."""

import json
import logging
import random
import time

import pytest
from sqlalchemy import select, text

from marketplace.core.db import Base, db, transaction
from marketplace.findings.models import Finding
from marketplace.payments.models import Bill, Transfer
from marketplace.payments.stripe_models import CardPayment, CardRefund, StripeEvent
from marketplace.settlement import card_work
from marketplace.settlement import services as settlement
from marketplace.settlement.checks import CHECKS
from tests.counts import count
from tests.payments.stripe_double import CANARY, signed
from tests.payments.test_stripe_refunds import ask


def inbox():
    db.session.rollback()
    with transaction(write=False):
        return {row.id: (row.state, row.note) for row in db.session.scalars(select(StripeEvent))}


def test_a_forged_or_stale_webhook_is_refused_and_not_stored(counter):
    """Red when the signature, its age or the secret is not looked at."""
    row = counter.asked()
    counter.double.pays(row.checkout_id)
    event = counter.double.told()[0]
    body, good = signed(event)
    now = int(time.time())
    wrong = [
        {},
        {"Stripe-Signature": "t=1,v1=00"},
        {"Stripe-Signature": "rubbish"},
        signed(event, "whsec_other")[1],
        signed(event, at=now - 301)[1],
        # Two times, of which only the old one was signed.
        {"Stripe-Signature": signed(event, at=now - 900)[1]["Stripe-Signature"] + f",t={now}"},
    ]
    for headers in wrong:
        assert counter.client.post("/stripe/webhook", data=body, headers=headers).status_code == 400
    changed = body.replace(b"checkout", b"payment_")
    assert counter.client.post("/stripe/webhook", data=changed, headers=good).status_code == 400
    assert inbox() == {}


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", "null", '{"id": "evt_1"}', '{"id":1,"type":2,"data":{"object":[]}}', "…"]
)
def test_rubbish_that_is_signed_is_refused(counter, body):
    data, headers = signed(body)
    assert counter.client.post("/stripe/webhook", data=data, headers=headers).status_code == 400


def test_a_body_that_is_too_large_is_refused_early(counter):
    data, headers = signed(json.dumps({"id": "evt_1", "padding": "x" * 600_000}))
    assert counter.client.post("/stripe/webhook", data=data, headers=headers).status_code == 413


def test_a_repeated_webhook_answers_and_does_nothing_more(counter):
    bill = counter.bill()
    row = counter.asked(bill)
    counter.double.pays(row.checkout_id)
    events = counter.double.told()
    counter.hear(events)
    before = inbox()
    for _ in range(3):
        counter.hear(events)
    assert inbox() == before
    assert counter.bill_now(bill.id).paid_fen == bill.total_fen


def test_an_event_of_the_other_mode_is_not_ours(counter):
    row = counter.asked()
    counter.double.pays(row.checkout_id)
    for event in counter.double.told():
        assert counter.deliver(event | {"livemode": True}) == 200
    assert inbox() == {}


def test_an_event_of_an_unknown_account_is_kept_ignored_and_found(counter):
    other = counter.double.add_account()["id"]
    page = counter.double._open_checkout(
        other,
        {
            "line_items[0][price_data][unit_amount]": "100",
            "line_items[0][price_data][currency]": "cny",
            "metadata[bangfu_payment]": "x",
        },
    )
    counter.double.pays(page["id"])
    counter.hear()
    assert {state for state, _ in inbox().values()} == {"ignored"}
    with transaction(write=False):
        assert set(db.session.scalars(select(Finding.kind))) == {"stripe_account_unknown"}


def test_what_a_webhook_carries_is_not_believed(counter):
    """A payment that the event calls succeeded and Stripe does not: red when the object is not read again."""
    bill = counter.bill()
    row = counter.asked(bill)
    intent = counter.double.begins(row.checkout_id)
    counter.double.told()
    lie = {
        "id": "evt_lie",
        "type": "payment_intent.succeeded",
        "account": counter.account,
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {**intent, "status": "succeeded", "amount_received": intent["amount"]}},
    }
    counter.hear([lie])
    assert counter.payment(row.id).state == "processing"
    assert counter.bill_now(bill.id).paid_fen == 0


def test_events_wait_while_stripe_is_down_and_are_worked_off_after(counter):
    row = counter.asked()
    counter.double.pays(row.checkout_id)
    counter.double.down = True
    counter.hear()
    assert {state for state, _ in inbox().values()} == {"new"}
    counter.double.down = False
    with transaction():
        db.session.execute(text("UPDATE stripe_event SET due_at = received_at"))
    card_work.work()
    assert counter.payment(row.id).state == "succeeded"


def outcome(counter, payments):
    """What came of payments, without ids: to be compared between runs."""
    db.session.rollback()
    found = []
    with transaction(write=False):
        for id_ in payments:
            row = db.session.get_one(CardPayment, id_, populate_existing=True)
            refunds = db.session.scalars(select(CardRefund).where(CardRefund.payment_id == id_))
            bill = db.session.get_one(Bill, row.bill_id, populate_existing=True)
            came = db.session.scalars(select(Transfer).where(Transfer.bill_id == bill.id))
            settled = [line.money_fen for line in settlement.settled_of([bill.order_id]).get(bill.order_id, [])]
            found.append(
                (
                    row.state,
                    row.refunded_fen,
                    sorted((one.fen, one.state) for one in refunds),
                    (bill.state, bill.paid_fen),
                    [(one.fen, one.applied_fen, one.state) for one in came],
                    settled,
                )
            )
    return found


def story(counter, number, rng):
    """What a payer, a supplier and banks do with one bill; returns the payment."""
    row = counter.asked(counter.bill(10_000 + 5_000 * (number % 3)))
    kind = number % 6
    if kind == 0:
        counter.double.runs_out(row.checkout_id)
        return row.id
    intent = counter.double.begins(row.checkout_id)
    if kind == 1:
        counter.double.fails(intent)
        return row.id
    counter.double.succeeds(intent, method=rng.choice(["card", "alipay", "wechat_pay"]))
    if kind == 3:
        counter.double.refunds_at_stripe(intent["id"], row.fen // 3)
    if kind == 4:
        counter.double.refunds_at_stripe(intent["id"], row.fen // 4)
        counter.double.refunds_at_stripe(intent["id"], row.fen - row.fen // 4)
    if kind == 5:
        counter.double.sends_back(counter.double.refunds_at_stripe(intent["id"], row.fen // 2))
    return row.id


def test_events_in_any_order_and_number_end_where_a_serial_run_ends(counter):
    """Invariant 5 for Stripe: each event one to five times, shuffled, worked off in portions. Red when `follow_payment`
    pays whatever `move` answers."""
    many = max(12, count(120))
    rng = random.Random(5)
    serial = [story(counter, number, rng) for number in range(many)]
    for event in counter.double.told():
        counter.hear([event])
    rng = random.Random(5)
    shuffled = [story(counter, number, rng) for number in range(many)]
    events = [event for event in counter.double.told() for _ in range(rng.randint(1, 5))]
    rng.shuffle(events)
    while events:
        part, events = events[:17], events[17:]
        counter.hear(part)
    assert outcome(counter, shuffled) == outcome(counter, serial)
    with transaction(write=False):
        assert [word for check in CHECKS for word in check()] == []
    assert {state for state, _ in inbox().values()} <= {"done", "ignored"}


def test_nothing_personal_and_no_secret_is_stored_or_logged(counter, caplog, capfd):
    """The double's objects carry a name, an address, four digits and a client secret. Red when an event is stored whole,
    or an error of Stripe is logged or shown with its message."""
    with caplog.at_level(logging.DEBUG):
        row = counter.paid()
        ask(counter, row, 500)
        counter.double.failures.append(("refunds", 400, {"type": "invalid_request_error", "message": CANARY}))
        card_work.work()
        counter.hear()
        body, _ = signed(counter.double.told()[0] if counter.double.events else {"id": "x"})
        counter.client.post("/stripe/webhook", data=body, headers={"Stripe-Signature": "t=1,v1=00"})
    said = caplog.text + "".join(capfd.readouterr())
    with transaction(write=False):
        stored = "".join(
            repr(tuple(one)) for table in Base.metadata.sorted_tables for one in db.session.execute(table.select())
        )
    for canary in (CANARY, "canary@example.com", "_secret_CANARY", "sk_test_canary_key", "whsec_double"):
        assert canary not in said
        assert canary not in stored
