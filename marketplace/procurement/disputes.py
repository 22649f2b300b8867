"""What one side of an order says is wrong (订单争议): the other answers in time, the office over both decides in time.

A dispute moves no money and stops no clock: a decision for a return lets the return go its way, which does both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, NotFound, Refused
from ..core.numbers import numbered
from ..findings import services as findings
from ..identity import services as identity
from ..notices import services as notices
from . import after_terms, return_requests
from .after_models import OrderDispute, OrderDisputeFile, ReturnRequest
from .after_rules import ABOUT, DISPUTE, DISPUTE_OPEN, REMEDIES, above, decides_in
from .models import Acceptance, AcceptanceLine, Order, OrderLine, Shipment
from .returns import locked_line

MAX_FILES = 6
SIDES = ("agency", "supplier")


@dataclass(frozen=True)
class Remedy:
    """What an upheld dispute asks for: the return that it is about, or `quantity` (and `net`) of an accepted line."""

    kind: str
    line_id: UUID | None = None
    quantity: int | None = None
    net: int | None = None


def within(actor: Actor) -> ColumnElement[bool]:
    return visible(
        actor.scope,
        supplier=OrderDispute.supplier_id,
        agency=OrderDispute.agency_id,
        division=(OrderDispute.division, OrderDispute.agency_division),
    )


def raise_dispute(
    actor: Actor,
    order_id: UUID,
    *,
    about_kind: str,
    about_id: UUID,
    about_number: str = "",
    words: str,
    file_ids: Sequence[UUID] = (),
) -> OrderDispute:
    """Either side of an order says what is wrong with it, or with a shipment, acceptance, bill or return of it.

    A bill is another room's: who calls has found it, and gives its `about_number`. Raises NotFound; Refused:
    not_a_choice, dispute_words, too_many_files; Conflict('order_dispute_open').
    """
    actor.require("order_dispute.raise")
    own = or_(Order.supplier_id == actor.organisation, Order.agency_id == actor.organisation)
    order = by_id(Order, order_id, own, "order", lock=True)
    if about_kind not in ABOUT:
        raise Refused("not_a_choice", field="about_kind")
    number = about_number if about_kind == "bill" else _about(order, about_kind, about_id)
    if not words.strip():
        raise Refused("dispute_words", field="words")
    already = select(OrderDispute.id).where(OrderDispute.about_id == about_id, OrderDispute.state.in_(DISPUTE_OPEN))
    if db.session.scalar(already):
        raise Conflict("order_dispute_open")
    today = clock.today()
    row = OrderDispute(
        id=new_id(),
        number=numbered("ZY", today.year)[0],
        order_id=order.id,
        about_kind=about_kind,
        about_id=about_id,
        about_number=number,
        side="supplier" if order.supplier_id == actor.organisation else "agency",
        supplier_id=order.supplier_id,
        agency_id=order.agency_id,
        division=order.division,
        agency_division=order.agency_division,
        decided_in=decides_in(order.division, order.agency_division),
        words=words.strip(),
        raised_by=actor.user,
        raised_at=clock.now(),
        answer_by=today + timedelta(days=after_terms.days("dispute_answer", order.division, today)),
        decide_by=today + timedelta(days=after_terms.days("dispute_decide", order.division, today)),
    )
    db.session.add(row)
    db.session.flush()
    _attach(actor, row, file_ids, row.side)
    if row.side == "supplier":
        _tell("order_dispute_to_answer", row, row.agency_id, act_by=row.answer_by)
    else:
        _tell("order_dispute_to_answer_supplier", row, row.supplier_id, act_by=row.answer_by)
    return _done(actor, "raise", row)


def _about(order: Order, kind: str, id_: UUID) -> str:
    """The readable number of what a dispute of this order is about. Raises NotFound for what is not its own."""
    models: dict[str, Any] = {"shipment": Shipment, "acceptance": Acceptance, "return": ReturnRequest}
    if kind == "order":
        if id_ != order.id:
            raise NotFound("order")
        return order.number
    return str(by_id(models[kind], id_, models[kind].order_id == order.id, kind).number)


def _attach(actor: Actor, row: OrderDispute, file_ids: Sequence[UUID], side: str) -> None:
    if len(file_ids) > MAX_FILES:
        raise Refused("too_many_files", field="file_ids", limit=MAX_FILES)
    for file_id in dict.fromkeys(file_ids):
        files.kept(actor, file_id)
        db.session.add(OrderDisputeFile(dispute_id=row.id, file_id=file_id, side=side))
    db.session.flush()


def answer_dispute(actor: Actor, dispute_id: UUID, words: str, file_ids: Sequence[UUID] = ()) -> OrderDispute:
    """The other side's word. Raises NotFound; Refused: dispute_words, order_dispute_one_side; Conflict('wrong_state')."""
    actor.require("order_dispute.answer")
    row = _mine(actor, dispute_id)
    state = DISPUTE.after("answer", row.state)
    if row.side == actor.kind:
        raise Refused("order_dispute_one_side", field="words")
    if not words.strip():
        raise Refused("dispute_words", field="words")
    row.state, row.answer, row.answered_by, row.answered_at = state, words.strip(), actor.user, clock.now()
    _attach(actor, row, file_ids, actor.kind)
    notices.done_about("order_dispute", [row.id])
    _tell_offices("order_dispute_to_decide", row)
    return _done(actor, "answer", row)


def withdraw_dispute(actor: Actor, dispute_id: UUID) -> OrderDispute:
    """Who raised it takes it back. Raises NotFound, Refused('order_dispute_one_side'), Conflict('wrong_state')."""
    actor.require("order_dispute.raise")
    row = _mine(actor, dispute_id)
    state = DISPUTE.after("withdraw", row.state)
    if row.side != actor.kind:
        raise Refused("order_dispute_one_side", field="words")
    row.state, row.withdrawn_at = state, clock.now()
    notices.done_about("order_dispute", [row.id])
    return _done(actor, "withdraw", row)


def decide_dispute(
    actor: Actor, dispute_id: UUID, *, upheld: bool, words: str, remedy: Remedy | None = None
) -> OrderDispute:
    """The office over both sides, or one above it, decides. Upheld with a return, that return goes ahead.

    Raises NotFound outside its division; Refused: order_dispute_not_here, order_dispute_own,
    order_dispute_answer_awaited, dispute_words, remedy_needed, line_needed and those of a return; Conflict.
    """
    actor.require("order_dispute.decide")
    row = by_id(OrderDispute, dispute_id, within(actor), "order_dispute", lock=True)
    state = DISPUTE.after("uphold" if upheld else "dismiss", row.state)
    _may_decide(actor, row)
    if row.state == "raised" and row.answer_by >= clock.today():
        raise Refused("order_dispute_answer_awaited", field="decision", day=row.answer_by)
    if not words.strip():
        raise Refused("dispute_words", field="words")
    if upheld and (remedy is None or remedy.kind not in REMEDIES):
        raise Refused("remedy_needed", field="remedy")
    if upheld and remedy and remedy.kind == "return":
        _let_return(actor, row, remedy)
    row.state, row.decision, row.remedy = state, words.strip(), remedy.kind if upheld and remedy else None
    row.decided_by, row.decided_at = actor.user, clock.now()
    notices.done_about("order_dispute", [row.id])
    _tell("order_dispute_decided", row, row.agency_id)
    _tell("order_dispute_decided_supplier", row, row.supplier_id)
    return _done(actor, "decide", row, upheld=upheld)


def _may_decide(actor: Actor, row: OrderDispute) -> None:
    """By the office of the division that decides or one above it, and never by who is party to it."""
    spoke = actor.user is not None and actor.user in (row.raised_by, row.answered_by)
    if spoke or actor.organisation in (row.supplier_id, row.agency_id):
        raise Refused("order_dispute_own", field="decision")
    if not row.decided_in.startswith(actor.scope.division or "-"):
        raise Refused("order_dispute_not_here", field="decision", place=row.decided_in.ljust(12, "0"))


def _let_return(actor: Actor, row: OrderDispute, remedy: Remedy) -> None:
    if row.about_kind == "return":
        return_requests.uphold(actor, row.about_id)
        return
    if remedy.line_id is None or remedy.quantity is None:
        raise Refused("line_needed", field="line_id")
    of_order = select(OrderLine.id).where(OrderLine.order_id == row.order_id)
    by_id(AcceptanceLine, remedy.line_id, AcceptanceLine.order_line_id.in_(of_order), "acceptance_line")
    line, of = locked_line(remedy.line_id)
    made = return_requests.new_request(
        actor,
        line,
        of,
        by_id(Order, row.order_id),
        quantity=remedy.quantity,
        net=remedy.net,
        reason="other",
        words=row.number,
        state="agreed",
    )
    return_requests.tell_agency("return_agreed", made)


def _mine(actor: Actor, dispute_id: UUID) -> OrderDispute:
    side = OrderDispute.supplier_id if actor.kind == "supplier" else OrderDispute.agency_id
    return by_id(OrderDispute, dispute_id, side == actor.organisation, "order_dispute", lock=True)


def _done(actor: Actor, verb: str, row: OrderDispute, **facts: object) -> OrderDispute:
    audit.record(actor, f"order_dispute.{verb}", "order", row.order_id, number=row.number, **facts)
    db.session.flush()
    return row


def _tell(kind: str, row: OrderDispute, organisation_id: UUID, **more: Any) -> None:
    notices.tell(
        kind,
        organisation_id=organisation_id,
        about=("order_dispute", row.id),
        number=row.number,
        permission="order_dispute.answer",
        **more,
    )


def _tell_offices(kind: str, row: OrderDispute, once: str | None = None) -> None:
    for office in identity.offices_of(row.decided_in):
        notices.tell(
            kind,
            organisation_id=office,
            about=("order_dispute", row.id),
            number=row.number,
            permission="order_dispute.decide",
            act_by=row.decide_by,
            once=f"{once}:{office}" if once else None,
        )


def disputes(
    actor: Actor, *, state: str = "", order_id: UUID | None = None, page: int = 1, size: int = 50
) -> tuple[list[OrderDispute], int]:
    """Disputes within scope, those due first, and how many. `state`: one of the table's, 'open' or 'due' (overdue)."""
    actor.require("order_dispute.read")
    query = select(OrderDispute).where(within(actor))
    if state == "open":
        query = query.where(OrderDispute.state.in_(DISPUTE_OPEN))
    elif state == "due":
        query = query.where(or_(_unanswered(), _undecided()))
    elif state:
        query = query.where(OrderDispute.state == state)
    if order_id:
        query = query.where(OrderDispute.order_id == order_id)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = OrderDispute.state.not_in(DISPUTE_OPEN), OrderDispute.decide_by, OrderDispute.id
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def dispute(actor: Actor, dispute_id: UUID) -> OrderDispute:
    """A dispute within scope. Raises NotFound."""
    actor.require("order_dispute.read")
    return by_id(OrderDispute, dispute_id, within(actor), "order_dispute")


def dispute_files(dispute_ids: Iterable[UUID]) -> dict[UUID, list[OrderDisputeFile]]:
    """Files by dispute; the caller has checked scope."""
    found: dict[UUID, list[OrderDisputeFile]] = {}
    query = select(OrderDisputeFile).where(OrderDisputeFile.dispute_id.in_(set(dispute_ids)))
    for row in db.session.scalars(query.order_by(OrderDisputeFile.file_id)):
        found.setdefault(row.dispute_id, []).append(row)
    return found


def dispute_file(actor: Actor, dispute_id: UUID, file_id: UUID) -> UUID:
    """A file of a dispute within scope. Raises NotFound."""
    row = dispute(actor, dispute_id)
    if file_id not in {one.file_id for one in dispute_files([row.id]).get(row.id, [])}:
        raise NotFound("file")
    return file_id


def decides(actor: Actor, row: OrderDispute) -> bool:
    """Whether this actor's office decides a dispute."""
    return actor.may("order_dispute.decide") and row.decided_in.startswith(actor.scope.division or "-")


def disputes_waiting(actor: Actor) -> int:
    """How many disputes wait for the actor: a side to answer, an office to decide."""
    if not actor.may("order_dispute.read"):
        return 0
    if actor.kind in SIDES:
        mine = (OrderDispute.state == "raised") & (OrderDispute.side != actor.kind)
    else:
        mine = OrderDispute.state.in_(DISPUTE_OPEN)
    return db.session.scalar(select(func.count()).where(within(actor), mine)) or 0


def _unanswered() -> ColumnElement[bool]:
    return (OrderDispute.state == "raised") & (OrderDispute.answer_by < clock.today())


def _undecided() -> ColumnElement[bool]:
    return OrderDispute.state.in_(DISPUTE_OPEN) & (OrderDispute.decide_by < clock.today())


def follow_up() -> int:
    """Findings for what is overdue; unanswered, the office is told it may decide; undecided, the one above may too."""
    late = []
    for kind, condition, due in (
        ("order_dispute_unanswered", _unanswered(), OrderDispute.answer_by),
        ("order_dispute_undecided", _undecided(), OrderDispute.decide_by),
    ):
        query = select(OrderDispute, due).where(condition).order_by(OrderDispute.id).with_for_update()
        for row, day in db.session.execute(query):
            facts = {"number": row.number, "due_on": day.isoformat()}
            late.append(
                {
                    "kind": kind,
                    "object_kind": "order_dispute",
                    "object_id": str(row.id),
                    "division": row.division,
                    "facts": facts,
                }
            )
            if kind == "order_dispute_undecided" and row.escalated_at is None:
                row.decided_in, row.escalated_at = above(row.decided_in), clock.now()
            _tell_offices("order_dispute_to_decide", row, once=f"{kind}:{row.id}:{row.decided_in}")
    findings.open_many(late)
    db.session.flush()
    return len(late)
