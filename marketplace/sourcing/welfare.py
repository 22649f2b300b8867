"""A union's festival goods (工会福利) by head-list: so much a head, ordered as one bulk order, handed out against signature.

The list (签领表) is frozen when it is ordered. Nobody is handed goods twice, and no more heads are served than goods were
accepted for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Conflict, DomainError, Many, Refused
from ..core.numbers import numbered
from ..core.states import States
from ..procurement import services as procurement
from .standing import check_goods
from .welfare_models import WelfareGood, WelfareHead, WelfareOrder

WELFARE = States(
    "welfare_order",
    {
        "edit": ({"draft"}, "draft"),
        "order": ({"draft"}, "ordered"),
        "sign": ({"ordered", "handing_out"}, "handing_out"),
        "finish": ({"handing_out"}, "done"),
        "cancel": ({"draft"}, "cancelled"),
    },
)
MOST_HEADS = 5000


@dataclass(frozen=True)
class Head:
    """A person of the list; `row` is where it stood in the sheet it came from."""

    name: str
    department: str = ""
    staff_number: str = ""
    row: int = 0


def open_welfare(actor: Actor, *, title: str, festival: str, year: int, limit_fen: int) -> WelfareOrder:
    """A draft. `limit_fen`: what a head may be given at most, by the union's own rule."""
    actor.require("requisition.edit")
    if limit_fen <= 0:
        raise Refused("limit_not_positive", field="limit_fen")
    row = WelfareOrder(
        id=new_id(),
        number=numbered("FL", clock.today().year)[0],
        agency_id=actor.organisation,
        title=title,
        festival=festival,
        year=year,
        limit_fen=limit_fen,
        created_by=actor.user,
        created_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "welfare.open", "welfare_order", row.id, number=row.number)
    db.session.flush()
    return row


def put_heads(actor: Actor, welfare_id: UUID, heads: Sequence[Head]) -> WelfareOrder:
    """Replaces a draft's list. Raises Many with rows: name_needed, named_twice; Refused: heads_too_many, no_heads."""
    row = own(actor, welfare_id)
    WELFARE.after("edit", row.state)
    if not heads:
        raise Refused("no_heads", field="heads")
    if len(heads) > MOST_HEADS:
        raise Refused("heads_too_many", field="heads", limit=MOST_HEADS)
    seen: set[tuple[str, ...]] = set()
    errors: list[DomainError] = []
    for no, head in enumerate(heads, 1):
        key = (head.staff_number,) if head.staff_number else (head.department, head.name)
        if not head.name:
            errors.append(Refused("name_needed", field="name", row=head.row or no))
        elif key in seen:
            errors.append(Refused("named_twice", field="name", row=head.row or no))
        seen.add(key)
    if errors:
        raise Many(errors)
    db.session.execute(delete(WelfareHead).where(WelfareHead.welfare_order_id == row.id))
    values = [
        {
            "welfare_order_id": row.id,
            "no": no,
            "department": head.department,
            "name": head.name,
            "staff_number": head.staff_number,
            "signed_how": "",
            "proxy": "",
        }
        for no, head in enumerate(heads, 1)
    ]
    db.session.execute(insert(WelfareHead), values)
    row.packages = len(values)
    db.session.flush()
    return row


def put_goods(actor: Actor, welfare_id: UUID, goods: Sequence[dict[str, Any]]) -> WelfareOrder:
    """Replaces what a head gets: offer_id, quantity (thousandths of the order unit). Raises as standing.check_goods."""
    row = own(actor, welfare_id)
    WELFARE.after("edit", row.state)
    check_goods(goods)
    db.session.execute(delete(WelfareGood).where(WelfareGood.welfare_order_id == row.id))
    values = [
        {"welfare_order_id": row.id, "no": no, "offer_id": good["offer_id"], "quantity": good["quantity"]}
        for no, good in enumerate(goods, 1)
    ]
    db.session.execute(insert(WelfareGood), values)
    db.session.flush()
    return row


@dataclass(frozen=True)
class Wanted:
    """One good for the whole list: thousandths needed, and ordered once rounded up to what the offer allows."""

    offer: Any
    each: int
    needed: int
    ordered: int
    price_fen: int
    head_fen: int

    @property
    def left_over(self) -> int:
        return self.ordered - self.needed


def wanted(row: WelfareOrder) -> list[Wanted]:
    """What the list comes to at today's prices, without a rule checked. Two statements."""
    goods = goods_of(row.id)
    offers = catalogue.by_ids({good.offer_id for good in goods})
    return [_wanted(offers[good.offer_id], good.quantity, row.packages) for good in goods if good.offer_id in offers]


def _wanted(offer: Any, each: int, heads: int) -> Wanted:
    needed = each * heads
    ordered = max(offer.minimum, -(-needed // offer.pack) * offer.pack) if needed else 0
    price = prices.price_at([(one.from_quantity, one.price_fen) for one in offer.breaks], ordered)
    fen = prices.money(each, pricing=offer.pricing, price_fen=price, content=offer.content)
    return Wanted(offer, each, needed, ordered, price, fen)


def order_welfare(actor: Actor, welfare_id: UUID) -> WelfareOrder:
    """Freezes the list and drafts its bulk order out of union funds, rounded up to packs, which goes the way of any.

    Raises Refused: no_heads, no_lines, beyond_head_limit; Conflict('wrong_state').
    """
    row = own(actor, welfare_id)
    state = WELFARE.after("order", row.state)
    if not row.packages:
        raise Refused("no_heads", field="heads")
    goods = wanted(row)
    if not goods:
        raise Refused("no_lines", field="lines")
    head_fen = sum(good.head_fen for good in goods)
    if head_fen > row.limit_fen:
        raise Refused("beyond_head_limit", field="lines", head_fen=head_fen, limit_fen=row.limit_fen)
    draft = procurement.open_requisition(actor, title=row.title, counted_as="union")
    lines = [{"offer_id": good.offer.id, "quantity": good.ordered} for good in goods]
    procurement.put_lines(actor, draft.id, lines)
    row.state, row.requisition_id = state, draft.id
    audit.record(actor, "welfare.order", "welfare_order", row.id, requisition=draft.number, heads=row.packages)
    db.session.flush()
    return row


def cancel_welfare(actor: Actor, welfare_id: UUID) -> WelfareOrder:
    """Drops a draft. What is ordered is withdrawn or cancelled on its bulk order."""
    row = own(actor, welfare_id)
    row.state = WELFARE.after("cancel", row.state)
    audit.record(actor, "welfare.cancel", "welfare_order", row.id)
    db.session.flush()
    return row


def served(actor: Actor, row: WelfareOrder) -> int:
    """For how many heads goods were accepted: the scarcest good decides."""
    if row.requisition_id is None:
        return 0
    orders = procurement.of_requisition(actor, row.requisition_id)
    accepted: dict[UUID, int] = {}
    for lines in procurement.lines_of([order.id for order in orders]).values():
        for line in lines:
            accepted[line.offer_id] = accepted.get(line.offer_id, 0) + line.accepted - line.returned
    return min((accepted.get(good.offer_id, 0) // good.quantity for good in goods_of(row.id)), default=0)


def sign_for(actor: Actor, welfare_id: UUID, numbers: Sequence[int], *, proxy: str = "") -> WelfareOrder:
    """These people of the list have signed and got theirs, or `proxy` for them. One statement decides who had not yet.

    Raises Refused: no_heads_chosen, beyond_accepted; Conflict('already_signed').
    """
    actor.require("delivery.accept")
    row = by_id(WelfareOrder, welfare_id, WelfareOrder.agency_id == actor.organisation, "welfare_order", lock=True)
    state = WELFARE.after("sign", row.state)
    chosen = set(numbers)
    if not chosen:
        raise Refused("no_heads_chosen", field="heads")
    left = served(actor, row) - row.handed_out
    if len(chosen) > left:
        raise Refused("beyond_accepted", field="heads", left=left)
    changed = db.session.scalars(
        update(WelfareHead)
        .where(WelfareHead.welfare_order_id == row.id, WelfareHead.no.in_(chosen), WelfareHead.signed_on.is_(None))
        .values(signed_on=clock.today(), signed_how="proxy" if proxy else "self", proxy=proxy, signed_by=actor.user)
        .returning(WelfareHead.no),
        execution_options={"synchronize_session": False},
    ).all()
    if set(changed) != chosen:
        raise Conflict("already_signed")
    row.state, row.handed_out = state, row.handed_out + len(chosen)
    audit.record(actor, "welfare.sign", "welfare_order", row.id, heads=len(chosen))
    db.session.flush()
    return row


def finish_welfare(actor: Actor, welfare_id: UUID, file_id: UUID) -> WelfareOrder:
    """Everything is handed out and the signed list (签领表) scanned. Raises NotFound for a scan of somebody else."""
    actor.require("delivery.accept")
    row = by_id(WelfareOrder, welfare_id, WelfareOrder.agency_id == actor.organisation, "welfare_order", lock=True)
    row.state = WELFARE.after("finish", row.state)
    files.kept(actor, file_id)
    row.sheet_file_id = file_id
    audit.record(actor, "welfare.finish", "welfare_order", row.id, heads=row.handed_out, of=row.packages)
    db.session.flush()
    return row


def own(actor: Actor, welfare_id: UUID) -> WelfareOrder:
    actor.require("requisition.edit")
    own_ = WelfareOrder.agency_id == actor.organisation
    return by_id(WelfareOrder, welfare_id, own_, "welfare_order", lock=True)


def welfare_order(actor: Actor, welfare_id: UUID) -> WelfareOrder:
    """One of the actor's own agency: the list names people, so no superior reads it. Raises NotFound."""
    actor.require("order.read")
    return by_id(WelfareOrder, welfare_id, WelfareOrder.agency_id == actor.organisation, "welfare_order")


def welfare_orders(actor: Actor, *, page: int = 1, size: int = 25) -> tuple[list[WelfareOrder], int]:
    """The agency's own, newest first, and how many there are."""
    actor.require("order.read")
    query = select(WelfareOrder).where(WelfareOrder.agency_id == actor.organisation)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = query.order_by(WelfareOrder.number.desc()).limit(size).offset((page - 1) * size)
    return list(db.session.scalars(rows)), total


def goods_of(welfare_id: UUID) -> list[WelfareGood]:
    query = select(WelfareGood).where(WelfareGood.welfare_order_id == welfare_id)
    return list(db.session.scalars(query.order_by(WelfareGood.no)))


def heads_of(welfare_id: UUID) -> list[WelfareHead]:
    query = select(WelfareHead).where(WelfareHead.welfare_order_id == welfare_id)
    return list(db.session.scalars(query.order_by(WelfareHead.no).execution_options(populate_existing=True)))
