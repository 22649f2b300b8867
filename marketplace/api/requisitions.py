"""Bulk orders: filled, submitted, decided by another person."""

from typing import Any
from uuid import UUID

from flask import request
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from flask_smorest.fields import Upload
from marshmallow import fields, validate

from ..core import sheets
from ..core.errors import DomainError
from ..core.fields import Flag, Shown, Taken, Whole
from ..edge.current import actor
from ..edge.guard import guard
from ..edge.messages import sentence
from ..procurement import services as procurement
from ..procurement.rules import REQUISITION
from ..procurement.schemas import (
    ApprovalSchema,
    DeliveryPlanSchema,
    FaultSchema,
    NewRequisitionSchema,
    OrderSchema,
    RejectionSchema,
    RequisitionChangeSchema,
    RequisitionLinesSchema,
    RequisitionOpenedSchema,
    RequisitionSchema,
)
from . import versions
from .blueprint import Blueprint
from .orders import named
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("requisitions", _("采购单"))
HEAD = tuple(RequisitionSchema().fields)
STATES = sorted({target for _sources, target in REQUISITION.transitions.values()})


class SheetFileSchema(Taken):
    file = Upload(required=True, metadata={"description": "XLSX or CSV with the columns 编码 and 数量, 8 MB at most"})


class SheetQuerySchema(Taken):
    good_only = Flag(load_default=False, metadata={"description": "Take the good rows although others are bad"})


class SheetAnswerSchema(Shown):
    rows = Whole()
    taken = Whole()
    problems = fields.List(fields.Nested(FaultSchema))


class RequisitionsQuery(PageSchema):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


def opened(row: Any, checked: Any = None, plan: Any = None, steps: Any = None) -> dict[str, Any]:
    """A bulk order with its lines: as they would be ordered today, or as they were approved."""
    orders = procurement.of_requisition(actor(), row.id) if row.state == "approved" else []
    planned = procurement.plan_of(row) if plan is None else plan
    lines_of = procurement.lines_of([one.id for one in orders]) if orders else {}
    bought = {line.offer_id: line for lines in lines_of.values() for line in lines}
    return {name: getattr(row, name) for name in HEAD} | {
        "lines": [_line(item, bought.get(item.offer.id)) for item in checked or procurement.check(row)],
        "order_ids": [one.id for one in orders],
        "deliveries": [_delivery(one, "offer_id") for one in planned],
        "steps": steps or (procurement.steps_of(row.id) if row.attempt else []),
    }


def _delivery(one: Any, of: str) -> dict[str, Any]:
    head = {name: getattr(one, name) for name in ("no", "address", "contact", "deliver_on", "window")}
    return head | {"parts": [{of: id_, "quantity": quantity} for id_, quantity in one.parts.items()]}


def _line(item: Any, bought: Any) -> dict[str, Any]:
    return {
        "no": item.no,
        "offer_id": item.offer.id,
        "code": item.offer.code,
        "name": item.product.name,
        "supplier_id": item.offer.supplier_id,
        "order_unit": item.offer.order_unit,
        "price_unit": item.offer.price_unit,
        "quantity": item.line.quantity,
        "counts": item.line.counts,
        "reason": item.line.reason,
        "agreed_id": item.line.agreed_id,
        "price_fen": bought.price_fen if bought else item.price_fen,
        "money_fen": bought.money_fen if bought else item.money_fen,
        "reference_fen": bought.reference_fen if bought else item.reference_fen,
        "over_basis_points": item.over_basis_points,
        "eligible": bool(bought.grant_id if bought else item.verdict and item.verdict.grant_id),
        "problems": [] if bought else [_fault(problem) for problem in item.problems],
    }


def _fault(problem: DomainError) -> dict[str, Any]:
    return {"field": problem.field, "row": problem.row, "code": problem.code, "detail": sentence(problem)}


@blueprint.get("/requisitions", summary=_("采购单列表"))
@blueprint.asks(RequisitionsQuery)
@blueprint.gives(list_of(RequisitionSchema))
@guard("requisition.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest first."""
    rows, total = procurement.requisitions(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/requisitions", summary=_("新建采购单"))
@blueprint.versioned
@blueprint.takes(NewRequisitionSchema)
@blueprint.gives(RequisitionOpenedSchema, 201)
@guard("requisition.edit")
def open_requisition(data: dict[str, Any]) -> Any:
    return opened(procurement.open_requisition(actor(), **data))


@blueprint.get("/requisitions/<uuid:requisition_id>", summary=_("采购单"))
@blueprint.versioned
@blueprint.gives(RequisitionOpenedSchema)
@guard("requisition.read")
def one(requisition_id: UUID) -> Any:
    """With each line's price today, and every rule that it breaks."""
    return opened(procurement.requisition(actor(), requisition_id))


@blueprint.patch("/requisitions/<uuid:requisition_id>", summary=_("修改采购单"))
@blueprint.versioned
@blueprint.takes(RequisitionChangeSchema)
@blueprint.gives(RequisitionOpenedSchema)
@guard("requisition.edit")
def edit(data: dict[str, Any], requisition_id: UUID) -> Any:
    row = procurement.requisition(actor(), requisition_id)
    version = versions.seen(row, RequisitionSchema)
    return opened(procurement.put_head(actor(), requisition_id, version, **data))


@blueprint.put("/requisitions/<uuid:requisition_id>/lines", summary=_("填写各行"))
@blueprint.versioned
@blueprint.takes(RequisitionLinesSchema)
@blueprint.gives(RequisitionOpenedSchema)
@guard("requisition.edit")
def put_lines(data: dict[str, Any], requisition_id: UUID) -> Any:
    """Replaces all lines. A quantity may still break the offer's rules here: its line says so; submitting refuses."""
    row = procurement.requisition(actor(), requisition_id)
    version = versions.seen(row, RequisitionSchema)
    return opened(procurement.put_lines(actor(), requisition_id, data["lines"], version))


@blueprint.post("/requisitions/<uuid:requisition_id>/sheet", summary=_("从表格填行"))
@blueprint.arguments(SheetFileSchema, location="files")
@blueprint.asks(SheetQuerySchema)
@blueprint.gives(SheetAnswerSchema)
@guard("requisition.edit")
def take_sheet(uploads: dict[str, Any], query: dict[str, Any], requisition_id: UUID) -> Any:
    """Sets the lines that the sheet names. With bad rows nothing is taken unless `good_only`."""
    procurement.requisition(actor(), requisition_id)
    content = uploads["file"].stream.read(sheets.Limits().size + 1)
    answer = procurement.take_sheet(actor(), requisition_id, content, good_only=query["good_only"])
    return {"rows": answer.rows, "taken": answer.taken, "problems": [_fault(one) for one in answer.problems]}


@blueprint.put("/requisitions/<uuid:requisition_id>/plan", summary=_("填写送货计划"))
@blueprint.versioned
@blueprint.takes(DeliveryPlanSchema)
@blueprint.gives(RequisitionOpenedSchema)
@guard("requisition.edit")
def put_plan(data: dict[str, Any], requisition_id: UUID) -> Any:
    """Replaces the plan; an empty one takes it away. Sums may still differ from the lines: submitting refuses."""
    row = procurement.requisition(actor(), requisition_id)
    version = versions.seen(row, RequisitionSchema)
    return opened(procurement.put_plan(actor(), requisition_id, data["deliveries"], version))


def _seen(requisition_id: UUID) -> int | None:
    """The version that the caller names, if it names one: only then the row is read before it is locked."""
    if not request.headers.get("If-Match"):
        return None
    return versions.optional(procurement.requisition(actor(), requisition_id), RequisitionSchema)


@blueprint.post("/requisitions/<uuid:requisition_id>/submit", summary=_("提交审批"))
@blueprint.may_match
@blueprint.versioned
@blueprint.gives(RequisitionOpenedSchema)
@guard("requisition.edit")
def submit(requisition_id: UUID) -> Any:
    done = procurement.submit_checked(actor(), requisition_id, _seen(requisition_id))
    return opened(done.row, done.checked, done.plan, done.steps if done.row.attempt == 1 else None)


@blueprint.post("/requisitions/<uuid:requisition_id>/approve", summary=_("批准"))
@blueprint.may_match
@blueprint.takes(ApprovalSchema, required=False)
@blueprint.gives(list_of(OrderSchema))
@guard("requisition.approve")
def approve(data: dict[str, Any], requisition_id: UUID) -> Any:
    """The step that waits, by its person. The last one's approval commits the quota and makes one order per supplier:
    no order is answered before."""
    orders = procurement.approve(actor(), requisition_id, _seen(requisition_id), **data)
    return page_of(named(orders), len(orders), {"page": 1, "size": max(1, len(orders))})


@blueprint.post("/requisitions/<uuid:requisition_id>/reject", summary=lazy_pgettext("verb", "退回"))
@blueprint.versioned
@blueprint.takes(RejectionSchema)
@blueprint.gives(RequisitionOpenedSchema)
@guard("requisition.approve")
def reject(data: dict[str, Any], requisition_id: UUID) -> Any:
    """Any step sends it back: what it held is free again."""
    return opened(procurement.reject(actor(), requisition_id, **data))


@blueprint.post("/requisitions/<uuid:requisition_id>/withdraw", summary=_("撤回"))
@blueprint.versioned
@blueprint.gives(RequisitionOpenedSchema)
@guard("requisition.edit")
def withdraw(requisition_id: UUID) -> Any:
    return opened(procurement.withdraw(actor(), requisition_id))
