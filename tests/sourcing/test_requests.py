"""Requests and posted demand until the award: what may be written, who sees it, who joins."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.core import clock
from marketplace.core.db import db, new_id, transaction
from marketplace.core.errors import Conflict, DomainError, Many, NotFound, Refused
from marketplace.identity.models import Organisation
from marketplace.notices.models import Message
from marketplace.sourcing import services as sourcing
from tests.factories import world as factory
from tests.sourcing.asking import Market, after, after_deadline, moment, seller


def codes(call) -> list[tuple]:
    """(field, row, code) of each part of what a call refuses; it is undone."""
    with pytest.raises(DomainError) as refusal, transaction():
        call()
    parts = refusal.value.errors if isinstance(refusal.value, Many) else [refusal.value]
    return [(part.field, part.row, part.code) for part in parts]


def told(organisation, kind: str) -> int:
    query = select(Message).where(Message.organisation_id == organisation, Message.kind == kind)
    return len([row for row in db.session.scalars(query) if row.done_at is None])


def test_those_addressed_see_a_request_and_are_told_and_others_do_not_know_it(market: Market):
    first, second, third = market.sellers
    with transaction():
        request = market.asked(supplier_ids=[first.id, second.id])
        for one in (first, second):
            assert sourcing.request(one.actor, request).id == request
            assert told(one.id, "quotation_asked") == 1
            assert sourcing.requests(one.actor)[1] == 1
        assert told(third.id, "quotation_asked") == 0
        assert sourcing.requests(third.actor)[1] == 0
        with pytest.raises(NotFound):
            sourcing.request(third.actor, request)
        with pytest.raises(NotFound):
            market.answered(request, 2, 1000)


def test_a_draft_is_nobodys_but_its_agencys(market: Market):
    with transaction():
        rfq = sourcing.write(market.world.requester, "rfq", **market.head())
        demand = sourcing.write(market.world.requester, "demand", **market.head())
        for row in (rfq, demand):
            with pytest.raises(NotFound):
                sourcing.request(market.sellers[0].actor, row.id)
        with pytest.raises(NotFound):
            sourcing.one_posted(demand.id)
        assert sourcing.posted()[1] == 0
        assert rfq.number.startswith("XJ-")
        assert demand.number.startswith("XQ-")


def test_a_county_that_is_asked_is_all_its_suppliers_and_no_other(market: Market):
    first, _second, third = market.sellers
    with transaction():
        request = market.asked(supplier_ids=[], county=factory.YANLING)
        assert set(sourcing.invited(request)) == {first.id, third.id}
        late = seller(market.world, "后来的合作社", "LATE")
        with pytest.raises(NotFound):
            sourcing.request(late.actor, request)
    assert codes(lambda: market.asked(supplier_ids=[], county=factory.BEIJING_COUNTY)) == [
        ("county", None, "county_not_listed")
    ]
    assert codes(lambda: market.asked(supplier_ids=[])) == [("supplier_ids", None, "nobody_addressed")]


def test_what_is_wrong_in_a_request_is_told_at_its_field_and_row(market: Market):
    today = clock.today()

    def wrong(**changes):
        return codes(lambda: sourcing.write(market.world.requester, "rfq", **market.head(**changes)))

    assert ("answer_on", None, "deadline_past") in wrong(answer_on=today - timedelta(days=1))
    assert wrong(lines=[]) == [("lines", None, "no_lines")]
    assert wrong(lines=[market.line(), market.line(0)]) == [("quantity", 2, "quantity_zero")]
    assert wrong(lines=[market.line(category_code="x")]) == [("category_code", 1, "category_unknown")]
    assert wrong(lines=[market.line(unit="箱")]) == [("unit", 1, "unit_unknown")]
    assert wrong(lines=[market.line(product_id=new_id())]) == [("product_id", 1, "product_unknown")]
    early = market.line(from_day=today + timedelta(days=1), until_day=today)
    assert wrong(lines=[early]) == [
        ("until_day", 1, "ends_before_start"),
        ("from_day", 1, "delivery_before_deadline"),
    ]
    assert wrong(until_day=today + timedelta(days=4)) == [("until_day", None, "price_ends_before_award")]
    assert wrong(supplier_ids=[market.world.requester.organisation]) == [("supplier_ids", 1, "supplier_unknown")]
    assert wrong(join_on=today + timedelta(days=1)) == [("join_on", None, "join_needs_demand")]
    demand = market.head(join_on=today + timedelta(days=5))
    assert codes(lambda: sourcing.write(market.world.requester, "demand", **demand)) == [
        ("join_on", None, "join_after_deadline")
    ]
    assert wrong(lines=[market.line()] * 51) == [("lines", None, "too_many_lines")]


def test_a_draft_whose_deadline_has_passed_is_not_opened(market: Market):
    with transaction():
        row = sourcing.write(market.world.requester, "rfq", **market.head()).id
    with after_deadline():
        assert codes(lambda: sourcing.open_request(market.world.requester, row)) == [
            ("answer_on", None, "deadline_past")
        ]


def test_a_line_such_as_a_product_takes_its_category_and_unit(market: Market):
    with transaction():
        line = market.line(product_id=market.world.product, category_code=None, unit=None, name="")
        row = sourcing.write(market.world.requester, "rfq", **market.head(lines=[line]))
        [kept] = sourcing.request_lines(row.id)
        assert (kept.category_code, kept.unit, kept.name) == ("peach", "千克", "炎陵黄桃 大果")


def test_only_a_draft_is_written_anew_and_only_in_the_version_that_was_seen(market: Market):
    with transaction():
        row = sourcing.write(market.world.requester, "rfq", **market.head())
        version = row.version
        lines = [market.line(5_000), market.line(6_000, name="蜜桃")]
        sourcing.rewrite(market.world.requester, row.id, version, **market.head(title="改过", lines=lines))
        assert [line.name for line in sourcing.request_lines(row.id)] == ["黄桃", "蜜桃"]
        assert row.version > version
        with pytest.raises(Conflict, match="changed_meanwhile"):
            sourcing.rewrite(market.world.requester, row.id, version, **market.head())
        sourcing.open_request(market.world.requester, row.id)
        with pytest.raises(Conflict, match="wrong_state"):
            sourcing.rewrite(market.world.requester, row.id, **market.head())


def test_a_request_is_cancelled_with_a_reason_and_everybody_asked_is_told(market: Market):
    with transaction():
        request = market.asked()
        market.answered(request, 1, 1000)
        with pytest.raises(Refused, match="reason_needed"):
            sourcing.cancel(market.world.requester, request, " ")
        sourcing.cancel(market.world.requester, request, "预算调整")
        for one in market.sellers:
            assert told(one.id, "request_cancelled") == 1
            assert told(one.id, "quotation_asked") == 0
        with pytest.raises(Conflict):
            market.answered(request, 0, 1000)


def test_another_agency_neither_sees_nor_changes_a_request_for_quotation(market: Market):
    with transaction():
        request = market.asked()
        stranger, _ = market.agency("东城小学")
        for call in (
            lambda: sourcing.request(stranger, request),
            lambda: sourcing.cancel(stranger, request, "x"),
            lambda: sourcing.open_request(stranger, request),
            lambda: sourcing.join(stranger, request, lines=[]),
        ):
            with pytest.raises(NotFound):
                call()
        assert sourcing.requests(stranger)[1] == 0


def test_the_superior_reads_the_requests_of_its_subtree(market: Market):
    with transaction():
        request = market.asked()
        requester, _ = market.agency("县教育局")
        db.session.get_one(Organisation, market.world.requester.organisation).parent_id = requester.organisation
        db.session.flush()
        superior = factory.actor(requester.organisation, {"requester"})
        assert sourcing.request(superior, request).id == request
        with pytest.raises(NotFound):
            sourcing.cancel(superior, request, "不该由上级取消")


def test_posted_demand_is_seen_by_every_supplier_and_listed_for_everybody(market: Market):
    with transaction():
        demand = market.asked("demand")
        assert sourcing.invited(demand) == []
        assert sourcing.one_posted(demand).id == demand
        assert [row.id for row in sourcing.posted()[0]] == [demand]
        stranger = factory.actor(seller(market.world, "没被点名的合作社", "NEW").id, {"supplier_clerk"})
        assert sourcing.request(stranger, demand).id == demand
    with after_deadline(), transaction():
        assert sourcing.posted()[1] == 0
        assert sourcing.posted(state="closed")[1] == 1


def test_agencies_join_a_pooled_demand_with_their_own_quantities_until_the_day(market: Market):
    with transaction():
        demand = market.pooled()
        [line] = sourcing.request_lines(demand)
        joiner, _ = market.agency("思聪小学")
        sourcing.join(joiner, demand, lines=[{"line_id": line.id, "quantity": 30_000}])
        sourcing.join(joiner, demand, lines=[{"line_id": line.id, "quantity": 40_000}])  # the later one counts
        wants = {market.world.requester.organisation: 100_000, joiner.organisation: 40_000}
        assert sourcing.wants_of(demand) == {line.id: wants}
        assert {one.agency_id: one.address for one in sourcing.parties_of(demand)} == {
            market.world.requester.organisation: "云阳街道 1 号",
            joiner.organisation: "思聪小学 门口",
        }
        with pytest.raises(Conflict, match="still_joining"):
            market.answered(demand, 0, 1000)
        sourcing.leave(joiner, demand)
        assert sourcing.wants_of(demand) == {line.id: {market.world.requester.organisation: 100_000}}
        with pytest.raises(Refused, match="not_joined"):
            sourcing.leave(joiner, demand)
        with pytest.raises(Refused, match="lead_has_joined"):
            sourcing.join(market.world.requester, demand, lines=[{"line_id": line.id, "quantity": 1}])
    bad = [{"line_id": new_id(), "quantity": 1}, {"line_id": line.id, "quantity": 0}]
    assert codes(lambda: sourcing.join(joiner, demand, lines=bad)) == [
        ("line_id", 1, "line_unknown"),
        ("quantity", 2, "quantity_zero"),
    ]
    assert codes(lambda: sourcing.join(joiner, demand, lines=[])) == [("lines", None, "no_lines")]
    with after(2):
        assert [code for *_, code in codes(lambda: sourcing.join(joiner, demand, lines=bad))] == ["joining_over"]


def test_a_demand_that_is_not_pooled_is_not_joined(market: Market):
    with transaction():
        demand = market.asked("demand")
        joiner, _ = market.agency("思聪小学")
        with pytest.raises(Conflict, match="joining_over"):
            sourcing.join(joiner, demand, lines=[])


def test_the_worker_writes_down_that_the_deadline_is_over_and_tells_the_agency_once(market: Market):
    with transaction():
        request = market.asked()
        assert sourcing.close_due() == 0
    with after_deadline(), transaction():
        assert sourcing.close_due() == 1
        assert sourcing.close_due() == 0
        assert sourcing.request(market.world.requester, request).state == "closed"
        assert told(market.world.requester.organisation, "request_closed") == 1
        assert told(market.sellers[0].id, "quotation_asked") == 0
    assert moment(5, 17) > clock.now()


def test_a_list_shows_an_open_request_past_its_deadline_as_closed(market: Market):
    with transaction():
        market.asked()
        assert sourcing.requests(market.world.requester, state="open")[1] == 1
        assert sourcing.requests_waiting(market.world.requester) == {"open": 1}
    with after_deadline(), transaction(write=False):
        assert sourcing.requests(market.world.requester, state="open")[1] == 0
        assert sourcing.requests(market.world.requester, state="closed")[1] == 1
        assert sourcing.requests_waiting(market.world.requester) == {"closed": 1}
