"""Substitutes only with consent: what a supplier proposes instead of an open quantity, and what the agency answers."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..procurement import services as procurement
from ..procurement.delivery_schemas import NewSubstituteSchema, SubstituteAnswerSchema, SubstituteSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("substitutes", _("替代"))


@blueprint.get("/orders/<uuid:order_id>/substitutes", summary=_("订单的替代"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(SubstituteSchema))
@guard("order.read")
def listed(query: dict[str, Any], order_id: UUID) -> Any:
    """Oldest first."""
    order = procurement.order(actor(), order_id)
    return cut(procurement.substitutes_of([order.id]).get(order.id, []), query)


@blueprint.post("/substitutes", summary=_("提出替代"))
@blueprint.takes(NewSubstituteSchema)
@blueprint.gives(SubstituteSchema, 201)
@guard("order.confirm")
def propose(data: dict[str, Any]) -> Any:
    """By the supplier: another of its offers, of the same category, at no higher price."""
    return procurement.propose_substitute(actor(), data.pop("order_line_id"), **data)


@blueprint.get("/substitutes/<uuid:substitute_id>", summary=_("替代"))
@blueprint.gives(SubstituteSchema)
@guard("order.read")
def one(substitute_id: UUID) -> Any:
    return procurement.substitute(actor(), substitute_id)[0]


@blueprint.post("/substitutes/<uuid:substitute_id>/consent", summary=_("同意替代"))
@blueprint.gives(SubstituteSchema)
@guard("order.cancel")
def consent(substitute_id: UUID) -> Any:
    """By the agency: the quantity moves to a new line of the order."""
    return procurement.consent_to_substitute(actor(), substitute_id)


@blueprint.post("/substitutes/<uuid:substitute_id>/refuse", summary=_("不同意替代"))
@blueprint.takes(SubstituteAnswerSchema)
@blueprint.gives(SubstituteSchema)
@guard("order.cancel")
def refuse(data: dict[str, Any], substitute_id: UUID) -> Any:
    return procurement.refuse_substitute(actor(), substitute_id, data["answer"])


@blueprint.post("/substitutes/<uuid:substitute_id>/withdraw", summary=_("撤回替代"))
@blueprint.gives(SubstituteSchema)
@guard("order.confirm")
def withdraw(substitute_id: UUID) -> Any:
    """By the supplier, while nobody has answered."""
    return procurement.withdraw_substitute(actor(), substitute_id)
