"""Quotations (报价): a supplier's sealed answer, until the deadline to be sent again or withdrawn."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from ..accreditation import services as accreditation
from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, DomainError, Many, NotFound, Refused
from ..core.numbers import numbered
from ..notices import services as notices
from ..products import services as products
from . import reads, rules
from .models import Quotation, QuotationLine, Request, RequestLine
from .requests import PROGRAMME


def send(
    actor: Actor,
    request_id: UUID,
    *,
    lines: Sequence[dict[str, Any]],
    valid_until: Any,
    note: str = "",
) -> Quotation:
    """Answers a request, or sends the answer anew: the later one counts, until the deadline.

    `lines`: dicts of line_id, offer_id (an own offer on sale, eligible, of the line's category and comparable unit),
    price_fen (per price unit), most (thousandths of the line's unit), lead_days, note. A line may be left out.
    Raises NotFound for who was not asked; Conflict: wrong_state past the deadline, still_joining; Refused: no_lines,
    day_in_past; Many with rows: what `_wrong_line` names.
    """
    actor.require("quotation.edit")
    request = _locked(actor, request_id)
    if rules.state_at(request.state, request.answer_by, clock.now()) != "open":
        raise Conflict("deadline_over", what="request", deadline=request.answer_by)
    if request.join_by is not None and clock.now() < request.join_by:
        raise Conflict("still_joining", what="request", until=request.join_by)
    if valid_until < clock.local(request.answer_by).date():
        raise Refused("quotation_too_short", field="valid_until", deadline=clock.local(request.answer_by).date())
    made = _checked(actor, request, lines)
    row = _put(actor, request, valid_until, note.strip())
    db.session.execute(delete(QuotationLine).where(QuotationLine.quotation_id == row.id))
    db.session.execute(insert(QuotationLine), [line | {"quotation_id": row.id} for line in made])
    notices.done_about("request", [request.id], "quotation_asked", organisation_id=actor.organisation)
    audit.record(actor, "quotation.send", "quotation", row.id, revision=row.revision)
    db.session.flush()
    return row


def _locked(actor: Actor, request_id: UUID) -> Request:
    """The request, locked: what is sent, cancelled and awarded comes one after the other. Raises NotFound."""
    if actor.scope.supplier is None:
        raise NotFound("request")
    reads.request(actor, request_id)
    return by_id(Request, request_id, what="request", lock=True)


def _put(actor: Actor, request: Request, valid_until: Any, note: str) -> Quotation:
    query = select(Quotation).where(Quotation.request_id == request.id, Quotation.supplier_id == actor.organisation)
    row = db.session.scalars(query).one_or_none()
    if row is None:
        number = numbered("BJ", clock.today().year)[0]
        row = Quotation(id=new_id(), number=number, request_id=request.id, supplier_id=actor.organisation, revision=0)
        db.session.add(row)
        row.state = "sent"
    row.state = rules.QUOTATION.after("send", row.state)
    row.valid_until, row.note = valid_until, note
    row.revision, row.sent_by, row.sent_at = row.revision + 1, actor.user, clock.now()
    db.session.flush()
    return row


def _checked(actor: Actor, request: Request, lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines as rows, with what is frozen. Statements do not grow with the lines. Raises Many, Refused('no_lines')."""
    if not lines:
        raise Refused("no_lines", field="lines")
    asked = {line.id: line for line in reads.lines_of(request.id)}
    offers = catalogue.by_ids({line["offer_id"] for line in lines})
    own = {id_: offer for id_, offer in offers.items() if offer.supplier_id == actor.organisation}
    found = products.by_ids({offer.product_id for offer in own.values()})
    verdicts = accreditation.eligible(found, clock.today(), PROGRAMME) if found else {}
    above = {row.code: row.parent_code for row in products.categories()}
    wrong: list[DomainError] = []
    seen: set[UUID] = set()
    made = []
    for no, line in enumerate(lines, 1):
        offer = own.get(line["offer_id"])
        product = found[offer.product_id] if offer else None
        problems = _wrong_line(line, asked.get(line["line_id"]), offer, product, above)
        if {line["line_id"], line["offer_id"]} & seen:
            problems.append(Refused("named_twice", field="offer_id"))
        if product and not verdicts[product.id].grant_id:
            problems.append(Refused(f"not_eligible_{verdicts[product.id].reason}", field="offer_id"))
        seen |= {line["line_id"], line["offer_id"]}
        for problem in problems:
            problem.row = no
        wrong += problems
        if not problems:
            made.append(_frozen(line, offer, product))
    if wrong:
        raise Many(wrong)
    return made


def _wrong_line(
    line: dict[str, Any], asked: RequestLine | None, offer: Any, product: Any, above: dict[str, str | None]
) -> list[DomainError]:
    if asked is None:
        return [Refused("line_unknown", field="line_id")]
    if offer is None:
        return [Refused("offer_unknown", field="offer_id")]
    wrong: list[DomainError] = []
    if offer.state != "on_sale":
        wrong.append(Refused("offer_withdrawn", field="offer_id"))
    if product.comparable_unit != asked.unit:
        wrong.append(Refused("unit_differs", field="offer_id", unit=asked.unit))
    if not within(product.category_code, asked.category_code, above):
        wrong.append(Refused("category_differs", field="offer_id"))
    if line["price_fen"] <= 0:
        wrong.append(Refused("price_needed", field="price_fen"))
    if line["most"] <= 0:
        wrong.append(Refused("quantity_zero", field="most"))
    return wrong


def within(category: str, wanted: str, above: dict[str, str | None]) -> bool:
    """Whether a category is the wanted one or lies below it. `above`: category → the one above it."""
    step: str | None = category
    while step is not None and step != wanted:
        step = above.get(step)
    return step == wanted


def comparable_of(offer: Any, product: Any, price_fen: int) -> int:
    """Fen per comparable unit that a price of an offer comes to as the offer is packed now."""
    return prices.comparable_price(
        pricing=offer.pricing,
        price_fen=price_fen,
        content=offer.content,
        comparable_per_base=product.comparable_per_base,
    )


def _frozen(line: dict[str, Any], offer: Any, product: Any) -> dict[str, Any]:
    return {
        "line_id": line["line_id"],
        "offer_id": offer.id,
        "price_fen": line["price_fen"],
        "most": line["most"],
        "lead_days": line.get("lead_days", offer.lead_days),
        "note": line.get("note") or "",
        "comparable_fen": comparable_of(offer, product, line["price_fen"]),
        "per_unit": rules.per_unit(offer.content, product.comparable_per_base),
    }


def withdraw(actor: Actor, quotation_id: UUID) -> Quotation:
    """The supplier takes its answer back before the deadline; it may send another. Raises Conflict('deadline_over')."""
    actor.require("quotation.edit")
    query = Quotation.supplier_id == actor.organisation
    request = _locked(actor, by_id(Quotation, quotation_id, query, "quotation").request_id)
    row = by_id(Quotation, quotation_id, query, "quotation", lock=True)
    state = rules.QUOTATION.after("withdraw", row.state)
    if rules.state_at(request.state, request.answer_by, clock.now()) != "open":
        raise Conflict("deadline_over", what="request", deadline=request.answer_by)
    row.state = state
    audit.record(actor, "quotation.withdraw", "quotation", row.id)
    db.session.flush()
    return row


def quotation(actor: Actor, quotation_id: UUID) -> Quotation:
    """A quotation: its supplier's at any time, the buyers' once it is opened. Raises NotFound."""
    actor.require("request.read")
    row = by_id(Quotation, quotation_id, what="quotation")
    if actor.scope.supplier is not None and row.supplier_id == actor.scope.supplier:
        return row
    if actor.kind == "supplier":
        raise NotFound("quotation")
    try:
        request = reads.request(actor, row.request_id)
    except NotFound:
        raise NotFound("quotation") from None
    if is_sealed(request) or row.state == "withdrawn":
        raise NotFound("quotation")
    return row


def is_sealed(request: Request) -> bool:
    return rules.sealed(request.answer_by, request.cancelled_at, clock.now())


def opened(actor: Actor, request: Request) -> list[Quotation]:
    """The quotations of a request that the actor's agency buys under, the first sent first; none before the deadline."""
    actor.require("request.read")
    return [] if actor.kind == "supplier" or is_sealed(request) else standing(request.id)


def standing(request_id: UUID) -> list[Quotation]:
    """A request's quotations that were not withdrawn, whoever asks: for verbs, never for a page."""
    query = select(Quotation).where(Quotation.request_id == request_id, Quotation.state != "withdrawn")
    return list(db.session.scalars(query.order_by(Quotation.sent_at, Quotation.id)))


def own_of(actor: Actor, request_ids: Sequence[UUID]) -> dict[UUID, Quotation]:
    """Request → the actor's supplier's quotation, one statement."""
    query = select(Quotation).where(
        Quotation.request_id.in_(request_ids), Quotation.supplier_id == actor.scope.supplier
    )
    return {row.request_id: row for row in db.session.scalars(query)}


def listed(actor: Actor, *, state: str | None = None, page: int = 1, size: int = 25) -> tuple[list[Quotation], int]:
    """A supplier's own quotations, newest first, and how many there are."""
    actor.require("quotation.edit")
    query = select(Quotation).where(visible(actor.scope, supplier=Quotation.supplier_id))
    if state:
        query = query.where(Quotation.state == state)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Quotation.sent_at.desc(), Quotation.id.desc()
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def lines_of(quotation_ids: Sequence[UUID]) -> dict[UUID, list[QuotationLine]]:
    """Quotation → its lines, one statement."""
    query = select(QuotationLine).where(QuotationLine.quotation_id.in_(quotation_ids))
    found: dict[UUID, list[QuotationLine]] = {id_: [] for id_ in quotation_ids}
    for row in db.session.scalars(query.order_by(QuotationLine.line_id).execution_options(populate_existing=True)):
        found[row.quotation_id].append(row)
    return found
