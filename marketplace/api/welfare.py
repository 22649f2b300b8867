"""A union's festival goods by head-list."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..sourcing import welfare
from ..sourcing.repeating_schemas import (
    FinishSchema,
    GoodsSchema,
    HeadsSchema,
    NewWelfareSchema,
    SignSchema,
    WelfareOpenedSchema,
    WelfareSchema,
)
from .blueprint import Blueprint
from .files import require_own
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("welfare", _("福利采购"))
HEAD = tuple(WelfareSchema().fields)


def opened(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in HEAD} | {
        "goods": welfare.goods_of(row.id),
        "heads": welfare.heads_of(row.id),
    }


@blueprint.get("/welfare-orders", summary=_("福利采购列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(WelfareSchema))
@guard("order.read")
def listed(query: dict[str, Any]) -> Any:
    """The agency's own: a list names people."""
    rows, total = welfare.welfare_orders(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/welfare-orders", summary=_("新建福利采购"))
@blueprint.takes(NewWelfareSchema)
@blueprint.gives(WelfareSchema, 201)
@guard("requisition.edit")
def open_welfare(data: dict[str, Any]) -> Any:
    return welfare.open_welfare(actor(), **data)


@blueprint.get("/welfare-orders/<uuid:welfare_id>", summary=_("福利采购单"))
@blueprint.gives(WelfareOpenedSchema)
@guard("order.read")
def one(welfare_id: UUID) -> Any:
    return opened(welfare.welfare_order(actor(), welfare_id))


@blueprint.put("/welfare-orders/<uuid:welfare_id>/heads", summary=_("填写人员名单"))
@blueprint.takes(HeadsSchema)
@blueprint.gives(WelfareSchema)
@guard("requisition.edit")
def put_heads(data: dict[str, Any], welfare_id: UUID) -> Any:
    return welfare.put_heads(actor(), welfare_id, [welfare.Head(**head) for head in data["heads"]])


@blueprint.put("/welfare-orders/<uuid:welfare_id>/goods", summary=_("填写每人物品"))
@blueprint.takes(GoodsSchema)
@blueprint.gives(WelfareSchema)
@guard("requisition.edit")
def put_goods(data: dict[str, Any], welfare_id: UUID) -> Any:
    return welfare.put_goods(actor(), welfare_id, data["goods"])


@blueprint.post("/welfare-orders/<uuid:welfare_id>/order", summary=_("下采购单"))
@blueprint.gives(WelfareSchema)
@guard("requisition.edit")
def order(welfare_id: UUID) -> Any:
    """Drafts the bulk order out of union funds, rounded up to packs; the list is frozen."""
    return welfare.order_welfare(actor(), welfare_id)


@blueprint.post("/welfare-orders/<uuid:welfare_id>/cancel", summary=_("取消草稿"))
@blueprint.gives(WelfareSchema)
@guard("requisition.edit")
def cancel(welfare_id: UUID) -> Any:
    return welfare.cancel_welfare(actor(), welfare_id)


@blueprint.post("/welfare-orders/<uuid:welfare_id>/sign", summary=_("登记签领"))
@blueprint.takes(SignSchema)
@blueprint.gives(WelfareSchema)
@guard("delivery.accept")
def sign(data: dict[str, Any], welfare_id: UUID) -> Any:
    """Each person once, and no more than goods were accepted for."""
    return welfare.sign_for(actor(), welfare_id, data["numbers"], proxy=data["proxy"])


@blueprint.post("/welfare-orders/<uuid:welfare_id>/finish", summary=_("发完，附签领表"))
@blueprint.takes(FinishSchema)
@blueprint.gives(WelfareSchema)
@guard("delivery.accept")
def finish(data: dict[str, Any], welfare_id: UUID) -> Any:
    require_own(data["file_id"])
    return welfare.finish_welfare(actor(), welfare_id, data["file_id"])
