"""The pages and the API of card payments: the way to Stripe is a link, Stripe's failures are said, nobody else sees them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from marketplace.core.actor import Actor
from marketplace.core.db import db, transaction
from marketplace.identity import sign_in
from marketplace.identity.models import Organisation, User
from marketplace.settlement import card_work
from tests.api.callers import Caller, neighbours, token_of


@pytest.fixture
def browser(counter) -> Callable[[Actor], FlaskClient]:
    """A signed-in browser of a person."""

    def open_(actor: Actor) -> FlaskClient:
        client = counter.client.application.test_client()
        with transaction(write=False):
            name = db.session.get_one(User, actor.user).sign_in_name
        with transaction():
            db.session.get_one(User, actor.user).password = sign_in._hash("Bangfu-2026")
        page = client.get("/account/sign-in").text
        client.post("/account/sign-in", data={"name": name, "password": "Bangfu-2026", "csrf_token": token(page)})
        return client

    return open_


def token(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def post(client: FlaskClient, page: str, to: str, **data: Any) -> Any:
    return client.post(to, data={"csrf_token": token(client.get(page).text), **data})


@pytest.fixture
def people(counter) -> dict[str, Caller]:
    with transaction():
        found = {name: getattr(counter.world, name) for name in ("manager", "clerk", "requester", "finance", "office")}
        found["stranger"] = neighbours()["supplier_manager"]
        return {name: Caller(counter.client.application, token_of(one), one) for name, one in found.items()}


def test_finance_goes_to_stripe_by_a_link_and_comes_back_to_the_result(counter, browser):
    bill = counter.bill()
    client = browser(counter.world.finance)
    here = f"/buyer/bills/{bill.id}/card"
    assert "准备付款" in client.get(here).text
    answer = post(client, here, here)
    assert (answer.status_code, answer.headers["Location"]) == (303, here)
    page = client.get(here)
    assert 'href="https://checkout.stripe.test/' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert post(client, here, here).status_code == 303  # a double click: the same page
    [checkout] = [one["id"] for one in counter.double.objects.values() if one["object"] == "checkout.session"]
    payment = page.text.split("/card-payments/")[1].split("/")[0]
    counter.double.pays(checkout)
    assert post(client, here, f"/buyer/card-payments/{payment}/look").status_code == 303
    assert "已付清" in client.get(here).text
    assert counter.bill_now(bill.id).state == "paid"


def test_the_page_says_that_stripe_is_down_and_answers_503(counter, browser):
    bill = counter.bill()
    client = browser(counter.world.finance)
    counter.double.down = True
    here = f"/buyer/bills/{bill.id}/card"
    answer = post(client, here, here)
    assert answer.status_code == 503
    assert "没有扣款" in answer.text
    counter.double.down = False
    assert post(client, here, here).status_code == 303


def test_a_budget_unit_is_told_to_transfer(counter, browser):
    bill = counter.bill()
    with transaction():
        db.session.execute(
            update(Organisation).where(Organisation.id == bill.agency_id).values(agency_kind="budget_unit")
        )
    client = browser(counter.world.finance)
    page = client.get(f"/buyer/bills/{bill.id}/card").text
    assert "国库或银行转账" in page
    assert "准备付款" not in page


def test_the_payer_closes_the_page_and_pays_by_transfer(counter, browser):
    bill = counter.bill()
    row = counter.asked(bill)
    client = browser(counter.world.finance)
    here = f"/buyer/bills/{bill.id}/card"
    assert post(client, here, f"/buyer/card-payments/{row.id}/stop").status_code == 303
    assert "准备付款" in client.get(here).text
    assert counter.payment(row.id).state == "cancelled"


def test_closing_a_page_on_which_somebody_has_paid_finds_the_payment(counter, browser):
    bill = counter.bill()
    row = counter.asked(bill)
    counter.double.pays(row.checkout_id)
    client = browser(counter.world.finance)
    answer = post(client, f"/buyer/bills/{bill.id}/card", f"/buyer/card-payments/{row.id}/stop")
    assert answer.status_code == 422
    assert "已付清" in answer.text
    assert counter.payment(row.id).state == "succeeded"


def test_a_supplier_opens_its_account_at_stripe(counter, browser):
    with transaction():
        stranger = neighbours()["supplier_manager"]
    client = browser(stranger)
    page = "/supplier/card-account"
    assert "开通网上收款" in client.get(page).text
    answer = post(client, page, page)
    assert "https://connect.stripe.test/acct_" in answer.text
    made = answer.text.split("https://connect.stripe.test/")[1].split('"')[0]
    post(client, page, page)  # asked again: the same account
    assert sorted(counter.double.accounts) == sorted([counter.account, made])
    assert "待完善资料" in client.get(page).text
    counter.double.finishes_papers(made, methods=("card",))
    counter.hear()
    shown = client.get(page).text
    assert "可以收款" in shown
    assert "支付宝" not in shown.split("支付方式")[1].split("</dl>")[0]
    counter.double.accounts[made]["charges_enabled"] = False
    assert post(client, page, page + "/look").status_code == 303
    assert "受限" in client.get(page).text


def test_the_manager_refunds_and_reads_the_serial(counter, browser):
    row = counter.paid()
    client = browser(counter.world.manager)
    page = f"/supplier/card-payments/{row.id}"
    too_much = post(client, page, page, fen="999999", reason="x")
    assert too_much.status_code == 422
    assert "最多还能退 ¥1,200.00" in too_much.text
    assert post(client, page, page, fen="20.00", reason="两箱坏果").status_code == 303
    card_work.work()
    made = next(one["id"] for one in counter.double.objects.values() if one["object"] == "refund")
    assert made in client.get(page).text
    assert "1,200.00" in client.get("/supplier/card-account").text


def test_a_clerk_sees_payments_and_refunds_nothing(counter, browser):
    row = counter.paid()
    client = browser(counter.world.clerk)
    page = f"/supplier/card-payments/{row.id}"
    assert "退款给付款方" not in client.get(page).text
    answer = post(client, "/supplier/card-account", page, fen="1", reason="x")
    assert answer.status_code == 403


def test_the_api_walks_the_same_way(counter, people):
    bill = counter.bill()
    finance, manager = people["finance"], people["manager"]
    made = finance.post(f"bills/{bill.id}/card-payments")
    assert made["state"] == "open"
    assert made["url"].startswith("https://checkout.stripe.test/")
    assert finance.post(f"bills/{bill.id}/card-payments")["id"] == made["id"]
    counter.double.pays(counter.payment(UUID(made["id"])).checkout_id)
    counter.hear()
    [listed] = manager.get(f"bills/{bill.id}/card-payments")["items"]
    assert (listed["state"], listed["fen"]) == ("succeeded", bill.total_fen)
    assert "url" not in listed
    back = manager.post(f"card-payments/{made['id']}/refunds", {"fen": 500, "reason": "坏果"})
    assert back["state"] == "new"
    manager.refused("POST", f"card-payments/{made['id']}/refunds", {"fen": bill.total_fen, "reason": "坏果"})
    card_work.work()
    assert [one["state"] for one in finance.get(f"card-payments/{made['id']}/refunds")["items"]] == ["succeeded"]
    assert manager.get("card-account") == {"state": "active", "methods": ["card", "alipay", "wechat_pay"], "due": 0}
    assert manager.post("card-account")["url"].endswith(counter.account)


def test_the_api_keeps_strangers_and_other_roles_out(counter, people):
    row = counter.paid()
    for path in (f"card-payments/{row.id}", f"card-payments/{row.id}/refunds", f"bills/{row.bill_id}/card-payments"):
        people["stranger"].refused("GET", path, status=404)
    people["stranger"].refused("POST", f"card-payments/{row.id}/refunds", {"fen": 1, "reason": "x"}, 404)
    people["requester"].refused("POST", f"bills/{row.bill_id}/card-payments", status=403)
    people["clerk"].refused("POST", f"card-payments/{row.id}/refunds", {"fen": 1, "reason": "x"}, 403)
    people["office"].get(f"card-payments/{row.id}")


def test_the_api_says_that_stripe_is_down(counter, people):
    bill = counter.bill()
    counter.double.down = True
    answer = people["finance"]("POST", f"bills/{bill.id}/card-payments")
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "card_unavailable", "30")
