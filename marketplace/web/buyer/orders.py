"""Orders: the list with its filters and its file, one order with all that became of it, cancelling what is open."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext
from marshmallow import Schema, fields

from ...attribution import services as attribution
from ...core import clock
from ...core.errors import Many, Refused
from ...core.fields import Id, Quantity, Text
from ...core.money import yuan
from ...core.quantity import to_json
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from ...payments import services as payments
from ...procurement import services as procurement
from ...settlement import services as settlement
from .. import navigation, sheets, story
from ..states import badge
from ..tables import Table
from . import blueprint
from .acceptance import REASONS

KEYS = ("number", "approved_at", "deliver_on", "total_fen")
GROUPS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "": (_l("全部"), ()),
    "open": (_l("办理中"), ("to_confirm", "to_ship", "in_transit", "part_delivered")),
    "to_confirm": (_l("待接单"), ("to_confirm",)),
    "in_transit": (_l("运输中、部分到货"), ("in_transit", "part_delivered")),
    "accepted": (_l("已验收，等付款"), ("accepted",)),
    "settled": (_l("已结清"), ("settled",)),
    "closed": (_l("未成交"), ("declined", "lapsed", "cancelled", "rejected")),
}
MOST_IN_FILE = 10_000
LABELS = {"reason": _l("理由"), "quantity": _l("取消数量"), "lines": _l("取消数量")}


class CancelLine(Schema):
    order_line_id = Id(required=True)
    quantity = Quantity(load_default=0)


class CancelSchema(Schema):
    """The page lists every open line; one left blank is not cancelled."""

    reason = Text(300, load_default="")
    lines = fields.List(fields.Nested(CancelLine), load_default=list)


@blueprint.get("/orders")
@guard("order.read")
def orders() -> Response | str:
    table = Table(KEYS, "-approved_at", 50)
    group, number = request.args.get("group", ""), request.args.get("number", "").strip()[:20]
    group = group if group in GROUPS else ""
    narrowed: dict[str, Any] = {"states": GROUPS[group][1], "number": number, "sort": table.sort}
    if request.args.get("format") == "csv":
        return _file(procurement.listed(actor(), size=MOST_IN_FILE, **narrowed)[0])
    rows, table.total = procurement.listed(actor(), page=table.page, size=table.per_page, **narrowed)
    return render_template(
        "buyer/orders.html",
        rows=rows,
        table=table,
        group=group,
        number=number,
        groups=[(key, label) for key, (label, _states) in GROUPS.items()],
        accepted=_accepted(rows),
        names=identity.named({row.supplier_id for row in rows}),
    )


def _accepted(rows: list[Any]) -> dict[UUID, int]:
    lines = procurement.lines_of([row.id for row in rows]) if rows else {}
    return {order: sum(line.accepted_fen for line in found) for order, found in lines.items()}


def _file(rows: list[Any]) -> Response:
    """One row for each order line."""
    lines = procurement.lines_of([row.id for row in rows]) if rows else {}
    names = identity.named({row.supplier_id for row in rows})
    heads = [
        _("订单"), _("状态"), pgettext("done", "批准"), _("送达"), _("供应商"), _("产品"), _("编码"), pgettext("measure", "单位"), _("订购"), _("未发"),
        _("运输中"), _("已验收"), _("拒收"), _("取消"), _("单价（元）"), _("金额（元）"), _("已验收（元）"), _("已结清（元）"),
    ]  # fmt: skip
    quantities = ("ordered", "open", "in_transit", "accepted", "rejected", "cancelled")
    return sheets.download(
        "orders",
        heads,
        (
            [
                row.number,
                badge("order", row.state)[1],
                row.approved_at,
                row.deliver_on,
                names[row.supplier_id].name,
                line.name,
                line.code,
                line.order_unit,
                *(to_json(getattr(line, name)) for name in quantities),
                *(yuan(fen) for fen in (line.price_fen, line.money_fen, line.accepted_fen, line.settled_fen)),
            ]
            for row in rows
            for line in lines.get(row.id, [])
        ),
    )


@blueprint.get("/orders/<uuid:order_id>")
@guard("order.read")
@navigation.on_own_side
def order(order_id: UUID) -> Response:
    return _page(order_id, Form(CancelSchema()))


@blueprint.post("/orders/<uuid:order_id>/cancel")
@guard("order.cancel")
def cancel(order_id: UUID) -> Response:
    form = Form(CancelSchema())
    with form.attempt():
        asked = form.data()
        _cancel(order_id, asked["lines"], asked["reason"])
        return done(_("未发数量已取消，库存和份额已退回。"), "buyer.order", order_id=order_id)
    return _page(order_id, form)


def _cancel(order_id: UUID, lines: list[dict[str, Any]], reason: str) -> None:
    """Cancels the lines that have a quantity; a refusal's row is the page's, blank lines counted. Raises Refused, Many."""
    filled = [(row, line) for row, line in enumerate(lines, 1) if line["quantity"]]
    if not filled:
        raise Refused("no_lines", field="lines")
    try:
        procurement.cancel(
            actor(), order_id, {line["order_line_id"]: line["quantity"] for _row, line in filled}, reason
        )
    except Many as refusal:
        for error in refusal.errors:
            error.row = filled[error.row - 1][0] if error.row else None
        raise


def _page(order_id: UUID, form: Form) -> Response:
    row = procurement.order(actor(), order_id)
    lines = procurement.lines_of([row.id]).get(row.id, [])
    shipments = procurement.shipments_of([row.id]).get(row.id, [])
    acceptances = procurement.acceptances_of([row.id]).get(row.id, [])
    bills = payments.bills_of([row.id]).get(row.id, [])
    transfers = payments.transfers_of([bill.id for bill in bills]) if bills else {}
    settled = settlement.settled_of([row.id]).get(row.id, [])
    request_row = procurement.requisition(actor(), row.requisition_id) if actor().may("requisition.read") else None
    people = {one.accepted_by for one in acceptances} | {one.shipped_by for one in shipments} | {row.requested_by}
    names = identity.user_names({person for person in people if person})
    return form.page(
        "buyer/order.html",
        row=row,
        lines=lines,
        shipments=shipments,
        lots=linkage.by_ids(line.lot_id for shipment in shipments for line in shipment.lines) if shipments else {},
        accepted_of={acceptance.shipment_id: acceptance for acceptance in acceptances},
        bill_of=payments.bill_by_acceptance([one.id for one in acceptances]),
        bills=bills,
        transfers=transfers,
        requisition=request_row,
        names=names,
        supplier=identity.named({row.supplier_id})[row.supplier_id],
        steps=story.steps_of(row.id),
        sums=_sums(lines, bills),
        due=min((bill for bill in bills if bill.state in payments.TO_PAY), key=lambda bill: bill.due_on, default=None),
        unpaid=next((bill for bill in bills if _unpaid(bill, transfers)), None),
        households=attribution.households_reached(line_ids=[line.id for line in settled]) if settled else 0,
        reasons=REASONS,
        today=clock.today(),
        labels=LABELS,
    )


def _unpaid(bill: Any, transfers: dict[UUID, list[Any]]) -> bool:
    """Whether a bill waits for a transfer, and not for the supplier's word on one."""
    return bill.state in payments.TO_PAY and all(one.state == "refused" for one in transfers.get(bill.id, []))


def _sums(lines: list[Any], bills: list[Any]) -> dict[str, int]:
    """Fen: ordered, cancelled (at the line's price), accepted, settled, billed, paid."""
    cancelled = sum(line.money_fen * line.cancelled // line.ordered for line in lines)
    return {
        "ordered": sum(line.money_fen for line in lines),
        "cancelled": cancelled,
        "accepted": sum(line.accepted_fen for line in lines),
        "settled": sum(line.settled_fen for line in lines),
        "billed": sum(bill.total_fen for bill in bills),
        "paid": sum(bill.paid_fen for bill in bills),
    }
