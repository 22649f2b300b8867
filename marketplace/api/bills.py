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
from ..payments import rules
from ..payments import services as payments
from ..payments.invoices import parts_of
from ..payments.schemas import (
    BillOpenedSchema,
    BillSchema,
    ClaimSchema,
    CloseClaimSchema,
    InvoiceSchema,
    MonthBillSchema,
    NewInvoiceSchema,
    NewSharedInvoiceSchema,
    NewTransferSchema,
    RefusalSchema,
    SharedInvoiceSchema,
    TransferSchema,
    UnbilledSchema,
)
from ..settlement import services as settlement
from ..settlement.match_schemas import MatchOpenedSchema, MatchSchema
from .blueprint import Blueprint
from .files import attached, gives_content, require_own
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("bills", _("结算单、发票与付款"))
HEAD = tuple(BillSchema().fields)


class BillsQuery(PageSchema):
    state = fields.String(load_default=None, validate=validate.OneOf(rules.BILL_STATES))
    due_before = Day(load_default=None)


def opened(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in HEAD} | {
        "left_fen": rules.left_fen(row),
        "interest_fen": payments.interest_of([row]).get(row.id, 0),
        "parts": payments.parts_of([row.id]).get(row.id, []),
        "invoices": payments.invoices_of([row.id]).get(row.id, []),
        "transfers": payments.transfers_of([row.id]).get(row.id, []),
        "credits": payments.uses_of([row.id]).get(row.id, []),
        "claims": payments.claims_of([row.id]).get(row.id, []),
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
    """By the supplier; issued in the tax bureau's platform. Another rate than the goods', or seller, needs a reason."""
    require_own(data["file_id"])
    row = settlement.record_invoice(actor(), bill_id, **data)
    return next(part for part in payments.invoices_of([bill_id])[bill_id] if part.invoice_id == row.id)


@blueprint.post("/tax-invoices", summary=_("登记几张结算单合开的发票"))
@blueprint.takes(NewSharedInvoiceSchema)
@blueprint.gives(SharedInvoiceSchema, 201)
@guard("invoice.record")
def share_invoice(data: dict[str, Any]) -> Any:
    """By the supplier: one invoice for several bills of a buyer, with each one's part; the parts sum to the invoice."""
    require_own(data["file_id"])
    return settlement.share_invoice(actor(), parts_of(data.pop("parts")), **data)


@blueprint.get("/bills/<uuid:bill_id>/invoices/<uuid:invoice_id>/content", summary=_("发票文件"))
@gives_content
@guard("bill.read")
def invoice_content(bill_id: UUID, invoice_id: UUID) -> Response:
    """The file that was attached, for both sides."""
    bill = payments.bill(actor(), bill_id)
    for part in payments.invoices_of([bill.id]).get(bill.id, []):
        if part.invoice_id == invoice_id and part.invoice.file_id:
            return attached(part.invoice.file_id)
    raise NotFound("invoice")


@blueprint.post("/bills/<uuid:bill_id>/transfers", summary=_("登记付款"))
@blueprint.takes(NewTransferSchema)
@blueprint.gives(TransferSchema, 201)
@guard("transfer.record")
def record_transfer(data: dict[str, Any], bill_id: UUID) -> Any:
    """By the agency's finance: the bill, or a part of what it still asks."""
    return payments.record_transfer(actor(), bill_id, **data)


@blueprint.get("/transfers", summary=_("待确认的付款"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(TransferSchema))
@guard("bill.read")
def to_confirm(query: dict[str, Any]) -> Any:
    """Those that wait for the supplier's word, oldest first."""
    return cut([row for row, _bill in payments.to_confirm(actor())], query)


@blueprint.post("/transfers/<uuid:transfer_id>/confirm", summary=_("确认到账"))
@blueprint.gives(BillSchema)
@guard("transfer.confirm")
def confirm(transfer_id: UUID) -> Any:
    """By the supplier. A bill that is paid in full settles: attribution, quota and figures in one transaction."""
    return settlement.confirm_payment(actor(), transfer_id)[1]


@blueprint.post("/transfers/<uuid:transfer_id>/refuse", summary=_("未到账"))
@blueprint.takes(RefusalSchema)
@blueprint.gives(BillSchema)
@guard("transfer.confirm")
def refuse(data: dict[str, Any], transfer_id: UUID) -> Any:
    """By the supplier: the bill waits for another transfer."""
    return settlement.refuse_payment(actor(), transfer_id, data["reason"])[1]


@blueprint.get("/bills/unbilled", summary=_("待月结的验收"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(UnbilledSchema))
@guard("bill.read")
def unbilled(query: dict[str, Any]) -> Any:
    """What was accepted and waits for the month's bill, by agency and supplier."""
    names = ("agency_id", "supplier_id", "acceptances", "fen")
    return cut([dict(zip(names, row, strict=True)) for row in payments.unbilled(actor())], query)


@blueprint.post("/bills/months", summary=_("开月结结算单"))
@blueprint.takes(MonthBillSchema)
@blueprint.gives(BillOpenedSchema, 201)
@guard("bill.make")
def make_month(data: dict[str, Any]) -> Any:
    """By the supplier, before the month ends by itself: everything of an agency that waits."""
    return opened(payments.make_month_bill(actor(), data["agency_id"]))


@blueprint.get("/bills/matches", summary=_("三单匹配列表"))
@blueprint.asks(BillsQuery(exclude=["due_before"]))
@blueprint.gives(list_of(MatchSchema))
@guard("bill.read")
def matches(query: dict[str, Any]) -> Any:
    """Order, acceptance and invoice of each bill: matched, differs or missing. Prepayments are counted and not shown."""
    rows, total = settlement.matches(actor(), **query)
    return page_of(rows, total, query)


@blueprint.get("/bills/<uuid:bill_id>/match", summary=_("三单匹配"))
@blueprint.gives(MatchOpenedSchema)
@guard("bill.read")
def match(bill_id: UUID) -> Any:
    return settlement.match_of(actor(), bill_id)


@blueprint.post("/bills/<uuid:bill_id>/interest-claims", summary=_("主张逾期利息"))
@blueprint.gives(ClaimSchema, 201)
@guard("interest.claim")
def claim(bill_id: UUID) -> Any:
    """By the supplier: the interest since the last claim. Neither volume nor attributed."""
    return payments.claim_interest(actor(), bill_id)


@blueprint.post("/interest-claims/<uuid:claim_id>/close", summary=_("利息收到或放弃"))
@blueprint.takes(CloseClaimSchema)
@blueprint.gives(ClaimSchema)
@guard("interest.claim")
def close_claim(data: dict[str, Any], claim_id: UUID) -> Any:
    return payments.close_claim(actor(), claim_id, **data)
