"""Requests for quotation (询价单) and posted demand until they are awarded: writing, opening, closing, cancelling."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Conflict, DomainError, Many, Refused
from ..core.numbers import numbered
from ..identity import services as identity
from ..notices import services as notices
from ..products import services as products
from ..products.rules import BASE_UNITS
from ..quota import services as quota
from ..regions import services as regions
from . import reads, rules
from .models import Invitation, Request, RequestLine, RequestParty, RequestWant

PREFIX = {"rfq": "XJ", "demand": "XQ"}
PROGRAMME = "832"
HEAD = ("title", "note", "county", "answer_by", "join_by", "until_day")


def write(actor: Actor, kind: str, **fields: Any) -> Request:
    """Writes a draft of the actor's agency.

    `fields`: title, answer_on and until_day (days), and optionally note, join_on (a pooled demand), address, contact,
    supplier_ids and county (whom a request is addressed to), lines: dicts of category_code, name, quantity (thousandths
    of the unit), unit, from_day, until_day, and optionally spec, product_id (whose category and unit then count).
    Raises Many of Refused with rows: what `_checked` names.
    """
    actor.require("requisition.edit")
    agency = identity.own(actor)
    given = _checked(kind, fields)
    row = Request(
        id=new_id(),
        number=numbered(PREFIX[kind], clock.today().year)[0],
        kind=kind,
        agency_id=agency.id,
        division=agency.division,
        created_by=actor.user,
        created_at=clock.now(),
        **{name: given[name] for name in HEAD},
    )
    db.session.add(row)
    db.session.flush()
    _put_below(row, actor, given)
    audit.record(actor, "request.write", "request", row.id)
    db.session.flush()
    return row


def rewrite(actor: Actor, request_id: UUID, version: int | None = None, **fields: Any) -> Request:
    """Writes an own draft anew, as `write` takes it. Raises Conflict: wrong_state, changed_meanwhile."""
    actor.require("requisition.edit")
    row = own(actor, request_id, version)
    row.state = rules.REQUEST.after("edit", row.state)
    given = _checked(row.kind, fields)
    for name in HEAD:
        setattr(row, name, given[name])
    row.created_by = actor.user  # who writes it last is not who awards it
    row.created_at = clock.now()  # other lines alone are another version too
    _delete_below(row.id)
    _put_below(row, actor, given)
    db.session.flush()
    return row


def _checked(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as rows take them. Raises Many of Refused: deadline_past, join_after_deadline,
    price_ends_before_award, join_needs_demand, no_lines, too_many_lines, county_not_listed, supplier_unknown, nobody_addressed, and
    per row category_unknown, unit_unknown, quantity_zero, product_unknown, ends_before_start, delivery_before_deadline."""
    given: dict[str, Any] = {
        "note": "",
        "join_on": None,
        "address": "",
        "contact": "",
        "supplier_ids": [],
        "county": "",
        "lines": [],
    }
    given |= {name: value for name, value in fields.items() if value is not None}
    given["answer_by"] = clock.at(given["answer_on"], rules.CLOSING_HOUR)
    given["join_by"] = clock.at(given["join_on"], rules.CLOSING_HOUR) if given["join_on"] else None
    wrong = _wrong_days(given["answer_by"], given["join_by"], given["until_day"])
    if kind != "demand" and given["join_by"]:
        wrong.append(Refused("join_needs_demand", field="join_on"))
    wrong += _wrong_addressees(kind, given)
    given["lines"], wrong_lines = _lines(given["lines"], given["answer_on"])
    if wrong + wrong_lines:
        raise Many(wrong + wrong_lines)
    return given


def _wrong_days(answer_by: datetime, join_by: datetime | None, until_day: date) -> list[DomainError]:
    return rules.check_deadlines(
        answer_by=answer_by, join_by=join_by, until_day=until_day, now=clock.now(), today=clock.today()
    )


def _wrong_addressees(kind: str, given: dict[str, Any]) -> list[DomainError]:
    """A request asks suppliers or a listed county's suppliers; a posted demand asks nobody in particular."""
    if kind == "demand":
        given["supplier_ids"], given["county"] = [], ""
        return []
    wrong: list[DomainError] = []
    if given["county"] and not regions.in_programme(given["county"], PROGRAMME, clock.today()):
        wrong.append(Refused("county_not_listed", field="county"))
    ids = list(dict.fromkeys(given["supplier_ids"]))
    found = identity.named(set(ids))
    for no, id_ in enumerate(ids, 1):
        if id_ not in found or found[id_].kind != "supplier":
            wrong.append(Refused("supplier_unknown", field="supplier_ids", row=no))
    if len(ids) > rules.MOST_SUPPLIERS:
        wrong.append(Refused("too_many_lines", field="supplier_ids", limit=rules.MOST_SUPPLIERS))
    if not ids and not given["county"]:
        wrong.append(Refused("nobody_addressed", field="supplier_ids"))
    given["supplier_ids"] = ids
    return wrong


def _lines(lines: Sequence[dict[str, Any]], answer_on: date) -> tuple[list[dict[str, Any]], list[DomainError]]:
    if not lines:
        return [], [Refused("no_lines", field="lines")]
    if len(lines) > rules.MOST_LINES:
        return [], [Refused("too_many_lines", field="lines", limit=rules.MOST_LINES)]
    categories = {row.code for row in products.categories()}
    like = products.by_ids({line["product_id"] for line in lines if line.get("product_id")})
    made: list[dict[str, Any]] = []
    wrong: list[DomainError] = []
    for no, line in enumerate(lines, 1):
        product = like.get(line["product_id"]) if line.get("product_id") else None
        values = {"spec": "", "product_id": None} | line | {"id": new_id(), "no": no}
        if product is not None:
            values |= {"category_code": product.category_code, "unit": product.comparable_unit}
            values["name"] = line.get("name") or product.name
        elif line.get("product_id"):
            wrong.append(Refused("product_unknown", field="product_id", row=no))
        wrong += _wrong_line(values, categories, answer_on)
        made.append(values)
    return made, wrong


def _wrong_line(line: dict[str, Any], categories: set[str], answer_on: date) -> list[DomainError]:
    no = line["no"]
    wrong: list[DomainError] = []
    if line.get("category_code") not in categories:
        wrong.append(Refused("category_unknown", field="category_code", row=no, value=line.get("category_code") or ""))
    if line.get("unit") not in BASE_UNITS:
        wrong.append(Refused("unit_unknown", field="unit", row=no, value=line.get("unit") or ""))
    if not line.get("name"):
        wrong.append(Refused("required", field="name", row=no))
    if line["quantity"] <= 0:
        wrong.append(Refused("quantity_zero", field="quantity", row=no))
    if line["until_day"] < line["from_day"]:
        wrong.append(Refused("ends_before_start", field="until_day", row=no))
    if line["from_day"] < answer_on:
        wrong.append(Refused("delivery_before_deadline", field="from_day", row=no, deadline=answer_on))
    return wrong


def _delete_below(request_id: UUID) -> None:
    lines = select(RequestLine.id).where(RequestLine.request_id == request_id)
    db.session.execute(delete(RequestWant).where(RequestWant.line_id.in_(lines)))
    for model in (RequestLine, RequestParty, Invitation):
        db.session.execute(delete(model).where(model.request_id == request_id))


def _put_below(row: Request, actor: Actor, given: dict[str, Any]) -> None:
    """Lines, the leading agency with what it wants, and the suppliers chosen."""
    names = ("id", "no", "category_code", "product_id", "name", "spec", "unit", "from_day", "until_day")
    db.session.execute(
        insert(RequestLine),
        [{name: line[name] for name in names} | {"request_id": row.id} for line in given["lines"]],
    )
    put_party(row, actor, given, {line["id"]: line["quantity"] for line in given["lines"]})
    if given["supplier_ids"]:
        db.session.execute(
            insert(Invitation), [{"request_id": row.id, "supplier_id": id_} for id_ in given["supplier_ids"]]
        )


def put_party(row: Request, actor: Actor, given: dict[str, Any], wants: dict[UUID, int]) -> None:
    """An agency that buys under the request, with what it wants of each line."""
    agency = identity.own(actor)
    db.session.execute(
        insert(RequestParty),
        [
            {
                "request_id": row.id,
                "agency_id": agency.id,
                "address": given.get("address") or agency.address,
                "contact": given.get("contact") or "",
                "joined_by": actor.user,
                "joined_at": clock.now(),
            }
        ],
    )
    db.session.execute(
        insert(RequestWant),
        [{"line_id": line, "agency_id": agency.id, "quantity": quantity} for line, quantity in wants.items()],
    )


def open_request(actor: Actor, request_id: UUID, version: int | None = None) -> Request:
    """Sends a draft to its suppliers, or posts it. A county's suppliers are those registered there now.

    Raises Many of Refused: days that have passed since it was written; Refused: nobody_addressed,
    agency_abolished.
    """
    actor.require("requisition.edit")
    row = own(actor, request_id, version)
    state = rules.REQUEST.after("open", row.state)
    quota.check_may_buy(row.agency_id, clock.today())
    if wrong := _wrong_days(row.answer_by, row.join_by, row.until_day):
        raise Many(wrong)
    if row.county:
        _invite_county(row)
    row.state, row.opened_at = state, clock.now()
    asked = reads.invited(row.id)
    if row.kind == "rfq" and not asked:
        raise Refused("nobody_addressed", field="county")
    _tell(row, "quotation_asked", asked, act_by=clock.local(row.answer_by).date(), who=actor.organisation_name)
    audit.record(actor, "request.open", "request", row.id, suppliers=len(asked))
    db.session.flush()
    return row


def _invite_county(row: Request) -> None:
    there = {one.id for one in identity.suppliers_in(regions.division(row.county).prefix)}
    missing = sorted(there - set(reads.invited(row.id)))
    if missing:
        db.session.execute(insert(Invitation), [{"request_id": row.id, "supplier_id": id_} for id_ in missing])


def cancel(actor: Actor, request_id: UUID, reason: str) -> Request:
    """Ends a request without an award, before or after its deadline. Raises Refused('reason_needed')."""
    actor.require("requisition.edit")
    row = own(actor, request_id)
    state = rules.REQUEST.after("cancel", row.state)
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    row.reason = reason.strip()
    row.state, row.cancelled_at = state, clock.now()
    tell_suppliers(row, "request_cancelled")
    audit.record(actor, "request.cancel", "request", row.id, reason=row.reason)
    db.session.flush()
    return row


def tell_suppliers(row: Request, kind: str) -> None:
    """Tells everybody who was asked or answered, and closes what asked somebody to act."""
    notices.done_about("request", [row.id])
    if row.opened_at:
        _tell(row, kind, {*reads.invited(row.id), *reads.answered(row.id)})


def _tell(row: Request, kind: str, suppliers: Iterable[UUID], act_by: date | None = None, **facts: Any) -> None:
    notices.tell_many(
        notices.Telling(kind, one, ("request", row.id), row.number, "quotation.edit", act_by=act_by, facts=facts)
        for one in sorted(suppliers)
    )


def close_due() -> int:
    """Writes down that deadlines have passed, and tells the agencies to compare and award. For the worker.

    The version stays: nothing that a person wrote has changed, and an award's page may have been opened before.
    """
    due = select(Request).where(Request.state == "open", Request.answer_by <= clock.now()).limit(500)
    rows = list(db.session.scalars(due.with_for_update(skip_locked=True)))
    closed = [row.id for row in rows if rules.REQUEST.after("close", row.state)]
    db.session.execute(update(Request).where(Request.id.in_(closed)).values(state="closed"))
    for row in rows:
        notices.done_about("request", [row.id], "quotation_asked")
        notices.tell(
            "request_closed",
            organisation_id=row.agency_id,
            about=("request", row.id),
            number=row.number,
            permission="requisition.approve",
        )
    return len(rows)


def own(actor: Actor, request_id: UUID, version: int | None = None) -> Request:
    """The leading agency's request, locked. Raises NotFound, Conflict('changed_meanwhile')."""
    row = by_id(Request, request_id, Request.agency_id == actor.organisation, "request", lock=True)
    if version is not None and row.version != version:
        raise Conflict("changed_meanwhile", what="request")
    row.state = rules.state_at(row.state, row.answer_by, clock.now())
    return row
