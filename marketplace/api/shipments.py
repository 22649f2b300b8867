"""Shipments under way, what is typed at the door, acceptances and their signatures, crates on deposit."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _
from marshmallow import fields

from ..core.fields import Id, Shown
from ..edge.current import actor
from ..edge.guard import guard
from ..procurement import services as procurement
from ..procurement.delivery_schemas import (
    AcceptanceSchema,
    AcceptedSchema,
    CancelShipmentSchema,
    CrateBalanceSchema,
    DraftSchema,
    DraftShownSchema,
    NewAcceptanceSchema,
    NewTermSchema,
    SeenPaperSchema,
    ShipmentNoticeSchema,
    ShipmentSchema,
    TakeCratesBackSchema,
    TermSchema,
    WeighingSchema,
)
from ..settlement import services as settlement
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("shipments", _("发货与验收"))
UNDER_WAY = 1000
HEAD = tuple(field.attribute or name for name, field in AcceptanceSchema().fields.items())


class LineEvidenceSchema(Shown):
    acceptance_line_id = Id()
    scales = fields.List(fields.Nested(WeighingSchema))
    papers = fields.List(fields.Nested(SeenPaperSchema))


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


@blueprint.post("/shipments/<uuid:shipment_id>/notice", summary=_("修改发货通知"))
@blueprint.takes(ShipmentNoticeSchema)
@blueprint.gives(ShipmentSchema)
@guard("shipment.send")
def amend(data: dict[str, Any], shipment_id: UUID) -> Any:
    """By the supplier, while the goods are under way. Lots and quantities stay."""
    return procurement.amend_shipment(actor(), shipment_id, **data)


@blueprint.post("/shipments/<uuid:shipment_id>/cancel", summary=_("撤回发货"))
@blueprint.takes(CancelShipmentSchema)
@blueprint.gives(ShipmentSchema)
@guard("shipment.send")
def cancel(data: dict[str, Any], shipment_id: UUID) -> Any:
    """By the supplier, before acceptance: its quantities are open again, lots and stock refilled."""
    return procurement.cancel_shipment(actor(), shipment_id, data["reason"])


@blueprint.get("/shipments/<uuid:shipment_id>/draft", summary=_("验收草稿"))
@blueprint.gives(DraftShownSchema)
@guard("delivery.accept")
def draft(shipment_id: UUID) -> Any:
    """What has been typed at the door so far; version 0 where nothing has."""
    held = procurement.acceptance_draft(actor(), shipment_id)
    return held or procurement.no_draft(shipment_id)


@blueprint.post("/shipments/<uuid:shipment_id>/draft", summary=_("存验收草稿"))
@blueprint.takes(DraftSchema)
@blueprint.gives(DraftShownSchema)
@guard("delivery.accept")
def save_draft(data: dict[str, Any], shipment_id: UUID) -> Any:
    """Over the version named; 409 where somebody saved meanwhile. Fields are the acceptance page's own."""
    return procurement.save_acceptance_draft(actor(), shipment_id, data["version"], data["typed"])


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


@blueprint.get("/acceptances/<uuid:acceptance_id>/evidence", summary=_("过秤与单据核对"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(LineEvidenceSchema))
@guard("order.read")
def evidence(query: dict[str, Any], acceptance_id: UUID) -> Any:
    """Per line: each crate on the scale, each paper held in hand."""
    row, _order = procurement.acceptance(actor(), acceptance_id)
    ids = [line.id for line in row.lines]
    scales, papers = procurement.weighings_of(ids), procurement.seen_papers(ids)
    rows = [{"acceptance_line_id": id_, "scales": scales.get(id_, []), "papers": papers.get(id_, [])} for id_ in ids]
    return cut(rows, query)


@blueprint.post("/acceptances/<uuid:acceptance_id>/signature", summary=_("验收签字"))
@blueprint.gives(AcceptedSchema)
@guard("delivery.accept")
def sign(acceptance_id: UUID) -> Any:
    """By another person than who signed first and who requested the order; what was accepted is billed. What was
    deemed accepted takes two signatures."""
    return _accepted(*settlement.sign(actor(), acceptance_id))


@blueprint.get("/crates", summary=_("周转筐"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(CrateBalanceSchema))
@guard("order.read")
def crates(query: dict[str, Any]) -> Any:
    """What agencies hold of suppliers' crates on deposit, within scope."""
    return cut(procurement.crate_balances(actor()), query)


@blueprint.post("/crates/returns", summary=_("收回周转筐"))
@blueprint.takes(TakeCratesBackSchema)
@blueprint.gives(None, 204)
@guard("shipment.send")
def take_back(data: dict[str, Any]) -> Any:
    """By the supplier: how many of which balance came back."""
    counts: dict[UUID, int] = {}
    for row in data["crates"]:
        counts[row["balance_id"]] = counts.get(row["balance_id"], 0) + row["count"]
    procurement.take_crates_back(actor(), data["agency_id"], counts, shipment_id=data["shipment_id"], note=data["note"])
    return Response(status=204)


@blueprint.get("/deeming-terms", summary=_("视同验收的期限列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(TermSchema))
@guard("order.read")
def terms(query: dict[str, Any]) -> Any:
    """For all agencies, and of those that one buys for, delivers to or oversees; newest first."""
    return cut(procurement.deeming_terms(actor()), query)


@blueprint.post("/deeming-terms", summary=_("视同验收的期限"))
@blueprint.takes(NewTermSchema)
@blueprint.gives(TermSchema, 201)
@guard("term.edit")
def set_term(data: dict[str, Any]) -> Any:
    """Days after the expected arrival until a delivery counts as accepted, from a day on."""
    return procurement.set_deeming_term(actor(), **data)
