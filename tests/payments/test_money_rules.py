"""Pure rules of money, the tax table, and what the three papers say together."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.core.errors import Refused
from marketplace.payments import rules, tax
from marketplace.payments import services as payments
from marketplace.settlement import services as settlement
from tests.factories.world import World
from tests.payments.test_money import part

DUE = date(2026, 3, 31)


def test_a_bill_is_due_thirty_days_from_delivery_and_never_after_sixty():
    delivered = date(2026, 3, 1)
    assert rules.due_on(delivered) == date(2026, 3, 31)
    assert rules.due_on(delivered, accepted_on=date(2026, 3, 11), clock="acceptance") == date(2026, 4, 10)
    assert rules.due_on(delivered, accepted_on=date(2026, 4, 20), clock="acceptance") == date(2026, 4, 30)
    assert rules.due_on(delivered, accepted_on=date(2026, 3, 11)) == date(2026, 3, 31)
    assert rules.month_due_on(date(2026, 4, 1), delivered) == date(2026, 4, 30)


@given(
    st.integers(1, 10**9),
    st.lists(st.tuples(st.integers(-20, 80), st.integers(0, 10**8)), max_size=5),
    st.integers(0, 90),
    st.integers(0, 2_000),
)
def test_interest_is_that_of_each_day_on_what_was_unpaid(asked, paid, days, ppm):
    """Red when a payment counts from another day, or rounding is done per day."""
    paid = [(DUE + timedelta(days=day), min(fen, asked // 5)) for day, fen in paid]
    until = DUE + timedelta(days=days)
    each_day = sum(asked - sum(fen for day, fen in paid if day <= DUE + timedelta(days=gone)) for gone in range(days))
    found = rules.interest(asked, paid, due=DUE, from_day=DUE, until=until, ppm=ppm)
    assert abs(found * 1_000_000 - each_day * ppm) <= 500_000


def test_interest_of_a_tenth_of_a_percent_over_ten_days():
    assert rules.interest(120_000, [], due=DUE, from_day=DUE, until=DUE + timedelta(days=10), ppm=500) == 600
    assert rules.interest(1, [], due=DUE, from_day=DUE, until=DUE + timedelta(days=1000), ppm=500) == 1  # half up
    assert rules.interest(120_000, [], due=DUE, from_day=DUE, until=DUE, ppm=500) == 0


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 5)), min_size=1, max_size=8))
def test_the_median_is_that_of_the_days_written_out(days):
    from statistics import median

    assert rules.median(days) == median([value for value, count in days for _ in range(count)])


@pytest.mark.parametrize(
    ("path", "kind", "day", "rates"),
    [
        (("peach", "fruit"), "cooperative", date(2026, 1, 1), (None,)),
        (("garlic", "vegetable"), "family_farm", date(2026, 1, 1), (None,)),
        (("camellia_oil", "grain_oil"), "enterprise", date(2026, 1, 1), (100, 300, 900)),
        (("camellia_oil", "grain_oil"), "enterprise", date(2018, 1, 1), None),
        (("crafts",), "enterprise", date(2026, 1, 1), None),
    ],
)
def test_goods_are_taxed_by_category_supplier_and_day(path, kind, day, rates):
    found = tax.treatment_of(path, kind, day)
    assert (found.rates if found else None) == rates


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=2)
        world.extra["bill"] = world.accepted(world.shipped(world.lot(), 100_000))[1].id
    return world


def invoice(world: World, **changed: object) -> object:
    given_ = {
        "number": "26430001",
        "issued_on": clock.today(),
        "amount_fen": 120_000,
        "rate_basis_points": None,
    } | changed
    return settlement.record_invoice(world.clerk, world.extra["bill"], **given_)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"rate_basis_points": 900}, "invoice_rate_differs"),
        ({"seller": "另一家公司"}, "invoice_seller_differs"),
        ({"amount_fen": 120_001}, "invoice_differs"),
        ({"issued_on": date(2099, 1, 1)}, "day_in_future"),
    ],
)
def test_an_invoice_that_does_not_fit_is_refused(world: World, changed: dict, code: str):
    """A cooperative's peaches are exempt; the seller is who is paid. Red when `_refuse_mismatch` goes."""
    with transaction():
        with pytest.raises(Refused) as refusal:
            invoice(world, **changed)
        assert refusal.value.code == code


def test_a_reason_lets_another_rate_pass_and_the_match_shows_it(world: World):
    with transaction():
        assert settlement.match_of(world.finance, world.extra["bill"]).state == "missing"
        invoice(world, rate_basis_points=900, reason="放弃免税，已备案")
        match = settlement.match_of(world.finance, world.extra["bill"])
        assert (match.state, match.differences) == ("differs", ["rate", "unpaid"])


def test_order_acceptance_and_invoice_agree(world: World):
    with transaction():
        invoice(world)
        bill = payments.bill(world.finance, world.extra["bill"])
        part(world, bill, bill.total_fen, "TX")
        match = settlement.match_of(world.finance, bill.id)
        assert (match.state, match.differences) == ("matched", [])
        [line] = match.lines
        assert (line.ordered, line.accepted, line.differs) == (100_000, 100_000, False)


def test_what_came_back_after_the_invoice_needs_a_red_one(world: World):
    with transaction():
        invoice(world)
        bill = payments.bill(world.finance, world.extra["bill"])
        part(world, bill, bill.total_fen, "TX")
        [line] = settlement.settled_of([bill.order_id])[bill.order_id]
        settlement.reverse(
            world.manager, line.id, quantity=10_000, reason="烂果", red_invoice_number="H1", refund_serial="R"
        )
        match = settlement.match_of(world.finance, bill.id)
        assert (match.state, match.returned_fen, match.red_fen, match.due_fen) == ("matched", 12_000, 12_000, 108_000)
        assert match.lines[0].differs
