"""What of an accepted and settled line came back. Called by settlement, which reverses its money."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from ..catalogue.rules import nominal_base
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import change_rows, db
from ..core.errors import NotFound, Refused
from ..core.money import half_up
from ..core.numbers import numbered
from .models import AcceptanceLine, GoodsReturn, OrderLine


@dataclass(frozen=True)
class Returned:
    """A return, and how far the line is reversed with it: fen of `money_fen` before and after, base thousandths back."""

    row: GoodsReturn
    money_fen: int
    before_fen: int
    after_fen: int
    base: int


def record_return(
    actor: Actor, return_id: UUID, line_id: UUID, *, quantity: int, net: int | None, reason: str, restocked: bool
) -> Returned:
    """Records that `quantity` thousandths of an acceptance line came back; `net` where it is priced by weight.

    Money is pro rata of what the line is priced by, cumulative over its returns, and all of it once all is back.
    Raises Refused: quantity_not_positive, reason_needed, return_beyond_accepted, net_needed, return_net_differs.
    """
    if quantity <= 0:
        raise Refused("quantity_not_positive", field="quantity")
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    line, of = _locked(line_id)
    if quantity > line.accepted - line.returned:
        raise Refused("return_beyond_accepted", field="quantity", left_qty=line.accepted - line.returned)
    back = line.returned + quantity
    weighed = of.pricing == "weighed"
    net = _net(line, back, net) if weighed else half_up(line.net * back, line.accepted) - line.returned_net
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


def _locked(line_id: UUID) -> tuple[AcceptanceLine, OrderLine]:
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
