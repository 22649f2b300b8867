"""What invoices and transfers take, and how bills are shown."""

from marshmallow import fields

from ..core.fields import Day, Fen, Id, Moment, Shown, Taken, Text, Whole


class NewInvoiceSchema(Taken):
    number = Text(30, 1, required=True)
    issued_on = Day(required=True)
    amount_fen = Fen(1, required=True)
    rate_basis_points = Whole(
        1, 2000, required=True, allow_none=True, metadata={"description": "null: exempt (免税)", "example": 900}
    )
    file_id = Id(load_default=None, allow_none=True)


class InvoiceSchema(Shown):
    id = Id()
    bill_id = Id()
    number = fields.String()
    issued_on = Day()
    amount_fen = Fen()
    rate_basis_points = Whole(allow_none=True)
    seller = fields.String()
    file_id = Id(allow_none=True)
    recorded_at = Moment()


class NewTransferSchema(Taken):
    fen = Fen(1, required=True, metadata={"description": "What the bill still asks, in full"})
    paid_on = Day(required=True)
    bank_serial = Text(60, 1, required=True)


class RefusalSchema(Taken):
    reason = Text(200, required=True)


class TransferSchema(Shown):
    id = Id()
    bill_id = Id()
    fen = Fen()
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
    acceptance_id = Id()
    order_id = Id()
    supplier_id = Id()
    agency_id = Id()
    account_name = fields.String()
    bank_reference = fields.String()
    total_fen = Fen()
    paid_fen = Fen()
    state = fields.String()
    issued_on = Day()
    due_on = Day()
    paid_on = Day(allow_none=True)


class BillOpenedSchema(BillSchema):
    invoices = fields.List(fields.Nested(InvoiceSchema))
    transfers = fields.List(fields.Nested(TransferSchema))
