"""Framework agreements: written, sent by another person, signed, called off up to their ceilings, amended, ended."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace.catalogue import services as catalogue
from marketplace.catalogue.models import AgreedPrice
from marketplace.core import clock
from marketplace.core.db import db, new_id, transaction
from marketplace.core.errors import Conflict, Many, NotFound, Refused
from marketplace.identity.models import Organisation
from marketplace.procurement import services as procurement
from marketplace.procurement.models import OrderLine
from marketplace.sourcing import services as sourcing
from tests.factories import world as factory
from tests.faults.test_races import race, refused
from tests.sourcing.asking import Market, after, after_deadline
from tests.sourcing.test_requests import codes, told


def fields(market: Market, **changes):
    today = clock.today()
    line = {"offer_id": market.sellers[0].offer, "price_fen": 1050, "ceiling": 100_000}
    values = {"title": "水果框架协议", "terms": "每周送货", "from_day": today, "until_day": today + timedelta(days=180)}
    return values | {"lines": [line]} | changes


def drafted(market: Market, **changes):
    values = {"supplier_id": market.sellers[0].id} | fields(market, **changes)
    return sourcing.draft_framework(market.world.requester, **values).id


def proposed(market: Market, **changes):
    return sourcing.propose(market.world.approver, drafted(market, **changes)).id


def signed(market: Market, **changes):
    return sourcing.sign(market.world.manager, proposed(market, **changes)).id


def called(market: Market, framework, quantity: int, actor=None):
    """A submitted bulk order under the framework."""
    actor = actor or market.world.requester
    lines = [{"offer_id": market.sellers[0].offer, "quantity": quantity}]
    order = sourcing.call_off(actor, framework, lines, clock.today() + timedelta(days=3))
    procurement.put_head(actor, order.id, contact="陈老师")
    procurement.submit(actor, order.id)
    return order.id


def test_a_framework_is_written_sent_by_another_person_and_signed_by_the_supplier(market: Market):
    world = market.world
    with transaction():
        id_ = drafted(market)
        with pytest.raises(NotFound):
            sourcing.framework(world.manager, id_)  # a draft is the agency's alone
        sourcing.propose(world.approver, id_)
        assert told(world.manager.organisation, "framework_to_sign") == 1
        assert sourcing.frameworks_to_sign(world.manager) == 1
        assert catalogue.agreed_of([id_]) == {}
        sourcing.sign(world.manager, id_)
        [price] = catalogue.agreed_of([id_])[id_]
        assert (price.agency_id, price.price_fen, price.ceiling, price.used, price.source_kind) == (
            world.requester.organisation,
            1050,
            100_000,
            0,
            "framework",
        )
        assert told(world.manager.organisation, "framework_to_sign") == 0
        assert told(world.requester.organisation, "framework_signed") == 1
        with pytest.raises(Conflict, match="wrong_state"):
            sourcing.sign(world.manager, id_)


def test_its_writer_does_not_send_it(market: Market):
    """Red when `propose` does not compare persons; the table compares them again."""
    with transaction():
        both = factory.actor(market.world.requester.organisation, {"requester", "approver"})
        row = sourcing.draft_framework(both, supplier_id=market.sellers[0].id, **fields(market))
        with pytest.raises(Refused, match="proposer_is_writer"):
            sourcing.propose(both, row.id)
    with pytest.raises(IntegrityError), transaction():
        row = sourcing.framework(both, row.id)
        row.proposed_by = row.created_by
        db.session.flush()


def test_only_its_supplier_signs_or_declines(market: Market):
    with transaction():
        id_ = proposed(market)
        for call in (
            lambda: sourcing.sign(market.sellers[1].actor, id_),
            lambda: sourcing.decline(market.sellers[1].actor, id_, "x"),
            lambda: sourcing.framework(market.sellers[1].actor, id_),
        ):
            with pytest.raises(NotFound):
                call()
        with pytest.raises(Refused, match="reason_needed"):
            sourcing.decline(market.world.manager, id_, "")
        row = sourcing.decline(market.world.manager, id_, "价格太低")
        assert (row.state, row.reason) == ("declined", "价格太低")
        assert catalogue.agreed_of([id_]) == {}


def test_what_is_wrong_in_a_framework_is_told_at_its_field_and_row(market: Market):
    today = clock.today()
    line = fields(market)["lines"][0]

    def wrong(**changes):
        return codes(lambda: drafted(market, **changes))

    assert wrong(until_day=today - timedelta(days=1)) == [("until_day", None, "ends_before_start")]
    assert wrong(lines=[]) == [("lines", None, "no_lines")]
    assert wrong(lines=[line | {"price_fen": 0, "ceiling": 0}]) == [
        ("price_fen", 1, "price_needed"),
        ("ceiling", 1, "quantity_zero"),
    ]
    assert wrong(lines=[line, line]) == [("offer_id", 2, "line_twice")]
    assert wrong(lines=[line | {"offer_id": market.sellers[1].offer}]) == [("offer_id", 1, "offer_unknown")]
    assert wrong(supplier_id=new_id()) == [("supplier_id", None, "supplier_unknown")]
    assert wrong(supplier_id=market.world.requester.organisation) == [("supplier_id", None, "supplier_unknown")]
    with transaction():
        stranger, _ = market.agency("别的单位")
    assert wrong(agency_ids=[stranger.organisation]) == [("agency_ids", 1, "agency_outside")]


def test_a_call_off_is_a_bulk_order_at_the_agreed_price_drawn_when_it_is_approved(market: Market):
    with transaction():
        id_ = signed(market)
        order = called(market, id_, 60_000)
        [price] = catalogue.agreed_of([id_])[id_]
        assert price.used == 0
        [line] = procurement.requisition_lines(order)
        assert line.agreed_id == price.id
        [approved] = procurement.approve(market.world.approver, order)
        assert approved.total_fen == 60 * 1050
        assert (
            sourcing.drawn_under(market.world.requester, sourcing.framework(market.world.requester, id_))[0].used
            == 60_000
        )


def test_what_goes_beyond_the_ceiling_is_not_approved(market: Market):
    with transaction():
        id_ = signed(market)
        procurement.approve(market.world.approver, called(market, id_, 60_000))
    assert {part[2] for part in codes(lambda: called(market, id_, 45_000))} == {"beyond_agreed"}


def test_call_offs_approved_at_once_never_draw_beyond_the_ceiling(market: Market, app):
    """Red when `catalogue.draw` loses its comparison and the constraint of the table is dropped."""
    with transaction():
        id_ = signed(market)
        drafts = [called(market, id_, 30_000) for _ in range(6)]
    results = race(
        app, [lambda one=one: [row.id for row in procurement.approve(market.world.approver, one)] for one in drafts]
    )
    assert sum(not refused(result) for result in results) == 3
    assert {result.errors[0].code for result in results if refused(result)} == {"beyond_agreed"}
    with transaction(write=False):
        assert db.session.scalar(select(AgreedPrice.used)) == 90_000
        assert db.session.scalar(select(func.sum(OrderLine.ordered))) == 90_000


def test_an_agency_outside_calls_nothing_off(market: Market):
    with transaction():
        id_ = signed(market)
        stranger, _ = market.agency("别的单位")
        lines = [{"offer_id": market.sellers[0].offer, "quantity": 10_000}]
        with pytest.raises(NotFound):
            sourcing.call_off(stranger, id_, lines)
        with pytest.raises(Refused, match="no_lines"):
            sourcing.call_off(market.world.requester, id_, [])
    foreign = [{"offer_id": market.sellers[1].offer, "quantity": 10_000}]
    assert codes(lambda: sourcing.call_off(market.world.requester, id_, foreign)) == [("offer_id", 1, "offer_unknown")]


def test_a_superior_agrees_for_its_subtree_and_each_unit_has_its_own_ceiling(market: Market):
    with transaction():
        writer, chief = market.agency("县教育局")
        school = market.world.requester.organisation
        db.session.get_one(Organisation, school).parent_id = writer.organisation
        db.session.flush()
        writer = factory.actor(writer.organisation, {"requester"})
        row = sourcing.draft_framework(
            writer,
            supplier_id=market.sellers[0].id,
            **fields(market, agency_ids=[school, writer.organisation]),
        )
        assert sourcing.frameworks(market.world.requester)[1] == 0  # a draft is not yet the school's
        sourcing.propose(chief, row.id)
        sourcing.sign(market.world.manager, row.id)
        prices = catalogue.agreed_of([row.id])[row.id]
        assert {(one.agency_id, one.ceiling) for one in prices} == {(school, 100_000), (writer.organisation, 100_000)}
        procurement.approve(market.world.approver, called(market, row.id, 60_000))
        mine = sourcing.drawn_under(market.world.requester, sourcing.framework(market.world.requester, row.id))
        assert [(one.agency_id, one.used) for one in mine] == [(school, 60_000)]
        assert len(sourcing.drawn_under(writer, row)) == 2
        with pytest.raises(NotFound):
            sourcing.end(market.world.approver, row.id, "不是牵头单位")


def test_what_was_ended_or_has_expired_is_not_called_off_and_orders_go_on(market: Market):
    world = market.world
    lines = [{"offer_id": market.sellers[0].offer, "quantity": 10_000}]
    with transaction():
        id_ = signed(market)
        waiting = called(market, id_, 20_000)
        with clock.fixed(clock.at(clock.today() + timedelta(days=181))):
            assert sourcing.framework_state(sourcing.framework(world.requester, id_)) == "expired"
            assert sourcing.frameworks(world.requester, state="expired")[1] == 1
            with pytest.raises(Conflict, match="wrong_state"):
                sourcing.call_off(world.requester, id_, lines)
        with pytest.raises(Refused, match="reason_needed"):
            sourcing.end(world.approver, id_, "")
        sourcing.end(world.approver, id_, "质量不稳定")
        assert told(market.sellers[0].id, "framework_ended") == 1
        with pytest.raises(Conflict, match="wrong_state"):
            sourcing.call_off(world.requester, id_, lines)
    assert codes(lambda: procurement.approve(world.approver, waiting))


def test_one_that_begins_later_is_not_called_off_before(market: Market):
    with transaction():
        id_ = signed(market, from_day=clock.today() + timedelta(days=9))
        with pytest.raises(Refused, match="framework_not_begun"):
            sourcing.call_off(market.world.requester, id_, [{"offer_id": market.sellers[0].offer, "quantity": 10_000}])


def test_an_amendment_ends_the_one_before_when_it_is_signed_and_goes_on_counting(market: Market):
    world = market.world
    with transaction():
        id_ = signed(market)
        procurement.approve(world.approver, called(market, id_, 60_000))
        row = sourcing.amend(world.requester, id_)
        assert (row.state, row.previous_id, row.title) == ("draft", id_, "水果框架协议")
        with pytest.raises(Conflict, match="amendment_open"):
            sourcing.amend(world.requester, id_)
        line = {"offer_id": market.sellers[0].offer, "price_fen": 990, "ceiling": 150_000}
        sourcing.redraft(world.requester, row.id, **fields(market, lines=[line]))
        sourcing.propose(world.approver, row.id)
        assert sourcing.framework(world.requester, id_).state == "in_force"
        sourcing.sign(world.manager, row.id)
        assert sourcing.framework(world.requester, id_).state == "replaced"
        [before], [now] = (catalogue.agreed_of([one])[one] for one in (id_, row.id))
        assert (before.ended, before.used) == (True, 60_000)
        assert (now.price_fen, now.ceiling, now.used) == (990, 150_000, 60_000)
        procurement.approve(world.approver, called(market, row.id, 90_000))
    assert {part[2] for part in codes(lambda: called(market, row.id, 10_000))} == {"beyond_agreed"}


def test_an_amendments_ceiling_is_not_below_what_was_drawn(market: Market):
    """Red when `_drawn_before` is not asked at the signature, when more was drawn since the proposal."""
    world = market.world
    line = {"offer_id": market.sellers[0].offer, "price_fen": 990, "ceiling": 50_000}
    with transaction():
        id_ = signed(market)
        low = sourcing.amend(world.requester, id_).id
        sourcing.redraft(world.requester, low, **fields(market, lines=[line]))
        procurement.approve(world.approver, called(market, id_, 40_000))
        sourcing.propose(world.approver, low)
        procurement.approve(world.approver, called(market, id_, 20_000))
    assert codes(lambda: sourcing.sign(world.manager, low)) == [("ceiling", 1, "ceiling_below_drawn")]
    with transaction():
        sourcing.withdraw_framework(world.requester, low)
        again = sourcing.amend(world.requester, id_).id
        sourcing.redraft(world.requester, again, **fields(market, lines=[line]))
    assert codes(lambda: sourcing.propose(world.approver, again)) == [("ceiling", 1, "ceiling_below_drawn")]


def test_a_framework_is_signed_once_however_often_at_once(market: Market, app):
    """Red when `_to_sign` does not lock."""
    with transaction():
        id_ = proposed(market)
    results = race(app, [lambda: sourcing.sign(market.world.manager, id_).state] * 6)
    assert sum(not refused(result) for result in results) == 1
    with transaction(write=False):
        assert db.session.scalar(select(func.count(AgreedPrice.id))) == 1


def awarded(market: Market, price_fen: int = 1000, quantity: int = 100_000):
    """A request awarded to the first seller, with the draft order that the award made."""
    request = market.asked(note="每周送两次")
    quotation = market.answered(request, 0, price_fen)
    with after_deadline():
        sourcing.award(market.world.approver, request, [market.part(request, quotation, quantity)])
        [party] = sourcing.parties_of(request)
    return request, party.requisition_id


def test_an_award_becomes_a_draft_of_a_framework_in_one_step(market: Market):
    world, supplier = market.world, market.sellers[0].id
    with transaction():
        request, _ = awarded(market)
    with after_deadline(), transaction():
        row = sourcing.framework_from_award(world.requester, request, supplier)
        asked = sourcing.request(world.requester, request)
        assert (row.state, row.supplier_id, row.request_id) == ("draft", supplier, request)
        assert (row.title, row.terms, row.until_day) == (asked.title, asked.note, asked.until_day)
        [line] = sourcing.framework_lines([row.id])[row.id]
        assert (line.offer_id, line.price_fen, line.ceiling) == (market.sellers[0].offer, 1000, 100_000)
        assert sourcing.frameworks_from(world.requester, request) == [row]
        with pytest.raises(Refused, match="proposer_is_writer"):
            sourcing.propose(replace(world.approver, user=world.requester.user), row.id)


def test_an_award_is_not_made_a_framework_twice_nor_by_others_nor_too_late(market: Market):
    world, supplier = market.world, market.sellers[0].id
    with transaction():
        request, _ = awarded(market)
        stranger, _ = market.agency("思聪小学")
        unawarded = market.asked()
    with after_deadline(), transaction():
        with pytest.raises(Refused, match="nothing_awarded"):
            sourcing.framework_from_award(world.requester, request, market.sellers[1].id)
        with pytest.raises(Refused, match="nothing_awarded"):
            sourcing.framework_from_award(world.requester, unawarded, supplier)
        with pytest.raises(NotFound):
            sourcing.framework_from_award(stranger, request, supplier)
        row = sourcing.framework_from_award(world.requester, request, supplier)
        with pytest.raises(Conflict, match="framework_exists"):
            sourcing.framework_from_award(world.requester, request, supplier)
        sourcing.withdraw_framework(world.requester, row.id)
        assert sourcing.framework_from_award(world.requester, request, supplier)
    with after(61), transaction(), pytest.raises(Refused, match="day_in_past"):
        sourcing.framework_from_award(world.requester, request, supplier)


def test_a_signed_framework_takes_the_award_over_with_what_was_ordered(market: Market):
    """The same quantity is never promised twice. Red when `_replaced` leaves the award's prices in force."""
    world = market.world
    with transaction():
        request, first = awarded(market)
    with after_deadline(), transaction():
        procurement.put_lines(
            world.requester,
            first,
            [
                {
                    "offer_id": market.sellers[0].offer,
                    "quantity": 30_000,
                    "agreed_id": catalogue.agreed_of([request])[request][0].id,
                }
            ],
        )
        procurement.submit(world.requester, first)
        procurement.approve(world.approver, first)
        row = sourcing.framework_from_award(world.requester, request, market.sellers[0].id)
        sourcing.propose(world.approver, row.id)
        assert not catalogue.agreed_of([request])[request][0].ended  # until the supplier has signed
        sourcing.sign(world.manager, row.id)
        [before], [now] = catalogue.agreed_of([request])[request], catalogue.agreed_of([row.id])[row.id]
        assert (before.ended, before.used) == (True, 30_000)
        assert (now.price_fen, now.ceiling, now.used) == (1000, 100_000, 30_000)
        with pytest.raises(Many) as refused_:
            called(market, row.id, 80_000)
        assert [error.code for error in refused_.value.errors] == ["beyond_agreed"]


def test_two_at_once_make_one_framework_of_an_award(market: Market, app):
    """Red when the request is not locked."""
    with transaction():
        request, _ = awarded(market)

    def act():
        with after_deadline():
            return sourcing.framework_from_award(market.world.requester, request, market.sellers[0].id).id

    results = race(app, [act] * 4)
    assert sum(not refused(result) for result in results) == 1
    assert {result.code for result in results if refused(result)} == {"framework_exists"}
