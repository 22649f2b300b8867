"""Terms that the agency proposes to a supplier, and its money that suppliers hold."""

from typing import Any
from uuid import UUID

from flask import Response, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...payments import services as payments
from ...payments.schemas import NewPaymentTermSchema
from ...procurement import services as procurement
from ..bill_shown import BILLING, CLOCKS, TERMS
from . import blueprint

LABELS = {
    "supplier_id": _l("供应商"),
    "from_day": _l("起始日"),
    "billing": _l("开单方式"),
    "terms": _l("付款方式"),
    "clock_from": _l("付款期从"),
    "days": _l("付款期"),
    "interest_ppm": _l("逾期利息（每日百万分之）"),
    "contract": _l("合同编号"),
}


@blueprint.route("/payment-terms", methods=["GET", "POST"])
@guard("bill.read")
def terms() -> Response:
    """What was agreed with suppliers; its form proposes other terms."""
    form = Form(NewPaymentTermSchema(), {"from_day": clock.today().isoformat(), "days": 30, "interest_ppm": 500})
    if form.posted:
        with form.attempt():
            payments.propose_term(actor(), **form.data())
            return done(_("结算约定已发给供应商，同意后生效。"), "buyer.terms")
    return _page(form, payments.terms_listed(actor()))


def _page(form: Form, rows: list[Any]) -> Response:
    orders, _total = procurement.listed(actor(), size=100)
    names = identity.named({row.supplier_id for row in rows} | {order.supplier_id for order in orders})
    return form.page(
        "buyer/terms.html",
        rows=rows,
        names=names,
        suppliers=sorted(((str(id_), row.name) for id_, row in names.items()), key=lambda one: one[1]),
        billing=BILLING,
        terms_words=TERMS,
        clocks=CLOCKS,
        labels=LABELS,
        may=actor().may("term.propose"),
    )


@blueprint.get("/payment-terms/<uuid:term_id>")
@guard("bill.read")
def term(term_id: UUID) -> Response:
    """One of them: where a message leads."""
    return _page(Form(), [payments.term(actor(), term_id)])


@blueprint.get("/payer-credits")
@guard("bill.read")
def credits() -> str:
    rows = payments.credits_listed(actor())
    return render_template("buyer/credits.html", rows=rows, names=identity.named({row.supplier_id for row in rows}))


@blueprint.get("/payer-credits/<uuid:credit_id>")
@guard("bill.read")
def credit(credit_id: UUID) -> str:
    row = payments.payer_credit(actor(), credit_id)
    return render_template("buyer/credits.html", rows=[row], names=identity.named({row.supplier_id}))
