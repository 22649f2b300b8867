"""What an agency sees first: its quota, what waits for this person, orders under way, bills by due day, households."""

from datetime import date
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from ...attribution import services as attribution
from ...core import clock
from ...core.actor import Actor
from ...edge.current import actor
from ...edge.guard import guard
from ...identity import services as identity
from ...payments import services as payments
from ...payments.rules import clock_of
from ...procurement import services as procurement
from ...settlement import services as settlement
from .. import kit
from . import blueprint, plan

UNDER_WAY = ("to_confirm", "to_ship", "in_transit", "part_delivered", "accepted")
SHOWN = 8


@blueprint.get("/")
@guard(signed_in=True)
def home() -> str:
    me, today = actor(), clock.today()
    me.require("order.read")
    bills, bills_total = payments.listed(me, state="to_pay", size=50)
    orders, orders_total = procurement.listed(me, states=UNDER_WAY, size=SHOWN)
    arriving = procurement.arriving(me)
    drafts = _decisions(me)
    suppliers = {row.supplier_id for row in (*bills, *orders)} | {order.supplier_id for _row, order in arriving}
    names = identity.named(suppliers)
    transfers = payments.transfers_of([bill.id for bill in bills]) if bills else {}
    lines = procurement.lines_of([row.id for row in orders]) if orders else {}
    volume = settlement.volume_of(today.year, "agency", str(me.organisation))
    return render_template(
        "buyer/home.html",
        year=today.year,
        plan=plan.of_year(today.year),
        waiting=sorted(
            [*_bills(me, bills, transfers, names, today), *_arrivals(me, arriving, names, today), *drafts],
            key=lambda item: item["by"] or date.max,
        ),
        orders=orders,
        orders_total=orders_total,
        accepted={order: sum(line.accepted_fen for line in found) for order, found in lines.items()},
        next_step=lambda row: _next(row, arriving),
        bills=bills[:6],
        bills_total=bills_total,
        clocks={bill.id: clock_of(bill.delivered_on, bill.due_on, today) for bill in bills},
        names=names,
        volume=volume,
        households=attribution.households_reached(line_ids=settlement.lines_of_year(today.year, me.organisation)),
    )


def _bills(me: Actor, bills: list[Any], transfers: dict, names: dict, today: date) -> list[dict[str, Any]]:
    if not me.may("transfer.record"):
        return []
    return [
        {
            "what": _("付款"),
            "url": url_for("buyer.bill", bill_id=bill.id),
            "number": bill.number,
            "who": names[bill.supplier_id].name,
            "fen": bill.total_fen - bill.credited_fen - bill.paid_fen,
            "by": bill.due_on,
            "words": _days(bill.due_on, today),
            "tone": _tone(bill.due_on, today),
        }
        for bill in bills
        if not any(transfer.state != "refused" for transfer in transfers.get(bill.id, []))
    ]


def _arrivals(me: Actor, arriving: list[Any], names: dict, today: date) -> list[dict[str, Any]]:
    if not me.may("delivery.accept"):
        return []
    return [
        {
            "what": _("验收第 %(no)s 批", no=shipment.no),
            "url": url_for("buyer.accept", shipment_id=shipment.id),
            "number": order.number,
            "who": names[order.supplier_id].name,
            "fen": order.total_fen,
            "by": shipment.expected_on,
            "words": _("预计 %(day)s到", day=kit.day(shipment.expected_on)),
            "tone": "soon" if shipment.expected_on <= today else "",
        }
        for shipment, order in arriving
    ]


def _decisions(me: Actor) -> list[dict[str, Any]]:
    """Bulk orders that wait for this person: the approver's submitted ones, the requester's drafts and refused ones."""
    if not me.may("requisition.read"):
        return []
    if me.may("requisition.approve"):
        found = [(_("审批"), row) for row in procurement.to_decide(me, 20)]
    else:
        wanted = {"draft": _("补齐并提交"), "rejected": _("修改再提交"), "expired": _("重新提交")}
        found = [
            (what, row)
            for state, what in wanted.items()
            for row in procurement.requisitions(me, state=state, size=10)[0]
        ]
    today = clock.today()
    items = []
    for what, row in found:
        words = _("要求 %(day)s送达", day=kit.day(row.deliver_on)) if row.deliver_on else _("未定送达日期")
        items.append(
            {
                "what": what,
                "url": url_for("buyer.requisition", requisition_id=row.id),
                "number": row.number,
                "who": row.title,
                "fen": row.total_fen,
                "by": row.deliver_on,
                "words": words,
                "tone": _tone(row.deliver_on, today) if row.deliver_on else "",
            }
        )
    return items


def _days(due: date, today: date) -> str:
    left = (due - today).days
    if left < 0:
        return ngettext("逾期 %(days)s 天", "逾期 %(days)s 天", -left, days=-left)
    return ngettext("还剩 %(days)s 天", "还剩 %(days)s 天", left, days=left) if left else _("今天到期")


def _tone(due: date, today: date) -> str:
    left = (due - today).days
    return "late" if left < 0 else "soon" if left <= 5 else ""


def _next(row: Any, arriving: list[Any]) -> str:
    if row.state == "to_confirm":
        return _("%(day)s前接单", day=kit.day(row.confirm_by))
    for shipment, order in arriving:
        if order.id == row.id:
            return _("第 %(no)s 批 %(day)s到", no=shipment.no, day=kit.day(shipment.expected_on))
    if row.state == "accepted":
        return _("等付款")
    return _("要求 %(day)s送达", day=kit.day(row.deliver_on))
