"""Shipping an order in parts, naming the lots."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Many, NotFound, Refused
from ..core.numbers import numbered
from ..identity import services as identity
from ..linkage import services as linkage
from ..notices import services as notices
from . import acceptance_drafts as drafts
from . import crates, rules
from .models import Order, OrderLine, Shipment, ShipmentLine
from .orders import check_lines, locked, within
from .plan_models import OrderDelivery
from .rules import ORDER


@dataclass(frozen=True)
class Part:
    """`quantity` thousandths of the order unit of one order line, out of one lot; `packages` pieces, `gross` and `net`
    thousandths of a kilogram as loaded, where they were counted and weighed."""

    order_line_id: UUID
    lot_id: UUID
    quantity: int
    packages: int | None = None
    gross: int | None = None
    net: int | None = None


def ship(
    actor: Actor,
    order_id: UUID,
    parts: Sequence[Part],
    *,
    expected_on: date,
    sent_crates: Sequence[crates.Crates] = (),
    delivery_no: int = 1,
    **notice: Any,
) -> Shipment:
    """Sends a part of an order: open → in transit, stock consumed, lots taken, in one transaction.

    `notice` is the rest of the shipment notice: carrier, plate, driver, window, note, temperature_tenths (at loading).
    Raises Many with rows: beyond_open, quantity_zero, lot_short, part_twice, weights_differ; Refused: no_lines,
    day_in_past, delivery_unknown, crates_twice; Conflict.
    """
    actor.require("shipment.send")
    row, lines = locked(order_id, Order.supplier_id == actor.organisation)
    ORDER.after("ship", row.state)
    if expected_on < clock.today():
        raise Refused("day_in_past", field="expected_on")
    _check_parts(parts)
    quantities: dict[UUID, int] = {}
    for part in parts:
        quantities[part.order_line_id] = quantities.get(part.order_line_id, 0) + part.quantity
    with _rows_of_parts([part.order_line_id for part in parts]):
        check_lines(lines, quantities, lambda line: line.open, "beyond_open")
    with _rows_of_parts([part.lot_id for part in parts]):
        _take_lots(row, {line.id: line for line in lines}, parts)
    consumed: dict[UUID, int] = {}
    for line in lines:
        quantity = quantities.get(line.id, 0)
        line.open -= quantity
        line.in_transit += quantity
        if quantity:
            consumed[line.offer_id] = consumed.get(line.offer_id, 0) + quantity
    state = rules.order_state(lines, confirmed=True)
    db.session.flush()
    catalogue.consume(consumed)
    row.state = state
    plan = _delivery(row, delivery_no)
    agreed = {"due_on": plan.deliver_on if plan else row.deliver_on, "window": plan.window if plan else row.window}
    shipment = _insert(actor, row, parts, expected_on=expected_on, delivery_no=delivery_no, **agreed | notice)
    crates.put(shipment.id, sent_crates)
    _tell(row, shipment)
    return shipment


def _delivery(row: Order, no: int) -> OrderDelivery | None:
    """The delivery of the order's plan that a shipment is part of; an order without a plan has one."""
    planned = db.session.scalars(select(OrderDelivery).where(OrderDelivery.order_id == row.id)).all()
    found = next((each for each in planned if each.no == no), None)
    if found is None and (planned or no != 1):
        raise Refused("delivery_unknown", field="delivery_no")
    return found


def _tell(row: Order, shipment: Shipment) -> None:
    notices.done_about("shipment", [shipment.id])
    notices.tell(
        "shipment_under_way",
        organisation_id=row.agency_id,
        about=("shipment", shipment.id),
        number=shipment.number,
        permission="delivery.accept",
        act_by=shipment.expected_on,
        who=identity.named({row.supplier_id})[row.supplier_id].name,
    )


def amend_shipment(actor: Actor, shipment_id: UUID, *, expected_on: date, **notice: Any) -> Shipment:
    """The supplier changes what a notice says while the goods are under way: day, window, carrier, plate, driver, note.

    Lots and quantities stay: what was loaded wrongly is cancelled and sent anew. Raises Refused('day_in_past'), Conflict.
    """
    actor.require("shipment.send")
    row, order = _own(actor, shipment_id)
    rules.SHIPMENT.after("amend", row.state)
    if expected_on < clock.today():
        raise Refused("day_in_past", field="expected_on")
    for name, value in {"expected_on": expected_on, **notice}.items():
        setattr(row, name, value)
    audit.record(actor, "shipment.amend", "order", order.id, shipment=row.number, expected_on=expected_on.isoformat())
    _tell(order, row)
    db.session.flush()
    return row


def cancel_shipment(actor: Actor, shipment_id: UUID, reason: str) -> Shipment:
    """The supplier takes a shipment back before it is accepted: its quantities are open again, lots and stock refilled.

    Raises Refused('reason_needed'), Conflict('wrong_state').
    """
    actor.require("shipment.send")
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    order_id = db.session.scalar(select(Shipment.order_id).where(Shipment.id == shipment_id, _mine(actor)))
    if order_id is None:
        raise NotFound("shipment")
    order, lines = locked(order_id, Order.supplier_id == actor.organisation)
    row = by_id(Shipment, shipment_id, what="shipment", lock=True)
    row.state, row.closed_reason = rules.SHIPMENT.after("cancel", row.state), reason.strip()
    by_line = {line.id: line for line in lines}
    lots: dict[UUID, int] = {}
    stock: dict[UUID, int] = {}
    for part in row.lines:
        line = by_line[part.order_line_id]
        line.in_transit -= part.quantity
        line.open += part.quantity
        lots[part.lot_id] = lots.get(part.lot_id, 0) + prices.nominal_base(part.quantity, line.content)
        stock[line.offer_id] = stock.get(line.offer_id, 0) + part.quantity
    order.state = rules.order_state(lines, confirmed=True)
    db.session.flush()
    linkage.give_back_all(lots)
    catalogue.put_back(stock)
    drafts.drop(shipment_id)
    audit.record(actor, "shipment.cancel", "order", order.id, shipment=row.number, reason=row.closed_reason)
    notices.done_about("shipment", [row.id])
    notices.tell("shipment_cancelled", organisation_id=order.agency_id, about=("order", order.id), number=row.number)
    db.session.flush()
    return row


def _mine(actor: Actor) -> Any:
    return Shipment.order_id.in_(select(Order.id).where(Order.supplier_id == actor.organisation))


def _own(actor: Actor, shipment_id: UUID) -> tuple[Shipment, Order]:
    row = by_id(Shipment, shipment_id, _mine(actor), "shipment", lock=True)
    return row, by_id(Order, row.order_id)


def is_late(row: Shipment) -> bool:
    """Whether it comes after the day that was agreed; the buyer may refuse it."""
    return row.due_on is not None and row.expected_on > row.due_on


@contextmanager
def _rows_of_parts(ids: Sequence[UUID]) -> Iterator[None]:
    """Two parts may share a line or a lot: a refusal that counts those names the first part's row instead."""
    try:
        yield
    except Many as many:
        first: dict[UUID, int] = {}
        for row, id_ in enumerate(ids, 1):
            first.setdefault(id_, row)
        for error in many.errors:
            error.row = list(first.values())[error.row - 1] if error.row else None
        raise


def _check_parts(parts: Sequence[Part]) -> None:
    seen: set[tuple[UUID, UUID]] = set()
    errors = []
    for no, part in enumerate(parts, 1):
        if part.quantity <= 0:
            errors.append(Refused("quantity_zero", field="quantity", row=no))
        if (part.order_line_id, part.lot_id) in seen:
            errors.append(Refused("part_twice", field="lot_id", row=no))
        seen.add((part.order_line_id, part.lot_id))
        if part.net is not None and (part.gross or 0) < part.net:
            errors.append(Refused("weights_differ", field="gross", row=no))
    if errors:
        raise Many(errors)


def _take_lots(row: Order, lines: dict[UUID, OrderLine], parts: Sequence[Part]) -> None:
    wanted: dict[UUID, int] = {}
    product_of: dict[UUID, UUID] = {}
    for part in parts:
        line = lines[part.order_line_id]
        wanted[part.lot_id] = wanted.get(part.lot_id, 0) + prices.nominal_base(part.quantity, line.content)
        product_of[part.lot_id] = line.product_id
    linkage.take(row.supplier_id, wanted, product_of, clock.today())


def _insert(actor: Actor, row: Order, parts: Sequence[Part], **notice: Any) -> Shipment:
    no = (db.session.scalar(select(func.max(Shipment.no)).where(Shipment.order_id == row.id)) or 0) + 1
    shipment = Shipment(
        id=new_id(),
        number=numbered("SH", clock.today().year)[0],
        order_id=row.id,
        no=no,
        shipped_at=clock.now(),
        shipped_by=actor.user,
        **notice,
    )
    db.session.add(shipment)
    db.session.flush()
    db.session.execute(
        insert(ShipmentLine),
        [
            {
                "id": new_id(),
                "shipment_id": shipment.id,
                "no": number,
                "order_line_id": part.order_line_id,
                "lot_id": part.lot_id,
                "quantity": part.quantity,
                "packages": part.packages,
                "gross": part.gross,
                "net": part.net,
                "accepted": 0,
                "rejected": 0,
            }
            for number, part in enumerate(parts, 1)
        ],
    )
    audit.record(actor, "shipment.send", "order", row.id, shipment=shipment.number)
    db.session.flush()
    return shipment


def shipment(actor: Actor, shipment_id: UUID) -> tuple[Shipment, Order]:
    """A shipment within scope, with its order. Raises NotFound."""
    actor.require("order.read")
    row = by_id(Shipment, shipment_id, Shipment.order_id.in_(select(Order.id).where(within(actor))), "shipment")
    return row, by_id(Order, row.order_id)


def of_orders(order_ids: Iterable[UUID]) -> dict[UUID, list[Shipment]]:
    """Shipments by order in their order; the caller has checked scope."""
    found: dict[UUID, list[Shipment]] = {}
    query = select(Shipment).where(Shipment.order_id.in_(set(order_ids))).order_by(Shipment.order_id, Shipment.no)
    for row in db.session.scalars(query):
        found.setdefault(row.order_id, []).append(row)
    return found


def of_lot(actor: Actor, lot_id: UUID) -> list[tuple[ShipmentLine, Shipment, Order]]:
    """What was shipped out of a lot, newest first, as far as the orders are within scope."""
    actor.require("order.read")
    query = (
        select(ShipmentLine, Shipment, Order)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .join(Order, Order.id == Shipment.order_id)
        .where(ShipmentLine.lot_id == lot_id, within(actor))
        .order_by(Shipment.shipped_at.desc(), ShipmentLine.no)
    )
    return [(line, shipment, order) for line, shipment, order in db.session.execute(query)]


def arriving(actor: Actor, limit: int = 50) -> list[tuple[Shipment, Order]]:
    """What is under way to the actor's agency, or from its supplier, soonest first."""
    actor.require("order.read")
    query = select(Shipment, Order).join(Order, Order.id == Shipment.order_id)
    query = query.where(Shipment.state == "in_transit", within(actor)).order_by(Shipment.expected_on, Shipment.number)
    return [(row, order) for row, order in db.session.execute(query.limit(limit))]


def count_arriving(actor: Actor) -> int:
    """How many shipments are under way within the actor's scope."""
    query = select(func.count()).select_from(Shipment).join(Order, Order.id == Shipment.order_id)
    return db.session.scalar(query.where(Shipment.state == "in_transit", within(actor))) or 0
