"""What approval makes: one order per supplier, with its lines frozen as they were approved. Plain values for inserts."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from ..catalogue import rules as prices
from ..core import clock
from ..core.db import new_id
from ..core.numbers import numbered
from .checking import CheckedLine
from .delivery_plans import Delivery, first_of
from .models import Requisition

CONFIRM_WITHIN = timedelta(days=2)
NOTHING_YET = dict.fromkeys(
    [
        "in_transit",
        "accepted",
        "rejected",
        "cancelled",
        "returned",
        "settled",
        "accepted_base",
        "accepted_fen",
        "settled_fen",
    ],
    0,
)

# What all orders of one bulk order have in common.
SHARED = (
    "requisition_id",
    "agency_id",
    "plan_id",
    "agency_division",
    "channel",
    "counted_as",
    "state",
    "requested_by",
    "approved_at",
    "period",
    "confirm_by",
    "closed_reason",
)


def orders_of(
    row: Requisition, checked: list[CheckedLine], plan: list[Delivery], plan_id: UUID | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The values of the orders and of their lines; `plan_id` is the quota plan that counting lines move.

    The orders' numbers are taken by `number`, last: their counter is locked until the commit.
    """
    by_supplier: dict[UUID, list[CheckedLine]] = {}
    for item in checked:
        by_supplier.setdefault(item.offer.supplier_id, []).append(item)
    now = clock.now()
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for supplier_id, items in by_supplier.items():
        order_id = new_id()
        first: Any = first_of(plan, {item.offer.id for item in items}) or row
        orders.append(
            {
                "id": order_id,
                "requisition_id": row.id,
                "agency_id": row.agency_id,
                "supplier_id": supplier_id,
                "plan_id": plan_id,
                "division": items[0].supplier.division,
                "agency_division": row.division,
                "channel": row.channel,
                "counted_as": row.counted_as,
                "state": "to_confirm",
                "requested_by": row.created_by,
                "approved_at": now,
                "period": clock.period(clock.today()),
                "confirm_by": now + CONFIRM_WITHIN,
                "deliver_on": first.deliver_on,
                "window": first.window,
                "address": first.address,
                "contact": first.contact,
                "closed_reason": "",
                "total_fen": sum(item.money_fen for item in items),
            }
        )
        lines.extend(_line_values(order_id, no, item, plan_id) for no, item in enumerate(items, 1))
    return orders, lines


def number(orders: list[dict[str, Any]]) -> None:
    for one, taken in zip(orders, numbered("SO", clock.today().year, len(orders)), strict=True):
        one["number"] = taken


def _line_values(order_id: UUID, no: int, item: CheckedLine, plan_id: UUID | None) -> dict[str, Any]:
    offer, product, line = item.offer, item.product, item.line
    counts = bool(line.counts and item.verdict and item.verdict.grant_id)
    committed = prices.at_most(item.money_fen, offer.tolerance_basis_points if offer.pricing == "weighed" else 0)
    return {
        "id": new_id(),
        "order_id": order_id,
        "no": no,
        "offer_id": offer.id,
        "product_id": product.id,
        "name": product.name,
        "code": offer.code,
        "category_code": product.category_code,
        "grant_id": item.verdict.grant_id if item.verdict and counts else None,
        "agreed_id": line.agreed_id,
        "counts": counts,
        "pricing": offer.pricing,
        "order_unit": offer.order_unit,
        "price_unit": offer.price_unit,
        "base_unit": product.base_unit,
        "content": offer.content,
        "tolerance_basis_points": offer.tolerance_basis_points if offer.pricing == "weighed" else 0,
        "price_fen": item.price_fen,
        "reference_fen": item.reference_fen,
        "price_reason": line.reason or (item.agreed.number if item.agreed else ""),
        "money_fen": item.money_fen,
        "ordered": line.quantity,
        "open": line.quantity,
        **NOTHING_YET,
        "committed_fen": committed if counts and plan_id else 0,
    }
