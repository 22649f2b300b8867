"""Orders after approval, as both sides and the offices of both places see them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from marshmallow import fields, validate

from ..core import clock
from ..core.fields import Day, Id, Text
from ..edge.current import actor
from ..edge.guard import guard
from ..identity import services as identity
from ..payments import services as payments
from ..payments.schemas import BillSchema
from ..procurement import services as procurement
from ..procurement.delivery_schemas import AcceptanceSchema, NewShipmentSchema, ShipmentSchema
from ..procurement.orders import SORTS
from ..procurement.schemas import (
    CancelSchema,
    ConfirmationScanSchema,
    NewConfirmationScanSchema,
    OrderOpenedSchema,
    OrderSchema,
    ReasonSchema,
)
from ..settlement import services as settlement
from ..settlement.schemas import SettledLineSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("orders", _("订单"))
STATES = (
    "to_confirm",
    "to_ship",
    "in_transit",
    "part_delivered",
    "accepted",
    "settled",
    "rejected",
    "declined",
    "lapsed",
    "cancelled",
)
HEAD = [name for name in OrderSchema().fields if not name.endswith("_name")]


class OrdersQuery(PageSchema):
    state = fields.List(
        fields.String(validate=validate.OneOf(STATES)), load_default=list, validate=validate.Length(max=10)
    )
    supplier_id = Id(load_default=None)
    agency_id = Id(load_default=None)
    since = Day(load_default=None, metadata={"description": "Approved on that day or later"})
    number = Text(20, load_default="", metadata={"description": "A part of the number"})
    sort = fields.String(
        load_default="-approved_at", validate=validate.OneOf([sign + name for name in SORTS for sign in ("", "-")])
    )


def named(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Orders with both sides' names, one statement. The plan is the agency's affair: suppliers do not see which."""
    who = actor()
    others = {id_ for row in rows for id_ in (row.agency_id, row.supplier_id)} - {who.organisation}
    names = {who.organisation: who.organisation_name} | {one.id: one.name for one in identity.named(others).values()}
    hidden = {"plan_id": None} if who.kind == "supplier" else {}
    return [
        {name: getattr(row, name) for name in HEAD}
        | {"agency_name": names[row.agency_id], "supplier_name": names[row.supplier_id]}
        | hidden
        for row in rows
    ]


def opened(row: Any) -> dict[str, Any]:
    lines = procurement.lines_of([row.id])
    plan = procurement.deliveries_of([row.id], lines).get(row.id, [])
    return named([row])[0] | {
        "lines": lines.get(row.id, []),
        "deliveries": [
            {name: getattr(one, name) for name in ("no", "address", "contact", "deliver_on", "window")}
            | {"parts": [{"order_line_id": line, "quantity": quantity} for line, quantity in one.parts.items()]}
            for one in plan
        ],
    }


@blueprint.get("/orders", summary=_("订单列表"))
@blueprint.asks(OrdersQuery)
@blueprint.gives(list_of(OrderSchema))
@guard("order.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope."""
    asked = query | {"states": query["state"], "since": clock.at(query["since"], 0) if query["since"] else None}
    del asked["state"]
    rows, total = procurement.listed(actor(), **asked)
    return page_of(named(rows), total, query)


@blueprint.get("/orders/<uuid:order_id>", summary=_("订单"))
@blueprint.gives(OrderOpenedSchema)
@guard("order.read")
def one(order_id: UUID) -> Any:
    """With its lines, and where each unit of them is."""
    return opened(procurement.order(actor(), order_id))


@blueprint.post("/orders/<uuid:order_id>/confirm", summary=_("接单"))
@blueprint.gives(OrderOpenedSchema)
@guard("order.confirm")
def confirm(order_id: UUID) -> Any:
    """By the supplier, within the deadline `confirm_by`."""
    return opened(settlement.confirm_order(actor(), order_id))


@blueprint.post("/orders/<uuid:order_id>/decline", summary=_("谢绝"))
@blueprint.takes(ReasonSchema)
@blueprint.gives(OrderOpenedSchema)
@guard("order.confirm")
def decline(data: dict[str, Any], order_id: UUID) -> Any:
    """By the supplier: stock and quota are released."""
    return opened(procurement.decline(actor(), order_id, data["reason"]))


@blueprint.post("/orders/<uuid:order_id>/cancel", summary=_("取消未发部分"))
@blueprint.takes(CancelSchema)
@blueprint.gives(OrderOpenedSchema)
@guard("order.cancel")
def cancel(data: dict[str, Any], order_id: UUID) -> Any:
    """By the agency: what is open, of the lines named."""
    quantities = {line["order_line_id"]: line["quantity"] for line in data["lines"]}
    return opened(procurement.cancel(actor(), order_id, quantities, data["reason"]))


@blueprint.get("/orders/<uuid:order_id>/confirmation", summary=_("订单确认书"))
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
@guard("order.read")
def confirmation(order_id: UUID) -> Any:
    """A PDF for both sides to stamp."""
    _name, content = procurement.confirmation(actor(), order_id)
    return Response(content, mimetype="application/pdf")


@blueprint.get("/orders/<uuid:order_id>/confirmation-scans", summary=_("盖章的确认书"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ConfirmationScanSchema))
@guard("order.read")
def scans(query: dict[str, Any], order_id: UUID) -> Any:
    """Newest first; the newest of a side stands."""
    return cut(procurement.scans_of(actor(), order_id), query)


@blueprint.post("/orders/<uuid:order_id>/confirmation-scans", summary=_("传回盖章的确认书"))
@blueprint.takes(NewConfirmationScanSchema)
@blueprint.gives(ConfirmationScanSchema, 201)
@guard("confirmation.add")
def add_scan(data: dict[str, Any], order_id: UUID) -> Any:
    """By either side; `file_id` is a file of its own."""
    return procurement.add_confirmation_scan(actor(), order_id, data["file_id"])


@blueprint.post("/orders/<uuid:order_id>/shipments", summary=lazy_pgettext("verb", "发货"))
@blueprint.takes(NewShipmentSchema)
@blueprint.gives(ShipmentSchema, 201)
@guard("shipment.send")
def ship(data: dict[str, Any], order_id: UUID) -> Any:
    """A part of the order, each part of it out of one lot."""
    return procurement.ship(actor(), order_id, **data)


@blueprint.get("/orders/<uuid:order_id>/shipments", summary=_("订单的发货"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ShipmentSchema))
@guard("order.read")
def shipments(query: dict[str, Any], order_id: UUID) -> Any:
    row = procurement.order(actor(), order_id)
    return cut(procurement.shipments_of([row.id]).get(row.id, []), query)


@blueprint.get("/orders/<uuid:order_id>/acceptances", summary=_("订单的验收"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(AcceptanceSchema))
@guard("order.read")
def acceptances(query: dict[str, Any], order_id: UUID) -> Any:
    row = procurement.order(actor(), order_id)
    return cut(procurement.acceptances_of([row.id]).get(row.id, []), query)


@blueprint.get("/orders/<uuid:order_id>/bills", summary=_("订单的结算单"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(BillSchema))
@guard("bill.read")
def bills(query: dict[str, Any], order_id: UUID) -> Any:
    row = procurement.order(actor(), order_id)
    return cut(payments.bills_of([row.id]).get(row.id, []), query)


@blueprint.get("/orders/<uuid:order_id>/settled-lines", summary=_("订单已结清的行"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(SettledLineSchema))
@guard("order.read")
def settled_lines(query: dict[str, Any], order_id: UUID) -> Any:
    """What was accepted and paid, with the money attributed to households."""
    row = procurement.order(actor(), order_id)
    return cut(settlement.settled_of([row.id]).get(row.id, []), query)
