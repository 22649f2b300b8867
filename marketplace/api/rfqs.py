"""Requests for quotation and posted demand: written, opened, answered under seal, compared, awarded."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..core.fields import Text
from ..edge.current import actor
from ..edge.guard import guard
from ..identity import services as identity
from ..sourcing import services as sourcing
from ..sourcing.rules import SHOWN_REQUEST
from ..sourcing.schemas import (
    KINDS,
    AddresseeSchema,
    CancelRequestSchema,
    ComparisonSchema,
    NewAwardSchema,
    NewQuotationSchema,
    NewRequestSchema,
    QuotationOpenedSchema,
    RequestChangeSchema,
    RequestOpenedSchema,
    RequestSchema,
)
from . import versions
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of
from .quotations import opened as quotation_opened

blueprint = Blueprint("rfqs", _("询价"))
HEAD = [name for name in RequestSchema().fields if name not in ("agency_name", "state")]


class RfqsQuery(PageSchema):
    kind = fields.String(load_default=None, validate=KINDS)
    state = fields.String(load_default=None, validate=validate.OneOf(SHOWN_REQUEST))


class AddresseesQuery(PageSchema):
    words = Text(40, load_default="", metadata={"description": "A part of the name"})
    county = Text(12, load_default="")
    category_code = Text(20, load_default="", metadata={"description": "Or of what lies below it"})


def named(rows: Sequence[Any]) -> list[dict[str, Any]]:
    names = identity.named({row.agency_id for row in rows})
    return [
        {name: getattr(row, name) for name in HEAD}
        | {"agency_name": names[row.agency_id].name, "state": sourcing.request_state(row)}
        for row in rows
    ]


def lines_of(row: Any, wants: dict[UUID, dict[UUID, int]]) -> list[dict[str, Any]]:
    names = ("id", "no", "category_code", "product_id", "name", "spec", "unit", "from_day", "until_day")
    return [
        {name: getattr(line, name) for name in names} | {"quantity": sum(wants.get(line.id, {}).values())}
        for line in sourcing.request_lines(row.id)
    ]


def opened(row: Any) -> dict[str, Any]:
    wants = sourcing.wants_of(row.id)
    return named([row])[0] | {
        "lines": lines_of(row, wants),
        "parties": _parties(row, wants),
        "supplier_ids": [] if actor().kind == "supplier" else sourcing.invited(row.id),
        "awards": sourcing.visible_awards(actor(), row),
    }


def _parties(row: Any, wants: dict[UUID, dict[UUID, int]]) -> list[dict[str, Any]]:
    parties = sourcing.parties_of(row.id)
    names = identity.named({party.agency_id for party in parties})
    return [
        {
            "agency_id": party.agency_id,
            "agency_name": names[party.agency_id].name,
            "address": party.address,
            "wants": [
                {"line_id": line, "quantity": of[party.agency_id]}
                for line, of in wants.items()
                if party.agency_id in of
            ],
            "requisition_id": party.requisition_id if party.agency_id in actor().scope.agencies else None,
        }
        for party in parties
    ]


@blueprint.get("/rfqs", summary=_("询价列表"))
@blueprint.asks(RfqsQuery)
@blueprint.gives(list_of(RequestSchema))
@guard("request.read")
def listed(query: dict[str, Any]) -> Any:
    """An agency's own and those it joined; a supplier's those addressed to it, and every posted demand."""
    rows, total = sourcing.requests(actor(), **query)
    return page_of(named(rows), total, query)


@blueprint.post("/rfqs", summary=_("新建询价"))
@blueprint.versioned
@blueprint.takes(NewRequestSchema)
@blueprint.gives(RequestOpenedSchema, 201)
@guard("requisition.edit")
def write(data: dict[str, Any]) -> Any:
    """A draft; a county that is named is the buyer's own choice, no rule singles one out."""
    return opened(sourcing.write(actor(), **data))


@blueprint.get("/rfqs/suppliers", summary=_("可以询价的供应商"))
@blueprint.asks(AddresseesQuery)
@blueprint.gives(list_of(AddresseeSchema))
@guard("requisition.edit")
def suppliers(query: dict[str, Any]) -> Any:
    """Those that can answer, by name, county and what they have on sale."""
    rows, total = sourcing.suppliers_found(actor(), **query)
    return page_of(rows, total, query)


@blueprint.get("/rfqs/<uuid:request_id>", summary=_("询价单"))
@blueprint.versioned
@blueprint.gives(RequestOpenedSchema)
@guard("request.read")
def one(request_id: UUID) -> Any:
    return opened(sourcing.request(actor(), request_id))


@blueprint.put("/rfqs/<uuid:request_id>", summary=_("修改询价草稿"))
@blueprint.versioned
@blueprint.takes(RequestChangeSchema)
@blueprint.gives(RequestOpenedSchema)
@guard("requisition.edit")
def rewrite(data: dict[str, Any], request_id: UUID) -> Any:
    row = sourcing.request(actor(), request_id)
    return opened(sourcing.rewrite(actor(), request_id, versions.seen(row, RequestSchema), **data))


@blueprint.post("/rfqs/<uuid:request_id>/open", summary=_("发出询价"))
@blueprint.may_match
@blueprint.versioned
@blueprint.gives(RequestOpenedSchema)
@guard("requisition.edit")
def open_request(request_id: UUID) -> Any:
    row = sourcing.request(actor(), request_id)
    return opened(sourcing.open_request(actor(), request_id, versions.optional(row, RequestSchema)))


@blueprint.post("/rfqs/<uuid:request_id>/cancel", summary=_("取消询价"))
@blueprint.versioned
@blueprint.takes(CancelRequestSchema)
@blueprint.gives(RequestOpenedSchema)
@guard("requisition.edit")
def cancel(data: dict[str, Any], request_id: UUID) -> Any:
    return opened(sourcing.cancel(actor(), request_id, data["reason"]))


@blueprint.get("/rfqs/<uuid:request_id>/comparison", summary=_("比价"))
@blueprint.gives(ComparisonSchema)
@guard("request.read")
def comparison(request_id: UUID) -> Any:
    """Each line's answers per comparable unit, the cheapest first. Sealed until the deadline."""
    found = sourcing.compare(actor(), sourcing.request(actor(), request_id))
    names = identity.named({row.supplier_id for row in found.quotations})
    return {
        "sealed": found.sealed,
        "lines": [
            {
                "line_id": line.line.id,
                "unit": line.line.unit,
                "wanted": line.wanted,
                "reference_fen": line.reference_fen,
                "answers": [_answer(one, names, found.past) for one in line.answers],
            }
            for line in found.lines
        ],
    }


def _answer(one: Any, names: dict[UUID, Any], past: dict[UUID, tuple[int, int]]) -> dict[str, Any]:
    supplier = one.quotation.supplier_id
    delivered, rejected = past.get(supplier, (0, 0))
    return {name: getattr(one.line, name) for name in ("price_fen", "comparable_fen", "most", "lead_days", "note")} | {
        "quotation_id": one.quotation.id,
        "number": one.quotation.number,
        "supplier_id": supplier,
        "supplier_name": names[supplier].name,
        "offer_id": one.offer.id,
        "code": one.offer.code,
        "price_unit": one.offer.price_unit,
        "over_basis_points": one.over_basis_points,
        "first": one.first,
        "valid_until": one.quotation.valid_until,
        "eligible": bool(one.grant_id),
        "changed": one.changed,
        "delivered_lines": delivered,
        "rejected_lines": rejected,
    }


@blueprint.post("/rfqs/<uuid:request_id>/award", summary=_("定标"))
@blueprint.may_match
@blueprint.versioned
@blueprint.takes(NewAwardSchema)
@blueprint.gives(RequestOpenedSchema)
@guard("requisition.approve")
def award(data: dict[str, Any], request_id: UUID) -> Any:
    """By another person than its writer: agreed prices, and a draft of the bulk order for every agency."""
    row = sourcing.request(actor(), request_id)
    sourcing.award(actor(), request_id, data["parts"], versions.optional(row, RequestSchema))
    return opened(sourcing.request(actor(), request_id))


@blueprint.post("/rfqs/<uuid:request_id>/quotation", summary=_("报价"))
@blueprint.takes(NewQuotationSchema)
@blueprint.gives(QuotationOpenedSchema)
@guard("quotation.edit")
def send(data: dict[str, Any], request_id: UUID) -> Any:
    """Sealed until the deadline; sent again, the later one counts."""
    return quotation_opened(sourcing.send(actor(), request_id, **data))
