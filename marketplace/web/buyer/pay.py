"""Paying a bill at Stripe: the page that leads there and back. No field for a card stands here.

The way there is a link, not an answer to the form: the policy of what a form may lead to stays 'self'.
"""

from typing import Any
from uuid import UUID

from flask import Response, current_app, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import WORDS
from ...identity import services as identity
from ...payments import intents, refunds, rules
from ...payments import services as payments
from ...settlement import card_work
from . import blueprint

METHODS = {"card": _l("银行卡"), "alipay": _l("支付宝"), "wechat_pay": _l("微信支付")}


def way_back(bill_id: UUID) -> str:
    """The bill's card page, as Stripe sends the payer back to it: always the same for a bill, whoever asks."""
    return str(current_app.config["SETTINGS"].public_url).rstrip("/") + url_for("buyer.card", bill_id=bill_id)


@blueprint.app_template_global("card_offered")
def offered(bill: Any) -> bool:
    """Whether the signed-in person could pay this bill by card now."""
    return (
        actor().may("card_payment.start")
        and bill.agency_id == actor().organisation
        and bill.state in ("to_pay", "partly_paid")
        and intents.why_not(actor(), bill) is None
    )


@blueprint.get("/bills/<uuid:bill_id>/card")
@guard("bill.read")
def card(bill_id: UUID) -> Response:
    return _page(bill_id, Form())


@blueprint.post("/bills/<uuid:bill_id>/card")
@guard("card_payment.start", writes=False)
def card_start(bill_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        intents.start(actor(), bill_id, way_back(bill_id))
        return done(_("付款页已备好。"), "buyer.card", bill_id=bill_id)
    return _page(bill_id, form)


@blueprint.post("/card-payments/<uuid:payment_id>/look")
@guard("card_payment.start", writes=False)
def card_look(payment_id: UUID) -> Response:
    """Asks Stripe how the payment stands: the webhook may be late, or lost."""
    row = intents.payment(actor(), payment_id)
    bill_id, form = row.bill_id, Form()
    with form.attempt():
        card_work.look_again(payment_id)
        return done(_("已向 Stripe 核对。"), "buyer.card", bill_id=bill_id)
    return _page(bill_id, form)


@blueprint.post("/card-payments/<uuid:payment_id>/stop")
@guard("card_payment.start", writes=False)
def card_stop(payment_id: UUID) -> Response:
    row = intents.payment(actor(), payment_id)
    bill_id, form = row.bill_id, Form()
    with form.attempt():
        card_work.close(actor(), payment_id)
        return done(_("付款页已关闭，没有扣款。"), "buyer.card", bill_id=bill_id)
    return _page(bill_id, form)


def _page(bill_id: UUID, form: Form) -> Response:
    bill = payments.bill(actor(), bill_id)
    rows = intents.payments_of_bills([bill_id]).get(bill_id, [])
    code = intents.why_not(actor(), bill)
    response = form.page(
        "buyer/card.html",
        bill=bill,
        left_fen=rules.open_fen(bill),
        payments=rows,
        live=next((row for row in rows if row.state in ("new", "open", "processing")), None),
        refunds=refunds.of_payments([row.id for row in rows]),
        supplier=identity.named({bill.supplier_id})[bill.supplier_id],
        why_not=WORDS[code] if code else None,
        may_start=actor().may("card_payment.start")
        and bill.agency_id == actor().organisation
        and bill.state in ("to_pay", "partly_paid"),
        methods=METHODS,
    )
    response.cache_control.no_store = True  # it may hold the address of a payment page
    return response
