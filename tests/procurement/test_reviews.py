"""Reviews after acceptance: once per line by who bought, answered once by who sold, shown as averages of enough."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, NotFound, Refused
from marketplace.procurement import services as procurement
from marketplace.procurement.models import OrderLine
from tests.factories.world import World

MARKS = {"quality": 5, "packing": 4, "punctuality": 3}


@pytest.fixture
def bought(app):
    """Three accepted lines; `extra`: their order lines."""
    with transaction():
        world = World.build()
        lot = world.lot()
        lines = [line for _ in range(3) for line in _accepted(world, lot)]
        world.extra = {"lines": lines, "lot": lot}
    return world


def _accepted(world: World, lot) -> list:
    acceptance, _ = world.accepted(world.shipped(lot, 10_000))
    return [line.id for line in procurement.lines_of([acceptance.order_id])[acceptance.order_id]]


def test_a_line_is_reviewed_once_and_after_acceptance(app, bought):
    with transaction():
        procurement.review(bought.receiver, bought.extra["lines"][0], words="新鲜", **MARKS)
        ordered = procurement.lines_of(bought.approved())
        early = next(iter(ordered.values()))[0].id
    with pytest.raises(Conflict), transaction():
        procurement.review(bought.requester, bought.extra["lines"][0], **MARKS)
    with pytest.raises(Refused) as refused, transaction():
        procurement.review(bought.receiver, early, **MARKS)
    assert refused.value.code == "review_too_early"
    with pytest.raises(NotFound), transaction():
        procurement.review(replace(bought.receiver, organisation=uuid4()), bought.extra["lines"][1], **MARKS)
    for mark in (0, 6):
        with pytest.raises(Refused), transaction():
            procurement.review(bought.receiver, bought.extra["lines"][1], **MARKS | {"packing": mark})


def test_averages_are_shown_once_there_are_enough(app, bought):
    """Red when fewer than three are averaged, or a hidden one counts."""
    with transaction():
        line = db.session.get_one(OrderLine, bought.extra["lines"][0])
        product, supplier = line.product_id, bought.manager.organisation
        rows = [
            procurement.review(bought.receiver, id_, quality=quality, packing=4, punctuality=3)
            for id_, quality in zip(bought.extra["lines"], (5, 5, 4), strict=True)
        ]
        rating = procurement.ratings(products=[product])[product]
        assert (rating.count, rating.quality, rating.packing) == (3, 467, 400)
        assert procurement.ratings(suppliers=[supplier])[supplier].count == 3
        procurement.hide(bought.office, rows[0].id, "含有个人信息")
        assert procurement.ratings(products=[product]) == {}
        assert len(procurement.shown_of(product)) == 2


def test_a_review_is_edited_within_its_days_answered_once_and_hidden_with_a_reason(app, bought):
    with transaction():
        row = procurement.review(bought.receiver, bought.extra["lines"][0], **MARKS)
        procurement.edit_review(bought.receiver, row.id, **MARKS | {"quality": 2})
        procurement.reply(bought.manager, row.id, "已改进包装")
    with pytest.raises(Conflict), transaction():
        procurement.reply(bought.manager, row.id, "再说一句")
    with clock.fixed(clock.now() + timedelta(days=8)), pytest.raises(Refused) as refused, transaction():
        procurement.edit_review(bought.receiver, row.id, **MARKS)
    assert refused.value.code == "review_closed"
    with pytest.raises(Refused), transaction():
        procurement.hide(bought.office, row.id, " ")
    with transaction():
        procurement.hide(bought.office, row.id, "含有个人信息")
    with pytest.raises(Refused) as refused, transaction():
        procurement.edit_review(bought.receiver, row.id, **MARKS)
    assert refused.value.code == "review_hidden"
