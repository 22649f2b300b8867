"""The award: who may, what needs a reason, what it makes, and that it is made once."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from marketplace.catalogue import services as catalogue
from marketplace.catalogue.models import AgreedPrice, ReferencePrice
from marketplace.core import clock
from marketplace.core.db import db, new_id, transaction
from marketplace.core.errors import Conflict, NotFound, Refused
from marketplace.findings.models import Finding
from marketplace.procurement import services as procurement
from marketplace.procurement.models import Requisition
from marketplace.sourcing import services as sourcing
from marketplace.sourcing.models import Award
from tests.factories import world as factory
from tests.faults.test_races import race, refused
from tests.sourcing.asking import Market, after_deadline
from tests.sourcing.test_requests import codes, told


@pytest.fixture
def asked(market: Market) -> Market:
    """100 kg asked; 10.00, 11.00 and 9.00 per kg quoted, 40 kg of the cheapest at most."""
    with transaction():
        request = market.extra["request"] = market.asked()
        prices = ((0, 1000, 1_000_000), (1, 1100, 1_000_000), (2, 4500, 40_000))
        market.extra["quotations"] = [market.answered(request, *one) for one in prices]
    return market


def award(market: Market, *parts, actor=None, request=None):
    """`parts`: (place of the quotation, quantity, reason)."""
    request = request or market.extra["request"]
    rows = [
        market.part(request, market.extra["quotations"][place], quantity, *reason) for place, quantity, *reason in parts
    ]
    return sourcing.award(actor or market.world.approver, request, rows)


def test_quotations_stand_side_by_side_the_cheapest_per_comparable_unit_first(asked: Market):
    with after_deadline(), transaction(write=False):
        row = sourcing.request(asked.world.requester, asked.extra["request"])
        [line] = sourcing.compare(asked.world.requester, row).lines
        assert [one.line.comparable_fen for one in line.answers] == [900, 1000, 1100]
        assert [one.first for one in line.answers] == [40_000, 60_000, 0]
        assert (line.wanted, line.reference_fen) == (100_000, None)


def test_an_award_makes_agreed_prices_a_draft_and_tells_everybody(asked: Market):
    world = asked.world
    with after_deadline(), transaction():
        rows = award(asked, (2, 40_000), (0, 60_000))
        assert sum(row.quantity for row in rows) == 100_000
        assert all(row.cheapest for row in rows)
        request = sourcing.request(world.approver, asked.extra["request"])
        assert (request.state, request.awarded_by) == ("awarded", world.approver.user)
        [party] = sourcing.parties_of(request.id)
        draft = procurement.requisition(world.requester, party.requisition_id)
        assert (draft.state, draft.created_by, draft.contact) == ("draft", world.requester.user, "陈老师")
        lines = {line.offer_id: line for line in procurement.requisition_lines(draft.id)}
        prices = {row.offer_id: row for row in catalogue.agreed_of([request.id])[request.id]}
        boxes, loose = asked.sellers[2].offer, asked.sellers[0].offer
        assert {offer: line.quantity for offer, line in lines.items()} == {boxes: 8_000, loose: 60_000}
        assert {offer: (row.price_fen, row.ceiling) for offer, row in prices.items()} == {
            boxes: (4500, 8_000),
            loose: (1000, 60_000),
        }
        assert {offer: line.agreed_id for offer, line in lines.items()} == {
            offer: row.id for offer, row in prices.items()
        }
        assert all(row.until_day == request.until_day for row in prices.values())
        states = {row.supplier_id: row.state for row in sourcing.opened(world.requester, request)}
        assert [states[one.id] for one in asked.sellers] == ["awarded", "lost", "awarded"]
        assert [told(one.id, "quotation_won") for one in asked.sellers] == [1, 0, 1]
        assert told(asked.sellers[1].id, "quotation_lost") == 1
        assert told(world.requester.organisation, "request_awarded") == 1


def test_the_draft_is_ordered_at_the_quoted_price_and_draws_from_what_was_awarded(asked: Market):
    world = asked.world
    with after_deadline(), transaction():
        award(asked, (2, 40_000), (0, 60_000))
        [party] = sourcing.parties_of(asked.extra["request"])
        procurement.submit(world.requester, party.requisition_id)
        orders = procurement.approve(world.approver, party.requisition_id)
        assert sum(order.total_fen for order in orders) == 8 * 4500 + 60 * 1000
        used = {row.offer_id: row.used for row in db.session.scalars(select(AgreedPrice))}
        assert used == {asked.sellers[2].offer: 8_000, asked.sellers[0].offer: 60_000}


def test_a_supplier_sees_its_own_award_alone(asked: Market):
    with after_deadline(), transaction():
        award(asked, (2, 40_000), (0, 60_000))
        row = sourcing.request(asked.sellers[0].actor, asked.extra["request"])
        assert [one.supplier_id for one in sourcing.visible_awards(asked.sellers[0].actor, row)] == [
            asked.sellers[0].id
        ]
        assert sourcing.visible_awards(asked.sellers[1].actor, row) == []
        assert len(sourcing.visible_awards(asked.world.requester, row)) == 2


def test_who_wrote_the_request_does_not_award_it(asked: Market):
    with transaction():
        both = factory.actor(asked.world.requester.organisation, {"requester", "approver"})
        request = sourcing.write(both, "rfq", **asked.head()).id
        sourcing.open_request(both, request)
        quotation = asked.answered(request, 0, 1000)
    with after_deadline(), transaction():
        part = asked.part(request, quotation, 100_000)
        with pytest.raises(Refused, match="awarder_is_writer"):
            sourcing.award(both, request, [part])
        assert sourcing.award(asked.world.approver, request, [part])


def test_the_database_keeps_that_two_persons_ask_and_award(asked: Market):
    """Red when ck_sourcing_request_two_persons is dropped."""
    with after_deadline(), pytest.raises(IntegrityError), transaction():
        row = sourcing.request(asked.world.approver, asked.extra["request"])
        row.state, row.awarded_at, row.awarded_by = "awarded", clock.now(), row.created_by
        db.session.flush()


def test_nothing_is_awarded_before_the_deadline(asked: Market):
    with transaction(), pytest.raises(Conflict, match="wrong_state"):
        sourcing.award(asked.world.approver, asked.extra["request"], [])


def test_passing_over_a_cheaper_quotation_needs_a_reason(asked: Market):
    """Red when `not_cheapest` is not asked."""
    with after_deadline():
        assert codes(lambda: award(asked, (2, 30_000), (0, 70_000))) == [("reason", 2, "award_reason_needed")]
        assert codes(lambda: award(asked, (1, 100_000))) == [("reason", 1, "award_reason_needed")]
        with transaction():
            [row] = award(asked, (1, 100_000, "次日即可送达，已实地看过"))
            assert (row.cheapest, row.reason) == (False, "次日即可送达，已实地看过")


def test_a_price_above_the_guard_needs_a_reason_and_opens_a_finding(asked: Market):
    with transaction():
        db.session.add(
            ReferencePrice(category_code="peach", comparable_unit="千克", price_fen=700, offers=3, day=clock.today())
        )
    with after_deadline():
        assert list(codes(lambda: award(asked, (2, 40_000), (0, 60_000)))) == [
            ("reason", 1, "above_reference"),
            ("reason", 2, "above_reference"),
        ]
        with transaction():
            award(asked, (2, 40_000, "当季减产"), (0, 60_000, "当季减产"))
            found = db.session.scalars(select(Finding).where(Finding.object_kind == "award")).all()
            assert {(row.kind, row.facts["over"]) for row in found} == {
                ("above_reference", 2857),
                ("above_reference", 4286),
            }


def test_what_is_wrong_in_an_award_is_told_at_its_row_and_nothing_is_done(asked: Market):
    request = asked.extra["request"]
    with after_deadline():
        assert codes(lambda: award(asked)) == [("parts", None, "nothing_awarded")]
        assert codes(lambda: award(asked, (2, 40_001))) == [("quantity", 1, "beyond_quoted")]
        assert codes(lambda: award(asked, (2, 40_000), (0, 60_001))) == [("quantity", 2, "beyond_wanted")]
        assert codes(lambda: award(asked, (2, 0))) == [("quantity", 1, "quantity_zero")]
        assert codes(lambda: award(asked, (2, 1000), (2, 1000))) == [("quotation_id", 2, "named_twice")]
        part = asked.part(request, new_id(), 1000)
        assert codes(lambda: sourcing.award(asked.world.approver, request, [part])) == [
            ("quotation_id", 1, "quotation_unknown")
        ]
        assert codes(lambda: sourcing.award(asked.world.approver, request, [part | {"line_id": new_id()}])) == [
            ("line_id", 1, "line_unknown")
        ]
        assert codes(lambda: award(asked, (0, 5_000, "x"))) == [("quantity", 1, "below_minimum")]
        with transaction(write=False):
            assert db.session.scalar(select(func.count(AgreedPrice.id))) == 0
            assert db.session.scalar(select(func.count(Requisition.id))) == 0


def test_a_request_without_quotations_is_not_awarded_but_may_be_cancelled(market: Market):
    with transaction():
        request = market.asked()
        withdrawn = market.answered(request, 0, 1000)
        sourcing.withdraw_quotation(market.sellers[0].actor, withdrawn)
    with after_deadline():
        part = market.part(request, withdrawn, 1000)
        assert codes(lambda: sourcing.award(market.world.approver, request, [part])) == [
            ("quotation_id", 1, "quotation_unknown")
        ]
        with transaction():
            sourcing.cancel(market.world.requester, request, "无人报价")


def test_what_changed_since_it_was_quoted_is_not_awarded(asked: Market):
    first, second, _ = asked.sellers
    with transaction():
        offer = catalogue.one(first.offer)
        catalogue.edit_offer(first.actor, first.offer, offer.version, content=500)
        catalogue.withdraw(second.actor, second.offer)
    with after_deadline():
        assert [part[2] for part in codes(lambda: award(asked, (0, 50_000, "x")))] == ["offer_changed"]
        assert [part[2] for part in codes(lambda: award(asked, (1, 50_000, "x")))] == ["offer_withdrawn"]
        with transaction(write=False):
            row = sourcing.request(asked.world.requester, asked.extra["request"])
            [line] = sourcing.compare(asked.world.requester, row).lines
            assert [one.changed for one in line.answers] == [False, True, False]


def test_a_quotation_is_not_awarded_after_its_last_day(asked: Market):
    with clock.fixed(clock.at(clock.today() + timedelta(days=31))):
        assert [part[2] for part in codes(lambda: award(asked, (2, 40_000)))] == ["quotation_lapsed"]


def test_another_agencys_approver_and_a_superior_do_not_award(asked: Market):
    with transaction():
        _, stranger = asked.agency("东城小学")
    with after_deadline(), transaction(), pytest.raises(NotFound):
        award(asked, (2, 40_000), actor=stranger)


def test_a_pooled_award_gives_every_agency_its_part_at_one_price_and_a_draft_of_its_own(market: Market):
    with transaction():
        request = market.extra["request"] = market.pooled()
        [line] = sourcing.request_lines(request)
        joiner, chief = market.agency("思聪小学")
        sourcing.join(joiner, request, lines=[{"line_id": line.id, "quantity": 50_000}], contact="李老师")
    with clock.fixed(clock.at(clock.today() + timedelta(days=3))), transaction():
        market.extra["quotations"] = [
            market.answered(request, 2, 4500, most=75_000),
            market.answered(request, 0, 1000),
        ]
    with after_deadline(), transaction():
        with pytest.raises(NotFound):
            award(market, (0, 75_000), actor=chief)  # the leading agency's approver awards, nobody else's
        award(market, (0, 75_000), (1, 75_000))
        boxes, loose = market.sellers[2].offer, market.sellers[0].offer
        got = {}
        for party in sourcing.parties_of(request):
            lines = procurement.requisition_lines(party.requisition_id)
            got[party.agency_id] = {one.offer_id: one.quantity for one in lines}
        assert got == {
            market.world.requester.organisation: {boxes: 10_000, loose: 50_000},
            joiner.organisation: {boxes: 5_000, loose: 25_000},
        }
        drafts = {party.agency_id: party.requisition_id for party in sourcing.parties_of(request)}
        mine = procurement.requisition(joiner, drafts[joiner.organisation])
        assert (mine.contact, mine.address, mine.created_by) == ("李老师", "思聪小学 门口", joiner.user)
        with pytest.raises(NotFound):
            procurement.requisition(joiner, drafts[market.world.requester.organisation])
        prices = catalogue.agreed_of([request])[request]
        assert {(row.agency_id, row.offer_id, row.price_fen, row.ceiling) for row in prices} == {
            (market.world.requester.organisation, boxes, 4500, 10_000),
            (market.world.requester.organisation, loose, 1000, 50_000),
            (joiner.organisation, boxes, 4500, 5_000),
            (joiner.organisation, loose, 1000, 25_000),
        }
        assert sourcing.request(joiner, request).state == "awarded"


def test_closing_by_the_clock_makes_no_new_version(asked: Market):
    """Red when `close_due` sets the state through the row: the award from a page opened before is refused."""
    request = asked.extra["request"]
    with after_deadline():
        with transaction(write=False):
            seen = sourcing.request(asked.world.approver, request).version
            parts = [asked.part(request, asked.extra["quotations"][2], 40_000)]
        with transaction():
            assert sourcing.close_due() == 1
            row = sourcing.request(asked.world.approver, request)
            assert (row.state, row.version) == ("closed", seen)
        with transaction():
            assert sourcing.award(asked.world.approver, request, parts, seen)
            with pytest.raises(Conflict, match="changed_meanwhile"):
                sourcing.award(asked.world.approver, request, parts, seen)


def test_two_awarders_at_once_make_one_award(asked: Market, app):
    """Red when the request is not locked before its state is read."""
    with transaction(write=False):
        parts = [asked.part(asked.extra["request"], asked.extra["quotations"][2], 40_000)]

    def act():
        with after_deadline():
            return [row.id for row in sourcing.award(asked.world.approver, asked.extra["request"], parts)]

    results = race(app, [act] * 6)
    assert sum(not refused(result) for result in results) == 1
    assert {result.code for result in results if refused(result)} == {"wrong_state"}
    with transaction(write=False):
        assert db.session.scalar(select(func.count(Award.id))) == 1
        assert db.session.scalar(select(func.count(AgreedPrice.id))) == 1
        assert db.session.scalar(select(func.count(Requisition.id))) == 1


def test_a_cancelling_and_an_awarding_at_once_leave_one_of_them(asked: Market, app):
    with transaction(write=False):
        parts = [asked.part(asked.extra["request"], asked.extra["quotations"][2], 40_000)]

    def act(number):
        with after_deadline():
            if number % 2:
                return sourcing.cancel(asked.world.requester, asked.extra["request"], "不买了").state
            return len(sourcing.award(asked.world.approver, asked.extra["request"], parts))

    results = race(app, [lambda number=number: act(number) for number in range(6)])
    assert sum(not refused(result) for result in results) == 1
    with transaction(write=False):
        state = db.session.execute(text("SELECT state FROM sourcing_request")).scalar_one()
        drafts = db.session.scalar(select(func.count(Requisition.id)))
        assert (state, drafts) in (("awarded", 1), ("cancelled", 0))


def test_quotations_sent_at_once_by_one_supplier_are_one(asked: Market, app):
    """Red when `send` does not lock the request."""
    with transaction():
        request = asked.asked()
    results = race(app, [lambda price=price: asked.answered(request, 1, 1000 + price) for price in range(6)])
    assert not any(refused(result) for result in results)
    assert len(set(results)) == 1
    with transaction(write=False):
        assert sourcing.quotation(asked.sellers[1].actor, results[0]).revision == 6
