"""One tax invoice for several bills: its parts are theirs, and never more than the invoice or a bill."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, new_id, transaction
from marketplace.core.errors import Refused
from marketplace.identity import tokens
from marketplace.payments import services as payments
from marketplace.payments.invoice_models import InvoicePart
from marketplace.payments.models import Bill
from marketplace.reporting.papers_reads import of_bill
from marketplace.settlement import services as settlement
from tests.api.callers import Caller
from tests.factories.world import World
from tests.payments.test_money import part
from tests.payments.test_money_pages import ask  # noqa: F401


@pytest.fixture
def world(app) -> World:
    """Bills of 120,000 and 60,000 fen."""
    with transaction():
        world = World.build(families=2)
        lot = world.lot()
        bills = [world.accepted(world.shipped(lot, quantity))[1].id for quantity in (100_000, 50_000)]
        world.extra["bills"] = bills
    return world


def share(world: World, parts: dict[UUID, int], **changed: object):
    given = {
        "number": "26430001",
        "issued_on": clock.today(),
        "amount_fen": sum(parts.values()),
        "rate_basis_points": None,
    } | changed
    return settlement.share_invoice(world.clerk, parts, **given)


def test_one_invoice_matches_the_part_of_each_bill(world: World):
    """Red when the match sums invoices and not their parts."""
    first, second = world.extra["bills"]
    with transaction():
        share(world, {first: 120_000, second: 40_000})
        for bill, invoiced in ((first, 120_000), (second, 40_000)):
            match = settlement.match_of(world.finance, bill)
            assert match.invoiced_fen == invoiced
        assert settlement.match_of(world.finance, second).differences == ["invoiced", "unpaid"]
        share(world, {second: 20_000}, number="26430002")
        assert settlement.match_of(world.finance, second).differences == ["unpaid"]
        assert [part.fen for part in payments.invoices_of([second])[second]] == [40_000, 20_000]
        assert payments.to_invoice(world.clerk, world.finance.organisation) == []


@pytest.mark.parametrize(
    ("fens", "changed", "code"),
    [
        ((120_000, 60_001), {}, "invoice_part_differs"),
        ((120_000, 0), {}, "invoice_part_differs"),
        ((120_000, 60_000), {"amount_fen": 180_001}, "invoice_sum_differs"),
        ((120_000, 60_000), {"rate_basis_points": 900}, "invoice_rate_differs"),
        ((120_000, 60_000), {"seller": "另一家公司"}, "invoice_seller_differs"),
        ((120_000, 60_000), {"number": " "}, "invoice_number_needed"),
        ((120_000, 60_000), {"issued_on": clock.today() + timedelta(days=9)}, "day_in_future"),
    ],
)
def test_an_invoice_of_several_that_does_not_fit_is_refused(world: World, fens, changed, code):
    with pytest.raises(Refused) as refusal, transaction():
        share(world, dict(zip(world.extra["bills"], fens, strict=True)), **changed)
    assert refusal.value.code == code


def test_an_invoice_is_of_one_buyer_and_its_number_is_used_once(world: World):
    first, second = world.extra["bills"]
    with transaction():
        share(world, {first: 100_000})
    with pytest.raises(Refused) as refusal, transaction():
        share(world, {second: 1})
    assert refusal.value.code == "invoice_exists"
    with pytest.raises(Refused) as refusal, transaction():
        other = world.office.organisation
        db.session.execute(update(Bill).where(Bill.id == second).values(agency_id=other))
        share(world, {first: 20_000, second: 60_000}, number="26430002")
    assert refusal.value.code == "invoice_of_several_buyers"


@pytest.mark.parametrize(
    "changed",
    [
        {"after_fen": 120_000, "upto_fen": 180_001, "fen": 60_001},  # beyond the invoice
        {"after_fen": None, "upto_fen": 60_000},  # two that come first
        {"after_fen": 60_000, "upto_fen": 120_000},  # begins where none ends
        {"after_fen": 120_000, "upto_fen": 170_000},  # counts less than it is
        {"after_fen": 120_000, "upto_fen": 180_000, "amount_fen": 200_000},  # another amount than the invoice's
    ],
)
def test_the_database_keeps_the_parts_within_the_invoice(world: World, changed: dict):
    """Red when one of invoice_part's constraints goes."""
    first, second = world.extra["bills"]
    with transaction():
        row = share(world, {first: 120_000}, number="A")
        whole = {"invoice_id": new_id(), "supplier_id": row.supplier_id, "number": "B", "issued_on": row.issued_on}
        db.session.execute(
            db.metadata.tables["tax_invoice"].insert(),
            {
                "id": whole.pop("invoice_id"), **whole, "amount_fen": 180_000, "seller": "x", "reason": "",
                "recorded_at": clock.now(),
            },
        )  # fmt: skip
        of = db.session.scalar(db.select(db.metadata.tables["tax_invoice"].c.id).filter_by(number="B"))
        mine = {"invoice_id": of, "bill_id": first, "fen": 120_000, "upto_fen": 120_000, "amount_fen": 180_000}
        db.session.execute(InvoicePart.__table__.insert(), mine | {"after_fen": None})
    added = mine | {"bill_id": second, "fen": 60_000} | changed
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(InvoicePart.__table__.insert(), added)
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(delete(InvoicePart))


def test_red_letters_take_back_no_more_than_was_invoiced(world: World):
    """Red when `_refuse_beyond_invoiced` goes."""
    first, second = world.extra["bills"]
    with transaction():
        share(world, {first: 10_000, second: 60_000})
        bill = payments.bill(world.finance, first)
        part(world, bill, bill.total_fen, "TX")
        [line] = settlement.settled_of([bill.order_id])[bill.order_id]
    back = {"quantity": 10_000, "reason": "烂果", "red_invoice_number": "H1", "refund_serial": "R"}
    with pytest.raises(Refused) as refusal, transaction():
        settlement.reverse(world.manager, line.id, **back)  # 12,000 fen
    assert (refusal.value.code, refusal.value.facts["left_fen"]) == ("red_beyond_invoiced", 10_000)
    with transaction():
        share(world, {first: 110_000}, number="26430002")
        settlement.reverse(world.manager, line.id, **back)
        assert settlement.match_of(world.finance, first).differences == []


def test_an_invoice_of_several_bills_is_recorded_on_its_page(world: World, ask):  # noqa: F811
    first, second = world.extra["bills"]
    url = f"/supplier/agencies/{world.finance.organisation}/invoice"
    assert "1,800.00" in ask(world.clerk, url).text
    form = {
        "number": "FP-9", "issued_on": clock.today().isoformat(), "amount_fen": "1700", "rate_basis_points": "",
        "parts.0.bill_id": str(first), "parts.0.fen": "1200", "parts.1.bill_id": str(second), "parts.1.fen": "600",
    }  # fmt: skip
    assert "各结算单合计 ¥1,800.00" in ask(world.clerk, url, form, status=422).text
    ask(world.clerk, url, form | {"parts.1.fen": "500"}, status=303)
    assert "发票共 ¥1,700.00" in ask(world.finance, f"/buyer/bills/{first}").text
    assert "尚可开 ¥100.00" in ask(world.clerk, f"/supplier/bills/{second}").text
    assert ">100.00</td>" in ask(world.clerk, url).text
    ask(world.clerk, f"/supplier/agencies/{new_id()}/invoice", status=404)
    with transaction(write=False):
        pack = of_bill(world.finance, second)
        assert [one.number for one in pack.documents if one.kind == "invoice"] == ["FP-9"]


def test_an_invoice_of_several_bills_is_recorded_by_the_api(app, world: World):
    first, second = world.extra["bills"]
    with transaction():
        clerk, finance = (Caller(app, tokens.create_token(one, "test")[1]) for one in (world.clerk, world.finance))
    body = {
        "number": "FP-9", "issued_on": clock.today().isoformat(), "amount_fen": 180_000, "rate_basis_points": None,
        "parts": [{"bill_id": str(first), "fen": 120_000}, {"bill_id": str(second), "fen": 60_000}],
    }  # fmt: skip
    twice = body | {"parts": body["parts"][:1] * 2}
    assert clerk("POST", "tax-invoices", twice).json["errors"][0]["code"] == "invoice_bill_twice"
    made = clerk.post("tax-invoices", body)
    assert made["amount_fen"] == 180_000
    [of] = finance.get(f"bills/{second}")["invoices"]
    assert (of["id"], of["fen"], of["amount_fen"], of["number"]) == (made["id"], 60_000, 180_000, "FP-9")
