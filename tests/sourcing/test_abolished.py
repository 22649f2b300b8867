"""A unit that was abolished or merged, at every step: nothing new is asked for, ordered or promised; what was ordered is
delivered, accepted and paid, and counts where the plan went."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Refused
from marketplace.identity import services as identity
from marketplace.procurement import services as procurement
from marketplace.quota import services as quota
from marketplace.quota.models import QuotaPlan
from marketplace.sourcing import services as sourcing
from marketplace.sourcing import standing
from tests.factories.world import YANLING, World, actor
from tests.sourcing.asking import Market, after_deadline
from tests.sourcing.test_standing import set_up


@pytest.fixture
def market(app) -> Market:
    with transaction():
        return Market.build()


def abolish(world: World) -> Any:
    """The world's agency is merged into another, which has no plan. Returns the other's id."""
    successor = identity.add_organisation(SYSTEM, "agency", "并入的学校", YANLING, agency_kind="budget_unit").id
    head = actor(identity.add_organisation(SYSTEM, "office", "湖南省厅", "430000000000", level=1).id, {"office_head"})
    gone = world.requester.organisation
    quota.abolish(head, gone, abolished_on=clock.today(), document="合并文件", successor_id=successor)
    return successor


def refused(act: Callable[[], Any]) -> None:
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.code == "agency_abolished"


def test_what_was_drafted_is_not_submitted_and_what_was_submitted_is_not_approved(market: Market):
    """Red when either step does not ask."""
    world = market.world
    with transaction():
        drafted, submitted = world.draft(), world.draft()
        procurement.submit(world.requester, submitted)
        abolish(world)
        refused(lambda: procurement.submit(world.requester, drafted))
        refused(lambda: procurement.approve(world.approver, submitted))
        procurement.withdraw(world.requester, submitted)  # and gives its stock back


def test_what_was_ordered_is_delivered_accepted_paid_and_counts_where_the_plan_went(market: Market):
    world = market.world
    with transaction():
        lot = world.lot()
        [order] = world.approved()
        successor = abolish(world)
        acceptance, bill = world.accepted(world.shipped(lot, order=order))
        world.paid(bill)
        assert bill.state == "paid"
        db.session.flush()
        plan = db.session.get_one(QuotaPlan, world.plan, populate_existing=True)
        assert (plan.agency_id, plan.settled_fen, plan.committed_fen) == (successor, acceptance.money_fen, 0)


def test_nothing_is_asked_joined_awarded_or_promised_any_more(market: Market):
    """Red when `open_request`, `join`, `award` or `propose` does not ask: suppliers would answer a unit that is gone."""
    world = market.world
    with transaction():
        asked = market.asked()
        quotation = market.answered(asked, 0, 900)
        draft = sourcing.write(world.requester, "rfq", **market.head())
        other, _ = market.agency("茶陵县一中")
        pool = sourcing.write(
            other, "demand", **market.head(join_on=clock.today() + timedelta(days=2), supplier_ids=[])
        )
        line = {"offer_id": market.sellers[0].offer, "price_fen": 1050}
        framework = sourcing.draft_framework(
            world.requester, supplier_id=market.sellers[0].id, title="框架协议", lines=[line],
            from_day=clock.today(), until_day=clock.today(),
        )  # fmt: skip
        sourcing.open_request(other, pool.id)
        abolish(world)
        refused(lambda: sourcing.open_request(world.requester, draft.id))
        [wanted] = sourcing.request_lines(pool.id)
        wants = [{"line_id": wanted.id, "quantity": 1_000}]
        refused(lambda: sourcing.join(world.requester, pool.id, lines=wants))
        refused(lambda: sourcing.propose(world.approver, framework.id))
    with transaction(), after_deadline():
        refused(lambda: sourcing.award(world.approver, asked, [market.part(asked, quotation, 1_000)]))
        sourcing.cancel(world.requester, asked, "单位撤销")


def test_a_standing_order_of_it_drafts_nothing(market: Market):
    """Red when its days are drafted on: nobody could submit them."""
    with clock.fixed(clock.at(clock.today(), 9)):
        days = {"from_day": clock.today(), "until_day": clock.today(), "weekdays": "1234567"}
        id_ = set_up(market.world, **days)
        with transaction():
            abolish(market.world)
        assert [standing_id for standing_id, _ in standing.due()] == [id_]
        with transaction():
            assert standing.draft_for(id_, clock.today()) is None
            assert standing.runs_of(id_)[clock.today()].skipped == "abolished"
