"""Accepting a shipment at the door, phone first: what arrived of each line, why not all of it, papers, a witness."""

from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...catalogue import rules as prices
from ...core import clock
from ...core.quantity import format_quantity
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import PAPERS
from ...identity import services as identity
from ...linkage import services as linkage
from ...procurement import services as procurement
from ...procurement.delivery_schemas import NewAcceptanceSchema
from ...products import services as products
from ...settlement import services as settlement
from . import blueprint

REASONS = {
    "bruised": _l("压伤"),
    "rotten": _l("腐烂"),
    "off_spec": _l("规格不符"),
    "temperature": _l("超温"),
    "papers": _l("单据不齐"),
    "short": _l("短少"),
}
LABELS = {
    "accepted": _l("实收"),
    "net": _l("净重"),
    "reason": _l("拒收原因"),
    "papers": _l("批次单据"),
    "witness": _l("见证人"),
    "note": _l("备注"),
    "receiver": _l("验收人"),
}


@blueprint.route("/shipments/<uuid:shipment_id>/accept", methods=["GET", "POST"])
@guard("delivery.accept")
def accept(shipment_id: UUID) -> Response:
    shipment, order = procurement.shipment(actor(), shipment_id)
    if shipment.state != "in_transit" and request.method == "GET":
        return redirect(url_for("buyer.order", order_id=order.id))  # type: ignore[return-value]
    form = Form(NewAcceptanceSchema(), _proposed(shipment))
    if form.posted:
        with form.attempt():
            asked = form.data()
            acceptance, bill = settlement.accept(
                actor(), shipment_id, asked["lines"], witness=asked["witness"], note=asked["note"]
            )
            return done(_words(acceptance, bill), "buyer.order", order_id=acceptance.order_id)
    return _page(shipment_id, form)


def _words(acceptance: Any, bill: Any) -> str:
    if acceptance.state == "signing":
        return _("已点收，等第二验收人签字后生成结算单。")
    return _("已验收，结算单 %(number)s。", number=bill.number) if bill else _("已验收，全部拒收，没有结算单。")


def _proposed(shipment: Any) -> dict[str, str]:
    """Everything as shipped: who counts changes what differs. Weighed lines' net weight is read off the scale."""
    return {f"lines.{place}.accepted": format_quantity(line.quantity) for place, line in enumerate(shipment.lines)}


def _page(shipment_id: UUID, form: Form) -> Response:
    shipment, order = procurement.shipment(actor(), shipment_id)
    lines = {line.id: line for line in procurement.lines_of([order.id])[order.id]}
    lots = linkage.by_ids(line.lot_id for line in shipment.lines)
    needed = products.papers_needed(lot.product_id for lot in lots.values())
    held = linkage.papers_of(lots)
    cards = []
    for line in shipment.lines:
        of, lot = lines[line.order_line_id], lots[line.lot_id]
        have = {paper.kind: paper for paper in held.get(lot.id, [])}
        cards.append(
            {
                "line": line,
                "of": of,
                "lot": lot,
                "nominal": prices.nominal_base(line.quantity, of.content),
                "papers": [(PAPERS[kind], have.get(kind)) for kind in needed.get(lot.product_id, [])],
            }
        )
    return form.page(
        "buyer/accept.html",
        shipment=shipment,
        order=order,
        cards=cards,
        supplier=identity.named({order.supplier_id})[order.supplier_id],
        requester=identity.user_names({order.requested_by}).get(order.requested_by, "") if order.requested_by else "",
        is_requester=actor().user == order.requested_by,
        reasons=REASONS,
        today=clock.today(),
        labels=LABELS,
    )
