"""The delivery plan (送货计划): several addresses, days and windows, and how much of each line goes where.

A bulk order without a plan goes where its head says. With one, a line's parts sum to its quantity, and each is a
quantity that the supplier delivers: whole packs, not below the minimum. What is approved is frozen with the orders.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm.attributes import flag_modified

from ..core import clock
from ..core.actor import Actor
from ..core.db import db, held_or_read, insert_rows
from ..core.errors import DomainError, Many, Refused
from .checking import CheckedLine, lines_of
from .models import Order, OrderLine, Requisition
from .plan_models import OrderDelivery, OrderPart, RequisitionDelivery, RequisitionPart
from .requisitions import own
from .rules import REQUISITION

MAX_DELIVERIES = 60
MAX_PARTS = 5_000


@dataclass(frozen=True)
class Delivery:
    """One delivery of a plan. `parts`: offer (of a bulk order) or order line (of an order) → thousandths."""

    no: int
    address: str
    contact: str
    deliver_on: date
    window: str = ""
    parts: dict[UUID, int] = field(default_factory=dict)


def put_plan(
    actor: Actor, requisition_id: UUID, deliveries: Sequence[dict[str, Any]], version: int | None = None
) -> Requisition:
    """Replaces the plan of an own draft: address, contact, deliver_on, window and parts of offer_id and quantity.

    The head takes the first day's place; none takes the plan away. Sums may still differ while somebody types:
    `problems` tells, and submitting refuses.
    Raises Refused: too_many_deliveries; Many with the delivery's row: required, part_unknown.
    """
    row = own(actor, requisition_id, version)
    row.state = REQUISITION.after("edit", row.state)
    if len(deliveries) > MAX_DELIVERIES or sum(len(one.get("parts", ())) for one in deliveries) > MAX_PARTS:
        raise Refused("too_many_deliveries", field="deliveries", limit=MAX_DELIVERIES)
    known = {line.offer_id for line in lines_of(row.id)}
    errors: list[DomainError] = []
    for no, one in enumerate(deliveries, 1):
        errors += [Refused("required", field=name, row=no) for name in ("address", "contact") if not one[name].strip()]
        if {part["offer_id"] for part in one.get("parts", ())} - known:
            errors.append(Refused("part_unknown", field="parts", row=no))
    if errors:
        raise Many(errors)
    for table in (RequisitionPart, RequisitionDelivery):
        db.session.execute(delete(table).where(table.requisition_id == row.id))
    insert_rows(
        RequisitionDelivery,
        [
            {
                "requisition_id": row.id,
                "no": no,
                "address": one["address"].strip(),
                "contact": one["contact"].strip(),
                "deliver_on": one["deliver_on"],
                "window": one.get("window", ""),
            }
            for no, one in enumerate(deliveries, 1)
        ],
    )
    insert_rows(
        RequisitionPart,
        [
            {"requisition_id": row.id, "delivery_no": no, "offer_id": part["offer_id"], "quantity": part["quantity"]}
            for no, one in enumerate(deliveries, 1)
            for part in one.get("parts", ())
            if part["quantity"] > 0
        ],
    )
    if deliveries:
        first = min(deliveries, key=lambda one: one["deliver_on"])
        row.deliver_on, row.window = first["deliver_on"], first.get("window", "")
        row.address, row.contact = first["address"].strip(), first["contact"].strip()
    row.deliveries = len(deliveries)
    flag_modified(row, "deliveries")  # another plan of as many is another version too
    db.session.flush()
    return row


def plan_of(row: Requisition) -> list[Delivery]:
    """A bulk order's plan; none if it has none. Two statements where there is one."""
    if not row.deliveries:
        return []
    rows = list(
        db.session.scalars(
            select(RequisitionDelivery)
            .where(RequisitionDelivery.requisition_id == row.id)
            .order_by(RequisitionDelivery.no)
            .execution_options(populate_existing=True)
        )
    )
    found = {one.no: Delivery(one.no, one.address, one.contact, one.deliver_on, one.window) for one in rows}
    query = select(RequisitionPart.delivery_no, RequisitionPart.offer_id, RequisitionPart.quantity)
    for no, offer_id, quantity in db.session.execute(query.where(RequisitionPart.requisition_id == row.id)):
        found[no].parts[offer_id] = quantity
    return list(found.values())


def problems(plan: Sequence[Delivery], checked: Sequence[CheckedLine]) -> list[DomainError]:
    """Everything against a plan: of its deliveries (field "deliveries", row: its number) and of lines (field "parts")."""
    today = clock.today()
    found: list[DomainError] = []
    for one in plan:
        if one.deliver_on < today:
            found.append(Refused("day_in_past", field="deliveries", row=one.no))
        if not one.parts:
            found.append(Refused("delivery_empty", field="deliveries", row=one.no))
    if plan:
        for item in checked:
            found += _of_line(plan, item)
    return found


def _of_line(plan: Sequence[Delivery], item: CheckedLine) -> list[DomainError]:
    offer, quantity = item.offer, item.line.quantity
    parts = {one.no: one.parts[offer.id] for one in plan if offer.id in one.parts}
    found: list[DomainError] = []
    if sum(parts.values()) != quantity:
        facts = {"planned_qty": sum(parts.values()), "line_qty": quantity}
        found.append(Refused("plan_sum_differs", field="parts", row=item.no, **facts))
    for no, part in parts.items():
        if part < offer.minimum:
            found.append(
                Refused("part_below_minimum", field="parts", row=item.no, delivery=no, minimum_qty=offer.minimum)
            )
        elif part % offer.pack or part % offer.step:
            found.append(Refused("part_off_pack", field="parts", row=item.no, delivery=no, pack_qty=offer.pack))
    return found


def first_of(plan: Sequence[Delivery], offers: set[UUID]) -> Delivery | None:
    """The earliest delivery that has a part of any of these offers."""
    with_parts = [one for one in plan if offers & set(one.parts)]
    return min(with_parts, key=lambda one: (one.deliver_on, one.no)) if with_parts else None


def freeze(plan: Sequence[Delivery], lines: Sequence[dict[str, Any]]) -> None:
    """Copies a plan to the orders that approval made: `lines` are the new order lines' values."""
    deliveries: dict[tuple[UUID, int], dict[str, Any]] = {}
    parts: list[dict[str, Any]] = []
    for one in plan:
        for line in lines:
            if (quantity := one.parts.get(line["offer_id"], 0)) > 0:
                order_id = line["order_id"]
                deliveries[order_id, one.no] = {
                    "order_id": order_id,
                    "no": one.no,
                    "address": one.address,
                    "contact": one.contact,
                    "deliver_on": one.deliver_on,
                    "window": one.window,
                }
                parts.append(
                    {"order_id": order_id, "delivery_no": one.no, "order_line_id": line["id"], "quantity": quantity}
                )
    insert_rows(OrderDelivery, list(deliveries.values()))
    insert_rows(OrderPart, parts)


def deliveries_of(
    order_ids: Iterable[UUID], lines: Mapping[UUID, Sequence[OrderLine]] | None = None
) -> dict[UUID, list[Delivery]]:
    """Order → its deliveries by number, with parts by order line; one made of its head where nothing was planned.

    `lines`: by order, if they are read already. The caller has checked scope. At most four statements.
    """
    wanted = set(order_ids)
    found: dict[UUID, dict[int, Delivery]] = {}
    for row in db.session.scalars(
        select(OrderDelivery).where(OrderDelivery.order_id.in_(wanted)).order_by(OrderDelivery.no)
    ):
        one = Delivery(row.no, row.address, row.contact, row.deliver_on, row.window)
        found.setdefault(row.order_id, {})[row.no] = one
    if found:
        for part in db.session.scalars(select(OrderPart).where(OrderPart.order_id.in_(list(found)))):
            found[part.order_id][part.delivery_no].parts[part.order_line_id] = part.quantity
    plain = wanted - set(found)
    if plain:
        for order in held_or_read(Order, plain).values():
            found[order.id] = {1: Delivery(1, order.address, order.contact, order.deliver_on, order.window)}
        for line in _lines_of(plain) if lines is None else (line for id_ in plain for line in lines.get(id_, ())):
            found[line.order_id][1].parts[line.id] = line.ordered
    return {order_id: list(deliveries.values()) for order_id, deliveries in found.items()}


def _lines_of(order_ids: set[UUID]) -> Iterable[Any]:
    query = select(OrderLine.order_id, OrderLine.id, OrderLine.ordered)
    return db.session.execute(query.where(OrderLine.order_id.in_(order_ids)))
