"""An agency's plan for a year and its counters."""

from uuid import UUID

from sqlalchemy import select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, change_rows, db, new_id, visible
from ..core.errors import Refused
from ..identity import services as identity
from .models import QuotaPlan


def file_plan(
    actor: Actor, agency_id: UUID, year: int, *, base_fen: int, target_fen: int, ceiling_fen: int | None = None
) -> QuotaPlan:
    """An office files an agency's approved plan. Raises Refused: plan_exists, target_not_positive, ceiling_below_target."""
    actor.require("plan.approve")
    agency = identity.named({agency_id}).get(agency_id)
    if agency is None or agency.kind != "agency":
        raise Refused("agency_unknown", field="agency_id")
    actor.require_lies_in(agency.division, "agency")
    if target_fen <= 0:
        raise Refused("target_not_positive", field="target_fen")
    if ceiling_fen is not None and ceiling_fen < target_fen:
        raise Refused("ceiling_below_target", field="ceiling_fen")
    if db.session.scalar(select(QuotaPlan.id).where(QuotaPlan.agency_id == agency_id, QuotaPlan.year == year)):
        raise Refused("plan_exists", field="year", year=year)
    row = QuotaPlan(
        id=new_id(),
        agency_id=agency_id,
        year=year,
        division=agency.division,
        base_fen=base_fen,
        target_fen=target_fen,
        ceiling_fen=ceiling_fen,
        filed_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "plan.file", "quota_plan", row.id, year=year, target_fen=target_fen)
    db.session.flush()
    return row


def plan_of(agency_id: UUID, year: int) -> QuotaPlan | None:
    """The plan that an agency's orders of a year count to."""
    query = select(QuotaPlan).where(QuotaPlan.agency_id == agency_id, QuotaPlan.year == year)
    return db.session.scalar(query.execution_options(populate_existing=True))


def plan(actor: Actor, plan_id: UUID) -> QuotaPlan:
    within = visible(actor.scope, agency=QuotaPlan.agency_id, division=QuotaPlan.division)
    return by_id(QuotaPlan, plan_id, within, "plan")


def listed(actor: Actor, year: int) -> list[QuotaPlan]:
    """Plans of a year within scope, the furthest behind first."""
    actor.require("plan.read")
    within = visible(actor.scope, agency=QuotaPlan.agency_id, division=QuotaPlan.division)
    rows = db.session.scalars(select(QuotaPlan).where(QuotaPlan.year == year, within))
    return sorted(rows, key=lambda row: row.settled_fen / row.target_fen)


def commit(plan_id: UUID, fen: int) -> None:
    """Commits money of approved lines. Raises Refused('beyond_ceiling') and changes nothing."""
    if not _change(plan_id, committed=fen):
        plan = by_id(QuotaPlan, plan_id, lock=True)
        left = (plan.ceiling_fen or 0) - plan.committed_fen - plan.settled_fen
        raise Refused("beyond_ceiling", field="lines", left_fen=left, over_fen=fen - left)


def release(plan_id: UUID, fen: int) -> None:
    """Gives back committed money of lines that were cancelled, declined or rejected."""
    if fen:
        _change(plan_id, committed=-fen)


def settle(plan_id: UUID, committed_fen: int, settled_fen: int) -> None:
    """Moves a line's money from committed to settled; the two differ where weight did."""
    if not _change(plan_id, committed=-committed_fen, settled=settled_fen):
        raise Refused("beyond_ceiling", field="lines", left_fen=0, over_fen=settled_fen - committed_fen)


def _change(plan_id: UUID, committed: int = 0, settled: int = 0) -> bool:
    changed = change_rows(
        QuotaPlan,
        [{"id": plan_id, "committed": committed, "settled": settled}],
        set_=lambda plan, wanted: {
            "committed_fen": plan.committed_fen + wanted.committed,
            "settled_fen": plan.settled_fen + wanted.settled,
        },
        where=lambda plan, wanted: (
            (plan.committed_fen + wanted.committed >= 0)
            & (
                plan.ceiling_fen.is_(None)
                | (plan.committed_fen + wanted.committed + plan.settled_fen + wanted.settled <= plan.ceiling_fen)
            )
        ),
    )
    return bool(changed)
