"""What is accepted is billed; what is accepted, signed and paid settles, in one transaction and once."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..accreditation import services as accreditation
from ..attribution import services as attribution
from ..attribution.services import Fact, Outcome
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, insert_rows
from ..payments import services as payments
from ..payments.models import Bill, Transfer
from ..payments.services import Delivered
from ..procurement import services as procurement
from ..procurement.models import Acceptance, AcceptanceLine, Order, OrderLine
from ..procurement.services import Left
from ..quota import services as quota
from . import figures
from .models import SettledLine

Ready = tuple[Left, OrderLine]
# Columns of settled lines that those of one order share.
OF_ORDER = ("reverses_id", "concerns_period", "order_id", "supplier_id", "agency_id", "channel", "counted_as")
OF_ORDER += ("agency_division", "day", "period")


def bill_for(acceptance: Acceptance, order: Order, returned_fen: int = 0) -> Bill | None:
    """The bill for what was accepted and has not come back yet; None where nothing is left."""
    total_fen = acceptance.money_fen - returned_fen
    if not total_fen:
        return None
    return payments.bill_acceptance(
        Delivered(
            acceptance_id=acceptance.id,
            order_id=order.id,
            supplier_id=order.supplier_id,
            agency_id=order.agency_id,
            division=order.division,
            agency_division=order.agency_division,
            day=acceptance.day,
            total_fen=total_fen,
            accepted_on=clock.local(acceptance.signed_at or acceptance.at).date(),
        )
    )


def confirm_payment(actor: Actor, transfer_id: UUID) -> tuple[Transfer, Bill]:
    """The supplier says that the money arrived: the bill is paid, and its lines settle. Errors: see answer_transfer."""
    transfer, bill = payments.answer_transfer(actor, transfer_id, arrived=True)
    settle_paid(actor, bill)
    return transfer, bill


def refuse_payment(actor: Actor, transfer_id: UUID, reason: str) -> tuple[Transfer, Bill]:
    """The supplier says that the money did not arrive: the bill waits for another transfer."""
    return payments.answer_transfer(actor, transfer_id, arrived=False, reason=reason)


def settle_ready(actor: Actor, acceptance_ids: Iterable[UUID]) -> int:
    """Settles the lines of these acceptances that two have signed, whose bill is paid and that have not settled yet.

    Returns how many lines settled; asked again, none. The bills are locked first: of a signature and a payment that
    meet, the later one sees both. Statements do not grow with the lines.
    """
    return _settle_paid(actor, payments.lock_bills_of(acceptance_ids))


def settle_paid(actor: Actor, bill: Bill) -> int:
    """`settle_ready` for what a payment of this bill may settle."""
    return _settle_paid(actor, payments.lock_bills(payments.paid_by(bill)))


def _settle_paid(actor: Actor, bills: dict[UUID, Bill]) -> int:
    paid = {acceptance_id: bill for acceptance_id, bill in bills.items() if bill.state == "paid"}
    found = _accepted(paid)
    orders = procurement.locked_all({each.order_id for each in found})
    for (order_id, day), group in groupby(found, key=lambda each: (each.order_id, each.day)):
        order, lines = orders[order_id]
        of = {line.id: line for line in lines}
        ready = [(procurement.net_of_returns(each, of[each.order_line_id]), of[each.order_line_id]) for each in group]
        _settle(order, lines, ready, day, paid)
        number = paid[ready[0][0].acceptance_id].number
        fen = sum(line.money_fen for line, _ in ready)
        audit.record(actor, "bill.settle", "order", order_id, bill=number, fen=fen, lines=len(ready))
    db.session.flush()
    return len(found)


def _accepted(paid: dict[UUID, Bill]) -> Sequence[Any]:
    """Lines of money in signed acceptances that have not settled; by order and acceptance's day."""
    query = (
        select(*procurement.LEFT_OF, Acceptance.order_id, Acceptance.day)
        .join(Acceptance, Acceptance.id == AcceptanceLine.acceptance_id)
        .where(Acceptance.id.in_(paid), Acceptance.state == "signed")
        .where(AcceptanceLine.money_fen > AcceptanceLine.returned_fen)
        .where(~select(SettledLine.id).where(SettledLine.id == AcceptanceLine.id).exists())
        .order_by(Acceptance.order_id, Acceptance.day, Acceptance.id, AcceptanceLine.no)
    )
    return db.session.execute(query).all() if paid else []


def _settle(
    order: Order, lines: Sequence[OrderLine], ready: Sequence[Ready], day: date, bills: dict[UUID, Bill]
) -> None:
    """Lines of one order, accepted on one day: attribution and ledger, quota, grants, figures."""
    today = clock.today()
    outcomes = attribution.post([_fact(order, line, of) for line, of in ready], day, today)
    rows = [_settled(bills[line.acceptance_id], order, line, of, outcomes[line.id], today) for line, of in ready]
    insert_rows(SettledLine, rows, same=OF_ORDER)
    _move_quota(order, lines, ready)
    used: dict[UUID, int] = {}
    for line, of in ready:
        if of.grant_id:
            used[of.grant_id] = used.get(of.grant_id, 0) + line.money_fen
    accreditation.use(used)
    figures.grow(rows)


def _fact(order: Order, line: Left, of: OrderLine) -> Fact:
    return Fact(
        line_id=line.id,
        supplier_id=order.supplier_id,
        product_id=of.product_id,
        lot_id=line.lot_id,
        money_fen=line.money_fen,
        base=line.base,
        priced=line.accepted if of.pricing == "counted" else line.net,
    )


def _settled(bill: Bill, order: Order, line: Left, of: OrderLine, outcome: Outcome, today: date) -> dict:
    return {
        "id": line.id,
        "line_id": line.id,
        "reverses_id": None,
        "concerns_period": None,
        "order_id": order.id,
        "order_line_id": of.id,
        "bill_id": bill.id,
        "lot_id": line.lot_id,
        "supplier_id": order.supplier_id,
        "agency_id": order.agency_id,
        "plan_id": order.plan_id if of.counts else None,
        "product_id": of.product_id,
        "category_code": of.category_code,
        "channel": order.channel,
        "counted_as": order.counted_as,
        "origin": outcome.division,
        "agency_division": order.agency_division,
        "eligible": of.grant_id is not None,
        "day": today,
        "period": clock.period(today),
        "quantity": line.accepted,
        "net": line.net,
        "money_fen": line.money_fen,
        "attributed_fen": outcome.attributed_fen,
        "owed_fen": outcome.owed_fen,
    }


def _move_quota(order: Order, lines: Sequence[OrderLine], ready: Sequence[Ready]) -> None:
    quantities: dict[UUID, int] = {}
    money: dict[UUID, int] = {}
    counted = 0
    for line, of in ready:
        quantities[of.id] = quantities.get(of.id, 0) + line.accepted
        money[of.id] = money.get(of.id, 0) + line.money_fen
        counted += line.money_fen if of.counts else 0
    released = procurement.mark_settled(order, lines, quantities, money)
    if order.plan_id and (released or counted):
        quota.settle(order.plan_id, released, counted)
