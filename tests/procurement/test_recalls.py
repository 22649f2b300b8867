"""Recall of a lot: nothing of it moves any more, everybody who got it is told and answers."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, Many, NotFound, Refused
from marketplace.findings.models import Finding
from marketplace.linkage.models import Lot
from marketplace.notices.models import Message
from marketplace.procurement import recalls
from marketplace.procurement import services as procurement
from marketplace.procurement.after_models import Recall, RecallRecipient
from marketplace.procurement.models import Acceptance, AcceptanceLine
from marketplace.settlement import services as settlement
from tests.counts import count
from tests.factories.world import World
from tests.faults.test_races import race, refused


@pytest.fixture
def spread(app):
    """A lot of which 200 千克 are accepted and 100 under way; `extra`: lot, shipment."""
    with transaction():
        world = World.build()
        lot = world.lot()
        world.accepted(world.shipped(lot))
        world.extra = {"lot": lot, "shipment": world.shipped(lot, 100_000)}
    return world


def opened(world: World, who=None, lot=None, **change) -> Recall:
    given = {"hazard": "residue", "instruction": "return", "words": "农残抽检超标", "act_by": clock.today()}
    return procurement.open_recall(who or world.manager, lot or world.extra["lot"], **given | change)


def test_everybody_who_got_the_lot_is_found_and_told(app, spread):
    with transaction():
        row = opened(spread)
        got = db.session.scalars(select(RecallRecipient)).one()
        assert (got.agency_id, got.accepted, got.in_transit) == (spread.receiver.organisation, 200_000, 100_000)
        told = select(Message).where(Message.about_id == row.id, Message.done_at.is_(None))
        assert [one.kind for one in db.session.scalars(told)] == ["recall_to_answer"]
        assert procurement.recalls_waiting(spread.receiver) == 1


def test_what_came_back_is_not_with_the_agency_any_more(app, spread):
    """Red when _who_got counts accepted goods without their returns."""
    with transaction():
        line = db.session.scalars(select(AcceptanceLine)).one()
        row = procurement.ask_return(spread.receiver, line.id, quantity=50_000, reason="quality", words="霉斑")
        procurement.answer_return(spread.manager, row.id, agreed=True)
        procurement.receive_return(spread.manager, row.id, restocked=True)
        settlement.finish_return(spread.manager, row.id)
        opened(spread)
        assert db.session.scalars(select(RecallRecipient.accepted)).one() == 150_000


def test_nothing_of_a_recalled_lot_is_shipped(app, spread):
    """Red when `take` does not look at `blocked`."""
    with transaction():
        opened(spread)
    with pytest.raises(Many) as many, transaction():
        spread.shipped(spread.extra["lot"], 50_000)
    assert [error.code for error in many.value.errors] == ["lot_recalled"]


def test_what_is_under_way_can_only_be_rejected(app, spread):
    """Red when _check_counts does not look at `blocked`."""
    with transaction():
        opened(spread)
    with pytest.raises(Many) as many, transaction():
        spread.accepted(spread.extra["shipment"])
    assert [error.code for error in many.value.errors] == ["lot_recalled"]
    with transaction():
        row, _ = procurement.shipment(spread.receiver, spread.extra["shipment"])
        counts = [procurement.Count(row.lines[0].id, 0, None, "recalled")]
        acceptance, bill = settlement.accept(spread.receiver, row.id, counts, witness="周")
        assert (acceptance.money_fen, bill) == (0, None)


def test_a_delivery_that_nobody_accepts_is_not_deemed_to_hold_recalled_goods(app, spread):
    with transaction():
        opened(spread)
        acceptance, _ = procurement.record_deemed(spread.extra["shipment"])
        assert db.session.get_one(Acceptance, acceptance.id).money_fen == 0


def test_recalled_goods_come_back_whenever_and_are_never_sold_again(app, spread):
    with transaction():
        line = db.session.scalars(select(AcceptanceLine)).one()
        opened(spread)
    with clock.fixed(clock.now() + timedelta(days=60)), transaction():
        row = procurement.ask_return(spread.receiver, line.id, quantity=1_000, reason="recalled", words="召回")
        procurement.answer_return(spread.manager, row.id, agreed=True)
        with pytest.raises(Refused) as refused_:
            procurement.receive_return(spread.manager, row.id, restocked=True)
        assert refused_.value.code == "lot_recalled"
        assert procurement.receive_return(spread.manager, row.id, restocked=False).state == "received"


def test_an_agency_answers_for_no_more_than_it_got_and_never_takes_back(app, spread):
    with transaction():
        row = opened(spread)
    for given, code in (((200_001, 0, 0), "recall_beyond_got"), ((-1, 0, 0), "out_of_range")):
        with pytest.raises(Refused) as refused_, transaction():
            procurement.answer_recall(spread.receiver, row.id, held=given[0], returned=given[1], destroyed=given[2])
        assert refused_.value.code == code
    with transaction():
        procurement.answer_recall(spread.receiver, row.id, held=50_000, returned=30_000, destroyed=0)
        assert procurement.recalls_waiting(spread.receiver) == 0
    with pytest.raises(Refused) as refused_, transaction():
        procurement.answer_recall(spread.receiver, row.id, held=80_000, returned=0, destroyed=0)
    assert refused_.value.code == "recall_more_held"
    with pytest.raises(Exception, match=r"(?i)ck_recall_recipient_within"), transaction():
        db.session.execute(update(RecallRecipient).values(destroyed=200_000))
    with pytest.raises(NotFound), transaction():
        stranger = replace(spread.receiver, organisation=uuid4())
        procurement.answer_recall(stranger, row.id, held=0, returned=0, destroyed=0)


def test_a_recall_ends_with_a_result_once_everybody_answered_or_its_day_passed(app, spread):
    with transaction():
        row = opened(spread)
    with pytest.raises(Refused) as refused_, transaction():
        procurement.end_recall(spread.manager, row.id, result="已处理")
    assert refused_.value.code == "recall_unanswered"
    with transaction():
        procurement.answer_recall(spread.receiver, row.id, held=0, returned=0, destroyed=200_000)
        procurement.end_recall(spread.manager, row.id, result="全部销毁")
        assert db.session.get_one(Lot, spread.extra["lot"]).blocked
        assert [one.number for one in procurement.public_recalls()] == [row.number]
    with pytest.raises(Conflict), transaction():
        procurement.end_recall(spread.manager, row.id, result="再来")


def test_a_lot_let_go_is_sold_again(app, spread):
    with transaction():
        row = opened(spread)
        procurement.answer_recall(spread.receiver, row.id, held=200_000, returned=0, destroyed=0)
        procurement.end_recall(spread.manager, row.id, result="复检合格", release=True)
        spread.shipped(spread.extra["lot"], 50_000)


def test_what_an_office_opened_the_supplier_does_not_end(app, spread):
    with transaction():
        row = opened(spread, spread.office)
        told = select(Message.kind).where(Message.about_id == row.id)
        assert sorted(db.session.scalars(told)) == ["recall_opened", "recall_to_answer"]
        procurement.answer_recall(spread.receiver, row.id, held=0, returned=0, destroyed=0)
    with pytest.raises(NotFound), transaction():
        procurement.end_recall(spread.manager, row.id, result="x")
    with transaction():
        procurement.end_recall(spread.office, row.id, result="已核")


def test_a_recall_that_cannot_be_is_refused(app, spread):
    with transaction():
        never = spread.lot()
    for change, code in (
        ({"lot": never}, "lot_not_shipped"),
        ({"hazard": "x"}, "not_a_choice"),
        ({"words": " "}, "reason_needed"),
        ({"act_by": clock.today() - timedelta(days=1)}, "day_in_past"),
    ):
        with pytest.raises(Refused) as refused_, transaction():
            opened(spread, **change)
        assert refused_.value.code == code
    with pytest.raises(NotFound), transaction():
        opened(
            spread, replace(spread.manager, organisation=uuid4(), scope=replace(spread.manager.scope, supplier=uuid4()))
        )
    with transaction():
        assert not db.session.get_one(Lot, never).blocked
        opened(spread)
    with pytest.raises(Conflict), transaction():
        opened(spread)


def test_silence_past_the_day_is_a_finding(app, spread):
    with transaction():
        opened(spread)
    with clock.fixed(clock.now() + timedelta(days=1)), transaction():
        recalls.follow_up()
        assert db.session.scalars(select(Finding.kind)).all() == ["recall_overdue"]


@pytest.mark.parametrize("_round", range(count(40)))
def test_what_leaves_while_a_lot_is_recalled_is_found_or_refused(app, _round):
    """Red when the recall looks for shipments before it blocks the lot, or `take` does not look."""
    with transaction():
        world = World.build()
        lot = world.lot()
        world.shipped(lot, 10_000)
        orders = [world.approved(10_000)[0] for _ in range(4)]
        for order in orders:
            procurement.confirm(world.manager, order)
        parts = {order: procurement.lines_of([order])[order][0].id for order in orders}

    def ship(order):
        part = procurement.Part(parts[order], lot, 10_000)
        return procurement.ship(world.clerk, order, [part], expected_on=clock.today()).id

    def recall():
        return opened(world, lot=lot).id

    results = race(app, [lambda order=order: ship(order) for order in orders] + [recall])
    with transaction(write=False):
        assert not isinstance(results[-1], DomainError)
        left = sum(not refused(result) for result in results[:-1])
        assert db.session.scalars(select(RecallRecipient.in_transit)).one() == 10_000 * (left + 1)
