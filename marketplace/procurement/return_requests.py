"""The buyer asks to give goods back (退货申请), the supplier answers in time; goods go back; settlement moves the money.

Silence is never agreement: it opens a finding, and the buyer may raise a dispute (disputes.py).
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, NotFound, Refused
from ..core.numbers import numbered
from ..findings import services as findings
from ..linkage import services as linkage
from ..notices import services as notices
from . import after_terms
from .after_models import ReturnPhoto, ReturnRequest
from .after_rules import RETURN, RETURN_OPEN, RETURN_REASONS
from .models import Acceptance, AcceptanceLine, Order, OrderLine
from .returns import check_left, locked_line

MAX_PHOTOS = 6


def within(actor: Actor) -> ColumnElement[bool]:
    return visible(
        actor.scope,
        supplier=ReturnRequest.supplier_id,
        agency=ReturnRequest.agency_id,
        division=(ReturnRequest.division, ReturnRequest.agency_division),
    )


def ask(
    actor: Actor,
    line_id: UUID,
    *,
    quantity: int,
    net: int | None = None,
    reason: str,
    words: str,
    photo_ids: Sequence[UUID] = (),
) -> ReturnRequest:
    """The buyer asks to give back `quantity` thousandths of an accepted line; `net` where it is priced by weight.

    Raises NotFound; Conflict('return_requested'); Refused: quantity_not_positive, return_beyond_accepted, net_needed,
    return_net_differs, not_a_choice, reason_needed, return_too_late, lot_not_recalled, too_many_files.
    """
    actor.require("return.ask")
    line, of, order = _own_line(actor, line_id)
    if reason not in RETURN_REASONS:
        raise Refused("not_a_choice", field="reason")
    if not words.strip():
        raise Refused("reason_needed", field="words")
    if len(photo_ids) > MAX_PHOTOS:
        raise Refused("too_many_files", field="photo_ids", limit=MAX_PHOTOS)
    for photo in photo_ids:
        files.kept(actor, photo)
    _in_time(line, order, reason)
    row = new_request(actor, line, of, order, quantity=quantity, net=net, reason=reason, words=words, state="asked")
    db.session.add_all(ReturnPhoto(request_id=row.id, file_id=photo) for photo in dict.fromkeys(photo_ids))
    _done(actor, "ask", row)
    tell_supplier("return_asked", row, act_by=True)
    return row


def _own_line(actor: Actor, line_id: UUID) -> tuple[AcceptanceLine, OrderLine, Order]:
    own = select(Order.id).where(Order.agency_id == actor.organisation)
    mine = select(OrderLine.id).where(OrderLine.order_id.in_(own))
    by_id(AcceptanceLine, line_id, AcceptanceLine.order_line_id.in_(mine), "acceptance_line")
    line, of = locked_line(line_id)
    return line, of, by_id(Order, of.order_id)


def _in_time(line: AcceptanceLine, order: Order, reason: str) -> None:
    """Goods of a recalled lot come back whenever they are found; all others within their days of the acceptance."""
    if reason == "recalled":
        if not linkage.blocked([line.lot_id]):
            raise Refused("lot_not_recalled", field="reason")
        return
    accepted_on = by_id(Acceptance, line.acceptance_id).day
    kind = "return_damaged" if reason == "damaged" else "return_ask"
    last = accepted_on + timedelta(days=after_terms.days(kind, order.division, accepted_on))
    if clock.today() > last:
        raise Refused("return_too_late", field="reason", day=last)


def new_request(
    actor: Actor,
    line: AcceptanceLine,
    of: OrderLine,
    order: Order,
    *,
    quantity: int,
    net: int | None,
    reason: str,
    words: str,
    state: str,
) -> ReturnRequest:
    """A request for a line that the caller has locked; `agreed` from the start where an office decided so."""
    check_left(line, of, quantity, net)
    if open_of(line.id) is not None:
        raise Conflict("return_requested")
    today = clock.today()
    row = ReturnRequest(
        id=new_id(),
        number=numbered("TS", today.year)[0],
        order_id=order.id,
        acceptance_line_id=line.id,
        supplier_id=order.supplier_id,
        agency_id=order.agency_id,
        division=order.division,
        agency_division=order.agency_division,
        state=state,
        quantity=quantity,
        net=net if of.pricing == "weighed" else None,
        reason=reason,
        words=words.strip(),
        asked_by=actor.user,
        asked_at=clock.now(),
        answer_by=today + timedelta(days=after_terms.days("return_answer", order.division, today)),
    )
    db.session.add(row)
    db.session.flush()
    return row


def open_of(line_id: UUID) -> UUID | None:
    """The request that now asks for a line's goods."""
    query = select(ReturnRequest.id).where(
        ReturnRequest.acceptance_line_id == line_id, ReturnRequest.state.in_(RETURN_OPEN)
    )
    return db.session.scalar(query)


def answer(actor: Actor, request_id: UUID, *, agreed: bool, words: str = "") -> ReturnRequest:
    """The supplier agrees, or refuses with a reason. Raises NotFound, Refused('reason_needed'), Conflict('wrong_state')."""
    actor.require("return.answer")
    row = _mine(actor, request_id)
    state = RETURN.after("agree" if agreed else "refuse", row.state)
    if not agreed and not words.strip():
        raise Refused("reason_needed", field="words")
    row.state, row.answer, row.answered_by, row.answered_at = state, words.strip(), actor.user, clock.now()
    row.ended_at = None if agreed else clock.now()
    notices.done_about("return", [row.id])
    tell_agency("return_agreed" if agreed else "return_refused", row)
    return _done(actor, "agree" if agreed else "refuse", row)


def uphold(actor: Actor, request_id: UUID) -> ReturnRequest:
    """An office decided for the buyer: the return goes ahead. Called by disputes. Raises Conflict('wrong_state')."""
    row = by_id(ReturnRequest, request_id, what="return", lock=True)
    row.state, row.ended_at = RETURN.after("uphold", row.state), None
    if open_of(row.acceptance_line_id) not in (None, row.id):
        raise Conflict("return_requested")
    notices.done_about("return", [row.id])
    tell_agency("return_agreed", row)
    return _done(actor, "uphold", row)


def withdraw(actor: Actor, request_id: UUID) -> ReturnRequest:
    """The buyer keeps the goods after all. Raises NotFound, Conflict('wrong_state')."""
    actor.require("return.ask")
    row = _mine(actor, request_id)
    row.state, row.ended_at = RETURN.after("withdraw", row.state), clock.now()
    notices.done_about("return", [row.id])
    return _done(actor, "withdraw", row)


def send_back(actor: Actor, request_id: UUID, note: str = "") -> ReturnRequest:
    """The goods left the buyer; `note` says how. Raises NotFound, Conflict('wrong_state')."""
    actor.require("return.ask")
    row = _mine(actor, request_id)
    row.state, row.sent_at, row.sent_note = RETURN.after("send_back", row.state), clock.now(), note.strip()
    notices.done_about("return", [row.id])
    tell_supplier("return_sent_back", row)
    return _done(actor, "send_back", row)


def receive(actor: Actor, request_id: UUID, *, restocked: bool) -> ReturnRequest:
    """The supplier has the goods and takes them back into their lot, or had them destroyed. Raises NotFound, Conflict,
    Refused('lot_recalled') for goods of a recalled lot, which are never sold again."""
    actor.require("return.answer")
    row = _mine(actor, request_id)
    state = RETURN.after("receive", row.state)
    lot = by_id(AcceptanceLine, row.acceptance_line_id).lot_id
    if restocked and linkage.blocked([lot]):
        raise Refused("lot_recalled", field="restocked")
    row.state, row.received_at, row.restocked = state, clock.now(), restocked
    notices.done_about("return", [row.id])
    tell_supplier("return_to_finish", row)
    return _done(actor, "receive", row, restocked=restocked)


def to_finish(actor: Actor, request_id: UUID) -> ReturnRequest:
    """A received request, locked. Settlement moves its money. Raises NotFound, Conflict('wrong_state')."""
    actor.require("return.record")
    row = _mine(actor, request_id)
    RETURN.after("finish", row.state)
    return row


def finish(actor: Actor, row: ReturnRequest, return_id: UUID, fen: int) -> None:
    """What settlement did for a request is its end."""
    row.state, row.return_id, row.ended_at = RETURN.after("finish", row.state), return_id, clock.now()
    notices.done_about("return", [row.id])
    tell_agency("return_done", row, fen=fen)
    _done(actor, "finish", row, fen=fen)


def _mine(actor: Actor, request_id: UUID) -> ReturnRequest:
    """A request of the actor's own side, locked. Raises NotFound."""
    side = ReturnRequest.supplier_id if actor.kind == "supplier" else ReturnRequest.agency_id
    return by_id(ReturnRequest, request_id, side == actor.organisation, "return", lock=True)


def _done(actor: Actor, verb: str, row: ReturnRequest, **facts: object) -> ReturnRequest:
    audit.record(actor, f"return.{verb}", "order", row.order_id, number=row.number, **facts)
    db.session.flush()
    return row


def tell_supplier(kind: str, row: ReturnRequest, *, act_by: bool = False) -> None:
    notices.tell(
        kind,
        organisation_id=row.supplier_id,
        about=("return", row.id),
        number=row.number,
        permission="return.answer",
        act_by=row.answer_by if act_by else None,
    )


def tell_agency(kind: str, row: ReturnRequest, once: str | None = None, **facts: Any) -> None:
    notices.tell(
        kind,
        organisation_id=row.agency_id,
        about=("return", row.id),
        number=row.number,
        permission="return.ask",
        once=once,
        **facts,
    )


def request(actor: Actor, request_id: UUID) -> ReturnRequest:
    """A request within scope. Raises NotFound."""
    actor.require("order.read")
    return by_id(ReturnRequest, request_id, within(actor), "return")


def requests(
    actor: Actor, *, state: str = "", order_id: UUID | None = None, page: int = 1, size: int = 50
) -> tuple[list[ReturnRequest], int]:
    """Requests within scope, open ones first, and how many. `state`: one of the table's, or 'open'."""
    actor.require("order.read")
    query = select(ReturnRequest).where(within(actor))
    if state:
        query = query.where(ReturnRequest.state.in_(RETURN_OPEN if state == "open" else (state,)))
    if order_id:
        query = query.where(ReturnRequest.order_id == order_id)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = ReturnRequest.ended_at.is_not(None), ReturnRequest.answer_by, ReturnRequest.id
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def accepted_line(actor: Actor, line_id: UUID) -> tuple[AcceptanceLine, OrderLine, Order]:
    """An accepted line of the actor's own orders. Raises NotFound."""
    actor.require("return.ask")
    query = (
        select(AcceptanceLine, OrderLine, Order)
        .join(OrderLine, OrderLine.id == AcceptanceLine.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(AcceptanceLine.id == line_id, Order.agency_id == actor.organisation)
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound("acceptance_line")
    return found[0], found[1], found[2]


def photos_of(request_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Request → its photographs; the caller has checked scope."""
    found: dict[UUID, list[UUID]] = {}
    query = select(ReturnPhoto).where(ReturnPhoto.request_id.in_(set(request_ids))).order_by(ReturnPhoto.file_id)
    for row in db.session.scalars(query):
        found.setdefault(row.request_id, []).append(row.file_id)
    return found


def photo(actor: Actor, request_id: UUID, file_id: UUID) -> UUID:
    """A photograph of a request within scope. Raises NotFound."""
    if file_id not in photos_of([request(actor, request_id).id]).get(request_id, []):
        raise NotFound("file")
    return file_id


def parts_of(requests_: Iterable[ReturnRequest]) -> dict[UUID, tuple[AcceptanceLine, OrderLine]]:
    """Acceptance line → it and its order line, for requests that the caller may see."""
    query = (
        select(AcceptanceLine, OrderLine)
        .join(OrderLine, OrderLine.id == AcceptanceLine.order_line_id)
        .where(AcceptanceLine.id.in_({row.acceptance_line_id for row in requests_}))
    )
    return {line.id: (line, of) for line, of in db.session.execute(query)}


def waiting(actor: Actor) -> int:
    """How many requests wait for the actor's side."""
    if actor.kind not in ("supplier", "agency"):
        return 0
    states = ("asked", "sent_back", "received") if actor.kind == "supplier" else ("agreed",)
    return db.session.scalar(select(func.count()).where(within(actor), ReturnRequest.state.in_(states))) or 0


def follow_up() -> int:
    """Requests that the supplier let pass become findings, and the buyer is told once that it may dispute."""
    late = list(
        db.session.scalars(
            select(ReturnRequest).where(ReturnRequest.state == "asked", ReturnRequest.answer_by < clock.today())
        )
    )
    findings.open_many(
        [
            {
                "kind": "return_unanswered",
                "object_kind": "return",
                "object_id": str(row.id),
                "division": row.division,
                "facts": {"number": row.number, "due_on": row.answer_by.isoformat()},
            }
            for row in late
        ]
    )
    for row in late:
        tell_agency("return_unanswered", row, once=f"return_unanswered:{row.id}")
    return len(late)
