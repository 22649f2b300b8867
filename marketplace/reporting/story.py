"""The story of an order (经过): every verb that anybody did on it or on what lies below it, with who and when, out of
the audit trail; and what is still to come, out of its rows.

Both sides and the offices see the same story, save that the agency's own way to its approval (who submitted, who
approved at which step, what was sent back) is not the supplier's: it sees that the order was made. Words of the verbs
and of what comes stand above (`edge/story_words.py`); a test finds a verb without words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from ..core import clock
from ..core.actor import Actor
from ..core.audit import AuditEvent
from ..core.db import db
from ..identity import services as identity
from ..payments import services as payments
from ..payments.models import Transfer
from ..procurement import services as procurement
from ..procurement.models import Acceptance, Order, Shipment

ENDED = frozenset({"declined", "lapsed", "cancelled", "rejected", "settled"})
MADE = "order.made"  # what a supplier sees of the agency's approval


@dataclass(frozen=True)
class Step:
    """What happened: a verb with its facts, by whom and whose. `side`: agency, supplier, office, system."""

    verb: str
    at: datetime
    name: str
    organisation: str
    side: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Coming:
    """What is still to come, the first of them now: a code with its facts, and by when."""

    code: str
    by: date | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    order_id: UUID
    steps: list[Step]
    coming: list[Coming]


def of_order(actor: Actor, order_id: UUID) -> Story:
    """An order's story as the actor may see it. Statements do not grow with its length. Raises NotFound."""
    order = procurement.order(actor, order_id)
    shipments = procurement.shipments_of([order_id]).get(order_id, [])
    acceptances = procurement.acceptances_of([order_id]).get(order_id, [])
    bills = payments.bills_of([order_id]).get(order_id, []) if actor.may("bill.read") else []
    transfers = payments.transfers_of([bill.id for bill in bills]) if bills else {}
    steps = _steps(actor, order, [bill.id for bill in bills])
    return Story(order_id, steps, coming(order, shipments, acceptances, bills, transfers))


def _steps(actor: Actor, order: Order, bill_ids: Sequence[UUID]) -> list[Step]:
    inside = actor.kind != "supplier"  # the agency's own way to its approval
    wanted = [and_(AuditEvent.object_kind == "order", AuditEvent.object_id == str(order.id))]
    if inside:
        request = AuditEvent.object_id == str(order.requisition_id)
        wanted.append(and_(AuditEvent.object_kind == "requisition", request))
    if bill_ids:  # a month's bill has its own trail
        ids = [str(bill) for bill in bill_ids]
        wanted.append(and_(AuditEvent.object_kind == "bill", AuditEvent.object_id.in_(ids)))
    rows = list(db.session.scalars(select(AuditEvent).where(or_(*wanted)).order_by(AuditEvent.at, AuditEvent.id)))
    parties = identity.named({row.organisation_id for row in rows if row.organisation_id} | {order.agency_id})
    steps = [_step(row, order, parties) for row in rows]
    if not inside:
        made = Step(MADE, order.approved_at, "", parties[order.agency_id].name, "agency")
        steps = sorted([made, *steps], key=lambda one: one.at)
    return steps


def _step(row: AuditEvent, order: Order, parties: dict[UUID, Any]) -> Step:
    sides = {order.agency_id: "agency", order.supplier_id: "supplier", None: "system"}
    side = sides.get(row.organisation_id, "office")
    party = parties.get(row.organisation_id) if row.organisation_id else None
    organisation = party.name if party else ""
    name = "" if side == "system" else row.actor_name
    return Step(row.verb, row.at, name, organisation, side, dict(row.facts))


def coming(
    order: Order,
    shipments: Sequence[Shipment],
    acceptances: Sequence[Acceptance],
    bills: Sequence[Any],
    transfers: dict[UUID, list[Transfer]],
) -> list[Coming]:
    """What is still to come, in its order. Pure: asks nothing."""
    if order.state in ENDED:
        return []
    found: list[Coming] = []
    if order.state == "to_confirm":
        found.append(Coming("confirm", clock.local(order.confirm_by).date()))
    accepted = {one.shipment_id for one in acceptances}
    for shipment in shipments:
        if shipment.state == "in_transit" and shipment.id not in accepted:
            found.append(Coming("accept", shipment.expected_on, {"no": shipment.no, "number": shipment.number}))
    found += [Coming("sign", None, {"number": one.number}) for one in acceptances if one.state != "signed"]
    if any(line.open for line in order.lines):
        found.append(Coming("ship", order.deliver_on))
    for bill in bills:
        if bill.state not in ("paid", "credited"):
            waits = any(one.state == "recorded" for one in transfers.get(bill.id, []))
            left = bill.total_fen - bill.credited_fen - bill.paid_fen
            code = "confirm_payment" if waits else "pay"
            found.append(Coming(code, bill.due_on, {"number": bill.number, "fen": left}))
    found.append(Coming("settle"))
    return found
