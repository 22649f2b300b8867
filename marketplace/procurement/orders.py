"""Orders after approval: confirming, declining, lapsing, cancelling, reading."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import SYSTEM, Actor
from ..core.db import by_id, db, fetch, visible
from ..core.errors import Many, NotFound, Refused
from ..notices import services as notices
from ..quota import services as quota
from . import rules
from .models import Acceptance, Order, OrderLine
from .rules import ORDER

SORTS: dict[str, Any] = {
    "approved_at": Order.approved_at,
    "number": Order.number,
    "deliver_on": Order.deliver_on,
    "confirm_by": Order.confirm_by,
    "total_fen": Order.total_fen,
    "state": Order.state,
}


def within(actor: Actor) -> Any:
    """The orders an actor reaches: its own side, or the offices of the seller's and of the buyer's place."""
    return visible(
        actor.scope,
        supplier=Order.supplier_id,
        agency=Order.agency_id,
        division=(Order.division, Order.agency_division),
    )


def order(actor: Actor, order_id: UUID) -> Order:
    """An order within scope. Raises NotFound."""
    actor.require("order.read")
    return by_id(Order, order_id, within(actor), "order")


def locked(order_id: UUID, condition: Any = None) -> tuple[Order, list[OrderLine]]:
    """An order locked for the transaction, and its lines as they are now: every verb on an order starts here."""
    row = by_id(Order, order_id, condition, "order", lock=True)
    return row, lines_of([order_id]).get(order_id, [])


def locked_all(order_ids: Collection[UUID]) -> dict[UUID, tuple[Order, list[OrderLine]]]:
    """As `locked`, of several orders by two statements."""
    if not order_ids:
        return {}
    rows, lines = lock_orders(order_ids), lines_of(order_ids)
    return {row.id: (row, lines.get(row.id, [])) for row in rows}


def lock_orders(ids: Any) -> list[Order]:
    """Orders locked for the transaction in the order of their ids: before anything that is of them, as everywhere."""
    query = select(Order).where(Order.id.in_(ids)).order_by(Order.id).with_for_update()
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def lock_accepted(acceptance_id: Any, condition: Any = None) -> tuple[Order, Acceptance]:
    """An acceptance (an id or a subquery) locked after its order, as whoever accepts or pays locks. Raises NotFound.

    Not against keys: who changes a row that names it twice in a transaction, as its bill, has its keys checked again.
    """
    of = select(Acceptance.order_id).where(Acceptance.id == acceptance_id)
    orders = lock_orders(of if condition is None else select(Order.id).where(Order.id.in_(of), condition))
    if not orders:
        raise NotFound("acceptance")
    query = select(Acceptance).where(Acceptance.id == acceptance_id).with_for_update(key_share=True)
    return orders[0], fetch(query.execution_options(populate_existing=True), "acceptance")


def recommit(lines: Iterable[OrderLine]) -> int:
    """Lowers what lines hold of the plan to what is still live; returns the fen released."""
    released = 0
    for line in lines:
        held = line.committed_fen
        limit = prices.at_most(line.money_fen, line.tolerance_basis_points)
        line.committed_fen = rules.still_committed(line, limit, held)
        released += held - line.committed_fen
    return released


def confirm(actor: Actor, order_id: UUID) -> Order:
    """The supplier takes the order on. Raises Conflict('wrong_state'), Refused('confirm_too_late')."""
    actor.require("order.confirm")
    row = by_id(Order, order_id, Order.supplier_id == actor.organisation, "order", lock=True)
    state = ORDER.after("confirm", row.state)
    if clock.now() > row.confirm_by:
        raise Refused("confirm_too_late", field="confirm_by")
    row.state, row.confirmed_at = state, clock.now()
    audit.record(actor, "order.confirm", "order", row.id)
    _tell(row, "order_confirmed", actor.organisation_name)
    db.session.flush()
    return row


def decline(actor: Actor, order_id: UUID, reason: str) -> Order:
    """The supplier declines: stock and quota are released. Raises Refused('reason_needed'), Conflict."""
    actor.require("order.confirm")
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    return _close(actor, order_id, Order.supplier_id == actor.organisation, "decline", reason.strip())


def lapse_overdue() -> int:
    """Orders that nobody confirmed in time lapse, and release what they held. For the worker; returns how many."""
    overdue = select(Order.id).where(Order.state == "to_confirm", Order.confirm_by < clock.now()).order_by(Order.id)
    ids = list(db.session.scalars(overdue.limit(100)))
    for order_id in ids:
        _close(SYSTEM, order_id, None, "lapse", "")
    return len(ids)


def _close(actor: Actor, order_id: UUID, condition: Any, verb: str, reason: str) -> Order:
    row, lines = locked(order_id, condition)
    state = ORDER.after(verb, row.state)
    _cancel_open(row, lines, {line.id: line.open for line in lines})
    row.state, row.closed_reason = state, reason
    audit.record(actor, f"order.{verb}", "order", row.id, reason=reason)
    _tell(row, {"decline": "order_declined", "lapse": "order_lapsed"}[verb], actor.organisation_name)
    db.session.flush()
    return row


def cancel(actor: Actor, order_id: UUID, quantities: dict[UUID, int], reason: str) -> Order:
    """The agency cancels what is open: order line → thousandths. Raises Refused('reason_needed'), Many('beyond_open')."""
    actor.require("order.cancel")
    row, lines = locked(order_id, Order.agency_id == actor.organisation)
    ORDER.after("cancel", row.state)
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    check_lines(lines, quantities, lambda line: line.open, "beyond_open")
    _cancel_open(row, lines, quantities)
    row.state = rules.order_state(lines, confirmed=row.confirmed_at is not None)
    audit.record(actor, "order.cancel", "order", row.id, reason=reason.strip(), lines=len(quantities))
    if row.state == "cancelled":
        notices.done_about("order", [row.id], "order_to_confirm")
    _tell(row, "order_cancelled", actor.organisation_name)
    db.session.flush()
    return row


def _tell(row: Order, kind: str, who: str) -> None:
    """What one side did, told to the other; a supplier that answered has nothing more to confirm."""
    if kind != "order_cancelled":
        notices.done_about("order", [row.id], "order_to_confirm")
    notices.tell(
        kind,
        organisation_id=row.supplier_id if kind == "order_cancelled" else row.agency_id,
        about=("order", row.id),
        number=row.number,
        permission="order.confirm" if kind == "order_cancelled" else "order.cancel",
        who=who,
    )


def check_lines(
    lines: Sequence[OrderLine], quantities: dict[UUID, int], limit: Callable[[OrderLine], int], code: str
) -> None:
    """Each quantity is positive and within the line's limit; unknown lines answer as foreign ones. Raises Many, NotFound."""
    known = {line.id: line for line in lines}
    errors = []
    for row, (line_id, quantity) in enumerate(quantities.items(), 1):
        if line_id not in known:
            raise NotFound("order_line")
        if quantity <= 0:
            errors.append(Refused("quantity_zero", field="quantity", row=row))
        elif quantity > limit(known[line_id]):
            errors.append(Refused(code, field="quantity", row=row, left=limit(known[line_id])))
    if errors:
        raise Many(errors)
    if not quantities:
        raise Refused("no_lines", field="lines")


def _cancel_open(row: Order, lines: Sequence[OrderLine], quantities: dict[UUID, int]) -> None:
    held: dict[UUID, int] = {}
    drawn: dict[UUID, int] = {}
    for line in lines:
        quantity = quantities.get(line.id, 0)
        if quantity:
            line.open -= quantity
            line.cancelled += quantity
            held[line.offer_id] = held.get(line.offer_id, 0) + quantity
            if line.agreed_id:
                drawn[line.agreed_id] = drawn.get(line.agreed_id, 0) + quantity
    released = recommit(lines)
    db.session.flush()  # one executemany; the database refuses a broken identity
    catalogue.release(held)
    catalogue.undraw(drawn)
    if row.plan_id:
        quota.release(row.plan_id, released)


def mark_settled(row: Order, lines: Sequence[OrderLine], quantities: dict[UUID, int], money: dict[UUID, int]) -> int:
    """Settlement's side of a locked order: line → thousandths and fen that settled now. Returns the fen of plan released."""
    released = 0
    for line in lines:
        if line.id not in quantities:
            continue
        held = line.committed_fen
        line.settled += quantities[line.id]
        line.settled_fen += money[line.id]
        limit = prices.at_most(line.money_fen, line.tolerance_basis_points)
        line.committed_fen = rules.still_committed(
            line, limit, held, money[line.id] if row.plan_id and line.counts else 0
        )
        released += held - line.committed_fen
    row.state = rules.order_state(lines, confirmed=True)
    db.session.flush()  # one executemany; the database refuses a broken identity
    return released


def listed(
    actor: Actor,
    *,
    states: Sequence[str] = (),
    supplier_id: UUID | None = None,
    agency_id: UUID | None = None,
    since: datetime | None = None,
    number: str = "",
    sort: str = "-approved_at",
    page: int = 1,
    size: int = 25,
) -> tuple[list[Order], int]:
    """Orders within scope and how many there are; `sort` is one of SORTS, `-` before it descending; `number` a part."""
    actor.require("order.read")
    query = select(Order).where(within(actor))
    if states:
        query = query.where(Order.state.in_(states))
    if supplier_id:
        query = query.where(Order.supplier_id == supplier_id)
    if agency_id:
        query = query.where(Order.agency_id == agency_id)
    if since:
        query = query.where(Order.approved_at >= since)
    if number:
        query = query.where(Order.number.contains(number.strip(), autoescape=True))
    column = SORTS[sort.removeprefix("-")]
    down = sort.startswith("-")
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(
        query.order_by(column.desc() if down else column, Order.number.desc() if down else Order.number)
        .limit(size)
        .offset((page - 1) * size)
    )
    return list(rows), total


def counts(actor: Actor) -> dict[str, int]:
    """How many orders within scope are in each state, one statement."""
    actor.require("order.read")
    query = select(Order.state, func.count()).where(within(actor)).group_by(Order.state)
    return {state: int(number) for state, number in db.session.execute(query)}


def by_ids(actor: Actor, order_ids: Iterable[UUID]) -> dict[UUID, Order]:
    """Those of the orders that are within scope, one statement."""
    actor.require("order.read")
    return {row.id: row for row in db.session.scalars(select(Order).where(Order.id.in_(set(order_ids)), within(actor)))}


def lines_of(order_ids: Iterable[UUID]) -> dict[UUID, list[OrderLine]]:
    """Lines by order as they are now, one statement; the caller has checked scope."""
    found: dict[UUID, list[OrderLine]] = {}
    query = select(OrderLine).where(OrderLine.order_id.in_(set(order_ids))).order_by(OrderLine.order_id, OrderLine.no)
    for line in db.session.scalars(query.execution_options(populate_existing=True)):
        found.setdefault(line.order_id, []).append(line)
    return found


def own_open(actor: Actor, order_ids: Sequence[UUID] = ()) -> list[Order]:
    """The supplier's confirmed orders with something left to ship, soonest first; all of them, or those named."""
    actor.require("order.read")
    states = [state for state in rules.OPEN_STATES if state != "to_confirm"]
    query = select(Order).where(Order.supplier_id == actor.organisation, Order.state.in_(states))
    if order_ids:
        query = query.where(Order.id.in_(order_ids))
    return list(db.session.scalars(query.order_by(Order.deliver_on, Order.number).limit(200)))


def of_requisition(actor: Actor, requisition_id: UUID) -> list[Order]:
    actor.require("order.read")
    query = select(Order).where(Order.requisition_id == requisition_id, within(actor)).order_by(Order.number)
    return list(db.session.scalars(query))
