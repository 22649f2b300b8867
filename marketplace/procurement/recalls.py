"""Recall of a lot (召回): nothing more of it leaves or is accepted, and everybody who got it is told and answers.

Blocking the lot is the first statement: a shipment that meets it either took the lot before, and then is found here, or
is refused. `accepted`, `held` and the like are thousandths of the product's base unit.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from ..catalogue.rules import nominal_base
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, fetch, new_id, visible
from ..core.errors import Conflict, Refused
from ..core.numbers import numbered
from ..findings import services as findings
from ..linkage import services as linkage
from ..notices import services as notices
from .after_models import Recall, RecallRecipient
from .after_rules import HAZARDS, INSTRUCTIONS, RECALL
from .models import AcceptanceLine, Order, OrderLine, Shipment, ShipmentLine

SHOWN_FOR = timedelta(days=365)  # how long the public list names a recall that has ended


def within(actor: Actor) -> ColumnElement[bool]:
    """Recalls of one's own lots, of lots in one's division, and those that concern one's agency."""
    mine = select(RecallRecipient.recall_id).where(visible(actor.scope, agency=RecallRecipient.agency_id))
    return or_(visible(actor.scope, supplier=Recall.supplier_id, division=Recall.division), Recall.id.in_(mine))


def open_recall(actor: Actor, lot_id: UUID, *, hazard: str, instruction: str, words: str, act_by: date) -> Recall:
    """The supplier, or an office over the lot's origin, calls a lot back from everybody who got it.

    Raises NotFound; Refused: not_a_choice, reason_needed, day_in_past, lot_not_shipped; Conflict('recall_open').
    """
    actor.require("recall.open")
    lot = linkage.lot(actor, lot_id)
    if hazard not in HAZARDS:
        raise Refused("not_a_choice", field="hazard")
    if instruction not in INSTRUCTIONS:
        raise Refused("not_a_choice", field="instruction")
    if not words.strip():
        raise Refused("reason_needed", field="words")
    if act_by < clock.today():
        raise Refused("day_in_past", field="act_by")
    if not linkage.block(lot.id, True):
        raise Conflict("recall_open")
    got, orders = _who_got(lot.id)
    if not orders:
        raise Refused("lot_not_shipped", field="lot_id")
    row = Recall(
        id=new_id(),
        number=numbered("ZH", clock.today().year)[0],
        lot_id=lot.id,
        lot_number=lot.number,
        product_id=lot.product_id,
        supplier_id=lot.supplier_id,
        division=lot.division,
        by_office=actor.kind != "supplier",
        hazard=hazard,
        instruction=instruction,
        words=words.strip(),
        act_by=act_by,
        opened_by=actor.user,
        opened_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    for agency, (accepted, in_transit) in got.items():
        db.session.add(RecallRecipient(recall_id=row.id, agency_id=agency, accepted=accepted, in_transit=in_transit))
        _tell("recall_to_answer", row, agency, "recall.answer", act_by=act_by)
    if row.by_office:
        _tell("recall_opened", row, row.supplier_id, "recall.open")
    for order_id in sorted(orders):
        audit.record(actor, "recall.open", "order", order_id, number=row.number, lot=row.lot_number)
    return _done(actor, "open", row, agencies=len(got))


def _who_got(lot_id: UUID) -> tuple[dict[UUID, tuple[int, int]], set[UUID]]:
    """Agency → base thousandths of the lot that it accepted and did not give back, and that are under way to it; and
    every order that it was shipped for, also where all of it was rejected."""
    query = (
        select(Order.id, Order.agency_id, Shipment.state, ShipmentLine.quantity, OrderLine.content, AcceptanceLine)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .join(Order, Order.id == Shipment.order_id)
        .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
        .outerjoin(AcceptanceLine, AcceptanceLine.shipment_line_id == ShipmentLine.id)
        .where(ShipmentLine.lot_id == lot_id)
        .execution_options(populate_existing=True)
    )
    got: dict[UUID, tuple[int, int]] = {}
    orders: set[UUID] = set()
    for order_id, agency, state, quantity, content, line in db.session.execute(query):
        if state == "cancelled":
            continue
        orders.add(order_id)
        here = nominal_base(line.accepted, content) - nominal_base(line.returned, content) if line else 0
        coming = nominal_base(quantity, content) if state == "in_transit" else 0
        if here or coming:
            before = got.get(agency, (0, 0))
            got[agency] = before[0] + here, before[1] + coming
    return got, orders


def answer_recall(
    actor: Actor, recall_id: UUID, *, held: int, returned: int, destroyed: int, words: str = ""
) -> RecallRecipient:
    """An agency says what it still holds, sent back or destroyed; again while the recall is open, never less.

    Raises NotFound; Refused: out_of_range, recall_beyond_got, recall_more_held; Conflict('wrong_state').
    """
    actor.require("recall.answer")
    recipient = fetch(
        select(RecallRecipient).where(
            RecallRecipient.recall_id == recall_id, RecallRecipient.agency_id == actor.organisation
        ),
        "recall",
        lock=True,
    )
    row = by_id(Recall, recall_id)
    RECALL.after("end", row.state)  # an ended one takes no answers
    if min(held, returned, destroyed) < 0:
        raise Refused("out_of_range", field="held")
    if held + returned + destroyed > recipient.accepted:
        raise Refused("recall_beyond_got", field="held", left_qty=recipient.accepted)
    if returned < recipient.returned or destroyed < recipient.destroyed:
        raise Refused("recall_more_held", field="returned")
    recipient.held, recipient.returned, recipient.destroyed = held, returned, destroyed
    recipient.words, recipient.answered_by, recipient.answered_at = words.strip(), actor.user, clock.now()
    notices.done_about("recall", [row.id], organisation_id=recipient.agency_id)
    _done(actor, "answer", row, held=held, returned=returned, destroyed=destroyed)
    return recipient


def _unanswered(recall_id: UUID) -> int:
    query = select(func.count()).where(RecallRecipient.recall_id == recall_id, RecallRecipient.answered_at.is_(None))
    return db.session.scalar(query) or 0


def end_recall(actor: Actor, recall_id: UUID, *, result: str, release: bool = False) -> Recall:
    """Who opened it ends it with a result; `release` lets the lot be sold again, else it stays blocked for good.

    Raises NotFound; Refused: reason_needed, recall_unanswered (before its day); Conflict('wrong_state').
    """
    actor.require("recall.open")
    mine = visible(actor.scope, supplier=Recall.supplier_id, division=Recall.division)
    if actor.kind == "supplier":
        mine &= Recall.by_office.is_(False)
    row = by_id(Recall, recall_id, mine, "recall", lock=True)
    state = RECALL.after("end", row.state)
    if not result.strip():
        raise Refused("reason_needed", field="result")
    silent = _unanswered(row.id)
    if silent and row.act_by >= clock.today():
        raise Refused("recall_unanswered", field="result", number=silent)
    row.state, row.result, row.ended_by, row.ended_at = state, result.strip(), actor.user, clock.now()
    if release:
        linkage.block(row.lot_id, False)
    notices.done_about("recall", [row.id])
    for recipient in recipients_of([row.id]).get(row.id, []):
        _tell("recall_ended", row, recipient.agency_id, "recall.read")
    return _done(actor, "end", row, release=release)


def _tell(kind: str, row: Recall, organisation_id: UUID, permission: str, **more: Any) -> None:
    notices.tell(
        kind,
        organisation_id=organisation_id,
        about=("recall", row.id),
        number=row.number,
        permission=permission,
        lot=row.lot_number,
        **more,
    )


def _done(actor: Actor, verb: str, row: Recall, **facts: object) -> Recall:
    audit.record(actor, f"recall.{verb}", "recall", row.id, number=row.number, **facts)
    db.session.flush()
    return row


def recall(actor: Actor, recall_id: UUID) -> Recall:
    """A recall within scope. Raises NotFound."""
    actor.require("recall.read")
    return by_id(Recall, recall_id, within(actor), "recall")


def recalls(actor: Actor, *, state: str = "", page: int = 1, size: int = 50) -> tuple[list[Recall], int]:
    """Recalls within scope, open ones first, newest first, and how many."""
    actor.require("recall.read")
    query = select(Recall).where(within(actor))
    if state:
        query = query.where(Recall.state == state)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Recall.ended_at.is_not(None), Recall.opened_at.desc(), Recall.id
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def recipients_of(recall_ids: Iterable[UUID]) -> dict[UUID, list[RecallRecipient]]:
    """Everybody who got the lot, by recall; the caller has checked scope."""
    found: dict[UUID, list[RecallRecipient]] = {}
    query = select(RecallRecipient).where(RecallRecipient.recall_id.in_(set(recall_ids)))
    for row in db.session.scalars(query.order_by(RecallRecipient.recall_id, RecallRecipient.agency_id)):
        found.setdefault(row.recall_id, []).append(row)
    return found


def seen_recipients(actor: Actor, row: Recall) -> list[RecallRecipient]:
    """Those of a recall's recipients that the actor may see: an agency itself, the supplier and offices all."""
    whole = actor.kind not in ("agency", "public")
    return [one for one in recipients_of([row.id]).get(row.id, []) if whole or one.agency_id in actor.scope.agencies]


def public_recalls() -> list[Recall]:
    """What everybody may know: recalls that are open, and those that ended within a year."""
    since = clock.now() - SHOWN_FOR
    query = select(Recall).where(or_(Recall.state == "open", Recall.ended_at > since))
    return list(db.session.scalars(query.order_by(Recall.ended_at.is_not(None), Recall.opened_at.desc()).limit(200)))


def recalls_waiting(actor: Actor) -> int:
    """How many recalls wait for the actor's agency to answer, or for their opener to end."""
    if actor.kind == "agency":
        mine = (RecallRecipient.agency_id == actor.organisation) & RecallRecipient.answered_at.is_(None)
        query = select(func.count()).select_from(RecallRecipient).join(Recall, Recall.id == RecallRecipient.recall_id)
        return db.session.scalar(query.where(mine, Recall.state == "open")) or 0
    if not actor.may("recall.open"):
        return 0
    return db.session.scalar(select(func.count()).where(within(actor), Recall.state == "open")) or 0


def follow_up() -> int:
    """Recalls with agencies that did not answer in time become findings."""
    silent = select(RecallRecipient.recall_id).where(RecallRecipient.answered_at.is_(None))
    query = select(Recall).where(Recall.state == "open", Recall.act_by < clock.today(), Recall.id.in_(silent))
    late = list(db.session.scalars(query))
    findings.open_many(
        [
            {
                "kind": "recall_overdue",
                "object_kind": "recall",
                "object_id": str(row.id),
                "division": row.division,
                "facts": {"number": row.number, "due_on": row.act_by.isoformat()},
            }
            for row in late
        ]
    )
    return len(late)
