"""What of an accepted line came back, and what of it is left. Called by settlement, which moves the money.

A line that has settled is reversed; one that has not settles for what is left of it, and its bill asks for less.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from ..catalogue import rules as prices
from ..catalogue.rules import nominal_base
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import change_rows, db
from ..core.errors import Conflict, NotFound, Refused
from ..core.money import half_up
from ..core.numbers import numbered
from . import rules
from .after_models import ReturnRequest
from .after_rules import RETURN_OPEN
from .models import Acceptance, AcceptanceLine, GoodsReturn, Order, OrderLine
from .orders import lock_accepted, locked


@dataclass(frozen=True)
class Returned:
    """A return, and how far the line is reversed with it: fen of `money_fen` before and after, base thousandths back."""

    row: GoodsReturn
    money_fen: int
    before_fen: int
    after_fen: int
    base: int


def record_return(
    actor: Actor,
    return_id: UUID,
    line_id: UUID,
    *,
    quantity: int,
    net: int | None,
    reason: str,
    restocked: bool,
    credited: bool = False,
    request_id: UUID | None = None,
) -> Returned:
    """Records that `quantity` thousandths of an acceptance line came back; `net` where it is priced by weight.

    Money is pro rata of what the line is priced by, cumulative over its returns, and all of it once all is back.
    `credited`: it comes off before the line settles; `request_id`: the buyer's request that this fulfils.
    Raises Conflict('return_requested') where another request asks for the line's goods, Refused: quantity_not_positive,
    reason_needed, return_beyond_accepted, net_needed, return_net_differs.
    """
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    line, of = locked_line(line_id)
    asked = select(ReturnRequest.id).where(
        ReturnRequest.acceptance_line_id == line_id, ReturnRequest.state.in_(RETURN_OPEN)
    )
    if db.session.scalar(asked) not in (None, request_id):
        raise Conflict("return_requested")
    back = line.returned + quantity
    weighed = of.pricing == "weighed"
    net = check_left(line, of, quantity, net)
    part, whole = (line.returned_net + net, line.net) if weighed else (back, line.accepted)
    after_fen = half_up(line.money_fen * part, whole)
    fen, before_fen = after_fen - line.returned_fen, line.returned_fen
    row = GoodsReturn(
        id=return_id,
        number=numbered("TH", clock.today().year)[0],
        order_id=of.order_id,
        acceptance_line_id=line.id,
        quantity=quantity,
        net=net,
        money_fen=fen,
        reason=reason.strip(),
        restocked=restocked,
        credited=credited,
        day=clock.today(),
        period=clock.period(clock.today()),
        recorded_at=clock.now(),
        recorded_by=actor.user,
    )
    base = nominal_base(back, of.content) - nominal_base(line.returned, of.content)
    _count(line, quantity, net, fen)
    db.session.add(row)
    audit.record(actor, "return.record", "order", of.order_id, number=row.number, money_fen=fen)
    db.session.flush()
    return Returned(row, line.money_fen, before_fen, after_fen, base)


def locked_line(line_id: UUID) -> tuple[AcceptanceLine, OrderLine]:
    query = (
        select(AcceptanceLine, OrderLine)
        .join(OrderLine, OrderLine.id == AcceptanceLine.order_line_id)
        .where(AcceptanceLine.id == line_id)
        .with_for_update(of=AcceptanceLine)
    )
    found = db.session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("settled_line")
    return found[0], found[1]


def check_left(line: AcceptanceLine, of: OrderLine, quantity: int, net: int | None) -> int:
    """Whether so much of a line can come back; returns the net weight that comes back with it, given or pro rata.

    Raises Refused: quantity_not_positive, return_beyond_accepted, net_needed, return_net_differs.
    """
    if quantity <= 0:
        raise Refused("quantity_not_positive", field="quantity")
    if quantity > line.accepted - line.returned:
        raise Refused("return_beyond_accepted", field="quantity", left_qty=line.accepted - line.returned)
    back = line.returned + quantity
    if of.pricing == "weighed":
        return _net(line, back, net)
    return half_up(line.net * back, line.accepted) - line.returned_net


def _net(line: AcceptanceLine, back: int, net: int | None) -> int:
    """The weight that came back. All pieces back means all weight back, and the other way round."""
    if not net or net < 0:
        raise Refused("net_needed", field="net")
    left = line.net - line.returned_net
    if net > left or (net == left) != (back == line.accepted):
        raise Refused("return_net_differs", field="net", left_qty=left)
    return net


def _count(line: AcceptanceLine, quantity: int, net: int, fen: int) -> None:
    """The line's counters; its CHECK refuses more than was accepted, whatever the path."""
    change_rows(
        AcceptanceLine,
        [{"id": line.id, "quantity": quantity, "net": net, "fen": fen}],
        set_=lambda row, wanted: {
            "returned": row.returned + wanted.quantity,
            "returned_net": row.returned_net + wanted.net,
            "returned_fen": row.returned_fen + wanted.fen,
        },
        where=lambda row, wanted: row.returned + wanted.quantity <= row.accepted,
    )


def mark_returned(order_line_id: UUID, quantity: int) -> None:
    """The order line's side: returned ≤ accepted (its CHECK)."""
    change_rows(
        OrderLine,
        [{"id": order_line_id, "quantity": quantity}],
        set_=lambda line, wanted: {"returned": line.returned + wanted.quantity},
        where=lambda line, wanted: line.returned + wanted.quantity <= line.accepted,
    )


def mark_credited(order_id: UUID, order_line_id: UUID, quantity: int, fen: int) -> tuple[Order, int]:
    """Goods came back before their line settled: they never will. Returns the order and the fen of plan released."""
    row, lines = locked(order_id)
    line = next(line for line in lines if line.id == order_line_id)
    line.returned += quantity
    line.credited += quantity
    held, limit = line.committed_fen, prices.at_most(line.money_fen, line.tolerance_basis_points)
    line.committed_fen = rules.still_committed(line, limit, held, fen)
    released = held - line.committed_fen
    state = rules.order_state(lines, confirmed=True)
    db.session.flush()  # the database refuses more than was accepted and has not settled
    row.state = state
    db.session.flush()
    return row, released


@dataclass(frozen=True)
class Left:
    """What is left of an accepted line after what came back before it settled: this settles. Read like the line."""

    id: UUID
    acceptance_id: UUID
    order_line_id: UUID
    lot_id: UUID
    accepted: int
    net: int
    money_fen: int
    base: int


# What `net_of_returns` reads of an acceptance line.
LEFT_OF = (
    AcceptanceLine.id,
    AcceptanceLine.acceptance_id,
    AcceptanceLine.order_line_id,
    AcceptanceLine.lot_id,
    AcceptanceLine.accepted,
    AcceptanceLine.returned,
    AcceptanceLine.net,
    AcceptanceLine.returned_net,
    AcceptanceLine.money_fen,
    AcceptanceLine.returned_fen,
)


def net_of_returns(line: Any, of: OrderLine) -> Left:
    """An accepted line that has not settled, less what came back of it; `base` thousandths of the lot's unit."""
    return Left(
        id=line.id,
        acceptance_id=line.acceptance_id,
        order_line_id=line.order_line_id,
        lot_id=line.lot_id,
        accepted=line.accepted - line.returned,
        net=line.net - line.returned_net,
        money_fen=line.money_fen - line.returned_fen,
        base=nominal_base(line.accepted, of.content) - nominal_base(line.returned, of.content),
    )


def returned_before_billing(acceptance_id: UUID) -> int:
    """Fen of an acceptance that came back already: a bill made now asks for the rest."""
    query = select(func.sum(AcceptanceLine.returned_fen)).where(AcceptanceLine.acceptance_id == acceptance_id)
    return int(db.session.scalar(query) or 0)


def lock_acceptance_of(line_id: UUID) -> Acceptance:
    """The acceptance of a line, locked with its order first of all that a return locks. Raises NotFound."""
    of = select(AcceptanceLine.acceptance_id).where(AcceptanceLine.id == line_id).scalar_subquery()
    return lock_accepted(of)[1]


def returns_of(order_ids: Iterable[UUID]) -> dict[UUID, list[GoodsReturn]]:
    """Returns by order, oldest first; the caller has checked scope."""
    found: dict[UUID, list[GoodsReturn]] = {}
    query = select(GoodsReturn).where(GoodsReturn.order_id.in_(set(order_ids))).order_by(GoodsReturn.id)
    for row in db.session.scalars(query):
        found.setdefault(row.order_id, []).append(row)
    return found


def grant_of(order_line_id: UUID) -> UUID | None:
    """The grant that an order line was eligible by."""
    return db.session.scalar(select(OrderLine.grant_id).where(OrderLine.id == order_line_id))
