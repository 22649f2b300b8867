"""A plan's outlook with what is under way, orders that may miss its year, and a department's consolidated progress."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select

from ..core import clock
from ..core.actor import Actor
from ..core.db import db, visible
from ..core.errors import NotFound
from ..findings import services as findings
from ..identity.models import Organisation
from ..notices import services as notices
from ..procurement.models import COUNTED_AS
from ..quota import rules
from ..quota import services as quota
from ..quota.models import QuotaContractor, QuotaPlan
from ..quota.rules import COUNTING, Calendar
from . import plan_reads
from .plan_reads import OpenOrder


@dataclass(frozen=True)
class Outlook:
    """What a plan comes to when everything under way settles, and by when. `may_miss`: orders whose term of payment ends
    after the year's counting, with its last day."""

    sums: rules.Outlook
    days: Calendar
    may_miss: list[tuple[OpenOrder, date]]

    @property
    def may_miss_fen(self) -> int:
        return sum(order.committed_fen for order, _ in self.may_miss)


def outlook(plan: QuotaPlan) -> Outlook:
    """The caller checked the plan's scope. Orders that may miss the year are named from the region's day on."""
    days = quota.calendar_for(plan.division, plan.year)
    unreviewed = plan_reads.unreviewed_of_plans([plan.id]).get(plan.id, 0)
    submitted = plan_reads.submitted_fen(plan)
    sums = rules.Outlook(plan.target_fen, plan.settled_fen, plan.committed_fen, submitted, unreviewed)
    warned = clock.today() >= days.warn_from
    return Outlook(sums, days, _missing(plan_reads.open_orders([plan.id]), days) if warned else [])


def _missing(orders: Iterable[OpenOrder], days: Calendar) -> list[tuple[OpenOrder, date]]:
    today = clock.today()
    due = [(order, rules.due_day(days, order.deliver_on, order.accepted_on, today)) for order in orders]
    return [(order, day) for order, day in due if day > days.counting]


def warn_of_the_year() -> int:
    """From each region's warning day on: whoever buys is told once of every order that may miss the year, and the office
    finds it among its findings. Returns how many there are."""
    today = clock.today()
    plans = db.session.scalars(
        select(QuotaPlan).where(QuotaPlan.year == today.year, QuotaPlan.committed_fen > 0).order_by(QuotaPlan.id)
    )
    warned: dict[UUID, Calendar] = {}
    for plan in plans:
        days = quota.calendar_for(plan.division, plan.year)
        if today >= days.warn_from:
            warned[plan.id] = days
    missing = [
        found
        for order in (plan_reads.open_orders(warned) if warned else [])
        for found in _missing([order], warned[order.plan_id])
    ]
    _tell(missing, today.year)
    return len(missing)


def _tell(missing: list[tuple[OpenOrder, date]], year: int) -> None:
    notices.tell_many(
        [
            notices.Telling(
                "order_may_miss_year",
                organisation_id=order.agency_id,
                about=("order", order.id),
                number=order.number,
                permission="plan.read",
                once=f"order_may_miss_year:{order.id}:{year}",
                facts={"year": year},
            )
            for order, _ in missing
        ]
    )
    findings.open_many(
        [
            {
                "kind": "order_may_miss_year",
                "object_kind": "order",
                "object_id": str(order.id),
                "division": order.agency_division,
                "facts": {"number": order.number, "due": day.isoformat(), "fen": order.committed_fen},
            }
            for order, day in missing
        ]
    )


FIGURES = ("plans", "canteen_fen", "base_fen", "target_fen", *(f"{kind}_done_fen" for kind in COUNTED_AS))
FIGURES += ("unreviewed_fen", "committed_fen", "overdue_fen", "uncounted_fen")


@dataclass
class Figures:
    """Sums over plans, fen; `plans`: how many. `…_done_fen`: settled and counting, by whose money it was;
    `unreviewed_fen`: settled, and counting only once it is reviewed."""

    plans: int = 0
    canteen_fen: int = 0
    base_fen: int = 0
    target_fen: int = 0
    canteen_done_fen: int = 0
    union_done_fen: int = 0
    contractor_done_fen: int = 0
    employee_done_fen: int = 0
    unreviewed_fen: int = 0
    committed_fen: int = 0
    overdue_fen: int = 0
    uncounted_fen: int = 0

    @property
    def settled_fen(self) -> int:
        return sum(getattr(self, f"{kind}_done_fen") for kind in COUNTED_AS)

    def values(self) -> list[int]:
        return [getattr(self, name) for name in FIGURES]


@dataclass
class UnitRow:
    """A unit of the tree: its own figures (`own`) and those of itself and all below it (`whole`). `plans`: its own, and
    those of units that it follows. `counted_at`: the unit whose plan counts what this one buys; None: its own, or none."""

    id: UUID
    name: str
    credit_code: str | None
    parent_id: UUID | None
    depth: int = 0
    plans: list[QuotaPlan] = field(default_factory=list)
    counted_at: UUID | None = None
    own: Figures = field(default_factory=Figures)
    whole: Figures = field(default_factory=Figures)


@dataclass
class Consolidated:
    """The units from the top down, each before those below it; `names` of units that rows refer to."""

    rows: list[UnitRow]
    total: Figures
    names: dict[UUID, str]


def consolidated(actor: Actor, year: int, root: UUID | None = None) -> Consolidated:
    """A year's progress over the tree of units within scope, or of one unit's subtree; nothing is counted twice.

    A plan is counted once, at its unit, or at the one that follows it today; what contractors and units of a shared
    canteen buy lies in the plan that counts it, wherever they stand. Raises NotFound for a root outside scope.
    """
    actor.require("plan.read")
    units = _units(actor, root)
    if root is not None and root not in units:
        raise NotFound("agency")
    following = quota.successors()
    seats = rules.seats({*units, *following}, following)
    feeders = _within(actor, root, [unit for unit in following if seats[unit] in units])
    rows = {id_: row for id_, row in units.items() if seats[id_] == id_}
    _add_plans(rows, seats, feeders, year)
    _add_money(rows, seats, feeders, year)
    _note_who_counts(rows, feeders, year)
    order = rules.below({id_: row.parent_id for id_, row in rows.items()})
    sums = rules.subtree_sums(order, {id_: row.own.values() for id_, row in rows.items()}, len(FIGURES))
    total = Figures()
    for id_, depth in order:
        rows[id_].depth, rows[id_].whole = depth, Figures(*sums[id_])
        if depth == 0:
            total = Figures(*(a + b for a, b in zip(total.values(), sums[id_], strict=True)))
    return Consolidated([rows[id_] for id_, _ in order], total, _names(rows.values()))


def _units(actor: Actor, root: UUID | None) -> dict[UUID, UnitRow]:
    wanted = Organisation.id, Organisation.name, Organisation.credit_code, Organisation.parent_id
    query = select(*wanted).where(Organisation.id.in_(_within(actor, root, [])))
    return {row.id: UnitRow(*row) for row in db.session.execute(query.order_by(Organisation.name))}


def _within(actor: Actor, root: UUID | None, more: list[UUID]) -> Select[Any]:
    """A query of the ids of the agencies in scope (of the root's subtree), and of `more` that they follow."""
    inside = and_(
        Organisation.kind == "agency", visible(actor.scope, agency=Organisation.id, division=Organisation.division)
    )
    if root is not None:
        tree = select(Organisation.id).where(Organisation.id == root).cte("tree", recursive=True)
        tree = tree.union(select(Organisation.id).where(Organisation.parent_id == tree.c.id))
        inside = and_(inside, Organisation.id.in_(select(tree.c.id)))
    return select(Organisation.id).where(or_(inside, Organisation.id.in_(more)) if more else inside)


def _add_plans(rows: dict[UUID, UnitRow], seats: dict[UUID, UUID], feeders: Select[Any], year: int) -> None:
    of_year = QuotaPlan.year == year, QuotaPlan.state.in_(COUNTING), QuotaPlan.agency_id.in_(feeders)
    counted = plan_reads.counted_of_plans(select(QuotaPlan.id).where(*of_year))
    unreviewed = plan_reads.unreviewed_of_plans(select(QuotaPlan.id).where(*of_year))
    for plan in db.session.scalars(select(QuotaPlan).where(*of_year).order_by(QuotaPlan.id)):
        row = rows.get(seats.get(plan.agency_id, plan.agency_id))
        if row is None:  # it followed a unit outside
            continue
        row.plans.append(plan)
        own = row.own
        own.plans += 1
        for name in ("canteen_fen", "base_fen", "target_fen", "committed_fen"):
            setattr(own, name, getattr(own, name) + getattr(plan, name))
        own.unreviewed_fen += unreviewed.get(plan.id, 0)
        for kind, fen in counted.get(plan.id, {}).items():
            setattr(own, f"{kind}_done_fen", getattr(own, f"{kind}_done_fen") + fen)


def _add_money(rows: dict[UUID, UnitRow], seats: dict[UUID, UUID], feeders: Select[Any], year: int) -> None:
    for name, found in (
        ("overdue_fen", plan_reads.overdue_of(feeders, clock.today())),
        ("uncounted_fen", plan_reads.uncounted_of(feeders, year)),
    ):
        for agency, fen in found.items():
            if row := rows.get(seats.get(agency, agency)):
                setattr(row.own, name, getattr(row.own, name) + fen)


def _note_who_counts(rows: dict[UUID, UnitRow], feeders: Select[Any], year: int) -> None:
    named = (
        select(QuotaContractor.contractor_id, QuotaPlan.agency_id)
        .join(QuotaPlan, QuotaPlan.id == QuotaContractor.plan_id)
        .where(QuotaContractor.year == year, QuotaContractor.contractor_id.in_(feeders))
    )
    filer = QuotaPlan.__table__.alias("filer")
    covered = (
        select(QuotaPlan.agency_id, filer.c.agency_id)
        .join(filer, filer.c.id == QuotaPlan.covered_by_id)
        .where(QuotaPlan.year == year, QuotaPlan.agency_id.in_(feeders))
    )
    for query in (named, covered):
        for unit, counted_at in db.session.execute(query):
            if unit in rows:
                rows[unit].counted_at = counted_at


def _names(rows: Iterable[UnitRow]) -> dict[UUID, str]:
    ids = {
        id_ for row in rows for id_ in (row.parent_id, row.counted_at, *(plan.agency_id for plan in row.plans)) if id_
    }
    query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    return dict(db.session.execute(query).all())
