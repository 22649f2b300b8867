"""Deemed acceptance: a delivery that nobody accepts in time counts as accepted, which starts the clock of payment.

It makes neither quota nor volume until two have signed (RULES.md, Quota): until then nothing of it settles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, new_id, visible
from ..core.errors import Conflict, NotFound, Refused
from ..identity import services as identity
from ..notices import services as notices
from .delivery_models import DeemingTerm
from .models import Order, Shipment
from .orders import within

REMIND_BEFORE = 3  # days before the last one


@dataclass(frozen=True)
class Waiting:
    """A shipment under way and the last day to accept it."""

    shipment_id: UUID
    order_id: UUID
    agency_id: UUID
    number: str
    last_day: date


def term_for(terms: Sequence[DeemingTerm], agency_id: UUID, day: date) -> DeemingTerm | None:
    """The term in force for an agency on a day: its own newest, else the newest for all. None: nothing is deemed."""
    begun = [term for term in terms if term.from_day <= day]
    own = [term for term in begun if term.agency_id == agency_id]
    return max(own or [term for term in begun if term.agency_id is None], key=lambda term: term.from_day, default=None)


def terms(agency_ids: Sequence[UUID]) -> list[DeemingTerm]:
    """The terms that may apply to these agencies, newest first."""
    query = select(DeemingTerm).where(or_(DeemingTerm.agency_id.is_(None), DeemingTerm.agency_id.in_(agency_ids)))
    return list(db.session.scalars(query.order_by(DeemingTerm.from_day.desc())))


def terms_seen(actor: Actor) -> list[DeemingTerm]:
    """The terms for all, and those of the agencies that the actor buys for, delivers to or oversees; newest first."""
    actor.require("order.read")
    buyers = select(Order.agency_id).where(within(actor))
    seen = DeemingTerm.agency_id.is_(None) | DeemingTerm.agency_id.in_(buyers)
    own = visible(actor.scope, agency=DeemingTerm.agency_id)
    order = DeemingTerm.from_day.desc(), DeemingTerm.id
    return list(db.session.scalars(select(DeemingTerm).where(seen | own).order_by(*order)))


def set_term(actor: Actor, agency_id: UUID | None, from_day: date, days: int, basis: str) -> DeemingTerm:
    """States from which day on how many days are given, to one agency or to all that have no own. It stays as stated.

    Raises Refused: out_of_range, reason_needed (the basis), day_in_past; Conflict('term_exists').
    """
    actor.require("term.edit")
    if not 1 <= days <= 60:
        raise Refused("out_of_range", field="days")
    if not basis.strip():
        raise Refused("reason_needed", field="basis")
    if from_day < clock.today():
        raise Refused("day_in_past", field="from_day")
    if agency_id is not None and agency_id not in identity.named({agency_id}):
        raise NotFound("organisation")
    whose = DeemingTerm.agency_id.is_(None) if agency_id is None else DeemingTerm.agency_id == agency_id
    if db.session.scalar(select(DeemingTerm.id).where(whose, DeemingTerm.from_day == from_day)):
        raise Conflict("term_exists")
    row = DeemingTerm(id=new_id(), agency_id=agency_id, from_day=from_day, days=days, basis=basis.strip())
    db.session.add(row)
    audit.record(actor, "term.set", "organisation", agency_id or row.id, days=days, from_day=from_day.isoformat())
    db.session.flush()
    return row


def last_day(shipment: Shipment, agency_id: UUID) -> date | None:
    """The last day to accept a shipment; None where no term is in force."""
    term = term_for(terms([agency_id]), agency_id, shipment.expected_on)
    return shipment.expected_on + timedelta(days=term.days) if term else None


def waiting() -> list[Waiting]:
    """Shipments whose expected day has passed and that are not accepted, each with its last day."""
    query = (
        select(Shipment, Order.agency_id)
        .join(Order, Order.id == Shipment.order_id)
        .where(Shipment.state == "in_transit", Shipment.expected_on < clock.today())
        .order_by(Shipment.expected_on, Shipment.id)
    )
    pairs = list(db.session.execute(query))
    known = terms(list({agency_id for _, agency_id in pairs}))
    found = []
    for shipment, agency_id in pairs:
        term = term_for(known, agency_id, shipment.expected_on)
        if term is not None:
            last = shipment.expected_on + timedelta(days=term.days)
            found.append(Waiting(shipment.id, shipment.order_id, agency_id, shipment.number, last))
    return found


def overdue() -> list[UUID]:
    """Shipments whose last day has passed."""
    return [each.shipment_id for each in waiting() if each.last_day < clock.today()]


def remind() -> int:
    """Reminds agencies of deliveries that soon count as accepted, once each. Returns how many are near."""
    near = [each for each in waiting() if each.last_day - timedelta(days=REMIND_BEFORE) <= clock.today()]
    for each in near:
        notices.tell(
            "acceptance_due",
            organisation_id=each.agency_id,
            about=("shipment", each.shipment_id),
            number=each.number,
            permission="delivery.accept",
            act_by=each.last_day,
            once=f"acceptance_due:{each.shipment_id}:{each.last_day}",
            day=each.last_day.isoformat(),
        )
    return len(near)
