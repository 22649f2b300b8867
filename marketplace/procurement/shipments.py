"""Shipping an order in parts, naming the lots."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, insert, select

from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Many, Refused
from ..core.numbers import numbered
from ..linkage import services as linkage
from ..products import services as products
from . import rules
from .models import Order, OrderLine, Shipment, ShipmentLine
from .orders import check_lines, locked, within
from .rules import ORDER


@dataclass(frozen=True)
class Part:
    """`quantity` thousandths of the order unit of one order line, out of one lot."""

    order_line_id: UUID
    lot_id: UUID
    quantity: int


def ship(
    actor: Actor, order_id: UUID, parts: Sequence[Part], *, expected_on: date, carrier: str = "", note: str = ""
) -> Shipment:
    """Sends a part of an order: open → in transit, stock consumed, lots taken, in one transaction.

    Raises Many with rows: beyond_open, quantity_zero, lot_short, part_twice; Refused: no_lines, day_in_past; Conflict.
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
    return _insert(actor, row, parts, expected_on, carrier, note)


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


def _insert(actor: Actor, row: Order, parts: Sequence[Part], expected_on: date, carrier: str, note: str) -> Shipment:
    no = (db.session.scalar(select(func.max(Shipment.no)).where(Shipment.order_id == row.id)) or 0) + 1
    shipment = Shipment(
        id=new_id(),
        number=numbered("SH", clock.today().year)[0],
        order_id=row.id,
        no=no,
        carrier=carrier,
        note=note,
        shipped_at=clock.now(),
        shipped_by=actor.user,
        expected_on=expected_on,
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


def missing_papers(row: Shipment) -> dict[UUID, list[str]]:
    """Papers that a shipment's lots must carry and do not: shipment line → kinds. Statements do not grow with lines."""
    lots = linkage.by_ids(line.lot_id for line in row.lines)
    needed = products.papers_needed(lot.product_id for lot in lots.values())
    held = linkage.papers_of(lots)
    missing = {}
    for line in row.lines:
        kinds = {paper.kind for paper in held.get(line.lot_id, [])}
        lacking = [kind for kind in needed.get(lots[line.lot_id].product_id, []) if kind not in kinds]
        if lacking:
            missing[line.id] = lacking
    return missing
