"""Framework agreements: written by an agency, sent by another person, signed by the supplier, called off."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..edge.current import actor
from ..edge.guard import guard
from ..identity import services as identity
from ..procurement.schemas import RequisitionOpenedSchema
from ..sourcing import services as sourcing
from ..sourcing.rules import SHOWN_FRAMEWORK
from ..sourcing.schemas import (
    CallOffSchema,
    CancelRequestSchema,
    FrameworkChangeSchema,
    FrameworkFromAwardSchema,
    FrameworkOpenedSchema,
    FrameworkSchema,
    NewFrameworkSchema,
)
from . import versions
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of
from .requisitions import opened as requisition_opened

blueprint = Blueprint("frameworks", _("框架协议"))
HEAD = [name for name in FrameworkSchema().fields if not name.endswith("_name") and name != "state"]


class FrameworksQuery(PageSchema):
    state = fields.String(load_default=None, validate=validate.OneOf(SHOWN_FRAMEWORK))


def named(rows: Sequence[Any]) -> list[dict[str, Any]]:
    names = identity.named({row.agency_id for row in rows} | {row.supplier_id for row in rows})
    return [
        {name: getattr(row, name) for name in HEAD}
        | {
            "agency_name": names[row.agency_id].name,
            "supplier_name": names[row.supplier_id].name,
            "state": sourcing.framework_state(row),
        }
        for row in rows
    ]


def opened(row: Any) -> dict[str, Any]:
    return named([row])[0] | {
        "agency_ids": sourcing.framework_parties([row.id])[row.id],
        "lines": sourcing.framework_lines([row.id])[row.id],
        "drawn": sourcing.drawn_under(actor(), row),
    }


@blueprint.get("/frameworks", summary=_("框架协议列表"))
@blueprint.asks(FrameworksQuery)
@blueprint.gives(list_of(FrameworkSchema))
@guard("framework.read")
def listed(query: dict[str, Any]) -> Any:
    rows, total = sourcing.frameworks(actor(), **query)
    return page_of(named(rows), total, query)


@blueprint.post("/frameworks", summary=_("起草框架协议"))
@blueprint.versioned
@blueprint.takes(NewFrameworkSchema)
@blueprint.gives(FrameworkOpenedSchema, 201)
@guard("requisition.edit")
def draft(data: dict[str, Any]) -> Any:
    return opened(sourcing.draft_framework(actor(), **data))


@blueprint.post("/rfqs/<uuid:request_id>/framework", summary=_("按定标结果起草框架协议"))
@blueprint.versioned
@blueprint.takes(FrameworkFromAwardSchema)
@blueprint.gives(FrameworkOpenedSchema, 201)
@guard("requisition.edit")
def from_award(data: dict[str, Any], request_id: UUID) -> Any:
    """A draft of what the agency was awarded from one supplier. Once signed, the award's own prices end."""
    return opened(sourcing.framework_from_award(actor(), request_id, **data))


@blueprint.get("/frameworks/<uuid:framework_id>", summary=_("框架协议"))
@blueprint.versioned
@blueprint.gives(FrameworkOpenedSchema)
@guard("framework.read")
def one(framework_id: UUID) -> Any:
    """With its lines and what was drawn of each ceiling."""
    return opened(sourcing.framework(actor(), framework_id))


@blueprint.put("/frameworks/<uuid:framework_id>", summary=_("修改协议草稿"))
@blueprint.versioned
@blueprint.takes(FrameworkChangeSchema)
@blueprint.gives(FrameworkOpenedSchema)
@guard("requisition.edit")
def redraft(data: dict[str, Any], framework_id: UUID) -> Any:
    row = sourcing.framework(actor(), framework_id)
    return opened(sourcing.redraft(actor(), framework_id, versions.seen(row, FrameworkSchema), **data))


@blueprint.post("/frameworks/<uuid:framework_id>/propose", summary=_("发给供应商签署"))
@blueprint.may_match
@blueprint.versioned
@blueprint.gives(FrameworkOpenedSchema)
@guard("requisition.approve")
def propose(framework_id: UUID) -> Any:
    """By another person than its writer."""
    row = sourcing.framework(actor(), framework_id)
    return opened(sourcing.propose(actor(), framework_id, versions.optional(row, FrameworkSchema)))


@blueprint.post("/frameworks/<uuid:framework_id>/sign", summary=_("签署"))
@blueprint.versioned
@blueprint.gives(FrameworkOpenedSchema)
@guard("framework.sign")
def sign(framework_id: UUID) -> Any:
    """Its prices are owed from then on; what it amends ends."""
    return opened(sourcing.sign(actor(), framework_id))


@blueprint.post("/frameworks/<uuid:framework_id>/decline", summary=_("不签"))
@blueprint.versioned
@blueprint.takes(CancelRequestSchema)
@blueprint.gives(FrameworkOpenedSchema)
@guard("framework.sign")
def decline(data: dict[str, Any], framework_id: UUID) -> Any:
    return opened(sourcing.decline(actor(), framework_id, data["reason"]))


@blueprint.post("/frameworks/<uuid:framework_id>/withdraw", summary=_("撤回协议"))
@blueprint.versioned
@blueprint.gives(FrameworkOpenedSchema)
@guard("requisition.edit")
def withdraw(framework_id: UUID) -> Any:
    return opened(sourcing.withdraw_framework(actor(), framework_id))


@blueprint.post("/frameworks/<uuid:framework_id>/end", summary=_("终止协议"))
@blueprint.versioned
@blueprint.takes(CancelRequestSchema)
@blueprint.gives(FrameworkOpenedSchema)
@guard("requisition.approve")
def end(data: dict[str, Any], framework_id: UUID) -> Any:
    """Nothing more is called off; approved orders go on."""
    return opened(sourcing.end(actor(), framework_id, data["reason"]))


@blueprint.post("/frameworks/<uuid:framework_id>/amend", summary=_("变更协议"))
@blueprint.versioned
@blueprint.gives(FrameworkOpenedSchema, 201)
@guard("requisition.edit")
def amend(framework_id: UUID) -> Any:
    """A draft that replaces it once signed."""
    return opened(sourcing.amend(actor(), framework_id))


@blueprint.post("/frameworks/<uuid:framework_id>/call-off", summary=_("按协议下单"))
@blueprint.versioned
@blueprint.takes(CallOffSchema)
@blueprint.gives(RequisitionOpenedSchema, 201)
@guard("requisition.edit")
def call_off(data: dict[str, Any], framework_id: UUID) -> Any:
    """A draft of the bulk order at the agreed prices."""
    return requisition_opened(sourcing.call_off(actor(), framework_id, **data))
