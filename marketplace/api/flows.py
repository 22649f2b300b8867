"""Dated income: piece work, wages, rent, fixed dividends, surplus."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..core.fields import Flag, Id, Text
from ..edge.current import actor
from ..edge.guard import guard
from ..linkage import services as linkage
from ..linkage.flow_models import FLOW_KINDS
from ..linkage.flow_schemas import CorrectionSchema, FlowSchema, NewFlowsSchema
from .blueprint import Blueprint
from .files import require_own
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("flows", _("按日登记的收入"))


class FlowsQuery(PageSchema):
    kind = fields.String(load_default=None, validate=validate.OneOf(FLOW_KINDS))
    agreement_id = Id(load_default=None)
    household_id = Id(load_default=None)
    batch = Text(24, load_default="")
    only_open = Flag(load_default=False, metadata={"description": "On no payout list yet"})


@blueprint.get("/flows", summary=_("收入登记列表"))
@blueprint.asks(FlowsQuery)
@blueprint.gives(list_of(FlowSchema))
@guard("statement.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest first."""
    rows, total, _fen = linkage.flows(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/flows", summary=_("登记收入"))
@blueprint.takes(NewFlowsSchema)
@blueprint.gives(list_of(FlowSchema), 201)
@guard("flow.record")
def record(data: dict[str, Any]) -> Any:
    """A day's income of households on an agreement's roster, all rows or none; owed from now on.

    A voucher stands once for a household, member and day: a sheet sent twice is refused row by row.
    """
    require_own(data["file_id"])
    rows = linkage.record_flows(actor(), **data)
    return page_of(rows, len(rows), {"page": 1, "size": len(rows)})


@blueprint.get("/flows/<uuid:flow_id>", summary=_("一笔收入"))
@blueprint.gives(FlowSchema)
@guard("statement.read")
def one(flow_id: UUID) -> Any:
    return linkage.flow(actor(), flow_id)


@blueprint.post("/flows/<uuid:flow_id>/correct", summary=_("更正一笔收入"))
@blueprint.takes(CorrectionSchema)
@blueprint.gives(FlowSchema, 201)
@guard("flow.record")
def correct(data: dict[str, Any], flow_id: UUID) -> Any:
    """Takes a wrong entry back, once, by a row as much below zero; record the right one anew."""
    return linkage.correct_flow(actor(), flow_id, **data)
