"""Disputes between the sides of an order: who answers, who decides, by when, and what a decision leads to."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Forbidden, NotFound, Refused
from marketplace.findings.models import Finding
from marketplace.identity import services as identity
from marketplace.notices.models import Message
from marketplace.procurement import after_rules, disputes
from marketplace.procurement import services as procurement
from marketplace.procurement.after_models import OrderDispute, ReturnRequest
from marketplace.procurement.models import AcceptanceLine
from marketplace.procurement.services import Remedy
from marketplace.settlement import services as settlement
from tests.factories import world as factory
from tests.factories.world import World

LATER = timedelta(days=4)


@pytest.fixture
def accepted(app):
    """One accepted, unpaid line; `extra`: order, line, bill, county (the head of 炎陵县's office)."""
    with transaction():
        world = World.build()
        acceptance, bill = world.accepted(world.shipped(world.lot()))
        line = db.session.scalars(select(AcceptanceLine)).one()
        office = identity.add_organisation(SYSTEM, "office", "炎陵县农业农村局", factory.YANLING, level=3)
        world.extra = {
            "order": acceptance.order_id,
            "line": line.id,
            "bill": bill.id,
            "acceptance": acceptance.id,
            "county": factory.actor(office.id, {"office_head"}),
        }
    return world


def raised(world: World, **about) -> OrderDispute:
    given = {"about_kind": "order", "about_id": world.extra["order"], "words": "送来的不是约定的等级"} | about
    return settlement.raise_order_dispute(world.receiver, world.extra["order"], **given)


def answered(world: World, **about) -> OrderDispute:
    row = raised(world, **about)
    return procurement.answer_dispute(world.manager, row.id, "装车时有照片，是约定的等级")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("supplier", "agency", "office"),
    [
        ("430225000000", "430225103000", "430225"),
        ("430225000000", "430224000000", "4302"),
        ("430225000000", "430102000000", "43"),
        ("430225000000", "110101000000", "430225"),  # nobody is over both
    ],
)
def test_the_nearest_office_over_both_sides_decides(supplier, agency, office):
    assert after_rules.decides_in(supplier, agency) == office


@pytest.mark.unit
def test_above_a_county_is_its_prefecture_and_the_province_is_the_last():
    assert [after_rules.above(prefix) for prefix in ("430225", "4302", "43")] == ["4302", "43", "43"]


def test_a_dispute_is_answered_and_decided(app, accepted):
    with transaction():
        row = answered(accepted)
        assert row.decided_in == "4302"
        procurement.decide_dispute(accepted.office, row.id, upheld=False, words="照片清楚")
        assert row.state == "dismissed"
        told = select(Message.kind).where(Message.about_id == row.id, Message.done_at.is_(None))
        assert sorted(db.session.scalars(told)) == ["order_dispute_decided", "order_dispute_decided_supplier"]
    with pytest.raises(Conflict), transaction():
        procurement.decide_dispute(accepted.office, row.id, upheld=False, words="再来")


@pytest.mark.parametrize("kind", ["shipment", "acceptance", "bill"])
def test_anything_of_the_order_can_be_disputed_and_nothing_of_another(app, accepted, kind):
    ids = {"shipment": None, "acceptance": accepted.extra["acceptance"], "bill": accepted.extra["bill"]}
    with transaction():
        ids["shipment"] = procurement.shipments_of([accepted.extra["order"]])[accepted.extra["order"]][0].id
        row = raised(accepted, about_kind=kind, about_id=ids[kind])
        assert row.about_number
        other = accepted.approved()[0]
    with pytest.raises(NotFound), transaction():
        settlement.raise_order_dispute(accepted.receiver, other, about_kind=kind, about_id=ids[kind], words="x")
    with pytest.raises(NotFound), transaction():
        raised(accepted, about_kind=kind, about_id=uuid4())


def test_an_upheld_dispute_about_a_refused_return_lets_it_go_ahead(app, accepted):
    with transaction():
        asked = procurement.ask_return(
            accepted.receiver, accepted.extra["line"], quantity=10_000, reason="quality", words="霉斑"
        )
        procurement.answer_return(accepted.manager, asked.id, agreed=False, words="不同意")
        row = answered(accepted, about_kind="return", about_id=asked.id)
        procurement.decide_dispute(accepted.office, row.id, upheld=True, words="应退", remedy=Remedy("return"))
        assert db.session.get_one(ReturnRequest, asked.id).state == "agreed"
        procurement.receive_return(accepted.manager, asked.id, restocked=False)
        assert settlement.finish_return(accepted.manager, asked.id).state == "done"


def test_a_decision_can_name_what_comes_back(app, accepted):
    with transaction():
        row = answered(accepted)
    with pytest.raises(Refused) as refused, transaction():
        procurement.decide_dispute(accepted.office, row.id, upheld=True, words="应退", remedy=Remedy("return"))
    assert refused.value.code == "line_needed"
    with pytest.raises(Refused) as refused, transaction():
        remedy = Remedy("return", accepted.extra["line"], 200_001)
        procurement.decide_dispute(accepted.office, row.id, upheld=True, words="应退", remedy=remedy)
    assert refused.value.code == "return_beyond_accepted"
    with transaction():
        remedy = Remedy("return", accepted.extra["line"], 20_000)
        procurement.decide_dispute(accepted.office, row.id, upheld=True, words="应退", remedy=remedy)
        made = db.session.scalars(select(ReturnRequest)).one()
        assert (made.state, made.quantity, made.words) == ("agreed", 20_000, row.number)


def test_an_office_waits_for_the_answer_until_its_day(app, accepted):
    with transaction():
        row = raised(accepted)
    with pytest.raises(Refused) as refused, transaction():
        procurement.decide_dispute(accepted.office, row.id, upheld=False, words="x")
    assert refused.value.code == "order_dispute_answer_awaited"
    with clock.fixed(clock.now() + LATER), transaction():
        procurement.decide_dispute(accepted.office, row.id, upheld=False, words="逾期未答复")


def test_an_office_below_sees_and_does_not_decide_until_nobody_else_is_named(app, accepted):
    """Red when the division that decides is not compared."""
    with transaction():
        row = answered(accepted)
        assert procurement.dispute(accepted.extra["county"], row.id).id == row.id
    with pytest.raises(Refused) as refused, transaction():
        procurement.decide_dispute(accepted.extra["county"], row.id, upheld=False, words="x")
    assert refused.value.code == "order_dispute_not_here"


def test_nobody_decides_a_dispute_of_its_own(app, accepted):
    """Red when _may_decide does not look at the parties, and ck_order_dispute_not_ones_own is dropped."""
    with transaction():
        row = answered(accepted)
        party = replace(accepted.office, user=accepted.receiver.user)
        of_party = replace(accepted.office, organisation=accepted.receiver.organisation)
    for judge in (party, of_party):
        with pytest.raises(Refused) as refused, transaction():
            procurement.decide_dispute(judge, row.id, upheld=False, words="x")
        assert refused.value.code == "order_dispute_own"
    with pytest.raises(Forbidden), transaction():
        procurement.decide_dispute(accepted.manager, row.id, upheld=False, words="x")
    with pytest.raises(Exception, match=r"(?i)not_ones_own"), transaction():
        values = {"decided_by": OrderDispute.raised_by, "decided_at": clock.now(), "state": "dismissed"}
        db.session.execute(update(OrderDispute).values(**values))


def test_each_side_has_its_part(app, accepted):
    with transaction():
        row = raised(accepted)
    with pytest.raises(Refused) as refused, transaction():
        procurement.answer_dispute(accepted.receiver, row.id, "自己答自己")
    assert refused.value.code == "order_dispute_one_side"
    with pytest.raises(Refused), transaction():
        procurement.withdraw_dispute(accepted.manager, row.id)
    with transaction():
        procurement.answer_dispute(accepted.manager, row.id, "核对过")
    with pytest.raises(Conflict), transaction():
        procurement.answer_dispute(accepted.manager, row.id, "再答一次")
    with pytest.raises(Conflict) as conflict, transaction():
        raised(accepted)
    assert conflict.value.code == "order_dispute_open"
    with transaction():
        assert procurement.withdraw_dispute(accepted.receiver, row.id).state == "withdrawn"
        raised(accepted)


def test_a_stranger_knows_of_nothing(app, accepted):
    with transaction():
        row = raised(accepted)
        stranger = replace(accepted.manager, organisation=uuid4())
    with pytest.raises(NotFound), transaction():
        procurement.answer_dispute(stranger, row.id, "x")
    with pytest.raises(NotFound), transaction():
        settlement.raise_order_dispute(
            stranger, accepted.extra["order"], about_kind="order", about_id=accepted.extra["order"], words="x"
        )


def test_what_is_overdue_is_a_finding_and_goes_to_the_office_above(app, accepted):
    """Red when follow_up does not widen decided_in, or widens it at every turn."""
    with transaction():
        row = raised(accepted)
    with clock.fixed(clock.now() + LATER), transaction():
        disputes.follow_up()
        assert db.session.scalars(select(Finding.kind)).all() == ["order_dispute_unanswered"]
        assert row.decided_in == "4302"
    with clock.fixed(clock.now() + timedelta(days=11)), transaction():
        disputes.follow_up()
        disputes.follow_up()
        kept = db.session.get_one(OrderDispute, row.id)
        assert (kept.decided_in, kept.escalated_at is None) == ("43", False)
        assert set(db.session.scalars(select(Finding.kind))) == {"order_dispute_unanswered", "order_dispute_undecided"}
