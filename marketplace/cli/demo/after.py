"""After delivery: returns asked, agreed and refused, a dispute that waits for an answer, a lot called back, reviews."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from ...core import clock
from ...core.actor import Actor
from ...procurement import services as procurement
from .people import Agency, Cast

RETURNS = (
    ("quality", "有一件果面发霉，不能用"),
    ("wrong", "有一件送来的规格与订单不符"),
    ("quality", "有一件解冻后有异味"),
)
MARKS = (
    (5, 5, 5, "新鲜，孩子们爱吃"),
    (4, 4, 5, ""),
    (5, 3, 4, "货好，箱子太薄"),
    (5, 4, 3, "晚到一个小时"),
    (4, 5, 5, "分量足"),
)


def make(cast: Cast) -> None:
    managers = {supplier.id: supplier.manager for supplier in cast.suppliers}
    _reviews(cast.agencies[:12], managers)
    _returns(cast.agencies, managers)
    _recall(cast.agencies, managers)


def _reviews(agencies: list[Agency], managers: dict[UUID, Actor]) -> None:
    for number, agency in enumerate(agencies):
        quality, packing, punctuality, words = MARKS[number % len(MARKS)]
        marks = {"quality": quality, "packing": packing, "punctuality": punctuality, "words": words}
        for order in procurement.listed(agency.receiver, states=("settled",), size=2)[0]:
            row = procurement.review(agency.receiver, procurement.lines_of([order.id])[order.id][0].id, **marks)
            if packing < 4:
                procurement.reply(managers[order.supplier_id], row.id, "已换加厚纸箱")


def _returns(agencies: list[Agency], managers: dict[UUID, Actor]) -> None:
    """One is unanswered, one agreed, and one refused, about which the buyer disputes."""
    for number, (receiver, row) in enumerate(_asked(agencies)):
        manager = managers[row.supplier_id]
        if number == 1:
            procurement.answer_return(manager, row.id, agreed=True, words="下次送货时交司机带回")
        elif number == 2:
            procurement.answer_return(manager, row.id, agreed=False, words="出库时照片显示完好")
            about = {"about_kind": "return", "about_id": row.id}
            procurement.raise_dispute(receiver, row.order_id, **about, words="化冻后异味明显，有三位验收人签字")


def _asked(agencies: list[Agency]) -> Iterator[tuple[Actor, Any]]:
    """A unit of what came in the last days, asked back by one agency after another."""
    reasons = iter(RETURNS)
    reason, words = next(reasons)
    for agency in agencies:
        piece = _late_piece(agency.receiver)
        if piece is None:
            continue
        yield agency.receiver, procurement.ask_return(agency.receiver, piece, quantity=1000, reason=reason, words=words)
        reason, words = next(reasons, ("", ""))
        if not reason:
            return


def _late_piece(receiver: Actor) -> UUID | None:
    """A counted line of more than a unit that was accepted within the last days."""
    since = clock.today() - timedelta(days=5)
    for order in procurement.listed(receiver, states=("accepted",), size=5)[0]:
        counted = {line.id for line in procurement.lines_of([order.id])[order.id] if line.pricing == "counted"}
        for acceptance in procurement.acceptances_of([order.id]).get(order.id, []):
            for piece in acceptance.lines:
                if acceptance.day >= since and piece.order_line_id in counted and piece.accepted > 1000:
                    return piece.id
    return None


def _recall(agencies: list[Agency], managers: dict[UUID, Actor]) -> None:
    """The lot of an old delivery is called back; whoever got it answers one by one."""
    for order in procurement.listed(agencies[0].receiver, states=("settled",), sort="approved_at", size=1)[0]:
        lot = procurement.acceptances_of([order.id])[order.id][0].lines[0].lot_id
        row = procurement.open_recall(
            managers[order.supplier_id], lot, hazard="label", instruction="stop",
            words="标签上的保质期印错", act_by=clock.today() + timedelta(days=5),
        )  # fmt: skip
        procurement.answer_recall(agencies[0].receiver, row.id, held=0, returned=0, destroyed=0, words="已用完")
