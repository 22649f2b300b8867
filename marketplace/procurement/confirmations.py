"""The order confirmation (订单确认书): a PDF for both sides to stamp, and the stamped scans that come back."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..channels import services as channels
from ..core import audit, clock, files, pdf
from ..core.actor import Actor
from ..core.db import by_id, db, fetch, new_id, visible
from ..core.money import format_yuan, in_words
from ..core.quantity import format_quantity
from ..identity import services as identity
from ..notices import services as notices
from .delivery_plans import Delivery, deliveries_of
from .models import Order, OrderLine
from .orders import lines_of, order
from .plan_models import OrderConfirmationScan


def confirmation(actor: Actor, order_id: UUID) -> tuple[str, bytes]:
    """订单确认书 of an order as (file name without ending, PDF): as it was approved. Raises NotFound."""
    row = order(actor, order_id)
    lines = lines_of([row.id]).get(row.id, [])
    return f"{row.number}-订单确认书", pdf.render("order_confirmation", _data(row, lines))


def _data(row: Order, lines: list[OrderLine]) -> dict[str, Any]:
    parties = identity.named({row.agency_id, row.supplier_id})
    plan = deliveries_of([row.id])[row.id]
    by_id = {line.id: line for line in lines}
    channel = next((one.name for one in channels.all_channels() if one.code == row.channel), row.channel)
    return {
        "number": row.number,
        "day": _day(clock.local(row.approved_at).date()),
        "channel": channel,
        "buyer": _party(parties[row.agency_id]),
        "seller": _party(parties[row.supplier_id]),
        "lines": [_line(line) for line in lines],
        "total": format_yuan(row.total_fen),
        "words": in_words(row.total_fen),
        "weighed": any(line.pricing == "weighed" for line in lines),
        "deliveries": [_delivery(one, by_id) for one in plan],
        "planned": len(plan) > 1,
    }


def _party(one: Any) -> dict[str, str]:
    return {
        "name": one.name,
        "code": one.credit_code or "",
        "address": one.address,
        "account": "，".join(part for part in (one.account_name, one.bank_reference) if part),
    }


def _line(line: OrderLine) -> list[str]:
    return [
        str(line.no),
        line.name,
        line.code,
        f"{format_quantity(line.ordered)} {line.order_unit}",
        f"{format_yuan(line.price_fen, '')}/{line.price_unit}",
        format_yuan(line.money_fen, ""),
    ]


def _delivery(one: Delivery, lines: dict[UUID, OrderLine]) -> list[str]:
    parts = [
        f"{lines[line_id].name} {format_quantity(quantity)} {lines[line_id].order_unit}"
        for line_id, quantity in sorted(one.parts.items(), key=lambda part: lines[part[0]].no)
    ]
    when = f"{_day(one.deliver_on)} {one.window}".strip()
    return [str(one.no), when, f"{one.address}（{one.contact}）", "；".join(parts)]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def add_scan(actor: Actor, order_id: UUID, file_id: UUID) -> OrderConfirmationScan:
    """Keeps the stamped scan that one side has sent back; the other is told. Raises NotFound."""
    actor.require("confirmation.add")
    row = fetch(
        select(Order).where(
            Order.id == order_id, (Order.agency_id == actor.organisation) | (Order.supplier_id == actor.organisation)
        ),
        "order",
        lock=True,
    )
    file = files.kept(actor, file_id)
    side, other = ("agency", row.supplier_id) if actor.organisation == row.agency_id else ("supplier", row.agency_id)
    scan = OrderConfirmationScan(
        id=new_id(), order_id=row.id, side=side, file_id=file.id, added_by=actor.user, added_at=clock.now()
    )
    db.session.add(scan)
    audit.record(actor, "order.confirmation", "order", row.id, side=side)
    notices.tell(
        "order_confirmation_for_supplier" if side == "agency" else "order_confirmation_for_agency",
        organisation_id=other,
        about=("order", row.id),
        number=row.number,
        permission="confirmation.add",
        who=actor.organisation_name,
    )
    db.session.flush()
    return scan


def scans_of(actor: Actor, order_id: UUID) -> list[OrderConfirmationScan]:
    """The scans of an order within scope, newest first. Raises NotFound."""
    row = order(actor, order_id)
    query = select(OrderConfirmationScan).where(OrderConfirmationScan.order_id == row.id)
    return list(
        db.session.scalars(query.order_by(OrderConfirmationScan.added_at.desc(), OrderConfirmationScan.id.desc()))
    )


def scan_file(actor: Actor, order_id: UUID, scan_id: UUID) -> files.FileRow:
    """The file of a scan, for either side of the order; an office opens it by `open_scan`. Raises NotFound."""
    actor.require("order.read")
    sides = visible(actor.scope, supplier=Order.supplier_id, agency=Order.agency_id)
    return _file(by_id(Order, order_id, sides, "order"), scan_id)


def open_scan(actor: Actor, order_id: UUID, scan_id: UUID) -> files.FileRow:
    """The file of a scan for an office of the order, which is recorded: both sides read it in the order's story.
    Raises NotFound."""
    row = order(actor, order_id)
    file = _file(row, scan_id)
    audit.record(actor, "order.confirmation_read", "order", row.id, scan=str(scan_id))
    db.session.flush()
    return file


def _file(row: Order, scan_id: UUID) -> files.FileRow:
    query = (
        select(files.FileRow)
        .join(OrderConfirmationScan, OrderConfirmationScan.file_id == files.FileRow.id)
        .where(OrderConfirmationScan.id == scan_id, OrderConfirmationScan.order_id == row.id)
    )
    return fetch(query, "file")
