"""Reading plans: an agency's of a year, those within scope, and which plan an order moves."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, func, literal, or_, select, union_all

from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db, visible
from .models import QuotaContractor, QuotaPlan, QuotaSuccession
from .rules import COUNTING

MAX_SUCCESSIONS = 8  # a unit is not renamed more often in a year; a circle in the data ends here


def plan_of(agency_id: UUID, year: int) -> QuotaPlan | None:
    """An agency's own plan of a year, in whatever state."""
    query = select(QuotaPlan).where(QuotaPlan.agency_id == agency_id, QuotaPlan.year == year)
    return db.session.scalar(query.execution_options(populate_existing=True))


def plan_for(agency_id: UUID, year: int, counted_as: str = "canteen", day: date | None = None) -> QuotaPlan | None:
    """The plan that an agency's order moves, or None: it may order, and nothing of it is counted. One statement.

    Its own plan, or its successor's where it was abolished; else that of the unit that named it as its canteen's
    contractor on that day (which comes first where the order is `contractor`'s). A shared canteen's orders move the plan
    of the unit that filed for it. A plan counts from its filing on.
    """
    asked = {"agency": agency_id, "year": year, "day": day or clock.today()}
    return db.session.scalar(_plan_for(100 if counted_as == "contractor" else -1), asked)


@lru_cache
def _plan_for(named_first: int) -> Select[Any]:
    """Built once: every approval asks it."""
    agency, day = bindparam("agency", type_=QuotaPlan.agency_id.type), bindparam("day", type_=Date())
    units = select(agency.label("id"), literal(0).label("steps"))
    chain = units.cte("units", recursive=True)
    follows = and_(QuotaSuccession.organisation_id == chain.c.id, QuotaSuccession.abolished_on <= day)
    chain = chain.union_all(
        select(QuotaSuccession.successor_id, chain.c.steps + 1).where(
            follows, QuotaSuccession.successor_id.is_not(None), chain.c.steps < MAX_SUCCESSIONS
        )
    )
    counts = QuotaPlan.year == bindparam("year"), QuotaPlan.state.in_(COUNTING)
    moved = func.coalesce(QuotaPlan.covered_by_id, QuotaPlan.id).label("id")
    own = select(moved, chain.c.steps.label("rank")).join(chain, QuotaPlan.agency_id == chain.c.id).where(*counts)
    named = (
        select(moved, literal(named_first).label("rank"))
        .join(QuotaContractor, QuotaContractor.plan_id == QuotaPlan.id)
        .where(*counts, QuotaContractor.contractor_id == agency, _in_force(day))
    )
    found = union_all(own, named).subquery()
    query = select(QuotaPlan).join(found, found.c.id == QuotaPlan.id).order_by(found.c.rank.desc()).limit(1)
    return query.execution_options(populate_existing=True)


def _in_force(day: Any) -> ColumnElement[bool]:
    open_ended = QuotaContractor.until_day.is_(None)
    return and_(QuotaContractor.from_day <= day, or_(open_ended, QuotaContractor.until_day >= day))


def plan(actor: Actor, plan_id: UUID) -> QuotaPlan:
    """A plan within scope; another's draft is not shown. Raises NotFound."""
    return by_id(QuotaPlan, plan_id, _seen(actor), "plan")


def listed(actor: Actor, year: int, states: Sequence[str] = ()) -> list[QuotaPlan]:
    """Plans of a year within scope, the furthest behind first."""
    actor.require("plan.read")
    query = select(QuotaPlan).where(QuotaPlan.year == year, _seen(actor))
    if states:
        query = query.where(QuotaPlan.state.in_(states))
    return sorted(db.session.scalars(query), key=lambda row: row.settled_fen / (row.target_fen or 1))


def _seen(actor: Actor) -> ColumnElement[bool]:
    within = visible(actor.scope, agency=QuotaPlan.agency_id, division=QuotaPlan.division)
    own = QuotaPlan.agency_id == actor.organisation if actor.organisation else QuotaPlan.id.is_(None)
    return and_(within, or_(QuotaPlan.state != "draft", own))


def contractors_of(plan_ids: Iterable[UUID]) -> dict[UUID, list[QuotaContractor]]:
    """Plan → who buys under it, by their first day."""
    found: dict[UUID, list[QuotaContractor]] = {}
    query = select(QuotaContractor).where(QuotaContractor.plan_id.in_(set(plan_ids)))
    for row in db.session.scalars(query.order_by(QuotaContractor.from_day, QuotaContractor.id)):
        found.setdefault(row.plan_id, []).append(row)
    return found


def covered_by(plan_id: UUID) -> list[QuotaPlan]:
    """The plans of units whose canteen this plan's unit runs."""
    return list(db.session.scalars(select(QuotaPlan).where(QuotaPlan.covered_by_id == plan_id)))


def filer_of(row: QuotaPlan) -> UUID | None:
    """The unit that files for a shared canteen's plan."""
    covering = db.session.get(QuotaPlan, row.covered_by_id) if row.covered_by_id else None
    return covering.agency_id if covering else None


def last_target(agency_id: UUID, year: int) -> int | None:
    """What an agency had approved for the year before."""
    query = select(QuotaPlan.target_fen).where(
        QuotaPlan.agency_id == agency_id, QuotaPlan.year == year - 1, QuotaPlan.state == "approved"
    )
    return db.session.scalar(query)
