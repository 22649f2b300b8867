"""A lot holds what its slips can give; what is beyond nature or usage opens a finding; late costs are checked by row."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from marketplace.accreditation import services as accreditation
from marketplace.attribution import services as attribution
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Refused
from marketplace.findings.models import Finding
from marketplace.linkage import rules
from marketplace.linkage import services as linkage
from marketplace.products import services as products
from tests.factories.world import TOWNSHIP, World, list_offer
from tests.linkage.helpers import delivery, refused, weighed


def oil(world: World):
    """A product sold by litre, of what is delivered in kilograms."""
    return products.add_product(
        world.manager, code="YL-CY-1", name="茶油", category_code="tea", base_unit="升", origin=TOWNSHIP
    ).id


def lot_of(world: World, slips, size: int, **facts):
    values = {"product_id": world.product, "harvested_on": clock.today(), "size": size} | facts
    return linkage.make_lot(world.clerk, slip_ids=[slip.id for slip in slips], **values)


def kinds() -> list[str]:
    return list(db.session.scalars(select(Finding.kind)))


def test_a_lot_costs_what_its_slips_are_worth_deductions_included(world):
    """Red when the cost or the weights are what is payable."""
    household = world.households[0]
    with transaction():
        linkage.give_advance(
            world.clerk, household_id=household, fen=9_000, given_on=clock.today(), method="cash", evidence="借据"
        )
        slips = weighed(world, delivery(household, deduction_fen=9_000), delivery(world.households[1]))
        lot = lot_of(world, slips, 100_000)
        assert lot.cost_fen == 68_000
        assert linkage.weights_of_lot(lot.id) == dict.fromkeys(world.households[:2], 34_000)
        assert (lot.delivered, lot.delivered_unit) == (100_000, "千克")


def test_another_unit_than_delivered_needs_a_yield_and_keeps_to_it(world):
    with transaction():
        product = oil(world)
        slips = weighed(world, delivery(world.households[0], net=400_000))
    assert refused(lambda: lot_of(world, slips, 100_000, product_id=product)) == [("yield_needed", None)]
    assert refused(lambda: lot_of(world, slips, 100_001, product_id=product, yields=250)) == [
        ("size_beyond_delivered", None)
    ]
    with transaction():
        lot = lot_of(world, slips, 100_000, product_id=product, yields=250)
        assert (lot.yields, lot.delivered_unit) == (250, "千克")
        assert kinds() == []


def test_the_same_unit_never_gives_more_than_was_delivered(world):
    with transaction():
        slips = weighed(world, delivery(world.households[0], net=50_000))
    assert refused(lambda: lot_of(world, slips, 50_001)) == [("size_beyond_delivered", None)]


def test_a_yield_beyond_nature_opens_a_finding(world):
    """Red when make_lot does not look at the yield."""
    with transaction():
        slips = weighed(world, delivery(world.households[0], net=100_000))
        lot = lot_of(world, slips, 150_000, product_id=oil(world), yields=1_500)
        assert kinds() == ["lot_yield_high"]
        assert db.session.scalars(select(Finding)).one().object_id == str(lot.id)


def test_a_yield_much_above_the_products_earlier_lots_opens_a_finding(world):
    with transaction():
        product = oil(world)
        for _ in range(3):
            lot_of(
                world,
                weighed(world, delivery(world.households[0], net=100_000)),
                24_000,
                product_id=product,
                yields=250,
            )
        lot_of(
            world, weighed(world, delivery(world.households[0], net=100_000)), 30_000, product_id=product, yields=400
        )
        assert kinds() == []  # a quarter more than usual is not much
        lot_of(
            world, weighed(world, delivery(world.households[0], net=100_000)), 31_000, product_id=product, yields=400
        )
        assert kinds() == ["lot_yield_high"]


def test_sales_beyond_what_the_lots_deliveries_can_give_open_a_finding_once_they_pass_it(world):
    """Red when attribution.post does not compare what is sold."""
    with transaction():
        product = oil(world)
        offer = list_offer(
            world.manager, product, "YL-CY-1", order_unit="升", minimum=1_000, pack=1_000, breaks=[(1_000, 9_000)]
        )
        lot = lot_of(
            world, weighed(world, delivery(world.households[0], net=100_000)), 150_000, product_id=product, yields=1_500
        )
        accreditation.give(
            world.office,
            product,
            programme="832",
            valid_from=clock.today(),
            valid_to=clock.today() + timedelta(days=9),
            committed_value_fen=10**9,
        )
    for sold, expected in ((110_000, 0), (1_000, 1), (1_000, 1)):
        with transaction():
            order = world.approved(sold, {offer: sold})[0]
            _, bill = world.accepted(world.shipped(lot.id, sold, order))
            world.paid(bill)
            assert kinds().count("sales_beyond_yield") == expected


def test_slips_in_two_units_make_no_lot(world):
    with transaction():
        slips = weighed(world, delivery(world.households[0]), delivery(world.households[1], unit="只"))
    assert refused(lambda: lot_of(world, slips, 10_000)) == [("slips_mixed", None)]


def revise(world, lot, shares, **changes):
    facts = {"day": clock.today(), "reason": "行情补差", "evidence": "协议 1"} | changes
    return attribution.revise_lot(world.manager, lot, shares, **facts)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": " "}, "reason_needed"),
        ({"evidence": ""}, "evidence_needed"),
        ({"day": clock.today() + timedelta(days=1)}, "day_in_future"),
    ],
)
def test_a_late_cost_has_a_reason_evidence_and_a_day(world, changes, code):
    with transaction():
        lot = world.lot()
    assert refused(lambda: revise(world, lot, {world.households[0]: 1}, **changes)) == [(code, None)]


def test_a_late_cost_is_refused_by_row_for_who_delivered_nothing_and_for_nothing(world):
    with transaction():
        lot = lot_of(world, weighed(world, delivery(world.households[0])), 10_000).id
        own = linkage.make_lot(
            world.clerk, product_id=world.product, harvested_on=clock.today(), size=1_000, division=TOWNSHIP
        ).id
    wrong = {world.households[0]: 0, world.households[1]: 5, uuid4(): 5}
    assert refused(lambda: revise(world, lot, wrong)) == [("not_money", 1), ("not_of_lot", 2), ("not_of_lot", 3)]
    assert refused(lambda: revise(world, lot, {})) == [("revision_empty", None)]
    assert refused(lambda: revise(world, own, {world.households[0]: 1})) == [("own_produce", None)]


@given(
    size=st.integers(1, 10**9),
    delivered=st.integers(1, 10**9),
    yields=st.none() | st.integers(1, 10**5),
    units=st.tuples(st.sampled_from(["千克", "升", "枚", "只"]), st.sampled_from(["千克", "升", "枚", "只"])),
)
def test_a_size_passes_exactly_where_the_declared_yield_gives_it(size, delivered, yields, units):
    fits = size * 1000 <= delivered * (yields or 1000)
    if (yields or units[0] == units[1]) and fits:
        rules.check_yield(size, delivered, *units, yields)
        return
    with pytest.raises(Refused) as found:
        rules.check_yield(size, delivered, *units, yields)
    assert (found.value.code == "yield_needed") == (units[0] != units[1] and not yields)
