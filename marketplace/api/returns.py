"""Returns: goods of a settled line that came back, and what of its money is reversed by that."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..procurement import services as procurement
from ..settlement import services as settlement
from ..settlement.schemas import NewReturnSchema, ReturnSchema, SettledLineSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("returns", _("退货与冲红"))


@blueprint.post("/settled-lines/<uuid:line_id>/returns", summary=_("登记退货并冲红"))
@blueprint.takes(NewReturnSchema)
@blueprint.gives(SettledLineSchema, 201)
@guard("return.record")
def record(data: dict[str, Any], line_id: UUID) -> Any:
    """By the supplier, in part or in full, any number of times. Pools, quota and figures follow in the open period."""
    return settlement.reverse(actor(), line_id, **data)


@blueprint.get("/orders/<uuid:order_id>/returns", summary=_("订单的退货"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ReturnSchema))
@guard("order.read")
def of_order(query: dict[str, Any], order_id: UUID) -> Any:
    """What came back of an order, oldest first, for both sides."""
    row = procurement.order(actor(), order_id)
    return cut(procurement.returns_of([row.id]).get(row.id, []), query)
