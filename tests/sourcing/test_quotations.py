"""Quotations: what may be answered, and that nobody sees one before the deadline."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from marketplace.accreditation import services as accreditation
from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.db import db, new_id, transaction
from marketplace.core.errors import Conflict, NotFound
from marketplace.sourcing import services as sourcing
from marketplace.sourcing.models import Quotation
from tests.factories import world as factory
from tests.sourcing.asking import Market, after_deadline
from tests.sourcing.test_requests import codes, told

VALID = timedelta(days=30)


def send(market: Market, request, place: int = 0, valid_until=None, **changes):
    one = market.sellers[place]
    line = sourcing.request_lines(request)[0]
    answer = {"line_id": line.id, "offer_id": one.offer, "price_fen": 1000, "most": 50_000, "lead_days": 2} | changes
    return sourcing.send(one.actor, request, lines=[answer], valid_until=valid_until or clock.today() + VALID)


def test_a_quotation_freezes_its_price_per_comparable_unit(market: Market):
    with transaction():
        request = market.asked()
        loose = sourcing.quotation_lines([market.answered(request, 0, 1000)])
        boxed = sourcing.quotation_lines([market.answered(request, 2, 4500)])  # a box of 5 kg
        [[line], [box]] = [*loose.values(), *boxed.values()]
        assert (line.comparable_fen, line.per_unit) == (1000, 1_000_000)
        assert (box.comparable_fen, box.per_unit) == (900, 5_000_000)
        assert told(market.sellers[0].id, "quotation_asked") == 0
        assert told(market.sellers[1].id, "quotation_asked") == 1


def test_until_the_deadline_nobody_but_its_supplier_knows_of_a_quotation(market: Market):
    """Red when `opened` or `compare` looks at the state alone, or `quotation` at the scope alone."""
    world = market.world
    with transaction():
        request = market.asked()
        id_ = market.answered(request, 0, 1000)
        auditor = factory.actor(
            factory.identity.add_organisation(factory.SYSTEM, "auditor", "审计局", factory.HUNAN).id, {"auditor"}
        )
        row = sourcing.request(world.requester, request)
        for actor in (world.requester, world.approver, auditor, market.sellers[1].actor):
            assert sourcing.opened(actor, row) == []
            found = sourcing.compare(actor, row)
            assert (found.sealed, found.lines, found.quotations, found.past) == (True, [], [], {})
            with pytest.raises(NotFound):
                sourcing.quotation(actor, id_)
        assert sourcing.quotations(market.sellers[1].actor)[1] == 0
        assert sourcing.own_of(market.sellers[1].actor, [request]) == {}
        assert sourcing.quotation(market.sellers[0].actor, id_).id == id_
    with after_deadline(), transaction(write=False):
        row = sourcing.request(world.requester, request)
        assert [one.id for one in sourcing.opened(world.approver, row)] == [id_]
        assert sourcing.quotation(world.approver, id_).id == id_
        assert sourcing.opened(market.sellers[1].actor, row) == []
        assert sourcing.compare(market.sellers[1].actor, row).sealed
        with pytest.raises(NotFound):
            sourcing.quotation(market.sellers[1].actor, id_)


def test_what_was_cancelled_before_the_deadline_is_never_opened(market: Market):
    with transaction():
        request = market.asked()
        id_ = market.answered(request, 0, 1000)
        sourcing.cancel(market.world.requester, request, "不买了")
    with after_deadline(), transaction(write=False):
        row = sourcing.request(market.world.requester, request)
        assert sourcing.opened(market.world.requester, row) == []
        with pytest.raises(NotFound):
            sourcing.quotation(market.world.requester, id_)


def test_a_quotation_is_sent_anew_until_the_deadline_and_the_later_one_counts(market: Market):
    with transaction():
        request = market.asked()
        first = send(market, request)
        again = send(market, request, price_fen=950)
        assert (again.id, again.revision) == (first.id, 2)
        assert sourcing.quotation_lines([first.id])[first.id][0].price_fen == 950
        sourcing.withdraw_quotation(market.sellers[0].actor, first.id)
        assert send(market, request).revision == 3
        assert sourcing.quotations(market.sellers[0].actor)[1] == 1


def test_nothing_is_sent_or_withdrawn_after_the_deadline_whether_or_not_the_worker_was_there(market: Market):
    """Red when `send` asks for the written state instead of the clock."""
    with transaction():
        request = market.asked()
        id_ = market.answered(request, 0, 1000)
    with after_deadline(), transaction():
        for call in (
            lambda: send(market, request, place=1),
            lambda: send(market, request),
            lambda: sourcing.withdraw_quotation(market.sellers[0].actor, id_),
        ):
            with pytest.raises(Conflict, match="deadline_over"):
                call()


def test_what_is_wrong_in_a_quotation_is_told_at_its_field(market: Market):
    with transaction():
        request = market.asked()
        tea = factory.products.add_product(
            market.sellers[0].actor, code="T", name="茶", category_code="tea", base_unit="千克", origin=factory.TOWNSHIP
        )
        eggs = factory.products.add_product(
            market.sellers[0].actor,
            code="E",
            name="果",
            category_code="peach",
            base_unit="枚",
            origin=factory.TOWNSHIP,
        )
        other = factory.list_offer(market.sellers[0].actor, tea.id, "TEA-1")
        egg = factory.list_offer(market.sellers[0].actor, eggs.id, "EGG-1")
    foreign = market.sellers[1].offer
    assert codes(lambda: send(market, request, offer_id=foreign)) == [("offer_id", 1, "offer_unknown")]
    assert codes(lambda: send(market, request, offer_id=new_id())) == [("offer_id", 1, "offer_unknown")]
    assert codes(lambda: send(market, request, line_id=new_id())) == [("line_id", 1, "line_unknown")]
    assert codes(lambda: send(market, request, price_fen=0)) == [("price_fen", 1, "price_needed")]
    assert codes(lambda: send(market, request, most=0)) == [("most", 1, "quantity_zero")]
    assert codes(lambda: send(market, request, offer_id=other)) == [
        ("offer_id", 1, "category_differs"),
        ("offer_id", 1, "not_eligible_no_grant"),
    ]
    assert ("offer_id", 1, "unit_differs") in codes(lambda: send(market, request, offer_id=egg))
    assert codes(lambda: send(market, request, valid_until=clock.today())) == [
        ("valid_until", None, "quotation_too_short")
    ]
    assert codes(
        lambda: sourcing.send(market.sellers[0].actor, request, lines=[], valid_until=clock.today() + VALID)
    ) == [("lines", None, "no_lines")]
    with transaction():
        catalogue.withdraw(market.sellers[0].actor, market.sellers[0].offer)
    assert codes(lambda: send(market, request)) == [("offer_id", 1, "offer_withdrawn")]


def test_one_offer_answers_one_line(market: Market):
    with transaction():
        request = market.asked(lines=[market.line(), market.line(name="小果")])
    first, second = sourcing.request_lines(request)
    answer = {"offer_id": market.sellers[0].offer, "price_fen": 1000, "most": 1000, "lead_days": 1}
    for line in (first.id, second.id):
        lines = [answer | {"line_id": first.id}, answer | {"line_id": line}]
        assert codes(
            lambda lines=lines: sourcing.send(
                market.sellers[0].actor, request, lines=lines, valid_until=clock.today() + VALID
            )
        ) == [("offer_id", 2, "named_twice")]


def test_a_category_below_the_one_asked_answers_it(market: Market):
    with transaction():
        request = market.asked(lines=[market.line(category_code="fruit")])
        assert market.answered(request, 0, 1000)


def test_an_offer_whose_grant_was_revoked_answers_nothing(market: Market):
    with transaction():
        request = market.asked()
        [grant] = [row for row in accreditation.listed(market.world.office) if row.product_id == market.world.product]
        accreditation.end(market.world.office, grant.id, "revoke", "抽检不合格")
    assert codes(lambda: send(market, request)) == [("offer_id", 1, "not_eligible_grant_revoked")]


def test_the_database_keeps_one_quotation_per_supplier(market: Market):
    """Red when uq_quotation_request_id is dropped."""
    with transaction():
        request = market.asked()
        row = sourcing.quotation(market.sellers[0].actor, market.answered(request, 0, 1000))
        values = {name: getattr(row, name) for name in ("request_id", "supplier_id", "state", "valid_until", "sent_at")}
    with pytest.raises(IntegrityError), transaction():
        db.session.add(Quotation(number="BJ-TWICE", **values))
        db.session.flush()
