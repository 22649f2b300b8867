"""Orders and bills within the office's reach, to read."""

from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...channels import services as channels
from ...core import clock
from ...edge.current import actor
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from ...payments import services as payments
from ...payments.rules import DAYS_TO_PAY
from ...procurement import services as procurement
from ...settlement import services as settlement
from .. import navigation, story
from ..tables import Table
from . import blueprint

GROUPS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "": (_l("全部"), ()),
    "open": (_l("办理中"), ("to_confirm", "to_ship", "in_transit", "part_delivered")),
    "accepted": (_l("已验收，等付款"), ("accepted",)),
    "settled": (_l("已结清"), ("settled",)),
    "closed": (_l("未成交"), ("declined", "lapsed", "cancelled", "rejected")),
}


@blueprint.get("/orders")
@guard("order.read")
def orders() -> str:
    table = Table(per_page=50)
    group = request.args.get("group", "")
    group = group if group in GROUPS else ""
    rows, table.total = procurement.listed(actor(), states=GROUPS[group][1], page=table.page, size=table.per_page)
    return render_template(
        "office/orders.html",
        rows=rows,
        table=table,
        group=group,
        groups=GROUPS,
        parties=identity.named({row.agency_id for row in rows} | {row.supplier_id for row in rows}),
    )


@blueprint.get("/orders/<uuid:order_id>")
@guard("order.read")
@navigation.on_own_side
def order(order_id: UUID) -> str | Response:
    row = procurement.order(actor(), order_id)
    if (audience := navigation.audience(actor())) != "office":  # reports are shared by all; each has a page of its own
        return redirect(url_for(f"{audience}.order", order_id=order_id))
    shipments = procurement.shipments_of([order_id]).get(order_id, [])
    acceptances = {found.shipment_id: found for found in procurement.acceptances_of([order_id]).get(order_id, [])}
    bills = payments.bills_of([order_id]).get(order_id, []) if actor().may("bill.read") else []
    lines = procurement.lines_of([order_id])[order_id]
    settled = settlement.settled_of([order_id]).get(order_id, [])
    return render_template(
        "office/order.html",
        order=row,
        lines=lines,
        line_of={line.id: line for line in lines},
        parties=identity.named({row.agency_id, row.supplier_id}),
        channel=next((found.name for found in channels.all_channels() if found.code == row.channel), row.channel),
        shipments=shipments,
        acceptances=acceptances,
        bills=payments.bill_by_acceptance([one.id for one in acceptances.values()]) if bills else {},
        lots=linkage.by_ids({part.lot_id for shipment in shipments for part in shipment.lines}),
        settled=settled,
        steps=story.steps_of(row.id),
        clock_state=bill_state,
    )


@blueprint.get("/bills")
@guard("bill.read")
def bills() -> str:
    """Bills that wait for money, those overdue first; `state=paid` shows the paid ones."""
    table = Table(per_page=50)
    group = request.args.get("group", "overdue")
    options = {"overdue": ("to_pay", clock.today()), "to_pay": ("to_pay", None), "paid": ("paid", None)}
    state, before = options.get(group, options["overdue"])
    rows, table.total = payments.listed(actor(), state=state, due_before=before, page=table.page, size=table.per_page)
    return render_template(
        "office/bills.html",
        rows=rows,
        table=table,
        group=group if group in options else "overdue",
        groups={"overdue": _("逾期"), "to_pay": _("待付款"), "paid": _("已付清")},
        due=payments.due(actor()),
        parties=identity.named({row.agency_id for row in rows} | {row.supplier_id for row in rows}),
        days=lambda bill: ((bill.paid_on or clock.today()) - bill.delivered_on).days,
        limit=DAYS_TO_PAY,
        bill_state=bill_state,
    )


def bill_state(bill: Any) -> str:
    """The badge of a bill: unpaid past its day is overdue."""
    if bill.state == "paid":
        return "paid"
    return "overdue" if bill.due_on < clock.today() else "open"
