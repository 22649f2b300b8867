"""Confirm a payment; what is accepted and paid settles, in one transaction."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from ..accreditation import services as accreditation
from ..attribution import services as attribution
from ..attribution.services import Fact, Outcome
from ..catalogue.rules import nominal_base
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, insert_rows
from ..payments import services as payments
from ..payments.models import Bill, Transfer
from ..procurement import services as procurement
from ..procurement.models import AcceptanceLine, Order, OrderLine
from ..quota import services as quota
from . import figures
from .models import SettledLine


def confirm_payment(actor: Actor, transfer_id: UUID) -> tuple[Transfer, Bill]:
    """The supplier says that the money arrived: the bill is paid, and its lines settle. Errors: see answer_transfer."""
    transfer, bill = payments.answer_transfer(actor, transfer_id, arrived=True)
    if bill.paid_fen == bill.total_fen:
        _settle_ready(actor, bill)
    return transfer, bill


def refuse_payment(actor: Actor, transfer_id: UUID, reason: str) -> tuple[Transfer, Bill]:
    """The supplier says that the money did not arrive: the bill waits for another transfer."""
    return payments.answer_transfer(actor, transfer_id, arrived=False, reason=reason)


def _settle_ready(actor: Actor, bill: Bill) -> None:
    """Accepted and paid = settled: attribution and ledger, quota, grants, figures. Statements do not grow with lines."""
    order = db.session.get_one(Order, bill.order_id)
    query = (
        select(AcceptanceLine, OrderLine)
        .join(OrderLine, OrderLine.id == AcceptanceLine.order_line_id)
        .where(AcceptanceLine.acceptance_id == bill.acceptance_id, AcceptanceLine.money_fen > 0)
        .order_by(AcceptanceLine.no)
    )
    pairs = list(db.session.execute(query))
    today = clock.today()
    facts = [_fact(bill, line, of) for line, of in pairs]
    outcomes = attribution.post(facts, bill.issued_on, today)  # a bill is issued on its acceptance's day
    rows = [_settled(bill, order, line, of, outcomes[line.id], today) for line, of in pairs]
    insert_rows(SettledLine, rows)
    _move_quota(order, pairs)
    used: dict[UUID, int] = {}
    for line, of in pairs:
        if of.grant_id:
            used[of.grant_id] = used.get(of.grant_id, 0) + line.money_fen
    accreditation.use(used)
    figures.grow(rows)
    audit.record(actor, "bill.settle", "bill", bill.id, fen=bill.total_fen, lines=len(rows))
    db.session.flush()


def _fact(bill: Bill, line: AcceptanceLine, of: OrderLine) -> Fact:
    return Fact(
        line_id=line.id,
        supplier_id=bill.supplier_id,
        product_id=of.product_id,
        lot_id=line.lot_id,
        money_fen=line.money_fen,
        base=nominal_base(line.accepted, of.content),
        priced=line.accepted if of.pricing == "counted" else line.net,
    )


def _settled(bill: Bill, order: Order, line: AcceptanceLine, of: OrderLine, outcome: Outcome, today: date) -> dict:
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


def _move_quota(order: Order, pairs: Sequence[tuple[AcceptanceLine, OrderLine]]) -> None:
    quantities: dict[UUID, int] = {}
    money: dict[UUID, int] = {}
    counted = 0
    for line, of in pairs:
        quantities[of.id] = quantities.get(of.id, 0) + line.accepted
        money[of.id] = money.get(of.id, 0) + line.money_fen
        counted += line.money_fen if of.counts else 0
    released = procurement.mark_settled(order.id, quantities, money)
    if order.plan_id and (released or counted):
        quota.settle(order.plan_id, released, counted)
