"""Orders and bills within the office's reach, to read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template, request
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
def order(order_id: UUID) -> str:
    row = procurement.order(actor(), order_id)
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
        bills={bill.acceptance_id: bill for bill in bills},
        lots=linkage.by_ids({part.lot_id for shipment in shipments for part in shipment.lines}),
        settled=settled,
        steps=_steps(row, shipments, acceptances, bills, settled),
        clock_state=bill_state,
    )


def _steps(row: Any, shipments: list, acceptances: dict, bills: list, settled: list) -> list[dict[str, Any]]:  # type: ignore[type-arg]
    """What happened, in order, for the timeline."""
    steps: list[tuple[datetime, str, str]] = [(row.approved_at, _("采购单批准，成为订单"), "")]
    if row.confirmed_at:
        steps.append((row.confirmed_at, _("供应商接单"), ""))
    for shipment in shipments:
        steps.append((shipment.shipped_at, _("第 %(no)s 批发货", no=shipment.no), shipment.number))
        if shipment.id in acceptances:
            steps.append(
                (acceptances[shipment.id].at, _("第 %(no)s 批验收", no=shipment.no), acceptances[shipment.id].number)
            )
    for bill in bills:
        if bill.paid_on:
            steps.append((clock.at(bill.paid_on, 23), _("结算单 %(number)s 付清", number=bill.number), ""))
    found = [_step(*step) for step in sorted(steps)]
    if row.closed_reason:
        found.append({"title": row.closed_reason, "note": "", "state": "bad"})
    if settled and row.state == "settled":
        found.append({"title": _("全部结清"), "note": "", "state": "done"})
    return found


def _step(at: datetime, title: str, number: str) -> dict[str, Any]:
    when = f"{clock.local(at):%Y-%m-%d}"
    return {"title": title, "note": f"{when} {number}".strip(), "state": "done"}


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
        days=lambda bill: ((bill.paid_on or clock.today()) - bill.issued_on).days,
        limit=DAYS_TO_PAY,
        bill_state=bill_state,
    )


def bill_state(bill: Any) -> str:
    """The badge of a bill: unpaid past its day is overdue."""
    if bill.state == "paid":
        return "paid"
    return "overdue" if bill.due_on < clock.today() else "open"
