"""What a refund takes, and how card payments, refunds and a supplier's account are shown. No secret, no card data."""

from marshmallow import fields

from ..core.fields import Fen, Id, Moment, Shown, Taken, Text


class NewRefundSchema(Taken):
    fen = Fen(1, required=True, metadata={"description": "In part, or all that is left of the payment"})
    reason = Text(200, 1, required=True)


class CardRefundSchema(Shown):
    id = Id()
    payment_id = Id()
    fen = Fen()
    reason = fields.String(metadata={"description": "`stripe`: made at Stripe's own pages"})
    state = fields.String(metadata={"description": "new, pending, succeeded, failed, cancelled"})
    stripe_id = fields.String(
        allow_none=True, metadata={"description": "The serial of the refund, for the return that it belongs to"}
    )
    return_id = Id(allow_none=True, metadata={"description": "The return that it repays, once it is recorded"})
    asked_at = Moment()
    ended_at = Moment(allow_none=True)


class CardPaymentSchema(Shown):
    id = Id()
    bill_id = Id()
    supplier_id = Id()
    agency_id = Id()
    fen = Fen()
    currency = fields.String()
    methods = fields.List(fields.String())
    method = fields.String(metadata={"description": "What was paid with; empty until Stripe says so"})
    state = fields.String(metadata={"description": "new, open, processing, succeeded, failed, cancelled"})
    stripe_id = fields.String(allow_none=True)
    refunded_fen = Fen()
    asked_at = Moment()
    expires_at = Moment()
    succeeded_at = Moment(allow_none=True)


class StartedPaymentSchema(CardPaymentSchema):
    url = fields.String(metadata={"description": "Stripe's payment page, while it is open; empty otherwise"})


class CardAccountSchema(Shown):
    state = fields.String(metadata={"description": "none, pending, active, restricted"})
    methods = fields.List(fields.String())
    due = fields.Integer(metadata={"description": "How many papers Stripe still asks for"})


class AccountLinkSchema(CardAccountSchema):
    url = fields.String(metadata={"description": "Where the supplier gives its papers to Stripe; opens once"})
