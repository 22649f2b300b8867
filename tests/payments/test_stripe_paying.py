"""Paying a bill at Stripe: one live payment, frozen, called by its id, believed only as Stripe says it again."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text, update

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Refused, Unavailable
from marketplace.findings.models import Finding
from marketplace.identity.models import Organisation
from marketplace.payments import gateway, intents
from marketplace.payments import services as payments
from marketplace.payments.models import Transfer
from marketplace.payments.stripe_models import CardPayment, StripeAccount
from marketplace.settlement import card_work
from marketplace.settlement import services as settlement
from marketplace.settlement.checks import CHECKS
from tests.api.callers import Caller, neighbours, token_of
from tests.payments.conftest import RETURN


def findings():
    with transaction(write=False):
        return sorted(db.session.scalars(select(Finding.kind)))


def wrong():
    with transaction(write=False):
        return [word for check in CHECKS for word in check()]


def test_a_payment_that_stripe_confirms_pays_the_bill_and_settles(counter):
    bill = counter.bill()
    row = counter.paid(bill)
    assert (row.state, row.url) == ("succeeded", "")
    bill = counter.bill_now(bill.id)
    assert (bill.state, bill.paid_fen) == ("paid", bill.total_fen)
    with transaction(write=False):
        [transfer] = payments.transfers_of([bill.id])[bill.id]
        assert (transfer.bank_serial, transfer.fen, transfer.state) == (row.stripe_id, row.fen, "confirmed")
        assert transfer.id == row.transfer_id
        assert [line.money_fen for line in settlement.settled_of([bill.order_id])[bill.order_id]] == [bill.total_fen]
    assert wrong() == []


def test_the_call_names_the_suppliers_account_our_rows_id_and_the_pinned_version(counter):
    """Red when `open_checkout` forgets the account, or lets the library choose the key."""
    row = counter.asked()
    [call] = [call for call in counter.double.calls if call["path"] == "/v1/checkout/sessions"]
    assert (call["account"], call["key"], call["version"]) == (counter.account, str(row.id), gateway.API_VERSION)
    given = call["given"]
    assert given["line_items[0][price_data][unit_amount]"] == str(row.fen)
    assert given["payment_intent_data[metadata][bangfu_payment]"] == str(row.id)
    assert [given[f"payment_method_types[{n}]"] for n in range(3)] == ["card", "alipay", "wechat_pay"]


@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
def test_each_method_pays(counter, method):
    assert counter.paid(method=method).state == "succeeded"


def test_asking_twice_is_one_payment_and_one_call(counter):
    """Red when `ask_payment` does not look for the live row."""
    bill = counter.bill()
    assert counter.asked(bill).id == counter.asked(bill).id
    assert [call["path"] for call in counter.double.calls].count("/v1/checkout/sessions") == 1


def test_the_database_allows_one_live_payment_of_a_bill(counter):
    row = counter.asked()
    values = {column.key: getattr(row, column.key) for column in CardPayment.__table__.columns}
    values |= {"id": counter.world.plan, "checkout_id": None, "state": "new", "url": ""}
    with pytest.raises(Exception, match=r"(?i)unique"), transaction():
        db.session.execute(CardPayment.__table__.insert().values(values))


def test_a_budget_unit_pays_by_transfer(counter):
    bill = counter.bill()
    with transaction():
        db.session.execute(
            update(Organisation).where(Organisation.id == bill.agency_id).values(agency_kind="budget_unit")
        )
    with pytest.raises(Refused) as refusal:
        counter.asked(bill)
    assert refusal.value.code == "card_not_for_budget"
    assert counter.double.calls[-1]["path"] != "/v1/checkout/sessions"


def test_a_supplier_without_an_active_account_is_not_paid_by_card(counter):
    bill = counter.bill()
    counter.double.accounts[counter.account]["charges_enabled"] = False
    counter.double._tell("account.updated", counter.double.accounts[counter.account] | {"_account": counter.account})
    counter.hear()
    with pytest.raises(Refused) as refusal:
        counter.asked(bill)
    assert refusal.value.code == "card_not_offered"


def test_stripe_down_leaves_a_row_that_the_next_try_calls_under_the_same_key(counter):
    """Honest, nothing half done, and repeated: red when a failed call ends the row, or a new key is made for the next."""
    bill = counter.bill()
    counter.double.down = True
    with pytest.raises(Unavailable) as reason:
        counter.asked(bill)
    assert reason.value.code == "card_unavailable"
    counter.double.down = False
    row = counter.asked(bill)
    assert row.state == "open"
    keys = {call["key"] for call in counter.double.calls if call["path"] == "/v1/checkout/sessions"}
    assert keys == {str(row.id)}


def test_an_answer_that_was_lost_makes_no_second_page(counter):
    bill = counter.bill()
    counter.double.lost_answers = 1
    with pytest.raises(Unavailable):
        counter.asked(bill)
    row = counter.asked(bill)
    pages = [one for one in counter.double.objects.values() if one["object"] == "checkout.session"]
    assert [page["id"] for page in pages] == [row.checkout_id]


@pytest.mark.parametrize(
    ("status", "error", "kind", "code"),
    [
        (402, {"type": "card_error", "code": "card_declined"}, Refused, "card_declined"),
        (400, {"type": "invalid_request_error", "code": "amount_too_small"}, Refused, "card_refused_by_stripe"),
        (429, {"type": "rate_limit_error"}, Unavailable, "card_unavailable"),
        (401, {"type": "invalid_request_error"}, Unavailable, "card_unavailable"),
        (403, {"type": "invalid_request_error"}, Unavailable, "card_unavailable"),
    ],
)
def test_stripes_errors_become_ours(counter, status, error, kind, code):
    bill = counter.bill()
    counter.double.failures.append(("/checkout/sessions", status, error | {"message": "x"}))
    with pytest.raises(kind) as reason:
        counter.asked(bill)
    assert reason.value.code == code
    row = counter.asked(bill)  # what Stripe refused has failed and makes room; what it could not answer is asked again
    assert row.state == "open"
    with transaction(write=False):
        assert db.session.scalar(select(func.count()).select_from(CardPayment)) == (2 if kind is Refused else 1)


def test_a_page_that_ran_out_makes_room_for_another(counter):
    bill = counter.bill()
    row = counter.asked(bill)
    counter.double.runs_out(row.checkout_id)
    counter.hear()
    assert counter.payment(row.id).state == "cancelled"
    again = counter.paid(bill)
    assert (again.id != row.id, again.state) == (True, "succeeded")


def test_the_payer_closes_the_page_to_pay_otherwise(counter):
    row = counter.asked()
    card_work.apply_checkout(intents.stop(counter.world.finance, row.id))
    assert counter.payment(row.id).state == "cancelled"
    with pytest.raises(Conflict):
        intents.stop(counter.world.finance, row.id)


def test_a_wallet_that_says_no_after_its_page_was_left_has_failed(counter):
    row = counter.asked()
    intent = counter.double.begins(row.checkout_id)
    counter.hear()
    assert counter.payment(row.id).state == "processing"
    counter.double.fails(intent)
    counter.hear()
    row = counter.payment(row.id)
    assert (row.state, row.error) == ("failed", "payment_method_provider_decline")


@pytest.mark.parametrize("how", [{"fen": 100}, {"currency": "usd"}])
def test_a_smaller_amount_or_another_currency_pays_nothing(counter, how):
    """Red when `difference` is not asked before the bill is paid."""
    bill = counter.bill()
    row = counter.asked(bill)
    counter.double.pays(row.checkout_id, **how)
    counter.hear()
    assert counter.payment(row.id).state == "open"
    assert counter.bill_now(bill.id).paid_fen == 0
    assert findings() == ["card_payment_differs"]


def test_a_payment_on_another_account_that_names_our_row_pays_nothing(counter):
    """Somebody with an account of its own writes our row's id into its metadata. Red when the account is not compared."""
    bill = counter.bill()
    row = counter.asked(bill)
    other = counter.double.add_account()["id"]
    with transaction():  # another supplier's account, known here
        supplier = neighbours()["supplier_manager"].organisation
        known = {"account": other, "state": "active", "methods": ["card"], "asked_at": clock.now()}
        db.session.add(StripeAccount(supplier_id=supplier, **known))
    page = counter.double._open_checkout(
        other,
        {
            "line_items[0][price_data][unit_amount]": str(row.fen),
            "line_items[0][price_data][currency]": "cny",
            "metadata[bangfu_payment]": str(row.id),
        },
    )
    counter.double.pays(page["id"])
    counter.hear()
    assert counter.payment(row.id).state == "open"
    assert counter.bill_now(bill.id).paid_fen == 0
    assert findings() == ["card_payment_differs"]


def test_money_that_comes_after_the_bill_was_paid_otherwise_is_the_payers_credit(counter):
    bill = counter.bill()
    row = counter.asked(bill)
    with transaction():
        counter.world.paid(counter.bill_now(bill.id))
    counter.double.pays(row.checkout_id)
    counter.hear()
    bill = counter.bill_now(bill.id)
    assert bill.paid_fen == bill.total_fen
    with transaction(write=False):
        applied = {one.bank_serial: one.applied_fen for one in db.session.scalars(select(Transfer))}
        [credit] = payments.credits_listed(counter.world.finance)
    assert applied[counter.payment(row.id).stripe_id] == 0
    assert (credit.fen, credit.state) == (row.fen, "to_refund")
    assert findings() == ["card_overpaid"]
    assert wrong() == []


def test_money_is_believed_even_for_a_page_that_we_gave_up(counter):
    bill = counter.bill()
    row = counter.asked(bill)
    with transaction():
        intents.move(db.session.get_one(CardPayment, row.id), "cancel")
    counter.double.pays(row.checkout_id)
    counter.hear()
    assert counter.payment(row.id).state == "succeeded"
    assert counter.bill_now(bill.id).state == "paid"


def test_without_a_key_nobody_pays_by_card(counter):
    bill = counter.bill()
    gateway.configure(None)
    with pytest.raises(Refused) as refusal:
        intents.start(counter.world.finance, bill.id, RETURN)
    assert refusal.value.code == "card_off"
    assert counter.client.post("/stripe/webhook", data=b"{}").status_code == 404
    assert card_work.work() == 0


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("card_payment", "refunded_fen = 1"),
        ("card_payment", "transfer_id = NULL"),
        ("transfer", "bank_serial = 'another'"),
        ("transfer", "fen = fen + 1"),
    ],
)
def test_the_verifier_finds_a_payment_that_is_not_on_its_bill(counter, table, change):
    counter.paid()
    assert wrong() == []
    with transaction():
        db.session.execute(text(f"UPDATE {table} SET {change}"))
    assert any("card payment" in word for word in wrong())


def test_the_offices_ledger_of_findings_says_what_stripe_has(counter):
    row = counter.asked()
    counter.double.pays(row.checkout_id, fen=100)
    counter.hear()
    with transaction():
        caller = Caller(counter.client.application, token_of(counter.world.office))
    page = caller("GET", "/office/findings").text
    assert "网上支付与应付不符" in page
    assert "应为 ¥1,200.00" in page
    assert "Stripe 上 ¥1.00" in page


def test_clicks_at_once_open_one_page(app, counter):
    """Red when `ask_payment` does not lock the bill, or the key of the call is not the row's id."""
    bill, finance = counter.bill().id, counter.world.finance

    def click(_):
        with app.app_context():
            try:
                return intents.start(finance, bill, RETURN).id
            finally:
                db.session.remove()

    with ThreadPoolExecutor(6) as pool:
        rows = set(pool.map(click, range(6)))
    assert len(rows) == 1
    assert len([one for one in counter.double.objects.values() if one["object"] == "checkout.session"]) == 1
