"""Advances: money given before produce came, and what came back of it."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..core.fields import Flag, Id
from ..edge.current import actor
from ..edge.guard import guard
from ..linkage import services as linkage
from ..linkage.flow_schemas import AdvanceSchema, NewAdvanceSchema, RepaymentSchema, RepaymentShownSchema
from .blueprint import Blueprint
from .files import require_own
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("advances", _("预支款"))


class AdvancesQuery(PageSchema):
    household_id = Id(load_default=None)
    only_open = Flag(load_default=False, metadata={"description": "With something not repaid"})


@blueprint.get("/advances", summary=_("预支款列表"))
@blueprint.asks(AdvancesQuery)
@blueprint.gives(list_of(AdvanceSchema))
@guard("flow.record")
def listed(query: dict[str, Any]) -> Any:
    """The supplier's own, newest first."""
    rows, total = linkage.advances(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/advances", summary=_("登记预支款"))
@blueprint.takes(NewAdvanceSchema)
@blueprint.gives(AdvanceSchema, 201)
@guard("flow.record")
def give(data: dict[str, Any]) -> Any:
    """Against a signature; later slips may deduct it, the oldest advance first."""
    require_own(data["file_id"])
    return linkage.give_advance(actor(), **data)


@blueprint.get("/advances/<uuid:advance_id>", summary=_("一笔预支款"))
@blueprint.gives(AdvanceSchema)
@guard("flow.record")
def one(advance_id: UUID) -> Any:
    return linkage.own_advance(actor(), advance_id)


@blueprint.get("/advances/<uuid:advance_id>/repayments", summary=_("预支款的抵还"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(RepaymentShownSchema))
@guard("flow.record")
def repayments(query: dict[str, Any], advance_id: UUID) -> Any:
    """By slips that deducted it, or in money."""
    return cut(linkage.repayments_of(linkage.own_advance(actor(), advance_id).id), query)


@blueprint.post("/advances/<uuid:advance_id>/repayments", summary=_("登记现金归还"))
@blueprint.takes(RepaymentSchema)
@blueprint.gives(AdvanceSchema, 201)
@guard("flow.record")
def repay(data: dict[str, Any], advance_id: UUID) -> Any:
    return linkage.repay_advance(actor(), advance_id, **data)
