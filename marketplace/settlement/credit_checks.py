"""Checks of what came back before it was paid; part of `checks.CHECKS`."""

from collections.abc import Callable

from sqlalchemy import func, select

from ..core.db import db
from ..payments.credit_models import BillCredit
from ..payments.models import Bill
from ..procurement.models import AcceptanceLine, GoodsReturn, OrderLine


def bills_are_lowered_by_their_credits() -> list[str]:
    """`credited_fen` of a bill is the sum of its credit notes; a prepayment is lowered by what others ask instead."""
    made = select(BillCredit.bill_id, func.sum(BillCredit.fen).label("fen")).group_by(BillCredit.bill_id).subquery()
    fen = func.coalesce(made.c.fen, 0)
    query = select(Bill.number, Bill.credited_fen, fen).join(made, made.c.bill_id == Bill.id, isouter=True)
    return [
        f"bill {number}: {held} fen credited, its notes make {sum_}"
        for number, held, sum_ in db.session.execute(query.where(Bill.credited_fen != fen, Bill.kind != "prepay"))
    ]


def credits_are_their_returns() -> list[str]:
    """A credit note is for the money of its return, which was credited and not reversed."""
    query = (
        select(GoodsReturn.number, BillCredit.fen, GoodsReturn.money_fen)
        .join(GoodsReturn, GoodsReturn.id == BillCredit.return_id)
        .where((BillCredit.fen != GoodsReturn.money_fen) | GoodsReturn.credited.is_(False))
    )
    return [f"return {number}: {fen} fen credited of {whole}" for number, fen, whole in db.session.execute(query)]


def credited_goods_are_the_order_lines() -> list[str]:
    """What an order line counts as credited is the sum of its returns before payment."""
    made = (
        select(AcceptanceLine.order_line_id, func.sum(GoodsReturn.quantity).label("quantity"))
        .join(AcceptanceLine, AcceptanceLine.id == GoodsReturn.acceptance_line_id)
        .where(GoodsReturn.credited)
        .group_by(AcceptanceLine.order_line_id)
        .subquery()
    )
    quantity = func.coalesce(made.c.quantity, 0)
    query = select(OrderLine.id, OrderLine.credited, quantity).join(
        made, made.c.order_line_id == OrderLine.id, isouter=True
    )
    return [
        f"order line {id_}: {held} credited, its returns make {sum_}"
        for id_, held, sum_ in db.session.execute(query.where(OrderLine.credited != quantity))
    ]


CHECKS: list[Callable[[], list[str]]] = [
    bills_are_lowered_by_their_credits,
    credits_are_their_returns,
    credited_goods_are_the_order_lines,
]
