"""Each bad input is a problem that names the field or row, and nothing of it is done."""

import threading
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, text

from marketplace.core import clock
from marketplace.core.db import Base, db, new_id, transaction
from marketplace.procurement import services as procurement
from marketplace.regions import services as regions
from marketplace.regions.models import ProgrammeCounty
from tests.api.callers import Caller
from tests.factories.world import World, list_offer

People = dict[str, Caller]


def everything() -> dict[str, list[str]]:
    """Every row of every table: two of these are equal when nothing was done in between."""
    with transaction(write=False):
        return {
            table.name: sorted(str(tuple(row)) for row in db.session.execute(table.select()))
            for table in Base.metadata.sorted_tables
        }


def refused(caller: Caller, method: str, path: str, body: Any = None, status: int = 422, **options: Any) -> list[tuple]:
    """(field, row, code) of each part of a refusal that did nothing."""
    before = everything()
    problem = caller.refused(method, path, body, status, **options)
    assert everything() == before
    return [(part["field"], part["row"], part["code"]) for part in problem["errors"]]


def draft(world: World, people: People, quantity: Any, offer: Any = None) -> Any:
    with transaction():
        requisition = procurement.open_requisition(
            world.requester, title="采购", deliver_on=clock.today(), contact="食堂办公室"
        )
    line = {"offer_id": str(offer or world.offer), "quantity": quantity}
    return requisition.id, people["requester"](
        "PUT", f"requisitions/{requisition.id}/lines", {"lines": [line]}, headers={"If-Match": '"1"'}
    )


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        ("-5", "not_a_quantity"),
        (15, "not_a_quantity"),
        (15.0, "not_a_quantity"),
        ("１５", "not_a_quantity"),
        ("15.0005", "too_many_decimals"),
        ("99999999.000", "quantity_too_large"),
        ("9" * 5000, "not_a_quantity"),
        (None, "required"),
    ],
)
def test_what_is_no_quantity_is_refused_at_its_field(world: World, people: People, quantity: Any, code: str) -> None:
    _, answer = draft(world, people, quantity)
    assert answer.status_code == 422, answer.text
    [part] = answer.json["errors"]
    assert (part["field"], part["row"], part["code"]) == ("lines.0.quantity", 1, code)


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        ("0", "quantity_zero"),
        ("12.500", "off_step"),
        ("5.000", "below_minimum"),
        ("12.000", "off_pack"),
        ("10005.000", "beyond_stock"),
    ],
)
def test_a_quantity_against_the_offers_rules_is_shown_in_the_draft_and_not_submitted(
    world: World, people: People, quantity: str, code: str
) -> None:
    id_, answer = draft(world, people, quantity)
    [line] = answer.json["lines"]
    assert [problem["code"] for problem in line["problems"]] == [code]
    assert refused(people["requester"], "POST", f"requisitions/{id_}/submit") == [("quantity", 1, code)]


def test_stock_that_another_holds_is_refused_when_submitted(world: World, people: People) -> None:
    first, _ = draft(world, people, "6000.000")
    second, _ = draft(world, people, "6000.000")
    people["requester"].post(f"requisitions/{first}/submit")
    assert refused(people["requester"], "POST", f"requisitions/{second}/submit") == [("quantity", 1, "beyond_stock")]
    people["approver"].post(f"requisitions/{first}/approve")


def test_a_withdrawn_offer_is_not_ordered(world: World, people: People) -> None:
    id_, _ = draft(world, people, "15.000")
    people["manager"].post(f"offers/{world.offer}/withdraw")
    assert refused(people["requester"], "POST", f"requisitions/{id_}/submit") == [("offer_id", 1, "offer_withdrawn")]


def test_a_line_that_is_to_count_needs_a_grant_in_force(world: World, people: People) -> None:
    id_, _ = draft(world, people, "15.000")
    people["requester"].post(f"requisitions/{id_}/submit")
    with transaction():
        db.session.execute(text("UPDATE \"grant\" SET valid_from = '2020-01-01', valid_to = '2020-12-31'"))
    assert refused(people["approver"], "POST", f"requisitions/{id_}/approve") == [
        ("counts", 1, "not_eligible_grant_expired")
    ]


def test_a_revoked_grant_makes_nothing_eligible(world: World, people: People) -> None:
    [grant] = people["office"].get("grants")["items"]
    assert refused(people["office"], "POST", f"grants/{grant['id']}/revoke", {}) == [("reason", None, "reason_needed")]
    people["office"].post(f"grants/{grant['id']}/revoke", {"reason": "抽检不合格"})
    id_, _ = draft(world, people, "15.000")
    assert refused(people["requester"], "POST", f"requisitions/{id_}/submit") == [
        ("counts", 1, "not_eligible_grant_revoked")
    ]


def test_an_ineligible_county_is_refused_in_grant_and_order(world: World, people: People) -> None:
    with transaction():
        db.session.execute(delete(ProgrammeCounty))
    regions.forget()
    grant = {
        "product_id": str(world.product),
        "valid_from": clock.today().isoformat(),
        "valid_to": "2099-12-31",
        "committed_value_fen": 1,
    }
    assert refused(people["office"], "POST", "grants", grant) == [("programme", None, "county_not_listed")]
    id_, _ = draft(world, people, "15.000")
    assert refused(people["requester"], "POST", f"requisitions/{id_}/submit") == [
        ("counts", 1, "not_eligible_county_not_listed")
    ]


def test_nobody_approves_their_own(app: Flask, world: World, people: People, caller: Any) -> None:
    from tests.factories.world import actor

    with transaction():
        both = actor(world.requester.organisation, {"requester", "approver"})
    one = caller(both)
    id_ = one.post("requisitions", {"title": "采购", "deliver_on": clock.today().isoformat(), "contact": "甲"})["id"]
    one.change("PUT", f"requisitions/{id_}/lines", {"lines": [{"offer_id": str(world.offer), "quantity": "15.000"}]}, 1)
    one.post(f"requisitions/{id_}/submit")
    assert refused(one, "POST", f"requisitions/{id_}/approve") == [("approver", None, "approver_is_submitter")]


def shipped(world: World, papers: bool = True) -> tuple[Any, dict[str, Any]]:
    """A shipment's id, and the count of its one line as the acceptance takes it."""
    with transaction():
        shipment = world.shipped(world.lot(papers=papers))
        [line] = procurement.shipment(world.receiver, shipment)[0].lines
    return shipment, {"shipment_line_id": str(line.id), "accepted": "200.000"}


def test_more_is_not_accepted_than_was_shipped(world: World, people: People) -> None:
    shipment, line = shipped(world)
    body = {"lines": [line | {"accepted": "201.000"}]}
    assert refused(people["receiver"], "POST", f"shipments/{shipment}/acceptance", body) == [
        ("accepted", 1, "more_than_shipped")
    ]


def test_goods_without_their_papers_are_not_accepted(world: World, people: People) -> None:
    shipment, line = shipped(world, papers=False)
    assert refused(people["receiver"], "POST", f"shipments/{shipment}/acceptance", {"lines": [line]}) == [
        ("papers", 1, "papers_missing")
    ]


def test_a_rejection_says_why(world: World, people: People) -> None:
    shipment, line = shipped(world)
    body = {"lines": [line | {"accepted": "0"}]}
    assert refused(people["receiver"], "POST", f"shipments/{shipment}/acceptance", body) == [
        ("reason", 1, "reject_reason_needed")
    ]


def test_a_lot_is_not_shipped_beyond_its_size(world: World, people: People) -> None:
    with transaction():
        lot = world.lot(99_000)
        [order] = world.approved(200_000)
        procurement.confirm(world.manager, order)
        line = procurement.lines_of([order])[order][0]
    part = {"order_line_id": str(line.id), "lot_id": str(lot), "quantity": "100.000"}
    body = {"parts": [part], "expected_on": clock.today().isoformat()}
    assert refused(people["clerk"], "POST", f"orders/{order}/shipments", body) == [("lot_id", 1, "lot_short")]
    body["parts"] = [part | {"quantity": "200.001"}]
    assert refused(people["clerk"], "POST", f"orders/{order}/shipments", body) == [("quantity", 1, "beyond_open")]


class Billed(NamedTuple):
    """A bill's values: its row would open a transaction when it is read again."""

    id: UUID
    order_id: UUID
    total_fen: int


def billed(world: World) -> Billed:
    with transaction():
        row = world.accepted(world.shipped(world.lot()))[1]
        return Billed(row.id, row.order_id, row.total_fen)


def test_a_payment_is_no_more_than_the_bill_asks(world: World, people: People) -> None:
    bill = billed(world)
    body = {"fen": bill.total_fen + 1, "paid_on": clock.today().isoformat(), "bank_serial": "TX"}
    path = f"bills/{bill.id}/transfers"
    assert refused(people["finance"], "POST", path, body) == [("fen", None, "payment_differs")]
    assert refused(people["finance"], "POST", path, body | {"fen": str(bill.total_fen)}) == [
        ("fen", None, "not_a_number")
    ]
    assert refused(people["finance"], "POST", path, body | {"fen": 10**30}) == [("fen", None, "not_a_number")]


def test_one_bad_slip_of_many_keeps_all_out(world: World, people: People) -> None:
    good = {"household_id": str(world.households[0]), "item": "黄桃", "gross": "51.000", "tare": "1", "price_fen": 680}
    rows = [good, good | {"household_id": str(new_id())}, good | {"tare": "52"}, good | {"price_fen": 0}]
    body = {"agreement_id": str(world.agreement), "day": clock.today().isoformat(), "deliveries": rows}
    assert refused(people["clerk"], "POST", "slips", body) == [
        ("household_id", 2, "no_consent"),
        ("tare", 3, "tare_above_gross"),
        ("price_fen", 4, "price_needed"),
    ]


@pytest.mark.parametrize(
    "body", [b"{", b'{"a": 1', b"\xff", b'"' + b"\\ud800" * 2, b"[" * 100_000, b'{"days": ' + b"9" * 5000]
)
def test_what_is_no_json_is_refused_early(people: People, body: bytes) -> None:
    assert (
        refused(
            people["clerk"], "POST", "me/tokens", status=400, data=body, headers={"Content-Type": "application/json"}
        )
        == []
    )


def test_text_that_no_database_takes_or_that_reads_otherwise_is_refused_at_its_field(people: People) -> None:
    """Right-to-left letters are letters: what turns the writing round is not (red when `legible` lets it pass)."""
    people["clerk"].post("me/tokens", {"name": "ئۇيغۇر"})
    for name in ("a\x00b", "\ud800", "\x1b[31m", "收款\u202e账户", "\u2066a"):
        assert refused(people["clerk"], "POST", "me/tokens", {"name": name}) == [("name", None, "not_text")]


@pytest.mark.parametrize(
    "name", ["a%0D%0ASet-Cookie%3A%20x.pdf", "a%00b.pdf", "%E2%80%AEfdp.exe", "..%2F..%2Fa.pdf", "%0A"]
)
def test_an_uploads_name_is_one_printed_line(people: People, name: str) -> None:
    """Red when a name is kept as it was sent: a header refuses the line's end, a database the zero, and a mark that
    turns the writing round shows another ending than the file has."""
    form = f"--x\r\nContent-Disposition: form-data; name=file; filename*=UTF-8''{name}\r\n\r\n%PDF-1.4\r\n--x--\r\n"
    answer = people["clerk"]("POST", "files", data=form, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 201, answer.text
    assert answer.json["name"].isprintable()
    assert not {"/", "\\"} & set(answer.json["name"])
    found = people["clerk"]("GET", f"files/{answer.json['id']}/content")
    assert (found.status_code, "Set-Cookie" in found.headers) == (200, False)


def test_huge_pages_ids_and_days_are_refused_or_not_found(people: People) -> None:
    for query in ("page=0", "page=-1", f"page={10**30}", "size=101", "size=x", "page=1e3"):
        problem = people["clerk"].refused("GET", f"orders?{query}")
        assert problem["errors"][0]["field"] == query.partition("=")[0]
    people["clerk"].refused("GET", "orders?since=99999-01-01")
    people["clerk"].refused("GET", f"orders/{10**40}", status=404)
    people["clerk"].refused("GET", "regions/４３０２２５００００００", status=404)
    assert people["clerk"].get("orders?page=100000&size=100")["items"] == []


def test_another_content_type_and_an_unknown_field_are_named(people: People) -> None:
    answer = people["clerk"].refused("POST", "me/tokens", status=415, data="name=x", content_type="text/plain")
    assert answer["code"] == "unsupported_media"
    assert refused(people["clerk"], "POST", "me/tokens", {"name": "x", "role": "platform"}) == [
        ("role", None, "unknown_field")
    ]


def test_a_post_without_a_key_is_told_so(people: People) -> None:
    assert refused(people["clerk"], "POST", "me/tokens", {"name": "x"}, headers={"Idempotency-Key": ""}) == [
        ("Idempotency-Key", None, "key_needed")
    ]


def at_once(count: int, ask: Any) -> list[Any]:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda number=number: answers.append(ask(number))) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_the_same_post_at_once_has_one_effect_and_one_answer(world: World, people: People) -> None:
    """Red when the key is not claimed before the view runs."""
    bill = billed(world)
    body = {"fen": bill.total_fen, "paid_on": clock.today().isoformat(), "bank_serial": "TX"}

    def ask(_number: int) -> Any:
        return people["finance"]("POST", f"bills/{bill.id}/transfers", body, headers={"Idempotency-Key": "one intent"})

    answers = [*at_once(8, ask), ask(0)]
    done = {answer.data for answer in answers if answer.status_code == 201}
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert (answers[-1].status_code, len(done)) == (201, 1)
    assert people["manager"].get("transfers")["total"] == 1


def test_two_intents_at_once_pay_a_bill_once(world: World, people: People) -> None:
    bill = billed(world)
    body = {"fen": bill.total_fen, "paid_on": clock.today().isoformat(), "bank_serial": "TX"}
    answers = at_once(
        6, lambda number: people["finance"]("POST", f"bills/{bill.id}/transfers", body | {"bank_serial": f"T{number}"})
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    assert people["manager"].get("transfers")["total"] == 1


def test_confirming_at_once_settles_once(world: World, people: People) -> None:
    bill = billed(world)
    body = {"fen": bill.total_fen, "paid_on": clock.today().isoformat(), "bank_serial": "TX"}
    transfer = people["finance"].post(f"bills/{bill.id}/transfers", body)["id"]
    answers = at_once(6, lambda _number: people["manager"]("POST", f"transfers/{transfer}/confirm"))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    assert people["manager"].get(f"orders/{bill.order_id}/settled-lines")["total"] == 1


def test_a_stale_editor_sees_both_versions(world: World, people: People) -> None:
    offer = people["manager"]("GET", f"offers/{world.offer}")
    version = offer.headers["ETag"]
    people["manager"].refused("PATCH", f"offers/{world.offer}", {"lead_days": 5}, status=428)
    changed = people["clerk"]("PATCH", f"offers/{world.offer}", {"lead_days": 3}, headers={"If-Match": version})
    assert (changed.status_code, changed.json["lead_days"]) == (200, 3)
    before = everything()
    problem = people["manager"].refused(
        "PATCH", f"offers/{world.offer}", {"lead_days": 5}, status=412, headers={"If-Match": version}
    )
    assert problem["code"] == "precondition_failed"
    assert problem["current"] == {"lead_days": 3, "version": changed.json["version"]}
    assert problem["yours"] == {"lead_days": 5}
    assert everything() == before


def test_a_second_offer_under_one_code_is_refused(world: World, people: People) -> None:
    with transaction():
        list_offer(world.manager, world.product, "TWICE")
    body = {
        "product_id": str(world.product),
        "code": "TWICE",
        "pricing": "counted",
        "order_unit": "箱",
        "content": "5",
        "minimum": "1",
        "breaks": [{"from_quantity": "1", "price_fen": 100}],
    }
    assert refused(people["manager"], "POST", "offers", body) == [("code", None, "code_taken")]
    breaks = [{"from_quantity": "1", "price_fen": 100}, {"from_quantity": "5", "price_fen": 100}]
    assert refused(people["manager"], "POST", "offers", body | {"code": "NEW", "breaks": breaks}) == [
        ("breaks", 2, "breaks_not_falling")
    ]
