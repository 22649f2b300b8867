"""What is typed at the door survives a weak signal: one draft for a shipment, saved by small posts, resumed anywhere."""

from uuid import UUID

from sqlalchemy import delete, select

from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db
from ..core.errors import Conflict, Refused
from . import rules
from .delivery_models import AcceptanceDraft
from .models import Order, Shipment

MOST_FIELDS, LONGEST_NAME, LONGEST = 6_000, 80, 500


def save_draft(actor: Actor, shipment_id: UUID, version: int, fields: dict[str, str]) -> AcceptanceDraft:
    """Keeps the form's fields over those of `version` (0: there was no draft). Whole fields, no judgement on them.

    Raises Conflict: draft_changed (somebody saved meanwhile), wrong_state; Refused('draft_too_large').
    """
    actor.require("delivery.accept")
    shipment = by_id(Shipment, shipment_id, _here(actor), "shipment", lock=True)
    rules.SHIPMENT.after("accept", shipment.state)
    if len(fields) > MOST_FIELDS or any(
        len(name) > LONGEST_NAME or len(value) > LONGEST for name, value in fields.items()
    ):
        raise Refused("draft_too_large", field="fields")
    row = db.session.get(AcceptanceDraft, shipment_id, populate_existing=True)
    if (row.version if row else 0) != version:
        raise Conflict("draft_changed")
    if row is None:
        row = AcceptanceDraft(shipment_id=shipment_id, version=0)
        db.session.add(row)
    row.fields, row.version, row.saved_by, row.saved_at = fields, version + 1, actor.user, clock.now()
    db.session.flush()
    return row


def draft(actor: Actor, shipment_id: UUID) -> AcceptanceDraft | None:
    """The draft of a shipment to the actor's agency, if there is one. Raises NotFound."""
    actor.require("delivery.accept")
    by_id(Shipment, shipment_id, _here(actor), "shipment")
    return db.session.get(AcceptanceDraft, shipment_id)


def no_draft(shipment_id: UUID) -> AcceptanceDraft:
    """What stands where nothing was saved yet: version 0, no fields."""
    return AcceptanceDraft(shipment_id=shipment_id, version=0, fields={}, saved_at=clock.now())


def drop(shipment_id: UUID) -> None:
    """The shipment is accepted or gone, and its draft with it."""
    db.session.execute(delete(AcceptanceDraft).where(AcceptanceDraft.shipment_id == shipment_id))


def _here(actor: Actor):  # type: ignore[no-untyped-def]
    return Shipment.order_id.in_(select(Order.id).where(Order.agency_id == actor.organisation))
