"""What invoices and transfers take, and how bills are shown."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Flag, Id, Moment, Shown, Taken, Text, Whole
from .rules import BILL_KINDS, BILL_STATES


class NewInvoiceSchema(Taken):
    number = Text(30, 1, required=True)
    issued_on = Day(required=True)
    amount_fen = Fen(1, required=True)
    rate_basis_points = Whole(
        1, 2000, required=True, allow_none=True, metadata={"description": "null: exempt (免税)", "example": 900}
    )
    seller = Text(80, load_default="", metadata={"description": "As on the invoice; empty: the bill's payee"})
    reason = Text(200, load_default="", metadata={"description": "Why rate or seller is another than expected"})
    file_id = Id(load_default=None, allow_none=True)


class InvoicePartSchema(Taken):
    bill_id = Id(required=True)
    fen = Fen(1, required=True, metadata={"description": "What of the invoice is this bill's"})


class NewSharedInvoiceSchema(NewInvoiceSchema):
    amount_fen = Fen(1, required=True, metadata={"description": "The invoice's: the sum of its parts"})
    parts = fields.List(fields.Nested(InvoicePartSchema), required=True, validate=validate.Length(1, 100))


class SharedInvoiceSchema(Shown):
    id = Id()
    number = fields.String()
    issued_on = Day()
    amount_fen = Fen()
    rate_basis_points = Whole(allow_none=True)
    seller = fields.String()
    reason = fields.String()
    file_id = Id(allow_none=True)
    recorded_at = Moment()


class InvoiceSchema(Shown):
    """A bill's part of an invoice, with the invoice."""

    id = Id(attribute="invoice_id")
    bill_id = Id()
    fen = Fen(metadata={"description": "What of it is this bill's"})
    number = fields.String(attribute="invoice.number")
    issued_on = Day(attribute="invoice.issued_on")
    amount_fen = Fen(metadata={"description": "The whole invoice's"})
    rate_basis_points = Whole(allow_none=True, attribute="invoice.rate_basis_points")
    seller = fields.String(attribute="invoice.seller")
    reason = fields.String(attribute="invoice.reason")
    file_id = Id(allow_none=True, attribute="invoice.file_id")
    recorded_at = Moment(attribute="invoice.recorded_at")


class NewTransferSchema(Taken):
    fen = Fen(1, required=True, metadata={"description": "What the bill still asks, or a part of it"})
    paid_on = Day(required=True)
    bank_serial = Text(60, 1, required=True)


class RefusalSchema(Taken):
    reason = Text(200, required=True)


class TransferSchema(Shown):
    id = Id()
    bill_id = Id()
    fen = Fen()
    applied_fen = Fen(metadata={"description": "Of a confirmed one, what paid the bill"})
    paid_on = Day()
    bank_serial = fields.String()
    state = fields.String()
    reason = fields.String()
    recorded_at = Moment()
    answered_at = Moment(allow_none=True)


class BillSchema(Shown):
    id = Id()
    number = fields.String()
    payment_code = fields.String(metadata={"description": "For the transfer's remark"})
    kind = fields.String(validate=validate.OneOf(BILL_KINDS))
    acceptance_id = Id(allow_none=True, metadata={"description": "null: of a month, or a prepayment"})
    order_id = Id(allow_none=True, metadata={"description": "null: of a month"})
    supplier_id = Id()
    agency_id = Id()
    account_name = fields.String()
    bank_reference = fields.String()
    total_fen = Fen()
    paid_fen = Fen()
    recorded_fen = Fen(metadata={"description": "Recorded by the agency, not yet confirmed"})
    credited_fen = Fen()
    state = fields.String(validate=validate.OneOf(BILL_STATES))
    interest_ppm = Whole(metadata={"description": "Interest a day when late, millionths of the money"})
    issued_on = Day()
    delivered_on = Day()
    due_on = Day()
    paid_on = Day(allow_none=True)


class BillPartSchema(Shown):
    acceptance_id = Id()
    order_id = Id()
    fen = Fen()
    delivered_on = Day()
    accepted_on = Day()


class CreditUseSchema(Shown):
    id = Id()
    credit_id = Id()
    fen = Fen()
    day = Day()


class ClaimSchema(Shown):
    id = Id()
    number = fields.String()
    bill_id = Id()
    from_day = Day()
    until_day = Day()
    interest_ppm = Whole()
    fen = Fen()
    state = fields.String()
    reason = fields.String(metadata={"description": "The bank's serial, or why it was waived"})
    claimed_at = Moment()
    closed_at = Moment(allow_none=True)


class BillOpenedSchema(BillSchema):
    left_fen = Fen(metadata={"description": "What it still asks"})
    interest_fen = Fen(metadata={"description": "Interest so far, claimed or not"})
    parts = fields.List(fields.Nested(BillPartSchema))
    invoices = fields.List(fields.Nested(InvoiceSchema))
    transfers = fields.List(fields.Nested(TransferSchema))
    credits = fields.List(fields.Nested(CreditUseSchema))
    claims = fields.List(fields.Nested(ClaimSchema))


class CloseClaimSchema(Taken):
    paid = Flag(required=True, metadata={"description": "false: waived"})
    reason = Text(200, 1, required=True, metadata={"description": "The bank's serial, or why"})


class NewPaymentTermSchema(Taken):
    supplier_id = Id(required=True)
    from_day = Day(required=True)
    billing = fields.String(required=True, validate=validate.OneOf(["acceptance", "month"]))
    terms = fields.String(required=True, validate=validate.OneOf(["credit", "prepaid"]))
    clock_from = fields.String(load_default="delivery", validate=validate.OneOf(["delivery", "acceptance"]))
    days = Whole(1, 365, load_default=30)
    interest_ppm = Whole(0, 10_000, load_default=500)
    contract = Text(60, load_default="")


class TermAnswerSchema(Taken):
    agreed = Flag(required=True)


class PaymentTermSchema(Shown):
    id = Id()
    agency_id = Id()
    supplier_id = Id()
    from_day = Day()
    billing = fields.String()
    terms = fields.String()
    clock = fields.String()
    days = Whole()
    interest_ppm = Whole()
    contract = fields.String()
    state = fields.String()
    proposed_at = Moment()


class UnbilledSchema(Shown):
    agency_id = Id()
    supplier_id = Id()
    acceptances = Whole()
    fen = Fen()


class MonthBillSchema(Taken):
    agency_id = Id(required=True)


class PayerCreditSchema(Shown):
    id = Id()
    number = fields.String()
    kind = fields.String(metadata={"description": "prepaid or overpaid"})
    bill_id = Id()
    order_id = Id(allow_none=True)
    supplier_id = Id()
    agency_id = Id()
    fen = Fen()
    used_fen = Fen()
    refunded_fen = Fen()
    state = fields.String()
    made_at = Moment()
    refund_serial = fields.String()
    refunded_on = Day(allow_none=True)


class UseCreditSchema(Taken):
    bill_id = Id(required=True)


class RefundSchema(Taken):
    serial = Text(60, 1, required=True)
    refunded_on = Day(required=True)


class BankStatementSchema(Shown):
    id = Id()
    number = fields.String()
    account = fields.String()
    template = fields.String()
    name = fields.String()
    rows = Whole()
    same = Whole()
    refused = Whole()
    fen = Fen()
    read_at = Moment()


class BankRowSchema(Shown):
    id = Id()
    statement_id = Id()
    no = Whole()
    account = fields.String()
    serial = fields.String()
    day = Day()
    fen = Fen()
    payer = fields.String()
    remark = fields.String()
    outcome = fields.String()
    state = fields.String()
    bill_id = Id(allow_none=True)
    transfer_id = Id(allow_none=True)
    reason = fields.String()


class AssignSchema(Taken):
    bill_id = Id(required=True)


class PutBySchema(Taken):
    verb = fields.String(required=True, validate=validate.OneOf(["return", "set_aside", "take_up"]))
    reason = Text(200, load_default="")


class DisciplineSchema(Shown):
    agency_id = Id()
    agency = fields.String()
    paid = Whole(metadata={"description": "Bills paid within a year"})
    paid_fen = Fen()
    late = Whole(metadata={"description": "Of them, paid after their day"})
    median_days = fields.String(allow_none=True, metadata={"example": "27.5"})
    average_days = fields.String(allow_none=True, metadata={"example": "31.2"})
    open_fen = Fen()
    overdue = Whole()
    overdue_fen = Fen()
    to_30_fen = Fen()
    to_60_fen = Fen()
    over_60_fen = Fen()
