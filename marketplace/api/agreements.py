"""Agreements, consent and rosters."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import Schema

from ..core import clock
from ..core.errors import NotFound
from ..core.fields import Day, Id
from ..edge.current import actor
from ..edge.guard import guard
from ..linkage import services as linkage
from ..linkage.schemas import (
    AgreementSchema,
    ConsentShownSchema,
    ConsentsSchema,
    EndSchema,
    NewAgreementSchema,
    NewRosterSchema,
    RosterSchema,
)
from ..products import services as products
from .blueprint import Blueprint
from .files import require_own
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("agreements", _("利益联结协议"))


class AgreementsQuery(PageSchema):
    supplier_id = Id(load_default=None)


class RosterQuery(Schema):
    day = Day(load_default=None, metadata={"description": "Default today"})


def seen(agreement_id: UUID) -> Any:
    """An agreement within scope. Raises NotFound."""
    row = linkage.agreements_by_ids([agreement_id]).get(agreement_id)
    who = actor()
    if row is None or not (who.scope.everything or row.supplier_id == who.scope.supplier):
        raise NotFound("agreement")
    return row


@blueprint.get("/agreements", summary=_("协议列表"))
@blueprint.asks(AgreementsQuery)
@blueprint.gives(list_of(AgreementSchema))
@guard("statement.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest first."""
    return cut(linkage.listed(actor(), query["supplier_id"]), query)


@blueprint.post("/agreements", summary=_("起草协议"))
@blueprint.takes(NewAgreementSchema)
@blueprint.gives(AgreementSchema, 201)
@guard("agreement.edit")
def draft(data: dict[str, Any]) -> Any:
    if data["product_id"]:
        actor().require_own(products.one(data["product_id"]).supplier_id, "product")
    return linkage.draft_agreement(actor(), **data)


@blueprint.get("/agreements/<uuid:agreement_id>", summary=_("协议"))
@blueprint.gives(AgreementSchema)
@guard("statement.read")
def one(agreement_id: UUID) -> Any:
    return seen(agreement_id)


@blueprint.post("/agreements/<uuid:agreement_id>/consents", summary=_("登记农户确认"))
@blueprint.takes(ConsentsSchema)
@blueprint.gives(AgreementSchema, 201)
@guard("agreement.edit")
def consents(data: dict[str, Any], agreement_id: UUID) -> Any:
    """Signature or thumbprint, two witnesses, never the supplier's clerk. All rows or none."""
    for consent in data["consents"]:
        require_own(consent["file_id"])
    linkage.record_consents(actor(), agreement_id, data["consents"])
    return linkage.own(actor(), agreement_id)


@blueprint.get("/agreements/<uuid:agreement_id>/consents", summary=_("已确认的农户"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ConsentShownSchema))
@guard("statement.read")
def consented(query: dict[str, Any], agreement_id: UUID) -> Any:
    return cut(linkage.consents_of(seen(agreement_id).id), query)


@blueprint.post("/agreements/<uuid:agreement_id>/rosters", summary=_("新名单"))
@blueprint.takes(NewRosterSchema)
@blueprint.gives(RosterSchema, 201)
@guard("agreement.edit")
def put_roster(data: dict[str, Any], agreement_id: UUID) -> Any:
    """Who shares what from a day on, until the next version."""
    weights = {entry["household_id"]: entry["weight"] for entry in data["entries"]}
    row = linkage.put_roster(actor(), agreement_id, data["from_day"], weights)
    return _roster(agreement_id, row.from_day, linkage.weights_of_roster(row.id))


@blueprint.get("/agreements/<uuid:agreement_id>/roster", summary=_("某一天的名单"))
@blueprint.asks(RosterQuery)
@blueprint.gives(RosterSchema)
@guard("statement.read")
def roster(query: dict[str, Any], agreement_id: UUID) -> Any:
    """Empty where there was none."""
    day = query["day"] or clock.today()
    return _roster(seen(agreement_id).id, day, linkage.roster_on(agreement_id, day))


def _roster(agreement_id: UUID, day: Any, weights: dict[UUID, int]) -> dict[str, Any]:
    entries = [{"household_id": household, "weight": weight} for household, weight in sorted(weights.items())]
    return {"agreement_id": agreement_id, "day": day, "entries": entries}


@blueprint.post("/agreements/<uuid:agreement_id>/start", summary=_("协议生效"))
@blueprint.gives(AgreementSchema)
@guard("agreement.edit")
def start(agreement_id: UUID) -> Any:
    return linkage.start(actor(), agreement_id)


@blueprint.post("/agreements/<uuid:agreement_id>/end", summary=_("终止协议"))
@blueprint.takes(EndSchema)
@blueprint.gives(AgreementSchema)
@guard("agreement.edit")
def end(data: dict[str, Any], agreement_id: UUID) -> Any:
    """After a day, never before today."""
    return linkage.end(actor(), agreement_id, data["ends_on"])
