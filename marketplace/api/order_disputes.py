"""Disputes between the two sides of an order, and the days that a place gives to them and to returns."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _
from marshmallow import Schema, fields, validate

from ..core import clock
from ..core.fields import Id, Place
from ..edge.current import actor
from ..edge.guard import guard
from ..procurement import after_terms
from ..procurement import services as procurement
from ..procurement.after_rules import TERMS
from ..procurement.after_schemas import (
    AfterTermsSchema,
    AnswerDisputeSchema,
    DecideDisputeSchema,
    OrderDisputeOpenedSchema,
    OrderDisputeSchema,
    RaiseDisputeSchema,
    TermDaysSchema,
    TermDaysShownSchema,
)
from ..settlement import services as settlement
from .blueprint import Blueprint
from .files import attached, gives_content
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("order_disputes", _("订单争议"))
STATES = ["", "open", "due", "raised", "answered", "upheld", "dismissed", "withdrawn"]


class OrderDisputesQuery(PageSchema):
    state = fields.String(load_default="", validate=validate.OneOf(STATES))
    order_id = Id(load_default=None)


class AfterTermsQuery(Schema):
    division = Place(required=True)


@blueprint.post("/orders/<uuid:order_id>/disputes", summary=_("提出争议"))
@blueprint.takes(RaiseDisputeSchema)
@blueprint.gives(OrderDisputeSchema, 201)
@guard("order_dispute.raise")
def raise_(data: dict[str, Any], order_id: UUID) -> Any:
    """By either side, about the order or a shipment, acceptance, bill or return of it."""
    return settlement.raise_order_dispute(actor(), order_id, **data)


@blueprint.get("/order-disputes", summary=_("订单争议列表"))
@blueprint.asks(OrderDisputesQuery)
@blueprint.gives(list_of(OrderDisputeSchema))
@guard("order_dispute.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, those due first; `due`: past a deadline."""
    rows, total = procurement.disputes(actor(), **query)
    return page_of(rows, total, query)


@blueprint.get("/order-disputes/terms", summary=_("退货和争议的期限"))
@blueprint.asks(AfterTermsQuery)
@blueprint.gives(AfterTermsSchema)
@guard("order_dispute.read")
def terms(query: dict[str, Any]) -> Any:
    """Days of each kind in a division today."""
    day = clock.today()
    return {"terms": [{"kind": kind, "days": after_terms.days(kind, query["division"], day)} for kind in TERMS]}


@blueprint.post("/order-disputes/terms", summary=_("设退货和争议的期限"))
@blueprint.takes(TermDaysSchema)
@blueprint.gives(TermDaysShownSchema, 201)
@guard("order_dispute.decide")
def set_terms(data: dict[str, Any]) -> Any:
    """An office's own days for its division, for what begins from a day on."""
    return after_terms.set_days(actor(), data["kind"], data["days"], data["from_day"])


def _opened(row: Any) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in OrderDisputeSchema().fields}
    return shown | {"files": procurement.dispute_files([row.id]).get(row.id, [])}


@blueprint.get("/order-disputes/<uuid:order_dispute_id>", summary=_("订单争议"))
@blueprint.gives(OrderDisputeOpenedSchema)
@guard("order_dispute.read")
def one(order_dispute_id: UUID) -> Any:
    return _opened(procurement.dispute(actor(), order_dispute_id))


@blueprint.get("/order-disputes/<uuid:order_dispute_id>/files/<uuid:file_id>", summary=_("争议的附件"))
@gives_content
@guard("order_dispute.read")
def file(order_dispute_id: UUID, file_id: UUID) -> Response:
    return attached(procurement.dispute_file(actor(), order_dispute_id, file_id))


@blueprint.post("/order-disputes/<uuid:order_dispute_id>/answer", summary=_("答复争议"))
@blueprint.takes(AnswerDisputeSchema)
@blueprint.gives(OrderDisputeSchema)
@guard("order_dispute.answer")
def answer(data: dict[str, Any], order_dispute_id: UUID) -> Any:
    return procurement.answer_dispute(actor(), order_dispute_id, data["words"], data["file_ids"])


@blueprint.post("/order-disputes/<uuid:order_dispute_id>/withdraw", summary=_("撤回争议"))
@blueprint.gives(OrderDisputeSchema)
@guard("order_dispute.raise")
def withdraw(order_dispute_id: UUID) -> Any:
    return procurement.withdraw_dispute(actor(), order_dispute_id)


@blueprint.post("/order-disputes/<uuid:order_dispute_id>/decide", summary=_("裁定争议"))
@blueprint.takes(DecideDisputeSchema)
@blueprint.gives(OrderDisputeSchema)
@guard("order_dispute.decide")
def decide(data: dict[str, Any], order_dispute_id: UUID) -> Any:
    """By the office over both sides, or one above it."""
    return procurement.decide_dispute(actor(), order_dispute_id, **data)
