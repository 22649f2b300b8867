"""Deciding a bulk order: another person approves it into one order per supplier, or sends it back with a reason."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, new_id
from ..core.errors import Many, Refused
from ..core.numbers import numbered
from ..findings import services as findings
from ..identity import services as identity
from ..quota import services as quota
from .checking import CheckedLine, check, head_problems
from .models import Order, OrderLine, Requisition
from .requisitions import own
from .rules import REQUISITION

CONFIRM_WITHIN = timedelta(days=2)


def approve(actor: Actor, requisition_id: UUID, version: int | None = None) -> list[Order]:
    """Another person approves: stock is reserved, quota committed, and one order per supplier made, in one transaction.

    Raises Refused: approver_is_submitter, beyond_ceiling; Many: every line's problem; Conflict: wrong_state.
    """
    actor.require("requisition.approve")
    row = own(actor, requisition_id, version)
    state = REQUISITION.after("approve", row.state)
    if actor.user in (row.submitted_by, row.created_by):
        raise Refused("approver_is_submitter", field="approver")
    checked = check(row)
    errors = head_problems(row) + [problem for item in checked for problem in item.problems]
    if errors:
        raise Many(errors)
    catalogue.reserve(
        {item.offer.id: item.line.quantity for item in checked}, rows={item.offer.id: item.no for item in checked}
    )
    catalogue.draw(
        {item.agreed.id: item.line.quantity for item in checked if item.agreed},
        rows={item.agreed.id: item.no for item in checked if item.agreed},
    )
    plan = quota.plan_of(row.agency_id, clock.today().year)
    orders, lines = _orders_of(row, checked, plan.id if plan else None)
    if plan:
        quota.commit(plan.id, sum(line["committed_fen"] for line in lines))
    db.session.execute(Order.__table__.insert(), orders)  # type: ignore[attr-defined]
    db.session.execute(OrderLine.__table__.insert(), lines)  # type: ignore[attr-defined]
    row.state, row.decided_by, row.decided_at = state, actor.user, clock.now()
    row.total_fen = sum(order["total_fen"] for order in orders)
    audit.record(actor, "requisition.approve", "requisition", row.id, orders=len(orders), total_fen=row.total_fen)
    _open_price_findings(row, checked)
    db.session.flush()
    return list(db.session.scalars(select(Order).where(Order.requisition_id == row.id).order_by(Order.number)))


def _orders_of(row: Requisition, checked: list[CheckedLine], plan_id: UUID | None) -> tuple[list[dict], list[dict]]:
    by_supplier: dict[UUID, list[CheckedLine]] = {}
    for item in checked:
        by_supplier.setdefault(item.offer.supplier_id, []).append(item)
    suppliers = identity.named(set(by_supplier))
    now = clock.now()
    numbers = numbered("SO", clock.today().year, len(by_supplier))
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for number, (supplier_id, items) in zip(numbers, by_supplier.items(), strict=True):
        order_id = new_id()
        orders.append(
            {
                "id": order_id,
                "number": number,
                "requisition_id": row.id,
                "agency_id": row.agency_id,
                "supplier_id": supplier_id,
                "plan_id": plan_id,
                "division": suppliers[supplier_id].division,
                "agency_division": row.division,
                "channel": row.channel,
                "counted_as": row.counted_as,
                "state": "to_confirm",
                "requested_by": row.created_by,
                "approved_at": now,
                "period": clock.period(clock.today()),
                "confirm_by": now + CONFIRM_WITHIN,
                "deliver_on": row.deliver_on,
                "window": row.window,
                "address": row.address,
                "contact": row.contact,
                "closed_reason": "",
                "total_fen": sum(item.money_fen for item in items),
            }
        )
        lines.extend(_line_values(order_id, no, item, plan_id) for no, item in enumerate(items, 1))
    return orders, lines


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
        **dict.fromkeys(
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
        ),
        "committed_fen": committed if counts and plan_id else 0,
    }


def _open_price_findings(row: Requisition, checked: list[CheckedLine]) -> None:
    findings.open_many(
        [
            {
                "kind": "above_reference",
                "object_kind": "requisition_line",
                "object_id": f"{row.id}:{item.no}",
                "division": row.division,
                "facts": {"number": row.number, "code": item.offer.code, "over": item.over_basis_points},
            }
            for item in checked
            if item.over_basis_points
        ]
    )


def reject(actor: Actor, requisition_id: UUID, reason: str) -> Requisition:
    """The approver sends it back with a reason. Raises Refused('reason_needed')."""
    actor.require("requisition.approve")
    row = own(actor, requisition_id)
    state = REQUISITION.after("reject", row.state)
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    row.state, row.reason, row.decided_by, row.decided_at = state, reason.strip(), actor.user, clock.now()
    audit.record(actor, "requisition.reject", "requisition", row.id)
    db.session.flush()
    return row
