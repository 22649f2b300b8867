"""The supplier's account at Stripe: opening it, how it stands, what was paid through it, and giving money back."""

from uuid import UUID

from flask import Response, current_app, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core.money import format_yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...payments import accounts, gateway, intents, refunds
from ...payments import services as payments
from ...payments.card_schemas import NewRefundSchema
from . import blueprint
from .fields import yuan

LABELS = {"fen": _l("退款金额"), "reason": _l("退款原因")}
METHODS = {"card": _l("银行卡"), "alipay": _l("支付宝"), "wechat_pay": _l("微信支付")}


@blueprint.get("/card-account")
@guard("bill.read")
def card_account() -> Response:
    return _page(Form())


@blueprint.post("/card-account")
@guard("card_account.edit", writes=False)
def card_connect() -> Response:
    """Answers with the way to Stripe as a link: it opens once, and a form leads to our own pages only."""
    form = Form()
    with form.attempt():
        back = str(current_app.config["SETTINGS"].public_url).rstrip("/") + url_for("supplier.card_account")
        _row, link = accounts.connect(actor(), back)
        return _page(form, link)
    return _page(form)


@blueprint.post("/card-account/look")
@guard("card_account.edit", writes=False)
def card_account_look() -> Response:
    form = Form()
    with form.attempt():
        accounts.look_at_account(actor())
        return done(_("已向 Stripe 核对。"), "supplier.card_account")
    return _page(form)


def _page(form: Form, link: str = "") -> Response:
    rows = intents.listed(actor())
    words = render_template(
        "supplier/card_account.html",
        form=form,
        on=gateway.is_on(),
        account=accounts.account_of(actor()),
        link=link,
        rows=rows,
        names=identity.named({bill.agency_id for _row, bill in rows}),
        methods=METHODS,
    )
    response = make_response(words, form.status)
    response.cache_control.no_store = True
    return response


@blueprint.route("/card-payments/<uuid:payment_id>", methods=["GET", "POST"])
@guard("bill.read")
def card_payment(payment_id: UUID) -> Response:
    """One payment with its refunds; its form gives money back."""
    row = intents.payment(actor(), payment_id)
    form = Form(NewRefundSchema(), {"fen": yuan(row.fen - row.refunded_fen)})
    if form.posted:
        with form.attempt():
            back = refunds.ask_refund(actor(), payment_id, **form.data())
            words = _("%(fen)s 的退款已提交，Stripe 确认后显示流水号。", fen=format_yuan(back.fen))
            return done(words, "supplier.card_payment", payment_id=payment_id)
    bill = payments.bill(actor(), row.bill_id)
    back_rows = refunds.of_payments([row.id]).get(row.id, [])
    return form.page(
        "supplier/card_payment.html",
        row=row,
        bill=bill,
        refunds=back_rows,
        agency=identity.named({bill.agency_id})[bill.agency_id],
        users=identity.user_names({one.asked_by for one in back_rows if one.asked_by}),
        left=row.fen - row.refunded_fen if row.state == "succeeded" else 0,
        labels=LABELS,
    )
