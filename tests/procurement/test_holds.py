"""Only what is submitted holds stock, and it expires; what is approved is firm."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Many
from marketplace.notices.models import Message
from marketplace.procurement import services as procurement
from marketplace.procurement.chains import HOLD_DAYS
from marketplace.procurement.models import Requisition
from marketplace.settlement.checks import CHECKS
from tests.factories.world import World


def reserved(world: World) -> int:
    return catalogue.one(world.offer).reserved


def submitted(world: World, quantity: int = 200_000):
    return procurement.submit(world.requester, world.draft(quantity)).id


def test_a_draft_holds_nothing_and_what_is_submitted_holds_its_stock(app):
    """Red when `submit` does not hold."""
    with transaction():
        world = World.build(stock=300_000)
        draft = world.draft()
        assert reserved(world) == 0
        procurement.submit(world.requester, draft)
        assert reserved(world) == 200_000
        other = world.draft()
    with pytest.raises(Many) as refused, transaction():
        procurement.submit(world.requester, other)
    assert [(error.code, error.row) for error in refused.value.errors] == [("beyond_stock", 1)]


def test_approving_makes_the_hold_firm_without_holding_twice(app):
    """Red when `firm` reserves again: the stock is just enough for one."""
    with transaction():
        world = World.build(stock=200_000)
        draft = submitted(world)
        orders = procurement.approve(world.approver, draft)
        assert len(orders) == 1
        assert reserved(world) == 200_000
        assert procurement.requisition(world.requester, draft).hold_until is None
        with clock.fixed(clock.now() + timedelta(days=30)):
            assert procurement.expire_holds() == 0
        assert [fault for check in CHECKS for fault in check()] == []


@pytest.mark.parametrize("way", ["reject", "withdraw", "expire"])
def test_what_is_not_approved_gives_its_stock_back(app, way):
    """Red when the verb does not release."""
    with transaction():
        world = World.build()
        draft = submitted(world)
        if way == "reject":
            procurement.reject(world.approver, draft, "数量太多")
        elif way == "withdraw":
            procurement.withdraw(world.requester, draft)
        else:
            with clock.fixed(clock.now() + timedelta(days=HOLD_DAYS, minutes=1)):
                assert procurement.expire_holds() == 1
                assert procurement.expire_holds() == 0
        assert reserved(world) == 0
        assert [fault for check in CHECKS for fault in check()] == []


def test_what_expired_is_told_and_may_be_submitted_again(app):
    """Red when `expire` leads to a state that nobody may submit from, or tells nobody."""
    with transaction():
        world = World.build()
        draft = submitted(world)
        with clock.fixed(clock.now() + timedelta(days=HOLD_DAYS, minutes=1)):
            procurement.expire_holds()
        row = procurement.requisition(world.requester, draft)
        assert row.state == "expired"
        told = {one.kind: one for one in db.session.scalars(select(Message).where(Message.about_id == draft))}
        assert told["requisition_expired"].user_id == world.requester.user
        assert told["requisition_submitted"].done_at is not None
        with pytest.raises(Conflict):
            procurement.approve(world.approver, draft)
        procurement.submit(world.requester, draft)
        assert len(procurement.approve(world.approver, draft)) == 1


def test_a_hold_stands_until_its_time(app):
    """Red when `expire_holds` takes what is not late."""
    with transaction():
        world = World.build()
        submitted(world)
        with clock.fixed(clock.now() + timedelta(days=HOLD_DAYS) - timedelta(minutes=1)):
            assert procurement.expire_holds() == 0
        assert reserved(world) == 200_000


def test_a_double_submit_holds_once(app):
    """Red when the state is not read from the locked row."""
    with transaction():
        world = World.build()
        draft = submitted(world)
    with pytest.raises(Conflict), transaction():
        procurement.submit(world.requester, draft)
    assert reserved(world) == 200_000


def test_the_database_lets_only_what_is_submitted_hold(app):
    """Red when ck_requisition_hold is dropped."""
    with transaction():
        world = World.build()
        draft = world.draft()
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(update(Requisition).where(Requisition.id == draft).values(hold_until=clock.now()))


def test_a_supplier_cannot_sell_what_is_held(app):
    """Stock is not set below what is held. Red when holds do not lie in `reserved`."""
    with transaction():
        world = World.build()
        submitted(world)
    with pytest.raises(Exception, match="below_reserved"), transaction():
        catalogue.set_stock(world.manager, world.offer, 100_000)
