"""The delivery plan: several addresses and days, and what of each line goes where."""

from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.core.errors import Many
from marketplace.procurement import services as procurement
from tests.factories.world import World


def built() -> World:
    return World.build(minimum=20_000, pack=1_000, breaks=[(20_000, 1_200)])


def planned(world: World, *parts: int, quantity: int = 200_000, offsets: tuple[int, ...] = (3, 5)) -> UUID:
    """A draft of one line whose parts go to as many addresses."""
    draft = world.draft(quantity)
    procurement.put_plan(
        world.requester,
        draft,
        [
            {
                "address": f"校区 {place}",
                "contact": "李老师",
                "deliver_on": clock.today() + timedelta(days=offset),
                "window": "上午",
                "parts": [{"offer_id": world.offer, "quantity": part}],
            }
            for place, (part, offset) in enumerate(zip(parts, offsets, strict=False), 1)
        ],
    )
    return draft


def refusals(world: World, draft: UUID) -> list[tuple[str, str, int]]:
    with pytest.raises(Many) as refused, transaction():
        procurement.submit(world.requester, draft)
    return [(error.code, error.field, error.row) for error in refused.value.errors]


def test_an_order_keeps_the_deliveries_that_were_approved(app):
    """Red when `approve` does not freeze the plan, or the order's day is not the first one's."""
    with transaction():
        world = built()
        draft = planned(world, 60_000, 140_000, offsets=(9, 5))
        procurement.submit(world.requester, draft)
        [order] = procurement.approve(world.approver, draft)
        [line] = procurement.lines_of([order.id])[order.id]
        found = procurement.deliveries_of([order.id])[order.id]
        assert [(one.no, one.address, one.parts) for one in found] == [
            (1, "校区 1", {line.id: 60_000}),
            (2, "校区 2", {line.id: 140_000}),
        ]
        assert (order.deliver_on, order.address) == (clock.today() + timedelta(days=5), "校区 2")


def test_an_order_without_a_plan_has_one_delivery(app):
    """Red when `deliveries_of` answers only what was planned."""
    with transaction():
        world = World.build()
        [order] = world.approved()
        [line] = procurement.lines_of([order])[order]
        [one] = procurement.deliveries_of([order])[order]
        assert (one.no, one.parts) == (1, {line.id: 200_000})


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((60_000, 100_000), "plan_sum_differs"),
        ((190_000, 10_000), "part_below_minimum"),
        ((150_500, 49_500), "part_off_pack"),
    ],
)
def test_a_plan_whose_parts_cannot_be_delivered_is_refused_at_its_line(app, parts, code):
    """Red when `_of_line` does not compare sums, minimum or packs."""
    with transaction():
        world = built()
        draft = planned(world, *parts)
    assert {(code, "parts", 1)} == set(refusals(world, draft))


def test_a_delivery_in_the_past_is_refused_at_its_row(app):
    """Red when `problems` does not look at the deliveries' days."""
    with transaction():
        world = built()
        draft = planned(world, 100_000, 100_000, offsets=(3, -1))
    assert ("day_in_past", "deliveries", 2) in refusals(world, draft)


def test_a_part_of_what_is_not_ordered_is_refused_and_a_removed_line_leaves_the_plan(app):
    """Red when `put_plan` takes any offer, or `put_lines` leaves parts behind."""
    with transaction():
        world = built()
        draft = planned(world, 100_000, 100_000)
        procurement.put_lines(world.requester, draft, [])
        assert [one.parts for one in procurement.plan_of(procurement.requisition(world.requester, draft))] == [{}, {}]
    with pytest.raises(Many) as refused, transaction():
        place = {"address": "甲", "contact": "乙", "deliver_on": clock.today()}
        procurement.put_plan(
            world.requester, draft, [place | {"parts": [{"offer_id": world.offer, "quantity": 20_000}]}]
        )
    assert [error.code for error in refused.value.errors] == ["part_unknown"]


def test_a_plan_may_be_taken_away(app):
    """Red when an empty plan leaves rows."""
    with transaction():
        world = built()
        draft = planned(world, 100_000, 100_000)
        procurement.put_plan(world.requester, draft, [])
        procurement.submit(world.requester, draft)
        [order] = procurement.approve(world.approver, draft)
        assert [one.no for one in procurement.deliveries_of([order.id])[order.id]] == [1]
