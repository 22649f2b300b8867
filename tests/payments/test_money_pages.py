"""The pages of money: bills of a month and prepaid ones, terms, credits, bank statements, how agencies pay."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from marketplace.core import clock
from marketplace.core.actor import Actor
from marketplace.core.db import db, transaction
from marketplace.identity import tokens
from marketplace.payments import services as payments
from marketplace.payments.models import Bill, PaymentTerm
from tests.factories.world import World
from tests.payments.test_bank import AGENCY, file, rows_of
from tests.payments.test_money import agree, part, prepaid


@pytest.fixture
def world(app) -> World:
    """A paid bill, a late one, one paid too much, a prepayment paid in part, and a month that waits."""
    with transaction():
        world = World.build(families=2)
        lot = world.lot()
        world.settled(lot, 50_000)
        _, late = world.accepted(world.shipped(lot, 100_000))
        late.due_on, late.delivered_on = clock.today() - timedelta(days=10), clock.today() - timedelta(days=40)
        _, over = world.accepted(world.shipped(lot, 100_000))
        payments.receive(world.manager, over.id, fen=150_000, paid_on=clock.today(), serial="B-1")
        order, asked = prepaid(world)
        part(world, asked, 20_000, "P")
        _, drawn = world.accepted(world.shipped(lot, 50_000, order))
        world.extra |= {"late": late.id, "over": over.id, "asked": asked.id, "drawn": drawn.id, "lot": lot}
    return world


@pytest.fixture
def ask(app, client) -> Callable[..., Any]:
    """ask(actor, url) gets, ask(actor, url, form) posts."""
    secrets: dict[Any, str] = {}

    def ask(actor: Actor, url: str, form: dict | None = None, status: int = 200) -> Any:
        if actor.user not in secrets:
            with transaction():
                secrets[actor.user] = tokens.create_token(actor, "test")[1]
        headers = {"Authorization": f"Bearer {secrets[actor.user]}"}
        answer = client.get(url, headers=headers) if form is None else client.post(url, data=form, headers=headers)
        assert answer.status_code == status, answer.text[:2000]
        return answer

    return ask


def test_every_page_of_money_opens_for_those_who_may(world: World, ask):
    for bill in ("late", "over", "asked", "drawn"):
        for actor, place in ((world.finance, "buyer"), (world.manager, "supplier")):
            assert "结算单" in ask(actor, f"/{place}/bills/{world.extra[bill]}").text
    assert "三单匹配" in ask(world.finance, f"/buyer/bills/{world.extra['late']}").text
    assert "预付款" in ask(world.manager, f"/supplier/bills/{world.extra['asked']}").text
    for actor, url in (
        (world.finance, "/buyer/bills"),
        (world.finance, "/buyer/bills?state=all"),
        (world.finance, "/buyer/payment-terms"),
        (world.finance, "/buyer/payer-credits"),
        (world.manager, "/supplier/bills"),
        (world.manager, "/supplier/payment-terms"),
        (world.manager, "/supplier/payer-credits"),
        (world.manager, "/supplier/bank-statements"),
        (world.office, "/office/bills?group=to_pay"),
    ):
        ask(actor, url)


def test_a_part_is_recorded_confirmed_and_said(world: World, ask):
    bill = world.extra["late"]
    form = {"fen": "200.00", "paid_on": clock.today().isoformat(), "bank_serial": "TX9"}
    ask(world.finance, f"/buyer/bills/{bill}/transfer", form, status=303)
    assert "其中 ¥200.00 已登记" in ask(world.finance, f"/buyer/bills/{bill}").text
    with transaction(write=False):
        [transfer] = payments.transfers_of([bill])[bill]
    ask(world.manager, f"/supplier/transfers/{transfer.id}/confirm", {}, status=303)
    assert "部分付款" in ask(world.finance, f"/buyer/bills/{world.extra['drawn']}").text
    refused = ask(
        world.finance, f"/buyer/bills/{bill}/transfer", form | {"fen": "1000.01", "bank_serial": "TX10"}, status=422
    )
    assert "应付 ¥1,000.00" in refused.text


def test_terms_are_proposed_and_agreed_on_pages(world: World, ask):
    form = {
        "supplier_id": str(world.manager.organisation),
        "from_day": (clock.today() + timedelta(days=1)).isoformat(),
        "billing": "month",
        "terms": "credit",
        "clock_from": "delivery",
        "days": "61",
        "interest_ppm": "500",
    }
    assert "60" in ask(world.finance, "/buyer/payment-terms", form, status=422).text
    ask(world.finance, "/buyer/payment-terms", form | {"days": "30"}, status=303)
    with transaction(write=False):
        row = next(row for row in payments.terms_listed(world.manager) if row.state == "proposed")
    assert "每月开一张结算单" in ask(world.manager, f"/supplier/payment-terms/{row.id}").text
    ask(world.manager, f"/supplier/payment-terms/{row.id}", {"agreed": "true"}, status=303)
    with transaction(write=False):
        assert db.session.get_one(PaymentTerm, row.id).state == "agreed"
    assert "已约定" in ask(world.finance, f"/buyer/payment-terms/{row.id}").text


def test_a_month_is_billed_on_its_page(world: World, ask):
    with transaction(), clock.fixed(clock.at(clock.today() + timedelta(days=1))):
        agree(world, billing="month")
        world.accepted(world.shipped(world.extra["lot"], 50_000))
    with clock.fixed(clock.at(clock.today() + timedelta(days=1))):
        assert "待月结的验收" in ask(world.manager, "/supplier/bills").text
        answer = ask(
            world.manager, "/supplier/bills/months", {"agency_id": str(world.requester.organisation)}, status=303
        )
        for url in (answer.headers["Location"], answer.headers["Location"].replace("supplier", "buyer")):
            actor = world.manager if "supplier" in url else world.finance
            assert "月结，1 次验收" in ask(actor, url).text


def test_a_credit_pays_and_goes_back_on_pages(world: World, ask):
    with transaction(write=False):
        credit = next(row for row in payments.credits_listed(world.finance) if row.state == "to_refund")
    ask(world.finance, f"/buyer/bills/{world.extra['late']}/credit", {"credit_id": str(credit.id)}, status=303)
    with transaction(write=False):
        assert db.session.get_one(Bill, world.extra["late"]).paid_fen == 30_000
    assert "已用完" in ask(world.manager, f"/supplier/payer-credits/{credit.id}").text


def test_interest_is_claimed_once_for_its_days(world: World, ask):
    assert "逾期利息" in ask(world.manager, f"/supplier/bills/{world.extra['late']}").text
    ask(world.manager, f"/supplier/bills/{world.extra['late']}/interest", {}, status=303)
    assert "待付利息" in ask(world.finance, f"/buyer/bills/{world.extra['late']}").text
    ask(world.manager, f"/supplier/bills/{world.extra['late']}/interest", {}, status=409)
    with transaction(write=False):
        [claim] = payments.claims_of([world.extra["late"]])[world.extra["late"]]
        assert claim.fen == 120_000 * 10 * 500 // 1_000_000


@pytest.mark.parametrize(("paid", "state", "words"), [("true", "paid", "LX-流水 7"), ("false", "waived", "已另行商定")])
def test_interest_is_paid_or_waived_once_with_a_word_that_both_sides_see(world: World, ask, paid, state, words):
    """Red when close_claim takes no reason, or may be done twice."""
    bill = world.extra["late"]
    ask(world.manager, f"/supplier/bills/{bill}/interest", {}, status=303)
    with transaction(write=False):
        [claim] = payments.claims_of([bill])[bill]
    url = f"/supplier/interest-claims/{claim.id}"
    assert url in ask(world.manager, f"/supplier/bills/{bill}").text
    assert url not in ask(world.finance, f"/buyer/bills/{bill}").text
    ask(world.finance, url, status=403)
    ask(world.manager, url, {"paid": paid, "reason": " "}, status=422)
    ask(world.manager, url, {"reason": words}, status=422)
    ask(world.manager, url, {"paid": paid, "reason": words}, status=303)
    assert words in ask(world.manager, url, {"paid": paid, "reason": "又一次"}, status=409).text
    for actor, page in ((world.finance, f"/buyer/bills/{bill}"), (world.manager, f"/supplier/bills/{bill}")):
        assert words in ask(actor, page).text
    with transaction(write=False):
        assert payments.claims_of([bill])[bill][0].state == state


def test_a_statement_is_read_looked_at_and_decided_on_pages(world: World, ask):
    with transaction(write=False):
        code = db.session.get_one(Bill, world.extra["late"]).payment_code
    rows = file(("S1", "1200.00", AGENCY, code), ("S2", "9.99", "他人", ""))

    def upload(content: bytes) -> dict:
        return {"account": "基本户", "file": (io.BytesIO(content), "流水.csv")}

    bad = ask(world.clerk, "/supplier/bank-statements", upload(file(("S1", "x", AGENCY, ""))), status=422).text
    assert "不是大于零的金额" in bad
    answer = ask(world.clerk, "/supplier/bank-statements", upload(rows), status=303)
    shown = ask(world.manager, answer.headers["Location"]).text
    assert "金额相符" in shown
    assert "确认 1 笔到账" in shown
    ask(world.clerk, f"{answer.headers['Location']}/confirm", {}, status=403)
    ask(world.manager, f"{answer.headers['Location']}/confirm", {}, status=303)
    with transaction(write=False):
        waits, sure = rows_of(world)["S2"].id, rows_of(world)["S1"].id
    assert "这笔付的是哪张结算单" in ask(world.manager, f"/supplier/bank-rows/{waits}").text
    ask(world.manager, f"/supplier/bank-rows/{waits}/put-by", {"verb": "return", "reason": ""}, status=422)
    ask(world.manager, f"/supplier/bank-rows/{waits}/put-by", {"verb": "return", "reason": "错汇"}, status=303)
    ask(world.manager, f"/supplier/bank-rows/{sure}/assign", {"bill_id": str(world.extra["late"])}, status=303)
    assert "已到账" in ask(world.manager, f"/supplier/bank-rows/{sure}").text
    assert "待处理的流水行" not in ask(world.manager, "/supplier/bank-statements").text


def test_everybody_sees_how_agencies_pay(world: World, client):
    shown = client.get("/payment-discipline")
    assert shown.status_code == 200
    assert "茶陵县沿河中学" in shown.text
    assert "1,200.00" in shown.text  # what is overdue
    [row] = client.get("/api/v1/payment-discipline?division=430224000000").get_json()["items"]
    assert (row["overdue"], row["overdue_fen"], row["to_30_fen"], row["paid"]) == (1, 120_000, 120_000, 2)
    assert client.get("/api/v1/payment-discipline?division=110101000000").get_json()["total"] == 0
