"""Settled and open money of quota plans: by whose money it is, by month, line by line, and what no plan counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, case, cast, exists, func, select

from ..core.db import db
from ..payments.models import Bill
from ..procurement import checking
from ..procurement.after_models import Review
from ..procurement.models import COUNTED_AS, Acceptance, Order, OrderLine, Requisition, RequisitionLine
from ..quota import services as quota
from ..quota.models import QuotaContractor, QuotaPlan
from .models import SettledLine

UNPAID = ("to_pay", "partly_paid")
# What a contractor buys is the contractor's part, however its order named it; the others as the order says.
BY_CONTRACTOR = exists().where(
    QuotaContractor.plan_id == SettledLine.plan_id, QuotaContractor.contractor_id == SettledLine.agency_id
)
REVIEWED = exists().where(Review.order_line_id == SettledLine.order_line_id)
COUNTED: ColumnElement[str] = case((BY_CONTRACTOR, "contractor"), else_=SettledLine.counted_as)


def lines_of_plan(
    plan_id: UUID, *, counted_as: str | None = None, period: int | None = None, page: int = 1, size: int = 50
) -> tuple[Sequence[SettledLine], int]:
    """The settled lines that a plan counts, newest first, and how many; of one kind of money or month if asked.
    The caller checked the plan's scope."""
    query = select(SettledLine).where(SettledLine.plan_id == plan_id)
    if counted_as:
        query = query.where(COUNTED == counted_as)  # noqa: SIM300
    if period:
        query = query.where(SettledLine.period == period)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(
        query.order_by(SettledLine.day.desc(), SettledLine.id.desc()).limit(size).offset((page - 1) * size)
    )
    return rows.all(), total


def months_of_plan(plan_id: UUID) -> dict[int, tuple[int, int]]:
    """Period → (lines, fen) of what a plan counts."""
    query = select(SettledLine.period, func.count(), func.sum(SettledLine.money_fen)).where(
        SettledLine.plan_id == plan_id
    )
    return {
        period: (int(lines), int(fen))
        for period, lines, fen in db.session.execute(query.group_by(SettledLine.period).order_by(SettledLine.period))
    }


def counted_of_plans(plan_ids: Any) -> dict[UUID | None, dict[str, int]]:
    """Plan → kind of money → settled fen that count, each kind apart; `plan_ids`: ids, or a query of them. With what
    waits for its review (`unreviewed_of_plans`) their sum is the plan's `settled_fen`."""
    query = select(SettledLine.plan_id, COUNTED.label("counted"), func.sum(SettledLine.money_fen)).where(
        SettledLine.plan_id.in_(plan_ids)
    )
    if waiting := quota.count_reviewed_only(plan_ids):
        query = query.where(SettledLine.plan_id.not_in(waiting) | REVIEWED)
    found: dict[UUID | None, dict[str, int]] = {}
    for plan_id, counted, fen in db.session.execute(query.group_by(SettledLine.plan_id, "counted")):
        found.setdefault(plan_id, dict.fromkeys(COUNTED_AS, 0))[counted] = int(fen)
    return found


def unreviewed_of_plans(plan_ids: Any) -> dict[UUID | None, int]:
    """Plan → settled fen that count only once their order lines have been reviewed, where its region says so."""
    waiting = quota.count_reviewed_only(plan_ids)
    if not waiting:
        return {}
    query = select(SettledLine.plan_id, func.sum(SettledLine.money_fen)).where(SettledLine.plan_id.in_(waiting))
    found = db.session.execute(query.where(~REVIEWED).group_by(SettledLine.plan_id))
    return {plan_id: int(fen) for plan_id, fen in found}


def uncounted_of(agency_ids: Any, year: int) -> dict[UUID, int]:
    """Agency → fen of the year's settled lines that move no plan: bought without one, or not eligible."""
    query = select(SettledLine.agency_id, func.sum(SettledLine.money_fen)).where(
        SettledLine.agency_id.in_(agency_ids),
        SettledLine.plan_id.is_(None),
        SettledLine.period.between(year * 100 + 1, year * 100 + 12),
    )
    return {agency: int(fen) for agency, fen in db.session.execute(query.group_by(SettledLine.agency_id))}


def overdue_of(agency_ids: Any, today: date) -> dict[UUID, int]:
    """Agency → fen of bills past their day that are not paid."""
    left = func.sum(Bill.total_fen - Bill.credited_fen - Bill.paid_fen)
    query = select(Bill.agency_id, left).where(
        Bill.agency_id.in_(agency_ids), Bill.state.in_(UNPAID), Bill.due_on < today
    )
    return {agency: int(fen) for agency, fen in db.session.execute(query.group_by(Bill.agency_id))}


def numbers_of(order_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Order → number, for lines whose plan the caller may see: a contractor's orders are not its own."""
    query = select(Order.id, Order.number).where(Order.id.in_(set(order_ids)))
    return dict(db.session.execute(query).all())


@dataclass(frozen=True)
class OpenOrder:
    """An approved order of which something is still to settle. `accepted_on`: its last acceptance's day."""

    id: UUID
    number: str
    plan_id: UUID
    agency_id: UUID
    supplier_id: UUID
    agency_division: str
    state: str
    deliver_on: date
    committed_fen: int
    accepted_on: date | None


def open_orders(plan_ids: Iterable[UUID]) -> list[OpenOrder]:
    """The orders whose lines these plans hold as committed, the earliest delivery first."""
    accepted_on = select(func.max(Acceptance.day)).where(Acceptance.order_id == Order.id).scalar_subquery()
    held = (
        select(OrderLine.order_id, cast(func.sum(OrderLine.committed_fen), BigInteger).label("committed_fen"))
        .where(OrderLine.committed_fen > 0)
        .group_by(OrderLine.order_id)
        .subquery()
    )
    head = Order.id, Order.number, Order.plan_id, Order.agency_id, Order.supplier_id, Order.agency_division
    query = (
        select(*head, Order.state, Order.deliver_on, held.c.committed_fen, accepted_on.label("accepted_on"))
        .join(held, held.c.order_id == Order.id)
        .where(Order.plan_id.in_(list(plan_ids)))
        .order_by(Order.deliver_on, Order.number)
    )
    return [OpenOrder(**row._mapping) for row in db.session.execute(query)]


def submitted_fen(plan: QuotaPlan) -> int:
    """What is submitted and not decided yet, of the lines that would count to this plan."""
    named = select(QuotaContractor.contractor_id).where(
        QuotaContractor.plan_id == plan.id, QuotaContractor.until_day.is_(None)
    )
    shares = select(QuotaPlan.agency_id).where(QuotaPlan.covered_by_id == plan.id)
    buyers = select(QuotaPlan.agency_id).where(QuotaPlan.id == plan.id).union(named, shares)
    apart = exists().where(RequisitionLine.requisition_id == Requisition.id, RequisitionLine.counts.is_(False))
    query = select(Requisition, apart).where(Requisition.state == "submitted", Requisition.agency_id.in_(buyers))
    fen = 0
    for row, mixed in db.session.execute(query).all():
        if mixed:
            fen += sum(item.money_fen for item in checking.check(row) if item.line.counts)
        else:
            fen += row.total_fen
    return fen
