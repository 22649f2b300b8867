"""Shipments under way, and their acceptance."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..procurement import services as procurement
from ..procurement.schemas import AcceptanceSchema, AcceptedSchema, NewAcceptanceSchema, ShipmentSchema
from ..settlement import services as settlement
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("shipments", _("发货与验收"))
UNDER_WAY = 1000
HEAD = tuple(AcceptanceSchema().fields)


@blueprint.get("/shipments", summary=_("在途的发货"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ShipmentSchema))
@guard("order.read")
def arriving(query: dict[str, Any]) -> Any:
    """Within scope, soonest first, the first thousand."""
    return cut([row for row, _order in procurement.arriving(actor(), UNDER_WAY)], query)


@blueprint.get("/shipments/<uuid:shipment_id>", summary=_("发货"))
@blueprint.gives(ShipmentSchema)
@guard("order.read")
def one(shipment_id: UUID) -> Any:
    return procurement.shipment(actor(), shipment_id)[0]


@blueprint.post("/shipments/<uuid:shipment_id>/acceptance", summary=_("验收"))
@blueprint.takes(NewAcceptanceSchema)
@blueprint.gives(AcceptedSchema, 201)
@guard("delivery.accept")
def accept(data: dict[str, Any], shipment_id: UUID) -> Any:
    """Every line of the shipment is counted. Without a witness it waits for the second signature, then it is billed."""
    row, bill = settlement.accept(actor(), shipment_id, data["lines"], witness=data["witness"], note=data["note"])
    return _accepted(row, bill)


def _accepted(row: Any, bill: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in HEAD} | {"bill_id": bill.id if bill else None}


@blueprint.get("/acceptances/<uuid:acceptance_id>", summary=_("验收单"))
@blueprint.gives(AcceptanceSchema)
@guard("order.read")
def acceptance(acceptance_id: UUID) -> Any:
    return procurement.acceptance(actor(), acceptance_id)[0]


@blueprint.post("/acceptances/<uuid:acceptance_id>/signature", summary=_("第二验收人签字"))
@blueprint.gives(AcceptedSchema)
@guard("delivery.accept")
def sign(acceptance_id: UUID) -> Any:
    """By another person than who signed first and who requested the order; what was accepted is billed."""
    return _accepted(*settlement.sign(actor(), acceptance_id))
