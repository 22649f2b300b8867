"""A supplier's proposal to send something else: consent, or refuse it with a reason."""

from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...catalogue import rules as prices
from ...catalogue import services as catalogue
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...procurement import services as procurement
from ...procurement.delivery_schemas import SubstituteAnswerSchema
from ...products import services as products
from . import blueprint

LABELS = {"answer": _l("不同意的原因"), "quantity": _l("数量")}


@blueprint.get("/substitutes/<uuid:substitute_id>")
@guard("order.read")
def substitute(substitute_id: UUID) -> Response:
    return _page(substitute_id, Form())


def _page(substitute_id: UUID, form: Form) -> Response:
    row, order = procurement.substitute(actor(), substitute_id)
    line = next(each for each in procurement.lines_of([order.id])[order.id] if each.id == row.order_line_id)
    offer = catalogue.one(row.offer_id)
    return form.page(
        "buyer/substitute.html",
        row=row,
        order=order,
        line=line,
        offer=offer,
        product=products.by_ids([offer.product_id])[offer.product_id],
        given_up=prices.money(row.quantity, pricing=line.pricing, price_fen=line.price_fen, content=line.content),
        money=prices.money(row.instead, pricing=offer.pricing, price_fen=row.price_fen, content=offer.content),
        supplier=identity.named({order.supplier_id})[order.supplier_id],
        may_answer=row.state == "proposed" and actor().may("order.cancel") and order.agency_id == actor().organisation,
        labels=LABELS,
    )


@blueprint.post("/substitutes/<uuid:substitute_id>/consent")
@guard("order.cancel")
def substitute_consent(substitute_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = procurement.consent_to_substitute(actor(), substitute_id)
        return done(_("已同意，订单加了新的一行。"), "buyer.order", order_id=row.order_id)
    return _page(substitute_id, form)


@blueprint.post("/substitutes/<uuid:substitute_id>/refuse")
@guard("order.cancel")
def substitute_refuse(substitute_id: UUID) -> Response:
    form = Form(SubstituteAnswerSchema())
    with form.attempt():
        row = procurement.refuse_substitute(actor(), substitute_id, form.data()["answer"])
        return done(_("已答复不同意，订单不变。"), "buyer.order", order_id=row.order_id)
    return _page(substitute_id, form)
