"""One small check for each invariant that crosses rooms; each answers with what is wrong. The verifier is `CHECKS`."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select, union_all

from ..attribution.models import Pool, PoolMovement
from ..attribution.posting import LEDGER_KIND
from ..attribution.reversals import LEDGER_KIND as REVERSAL_KIND
from ..catalogue.rules import nominal_base
from ..core.db import db
from ..households.checks import CHECKS as HOUSEHOLDS
from ..ledger.models import Entry, PostedSource
from ..linkage.models import Lot
from ..payments.models import Bill, BillPart
from ..procurement.models import Acceptance, AcceptanceLine, GoodsReturn, Order, OrderLine, Shipment, ShipmentLine
from ..quota.models import QuotaPlan
from . import card_checks, credit_checks, figures, income_checks, money_checks, trade_checks
from .models import SettledLine
from .ranges import Range, id_text, ranged


def _rows(query: Select[*tuple[Any, ...]]) -> list[Any]:
    return list(db.session.execute(query))


@ranged(SettledLine.id)
def entries_of_a_line_sum_to_its_money(within: Range) -> list[str]:
    """Every share of a settled line is posted, the supplier's own too; a reversal's, the other way round."""
    query = (
        select(PostedSource.source, func.sum(Entry.amount))
        .join(Entry, Entry.journal_id == PostedSource.journal_id)
        .where(PostedSource.kind.in_((LEDGER_KIND, REVERSAL_KIND)), within.of_text(PostedSource.source))
        .group_by(PostedSource.source)
    )
    posted = {source: int(fen) for source, fen in db.session.execute(query)}
    moved = select(id_text(SettledLine.id), func.abs(SettledLine.money_fen)).where(
        SettledLine.money_fen != 0, within.of(SettledLine.id)
    )
    lines = {line: int(fen) for line, fen in db.session.execute(moved)}
    if posted == lines:
        return []
    return [
        f"settled line {line}: {lines.get(line)} fen, its entries sum to {posted.get(line)}"
        for line in sorted(posted.keys() | lines.keys())
        if posted.get(line) != lines.get(line)
    ]


def accepted_and_paid_is_settled() -> list[str]:
    """Each line that two have signed of a fully paid bill has settled, for its money less what was credited; no other."""
    credited = (
        select(GoodsReturn.acceptance_line_id, func.sum(GoodsReturn.money_fen).label("fen"))
        .where(GoodsReturn.credited)
        .group_by(GoodsReturn.acceptance_line_id)
        .subquery()
    )
    due = AcceptanceLine.money_fen - func.coalesce(credited.c.fen, 0)
    paid = and_(Bill.state == "paid", Acceptance.state == "signed", due > 0)
    query = (
        select(AcceptanceLine.id, due, SettledLine.money_fen)
        .join(credited, credited.c.acceptance_line_id == AcceptanceLine.id, isouter=True)
        .join(Acceptance, Acceptance.id == AcceptanceLine.acceptance_id)
        .join(BillPart, BillPart.acceptance_id == AcceptanceLine.acceptance_id, isouter=True)
        .join(Bill, Bill.id == BillPart.bill_id, isouter=True)
        .join(SettledLine, SettledLine.id == AcceptanceLine.id, isouter=True)
        .where(
            or_(
                and_(paid, or_(SettledLine.id.is_(None), SettledLine.money_fen != due)),
                and_(
                    or_(Bill.id.is_(None), Bill.state != "paid", Acceptance.state != "signed"),
                    SettledLine.id.is_not(None),
                ),
            )
        )
    )
    return [f"accepted line {id_}: {fen} fen accepted, {settled} fen settled" for id_, fen, settled in _rows(query)]


@ranged(SettledLine.id)
def movements_of_a_line_are_what_it_attributed(within: Range) -> list[str]:
    """A settled line's attributed and owed money is what it moved into pools, and into those that make debt."""
    fen = PoolMovement.after_fen - PoolMovement.before_fen
    moved = (
        select(
            PoolMovement.source_id.label("line"),
            func.sum(fen).label("fen"),
            func.sum(case((Pool.makes_debt, fen), else_=0)).label("owed"),
        )
        .join(Pool, Pool.id == PoolMovement.pool_id)
        .where(within.of(PoolMovement.source_id))
        .group_by(PoolMovement.source_id)
        .subquery()
    )
    made = func.coalesce(moved.c.fen, 0), func.coalesce(moved.c.owed, 0)
    query = (
        select(SettledLine.id, SettledLine.attributed_fen, SettledLine.owed_fen, *made)
        .outerjoin(moved, moved.c.line == SettledLine.id)
        .where(within.of(SettledLine.id), or_(SettledLine.attributed_fen != made[0], SettledLine.owed_fen != made[1]))
    )
    alone = select(moved.c.line).outerjoin(SettledLine, SettledLine.id == moved.c.line)
    return [
        f"settled line {line}: attributed and owed {attributed} and {owed}, moved {fen} and {debt}"
        for line, attributed, owed, fen, debt in _rows(query)
    ] + [f"settled line {line}: missing, and moved" for (line,) in _rows(alone.where(SettledLine.id.is_(None)))]


def pool_totals_are_their_movements() -> list[str]:
    """A pool's movements follow each other without a gap and end at its total."""
    one_before = func.lag(PoolMovement.after_fen, 1, 0).over(
        partition_by=PoolMovement.pool_id, order_by=PoolMovement.seq
    )
    moves = select(PoolMovement, one_before.label("previous_fen")).subquery()
    query = (
        select(
            Pool.id,
            Pool.total_fen,
            Pool.seq,
            func.count(moves.c.seq),
            func.coalesce(func.sum(moves.c.after_fen - moves.c.before_fen), 0),
            func.coalesce(func.sum(case((moves.c.before_fen != moves.c.previous_fen, 1), else_=0)), 0),
        )
        .join(moves, moves.c.pool_id == Pool.id, isouter=True)
        .group_by(Pool.id, Pool.total_fen, Pool.seq)
    )
    return [
        f"pool {id_}: holds {total} fen after {seq} movements; its {count} movements sum to {fen}, with {gaps} gaps"
        for id_, total, seq, count, fen, gaps in _rows(query)
        if (total, seq, 0) != (int(fen), count, int(gaps))
    ]


def figures_are_their_settled_lines() -> list[str]:
    """Volume figures equal what the settled lines make."""
    return figures.wrong()


def settled_money_of_a_plan_is_its_lines() -> list[str]:
    """`settled_fen` of a quota plan is the money of its settled lines."""
    made = select(SettledLine.plan_id, func.sum(SettledLine.money_fen).label("fen")).group_by(SettledLine.plan_id)
    return _plans(QuotaPlan.settled_fen, made.subquery(), "settled")


def committed_money_of_a_plan_is_its_open_lines() -> list[str]:
    """`committed_fen` of a quota plan is what its orders' lines still hold."""
    held = (
        select(Order.plan_id, func.sum(OrderLine.committed_fen).label("fen"))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .group_by(Order.plan_id)
    )
    return _plans(QuotaPlan.committed_fen, held.subquery(), "committed")


def _plans(counter: Any, made: Any, word: str) -> list[str]:
    query = select(QuotaPlan.id, counter, func.coalesce(made.c.fen, 0)).join(
        made, made.c.plan_id == QuotaPlan.id, isouter=True
    )
    wrong = _rows(query.where(counter != func.coalesce(made.c.fen, 0)))
    return [f"plan {id_}: {word} {fen} fen, its lines make {lines}" for id_, fen, lines in wrong]


def settled_quantities_are_their_lines() -> list[str]:
    """What an order line counts as settled is what its sales hold; what came back stands beside it as returned."""
    made = (
        select(
            SettledLine.order_line_id,
            func.sum(SettledLine.quantity).label("quantity"),
            func.sum(SettledLine.money_fen).label("fen"),
        )
        .where(SettledLine.reverses_id.is_(None))
        .group_by(SettledLine.order_line_id)
        .subquery()
    )
    quantity, fen = func.coalesce(made.c.quantity, 0), func.coalesce(made.c.fen, 0)
    query = (
        select(OrderLine.id, OrderLine.settled, quantity, OrderLine.settled_fen, fen)
        .join(made, made.c.order_line_id == OrderLine.id, isouter=True)
        .where(or_(OrderLine.settled != quantity, OrderLine.settled_fen != fen))
    )
    return [
        f"order line {id_}: {held} settled for {held_fen} fen, its lines make {made_} for {made_fen}"
        for id_, held, made_, held_fen, made_fen in _rows(query)
    ]


def returned_quantities_are_their_reversals() -> list[str]:
    """What came back of an accepted line is what its reversals hold and what was credited before it settled."""
    reversed_ = select(SettledLine.line_id, -SettledLine.quantity, -SettledLine.net, -SettledLine.money_fen).where(
        SettledLine.reverses_id.is_not(None)
    )
    credited = select(GoodsReturn.acceptance_line_id, GoodsReturn.quantity, GoodsReturn.net, GoodsReturn.money_fen)
    back = union_all(reversed_, credited.where(GoodsReturn.credited)).subquery()
    line_id, quantity, net, fen = back.c
    made = (
        select(
            line_id.label("line_id"),
            func.sum(quantity).label("quantity"),
            func.sum(net).label("net"),
            func.sum(fen).label("fen"),
        )
        .group_by(line_id)
        .subquery()
    )
    line = AcceptanceLine
    query = select(
        line.id, line.returned, line.returned_net, line.returned_fen, made.c.quantity, made.c.net, made.c.fen
    ).join(made, made.c.line_id == line.id, isouter=True)
    return [
        f"accepted line {id_}: {held} returned, its reversals and credits make {sums}"
        for id_, *values in _rows(query.where(or_(line.returned > 0, made.c.quantity.is_not(None))))
        if (held := [int(value) for value in values[:3]]) != (sums := [int(value or 0) for value in values[3:]])
    ]


def returned_goods_are_the_order_lines() -> list[str]:
    """An order line's returned quantity is the sum of its acceptances' parts."""
    made = (
        select(AcceptanceLine.order_line_id, func.sum(AcceptanceLine.returned).label("quantity"))
        .group_by(AcceptanceLine.order_line_id)
        .subquery()
    )
    query = select(OrderLine.id, OrderLine.returned, made.c.quantity).join(made, made.c.order_line_id == OrderLine.id)
    return [
        f"order line {id_}: {held} returned, its acceptances make {sum_}"
        for id_, held, sum_ in _rows(query.where(OrderLine.returned != made.c.quantity))
    ]


def lots_gave_what_was_shipped() -> list[str]:
    """What was taken of a lot is what left in shipments less what came back into it, in base units."""
    shipped: dict[Any, int] = {}
    alike = ShipmentLine.lot_id, ShipmentLine.quantity, OrderLine.content
    query = (
        select(*alike, func.count())
        .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.state != "cancelled")
        .group_by(*alike)
    )
    for lot, quantity, content, count in db.session.execute(query.execution_options(yield_per=10_000)):
        shipped[lot] = shipped.get(lot, 0) + nominal_base(quantity, content) * count
    back = _restocked()
    return [
        f"lot {number}: {taken} taken, {shipped.get(id_, 0)} shipped"
        for id_, number, taken in _rows(select(Lot.id, Lot.number, Lot.taken))
        if taken != shipped.get(id_, 0) - back.get(id_, 0)
    ]


def _restocked() -> dict[Any, int]:
    """Lot → base-unit thousandths that returns gave back to it, cumulative per line as they were counted."""
    query = (
        select(AcceptanceLine.id, AcceptanceLine.lot_id, OrderLine.content, GoodsReturn.quantity, GoodsReturn.restocked)
        .join(AcceptanceLine, AcceptanceLine.id == GoodsReturn.acceptance_line_id)
        .join(OrderLine, OrderLine.id == AcceptanceLine.order_line_id)
        .order_by(GoodsReturn.id)
    )
    back: dict[Any, int] = {}
    done: dict[Any, int] = {}
    for line, lot, content, quantity, restocked in _rows(query):
        before = done.get(line, 0)
        done[line] = before + quantity
        if restocked:
            back[lot] = back.get(lot, 0) + nominal_base(done[line], content) - nominal_base(before, content)
    return back


CHECKS: list[Callable[[], list[str]]] = [
    entries_of_a_line_sum_to_its_money,
    accepted_and_paid_is_settled,
    movements_of_a_line_are_what_it_attributed,
    pool_totals_are_their_movements,
    figures_are_their_settled_lines,
    settled_money_of_a_plan_is_its_lines,
    committed_money_of_a_plan_is_its_open_lines,
    settled_quantities_are_their_lines,
    returned_quantities_are_their_reversals,
    returned_goods_are_the_order_lines,
    lots_gave_what_was_shipped,
    *credit_checks.CHECKS,
    *money_checks.CHECKS,
    *card_checks.CHECKS,
    *income_checks.CHECKS,
    *trade_checks.CHECKS,
    *HOUSEHOLDS,
]
NEED_A_WORKER = trade_checks.NEED_A_WORKER
