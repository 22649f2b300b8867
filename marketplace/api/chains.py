"""An agency's chain of approval, and who stands in for whom."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..procurement import services as procurement
from ..procurement.schemas import ApprovalRuleSchema, DeputySchema, NewChainSchema, NewDeputySchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("chains", _("审批链"))


@blueprint.get("/approval-rules", summary=_("审批链"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ApprovalRuleSchema))
@guard("requisition.read")
def listed(query: dict[str, Any]) -> Any:
    """The own agency's rules by day and amount: those that hold, and those to come. None: one approver decides."""
    return cut([rule for rules in procurement.chain(actor()).values() for rule in rules], query)


@blueprint.post("/approval-rules", summary=_("设定审批链"))
@blueprint.takes(NewChainSchema)
@blueprint.gives(list_of(ApprovalRuleSchema), 201)
@guard("chain.edit")
def set_chain(data: dict[str, Any]) -> Any:
    """From tomorrow on, or from today where there was none; what was set for the same day is replaced."""
    rows = procurement.set_chain(actor(), data["from_day"], data["tiers"])
    return page_of(rows, len(rows), {"page": 1, "size": max(1, len(rows))})


@blueprint.get("/deputies", summary=_("代理审批"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(DeputySchema))
@guard("requisition.read")
def deputies(query: dict[str, Any]) -> Any:
    """The own agency's stand-ins that hold or are to come."""
    return cut(procurement.deputies(actor()), query)


@blueprint.post("/deputies", summary=_("指定代理人"))
@blueprint.takes(NewDeputySchema)
@blueprint.gives(DeputySchema, 201)
@guard("requisition.approve")
def name_deputy(data: dict[str, Any]) -> Any:
    """For oneself, or for another by who may set the chain; both are approvers of the agency."""
    return procurement.name_deputy(actor(), **data)


@blueprint.post("/deputies/<uuid:deputy_id>/end", summary=_("提前结束代理"))
@blueprint.gives(DeputySchema)
@guard("requisition.approve")
def end_deputy(deputy_id: UUID) -> Any:
    return procurement.end_deputy(actor(), deputy_id)
