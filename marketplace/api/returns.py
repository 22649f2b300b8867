"""Returns: the buyer asks, the supplier answers, goods go back, and what of the line's money is reversed or credited."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..core.fields import Id
from ..edge.current import actor
from ..edge.guard import guard
from ..procurement import services as procurement
from ..procurement.after_schemas import (
    AnswerReturnSchema,
    AskReturnSchema,
    FinishReturnSchema,
    ReceiveReturnSchema,
    ReturnRequestSchema,
    SendBackSchema,
)
from ..settlement import services as settlement
from ..settlement.schemas import NewReturnSchema, ReturnSchema, SettledLineSchema
from .blueprint import Blueprint
from .files import attached, gives_content
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("returns", _("退货与冲红"))
STATES = ["", "open", "asked", "agreed", "refused", "withdrawn", "sent_back", "received", "done"]


class RequestsQuery(PageSchema):
    state = fields.String(load_default="", validate=validate.OneOf(STATES))
    order_id = Id(load_default=None)


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


@blueprint.post("/acceptance-lines/<uuid:acceptance_line_id>/return-requests", summary=_("申请退货"))
@blueprint.takes(AskReturnSchema)
@blueprint.gives(ReturnRequestSchema, 201)
@guard("return.ask")
def ask(data: dict[str, Any], acceptance_line_id: UUID) -> Any:
    """By the buyer, within the days of its reason; one at a time for a line."""
    return procurement.ask_return(actor(), acceptance_line_id, **data)


@blueprint.get("/return-requests", summary=_("退货申请列表"))
@blueprint.asks(RequestsQuery)
@blueprint.gives(list_of(ReturnRequestSchema))
@guard("order.read")
def requests(query: dict[str, Any]) -> Any:
    """Within scope, open ones first."""
    rows, total = procurement.return_requests(actor(), **query)
    return page_of(rows, total, query)


@blueprint.get("/return-requests/<uuid:request_id>", summary=_("退货申请"))
@blueprint.gives(ReturnRequestSchema)
@guard("order.read")
def request(request_id: UUID) -> Any:
    return procurement.return_request(actor(), request_id)


@blueprint.get("/return-requests/<uuid:request_id>/photos/<uuid:file_id>", summary=_("退货申请的照片"))
@gives_content
@guard("order.read")
def photo(request_id: UUID, file_id: UUID) -> Response:
    return attached(procurement.return_photo(actor(), request_id, file_id))


@blueprint.post("/return-requests/<uuid:request_id>/answer", summary=_("答复退货申请"))
@blueprint.takes(AnswerReturnSchema)
@blueprint.gives(ReturnRequestSchema)
@guard("return.answer")
def answer(data: dict[str, Any], request_id: UUID) -> Any:
    """By the supplier. Silence is never agreement: past its day the buyer may raise a dispute."""
    return procurement.answer_return(actor(), request_id, **data)


@blueprint.post("/return-requests/<uuid:request_id>/withdraw", summary=_("撤回退货申请"))
@blueprint.gives(ReturnRequestSchema)
@guard("return.ask")
def withdraw(request_id: UUID) -> Any:
    return procurement.withdraw_return(actor(), request_id)


@blueprint.post("/return-requests/<uuid:request_id>/send-back", summary=_("退回货物"))
@blueprint.takes(SendBackSchema)
@blueprint.gives(ReturnRequestSchema)
@guard("return.ask")
def send_back(data: dict[str, Any], request_id: UUID) -> Any:
    return procurement.send_return(actor(), request_id, **data)


@blueprint.post("/return-requests/<uuid:request_id>/receive", summary=_("收到退货"))
@blueprint.takes(ReceiveReturnSchema)
@blueprint.gives(ReturnRequestSchema)
@guard("return.answer")
def receive(data: dict[str, Any], request_id: UUID) -> Any:
    """By the supplier: taken back into the lot, or destroyed."""
    return procurement.receive_return(actor(), request_id, **data)


@blueprint.post("/return-requests/<uuid:request_id>/finish", summary=_("退货冲账"))
@blueprint.takes(FinishReturnSchema)
@blueprint.gives(ReturnRequestSchema)
@guard("return.record")
def finish(data: dict[str, Any], request_id: UUID) -> Any:
    """What had settled is reversed; what had not comes off its bill."""
    return settlement.finish_return(actor(), request_id, **data)
