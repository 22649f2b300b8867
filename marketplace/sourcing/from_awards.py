"""From an award to a framework agreement in one step: a draft of what was awarded, confirmed as every framework is."""

from uuid import UUID

from sqlalchemy import exists, select

from ..catalogue import services as catalogue
from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db
from ..core.errors import Conflict, Refused
from . import frameworks
from .models import Award, Framework, Request, RequestParty

HOLDING = ("draft", "proposed", "in_force")


def framework_from_award(actor: Actor, request_id: UUID, supplier_id: UUID) -> Framework:
    """A draft of the actor's agency with a supplier that a request was awarded to: what the agency was awarded, at the
    prices and up to the quantities of the award, until the day that was asked.

    Once it is signed the award's own prices of these offers end, and what was ordered at them counts on.
    Raises NotFound; Refused: nothing_awarded, day_in_past; Conflict('framework_exists').
    """
    actor.require("requisition.edit")
    buys = exists().where(RequestParty.request_id == Request.id, RequestParty.agency_id == actor.organisation)
    row = by_id(Request, request_id, buys, "request", lock=True)
    lines = _awarded(actor, row, supplier_id)
    if not lines:
        raise Refused("nothing_awarded", field="supplier_id")
    if row.until_day < clock.today():
        raise Refused("day_in_past", field="until_day")
    if supplier_id in {one.supplier_id for one in frameworks_from(actor, row.id)}:
        raise Conflict("framework_exists", what="framework")
    return frameworks.draft(
        actor,
        supplier_id=supplier_id,
        lines=lines,
        title=row.title,
        terms=row.note,
        from_day=clock.today(),
        until_day=row.until_day,
        request_id=row.id,
    )


def _awarded(actor: Actor, row: Request, supplier_id: UUID) -> list[dict[str, object]]:
    """The agency's own part, as the award agreed it."""
    own = Award.request_id == row.id, Award.supplier_id == supplier_id
    offers = set(db.session.scalars(select(Award.offer_id).where(*own)))
    agreed = [
        one
        for one in catalogue.agreed_of([row.id]).get(row.id, [])
        if one.agency_id == actor.organisation and one.offer_id in offers
    ]
    return [{"offer_id": one.offer_id, "price_fen": one.price_fen, "ceiling": one.ceiling} for one in agreed]


def frameworks_from(actor: Actor, request_id: UUID) -> list[Framework]:
    """The frameworks of the actor's agency that came from a request and stand or may come to stand."""
    query = select(Framework).where(Framework.request_id == request_id, Framework.agency_id == actor.organisation)
    return list(db.session.scalars(query.where(Framework.state.in_(HOLDING)).order_by(Framework.id)))
