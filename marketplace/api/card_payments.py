"""Card payments at Stripe: asked for by the agency, paid on Stripe's page, given back by the supplier."""

from typing import Any
from uuid import UUID

from flask import current_app, url_for
from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..payments import accounts, intents, refunds
from ..payments import services as payments
from ..payments.card_schemas import (
    AccountLinkSchema,
    CardAccountSchema,
    CardPaymentSchema,
    CardRefundSchema,
    NewRefundSchema,
    StartedPaymentSchema,
)
from ..settlement import card_work
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("card_payments", _("网上支付"))


def _back(endpoint: str, **values: Any) -> str:
    """Where Stripe sends people back to: our page of it."""
    return str(current_app.config["SETTINGS"].public_url).rstrip("/") + url_for(endpoint, **values)


def _account(row: Any) -> dict[str, Any]:
    return {
        "state": row.state if row else "none",
        "methods": row.methods if row else [],
        "due": row.due if row else 0,
    }


@blueprint.post("/bills/<uuid:bill_id>/card-payments", summary=_("发起网上支付"))
@blueprint.gives(StartedPaymentSchema, 201)
@blueprint.alt_response(409, "CONFLICT")
@blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
@guard("card_payment.start", writes=False)
def start(bill_id: UUID) -> Any:
    """All that the bill still asks, once: while a payment is live it is answered again, without a key.

    503: Stripe could not be reached, nothing was taken; the next try asks it under the same key.
    """
    return intents.start(actor(), bill_id, _back("buyer.card", bill_id=bill_id))


@blueprint.get("/bills/<uuid:bill_id>/card-payments", summary=_("结算单的网上支付"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(CardPaymentSchema))
@guard("bill.read")
def of_bill(query: dict[str, Any], bill_id: UUID) -> Any:
    """Oldest first, for both sides."""
    bill = payments.bill(actor(), bill_id)
    return cut(intents.payments_of_bills([bill.id]).get(bill.id, []), query)


@blueprint.get("/card-payments/<uuid:payment_id>", summary=_("网上支付"))
@blueprint.gives(CardPaymentSchema)
@guard("bill.read")
def one(payment_id: UUID) -> Any:
    return intents.payment(actor(), payment_id)


@blueprint.post("/card-payments/<uuid:payment_id>/stop", summary=_("关闭付款页"))
@blueprint.gives(CardPaymentSchema)
@blueprint.alt_response(409, "CONFLICT")
@blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
@guard("card_payment.start", writes=False)
def stop(payment_id: UUID) -> Any:
    """Nobody can pay there any more."""
    card_work.close(actor(), payment_id)
    return intents.payment(actor(), payment_id)


@blueprint.post("/card-payments/<uuid:payment_id>/refunds", summary=_("退款"))
@blueprint.takes(NewRefundSchema)
@blueprint.gives(CardRefundSchema, 201)
@guard("card_refund.ask")
def refund(data: dict[str, Any], payment_id: UUID) -> Any:
    """By the supplier, in parts or all; Stripe is asked afterwards, and the refund's state follows."""
    return refunds.ask_refund(actor(), payment_id, **data)


@blueprint.get("/card-payments/<uuid:payment_id>/refunds", summary=_("网上支付的退款"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(CardRefundSchema))
@guard("bill.read")
def refunds_of(query: dict[str, Any], payment_id: UUID) -> Any:
    """Oldest first, for both sides."""
    row = intents.payment(actor(), payment_id)
    return cut(refunds.of_payments([row.id]).get(row.id, []), query)


@blueprint.get("/card-account", summary=_("网上收款账户"))
@blueprint.gives(CardAccountSchema)
@guard("card_account.edit")
def account() -> Any:
    """The supplier's own, as Stripe said last."""
    return _account(accounts.account_of(actor()))


@blueprint.post("/card-account", summary=_("开通网上收款"))
@blueprint.gives(AccountLinkSchema)
@blueprint.alt_response(422, "UNPROCESSABLE_ENTITY")
@guard("card_account.edit", writes=False)
def connect() -> Any:
    """Makes the account at Stripe where there is none, and gives the page that asks for its papers."""
    row, link = accounts.connect(actor(), _back("supplier.card_account"))
    return {**_account(row), "url": link}
