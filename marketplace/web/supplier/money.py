"""Terms that agencies propose, and money of theirs that the supplier holds."""

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
from ...payments.schemas import RefundSchema, TermAnswerSchema
from ..bill_shown import BILLING, CLOCKS, TERMS
from . import blueprint

LABELS = {"serial": _l("退款流水号"), "refunded_on": _l("退款日")}


@blueprint.get("/payment-terms")
@guard("bill.read")
def terms() -> str:
    return _terms()


@blueprint.route("/payment-terms/<uuid:term_id>", methods=["GET", "POST"])
@guard("bill.read")
def term(term_id: UUID) -> Response | str:
    """One of them; its form answers."""
    payments.term(actor(), term_id)
    form = Form(TermAnswerSchema())
    if form.posted:
        with form.attempt():
            row = payments.answer_term(actor(), term_id, **form.data())
            words = _("已同意，从约定的起始日起生效。") if row.state == "agreed" else _("已答复不同意。")
            return done(words, "supplier.terms")
        return form.page("supplier/terms.html", **_shown(term_id))
    return _terms(term_id)


def _terms(term_id: UUID | None = None) -> str:
    return render_template("supplier/terms.html", form=Form(), **_shown(term_id))


def _shown(term_id: UUID | None = None) -> dict[str, object]:
    rows = [row for row in payments.terms_listed(actor()) if term_id in (None, row.id)]
    return {
        "rows": rows,
        "names": identity.named({row.agency_id for row in rows}),
        "billing": dict(BILLING),
        "terms_words": dict(TERMS),
        "clocks": dict(CLOCKS),
        "labels": {},
    }


@blueprint.get("/payer-credits")
@guard("bill.read")
def credits() -> str:
    rows = payments.credits_listed(actor())
    return render_template("supplier/credits.html", rows=rows, names=identity.named({row.agency_id for row in rows}))


@blueprint.route("/payer-credits/<uuid:credit_id>", methods=["GET", "POST"])
@guard("bill.read")
def credit(credit_id: UUID) -> Response:
    """One of them; its form records that what is left went back."""
    form = Form(RefundSchema(), {"refunded_on": clock.today().isoformat()})
    if form.posted:
        with form.attempt():
            row = payments.refund_credit(actor(), credit_id, **form.data())
            return done(_("%(number)s 已登记退回。", number=row.number), "supplier.credits")
    row = payments.payer_credit(actor(), credit_id)
    return form.page(
        "supplier/credit.html", row=row, agency=identity.named({row.agency_id})[row.agency_id], labels=LABELS
    )
