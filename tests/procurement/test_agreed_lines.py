"""Lines that call off an agreed price: what they cost, and what is drawn from its ceiling."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from marketplace.catalogue import services as catalogue
from marketplace.catalogue.models import ReferencePrice
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Many
from marketplace.procurement import services as procurement
from tests.factories.world import World


def agreed(world: World, **terms: object) -> UUID:
    """An agreed price for the world's agency and offer, 1,000 fen and at most 300 units unless `terms` say otherwise."""
    today = clock.today()
    return catalogue.agree(
        [
            {
                "offer_id": world.offer,
                "agency_id": world.requester.organisation,
                "price_fen": 1_000,
                "from_day": today - timedelta(days=1),
                "until_day": today + timedelta(days=30),
                "ceiling": 300_000,
                "source_kind": "framework",
                "source_id": uuid4(),
                "number": "FA-2026-000001",
                **terms,
            }
        ]
    )[0]


def draft(world: World, agreed_id: UUID, quantity: int = 200_000) -> UUID:
    row = world.draft(quantity)
    procurement.put_lines(
        world.requester, row, [{"offer_id": world.offer, "quantity": quantity, "agreed_id": agreed_id}]
    )
    return row


def used(agreed_id: UUID) -> int:
    return catalogue.agreed([agreed_id])[agreed_id].used


def approve(world: World, requisition: UUID) -> UUID:
    procurement.submit(world.requester, requisition)
    return procurement.approve(world.approver, requisition)[0].id


def test_an_agreed_price_is_frozen_on_the_line_and_drawn_when_approved(app):
    """Red when `_checked` prices by the offer's breaks, or `approve` does not draw."""
    with transaction():
        world = World.build()
        price = agreed(world)
        order = approve(world, draft(world, price))
        [line] = procurement.lines_of([order])[order]
        assert (line.price_fen, line.agreed_id, used(price)) == (1_000, price, 200_000)


@pytest.mark.parametrize("way", ["cancel", "decline", "lapse"])
def test_what_is_cancelled_declined_or_lapsed_may_be_called_off_again(app, way):
    """Red when `_cancel_open` does not undraw."""
    with transaction():
        world = World.build()
        price = agreed(world)
        order = approve(world, draft(world, price))
        [line] = procurement.lines_of([order])[order]
        if way == "cancel":
            procurement.cancel(world.requester, order, {line.id: 150_000}, "多订了")
            assert used(price) == 50_000
        elif way == "decline":
            procurement.decline(world.manager, order, "没有货")
            assert used(price) == 0
        else:
            with clock.fixed(clock.now() + timedelta(days=3)):
                procurement.lapse_overdue()
            assert used(price) == 0


def test_nothing_is_called_off_beyond_the_ceiling(app):
    """Two drafts pass when submitted; the second is refused when approved. Red when `draw` loses its WHERE."""
    with transaction():
        world = World.build(stock=1_000_000)
        price = agreed(world)
        first, second = draft(world, price), draft(world, price)
        for one in (first, second):
            procurement.submit(world.requester, one)
        procurement.approve(world.approver, first)
    with pytest.raises(Many) as refused, transaction():
        procurement.approve(world.approver, second)
    [error] = refused.value.errors
    assert (error.code, error.row, error.facts["left_qty"]) == ("beyond_agreed", 1, 100_000)
    assert used(price) == 200_000


@pytest.mark.parametrize(
    "terms",
    [
        {"from_day": clock.today() + timedelta(days=1)},
        {"from_day": clock.today() - timedelta(days=9), "until_day": clock.today() - timedelta(days=1)},
        {"ended": True},
    ],
)
def test_an_agreed_price_outside_its_days_or_ended_is_refused(app, terms):
    """Red when `_of_agreed` does not compare the days or `ended`."""
    with transaction():
        world = World.build()
        one = draft(world, agreed(world, **terms))
    with pytest.raises(Many) as refused, transaction():
        procurement.submit(world.requester, one)
    assert [(error.code, error.field, error.row) for error in refused.value.errors] == [
        ("agreed_not_in_force", "agreed_id", 1)
    ]


def test_another_agencys_price_answers_as_one_that_does_not_exist(app):
    """Red when `put_lines` does not compare the agency."""
    with transaction():
        world = World.build()
        foreign = agreed(world, agency_id=world.manager.organisation)
    for id_ in (foreign, uuid4()):
        with pytest.raises(Many) as refused, transaction():
            draft(world, id_)
        assert [error.code for error in refused.value.errors] == ["agreed_unknown"]


def test_a_price_that_was_agreed_needs_no_reason_above_the_reference(app):
    """It was argued for when it was awarded: the line names the award. Red when `_problems` asks anyway."""
    with transaction():
        world = World.build()
        price = agreed(world, price_fen=9_000)
        offer = catalogue.one(world.offer)
        db.session.add(
            ReferencePrice(
                category_code="peach",
                comparable_unit="千克",
                price_fen=offer.comparable_fen,
                offers=3,
                day=clock.today(),
            )
        )
        order = approve(world, draft(world, price))
        [line] = procurement.lines_of([order])[order]
        assert line.price_reason == "FA-2026-000001"


def test_an_unknown_purse_is_refused(app):
    """Red when `counted_as` is not among what the database takes."""
    with transaction():
        world = World.build()
        row = procurement.open_requisition(world.requester, title="福利", counted_as="union")
        assert row.counted_as == "union"
    with pytest.raises(IntegrityError), transaction():
        procurement.open_requisition(world.requester, title="福利", counted_as="nobody")
