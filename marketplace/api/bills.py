"""Bills, the tax invoices recorded beside them, and transfers."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..core.errors import NotFound
from ..core.fields import Day
from ..edge.current import actor
from ..edge.guard import guard
from ..payments import services as payments
from ..payments.schemas import (
    BillOpenedSchema,
    BillSchema,
    InvoiceSchema,
    NewInvoiceSchema,
    NewTransferSchema,
    RefusalSchema,
    TransferSchema,
)
from ..settlement import services as settlement
from .blueprint import Blueprint
from .files import attached, gives_content, require_own
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("bills", _("结算单、发票与付款"))
HEAD = tuple(BillSchema().fields)


class BillsQuery(PageSchema):
    state = fields.String(load_default=None, validate=validate.OneOf(["to_pay", "paid"]))
    due_before = Day(load_default=None)


def opened(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in HEAD} | {
        "invoices": payments.invoices_of([row.id]).get(row.id, []),
        "transfers": payments.transfers_of([row.id]).get(row.id, []),
    }


@blueprint.get("/bills", summary=_("结算单列表"))
@blueprint.asks(BillsQuery)
@blueprint.gives(list_of(BillSchema))
@guard("bill.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, those due first."""
    rows, total = payments.listed(actor(), **query)
    return page_of(rows, total, query)


@blueprint.get("/bills/<uuid:bill_id>", summary=_("结算单"))
@blueprint.gives(BillOpenedSchema)
@guard("bill.read")
def one(bill_id: UUID) -> Any:
    """With its invoices and transfers."""
    return opened(payments.bill(actor(), bill_id))


@blueprint.post("/bills/<uuid:bill_id>/invoices", summary=_("登记发票"))
@blueprint.takes(NewInvoiceSchema)
@blueprint.gives(InvoiceSchema, 201)
@guard("invoice.record")
def record_invoice(data: dict[str, Any], bill_id: UUID) -> Any:
    """By the supplier; issued in the tax bureau's platform."""
    require_own(data["file_id"])
    return payments.record_invoice(actor(), bill_id, **data)


@blueprint.get("/bills/<uuid:bill_id>/invoices/<uuid:invoice_id>/content", summary=_("发票文件"))
@gives_content
@guard("bill.read")
def invoice_content(bill_id: UUID, invoice_id: UUID) -> Response:
    """The file that was attached, for both sides."""
    bill = payments.bill(actor(), bill_id)
    for row in payments.invoices_of([bill.id]).get(bill.id, []):
        if row.id == invoice_id and row.file_id:
            return attached(row.file_id)
    raise NotFound("invoice")


@blueprint.post("/bills/<uuid:bill_id>/transfers", summary=_("登记付款"))
@blueprint.takes(NewTransferSchema)
@blueprint.gives(TransferSchema, 201)
@guard("transfer.record")
def record_transfer(data: dict[str, Any], bill_id: UUID) -> Any:
    """By the agency's finance: the bill, paid in full."""
    return payments.record_transfer(actor(), bill_id, **data)


@blueprint.get("/transfers", summary=_("待确认的付款"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(TransferSchema))
@guard("bill.read")
def to_confirm(query: dict[str, Any]) -> Any:
    """Those that wait for the supplier's word, oldest first."""
    return cut([row for row, _bill in payments.to_confirm(actor())], query)


@blueprint.post("/transfers/<uuid:transfer_id>/confirm", summary=_("确认到账"))
@blueprint.gives(BillOpenedSchema)
@guard("transfer.confirm")
def confirm(transfer_id: UUID) -> Any:
    """By the supplier. The bill is paid and its lines settle: attribution, quota and figures in one transaction."""
    return opened(settlement.confirm_payment(actor(), transfer_id)[1])


@blueprint.post("/transfers/<uuid:transfer_id>/refuse", summary=_("未到账"))
@blueprint.takes(RefusalSchema)
@blueprint.gives(BillOpenedSchema)
@guard("transfer.confirm")
def refuse(data: dict[str, Any], transfer_id: UUID) -> Any:
    """By the supplier: the bill waits for another transfer."""
    return opened(settlement.refuse_payment(actor(), transfer_id, data["reason"])[1])
