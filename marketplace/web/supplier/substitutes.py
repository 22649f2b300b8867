"""Proposing a substitute: another offer instead of what is open of a line, at no higher price."""

from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...catalogue import services as catalogue
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...procurement import services as procurement
from ...procurement.delivery_schemas import NewSubstituteSchema
from ...products import services as products
from . import blueprint

LABELS = {
    "order_line_id": _l("替代哪一行"),
    "offer_id": _l("改送"),
    "quantity": _l("让出数量"),
    "instead": _l("改送数量"),
    "price_fen": _l("单价"),
    "reason": _l("原因"),
}


@blueprint.route("/orders/<uuid:order_id>/substitutes", methods=["GET", "POST"])
@guard("order.confirm")
def substitutes(order_id: UUID) -> Response:
    order = procurement.order(actor(), order_id)
    form = Form(NewSubstituteSchema())
    if form.posted:
        with form.attempt():
            data = form.data()
            procurement.propose_substitute(actor(), data.pop("order_line_id"), **data)
            return done(_("已提出，采购人同意后才换货。"), "supplier.substitutes", order_id=order_id)
    lines = procurement.lines_of([order_id])[order_id]
    made = procurement.substitutes_of([order_id]).get(order_id, [])
    offers = {offer.id: offer for offer in catalogue.own(actor()) if offer.state == "on_sale"}
    goods = products.by_ids({offer.product_id for offer in offers.values()})
    kinds = {line.category_code for line in lines}
    return form.page(
        "supplier/substitutes.html",
        order=order,
        lines={line.id: line for line in lines},
        choices=[
            (offer.id, f"{goods[offer.product_id].name} {offer.code}")
            for offer in offers.values()
            if goods[offer.product_id].category_code in kinds
        ],
        made=made,
        offers=catalogue.by_ids({row.offer_id for row in made}),
        agency=identity.named({order.agency_id})[order.agency_id],
        labels=LABELS,
    )


@blueprint.post("/substitutes/<uuid:substitute_id>/withdraw")
@guard("order.confirm")
def substitute_withdraw(substitute_id: UUID) -> Response:
    row = procurement.withdraw_substitute(actor(), substitute_id)
    return done(_("已撤回。"), "supplier.substitutes", order_id=row.order_id)
