"""Dated amendments: the only way an approved plan changes. Proposed by the agency, decided by its superior."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, change_rows, db, new_id
from ..core.errors import Conflict, Refused
from ..notices import services as notices
from . import parameters, rules
from .filing import name_contractor, superior_of, tell_superior
from .models import QuotaAmendment, QuotaContractor, QuotaPlan
from .plans import last_target, plan
from .rules import AMENDMENT
from .successions import check_may_buy

FIGURES = ("canteen_fen", "union_fen", "base_fen", "target_fen", "ceiling_fen")


@dataclass(frozen=True)
class Change:
    """What a plan should be from a day on, and why. A contractor may join or leave by it."""

    from_day: date
    reason: str
    canteen_fen: int
    union_fen: int
    target_fen: int
    ceiling_fen: int | None = None
    add_contractor_id: UUID | None = None
    end_contractor_id: UUID | None = None


def propose_amendment(actor: Actor, plan_id: UUID, change: Change) -> QuotaAmendment:
    """The agency proposes it; figures old and new are kept.

    Raises Refused: year_closed, plan_amendment_open, plan_covered, day_outside_year, day_in_future, reason_needed,
    ceiling_below_held, contractor_unknown, and as save_draft; Conflict: wrong_state.
    """
    actor.require("plan.file")
    row = by_id(QuotaPlan, plan_id, QuotaPlan.agency_id == actor.organisation, "plan", lock=True)
    check_may_buy(row.agency_id, clock.today())
    parameters.check_open_year(row.division, row.year, clock.today())
    _check_state(row)
    _check_day(row, change)
    if not change.reason.strip():
        raise Refused("reason_needed", field="reason")
    if change.end_contractor_id:
        _open_naming(row, change.end_contractor_id)
    asks = _check_figures(row, change)
    number = select(func.coalesce(func.max(QuotaAmendment.no), 0)).where(QuotaAmendment.plan_id == row.id)
    amendment = QuotaAmendment(
        id=new_id(),
        plan_id=row.id,
        no=(db.session.scalar(number) or 0) + 1,
        state="proposed",
        from_day=change.from_day,
        reason=change.reason.strip(),
        **{f"old_{name}": getattr(row, name) for name in FIGURES},
        canteen_fen=change.canteen_fen,
        union_fen=change.union_fen,
        base_fen=asks.base_fen,
        target_fen=change.target_fen,
        ceiling_fen=change.ceiling_fen,
        minimum_fen=asks.minimum_fen,
        add_contractor_id=change.add_contractor_id,
        end_contractor_id=change.end_contractor_id,
        proposed_by=actor.user,
        proposed_at=clock.now(),
    )
    db.session.add(amendment)
    audit.record(actor, "plan.amend", "quota_plan", row.id, no=amendment.no, target_fen=change.target_fen)
    tell_superior("plan_amendment", row)
    db.session.flush()
    return amendment


def _check_state(row: QuotaPlan) -> None:
    if row.state != "approved":
        raise Conflict("wrong_state", what="plan", state=row.state, verb="amend")
    if row.covered_by_id is not None:
        raise Refused("plan_covered", field="plan")
    if db.session.scalar(_of(row.id).where(QuotaAmendment.state == "proposed")):
        raise Refused("plan_amendment_open", field="plan")


def _check_day(row: QuotaPlan, change: Change) -> None:
    if change.from_day.year != row.year:
        raise Refused("day_outside_year", field="from_day", year=row.year)
    if change.from_day > clock.today():
        raise Refused("day_in_future", field="from_day")


def _check_figures(row: QuotaPlan, change: Change) -> rules.Asked:
    rule = parameters.rule_for(row.division, row.year)
    before = last_target(row.agency_id, row.year)
    asks = rules.asked(rule, row.unit_case, change.canteen_fen, change.union_fen, before)
    if fault := rules.figures_fault(asks, change.target_fen, change.ceiling_fen):
        raise fault
    held = row.committed_fen + row.settled_fen
    if change.ceiling_fen is not None and change.ceiling_fen < held:
        raise Refused("ceiling_below_held", field="ceiling_fen", held_fen=held)
    return asks


def _of(plan_id: UUID) -> Any:
    return select(QuotaAmendment).where(QuotaAmendment.plan_id == plan_id)


def amendments_of(actor: Actor, plan_id: UUID) -> list[QuotaAmendment]:
    """A plan's amendments, the last first. Raises NotFound outside scope."""
    query = _of(plan(actor, plan_id).id).order_by(QuotaAmendment.no.desc())
    return list(db.session.scalars(query))


def decide_amendment(actor: Actor, amendment_id: UUID, *, approved: bool, answer: str = "") -> QuotaAmendment:
    """The superior, another person than who proposed it. Raises Refused: checker_is_filer, not_superior, reason_needed
    (to refuse it), ceiling_below_held, year_closed; Conflict: wrong_state."""
    amendment, row = _to_decide(actor, amendment_id)
    amendment.state = AMENDMENT.after("approve" if approved else "refuse", amendment.state)
    if amendment.proposed_by is not None and amendment.proposed_by == actor.user:
        raise Refused("checker_is_filer", field="amendment")
    if not approved and not answer.strip():
        raise Refused("reason_needed", field="answer")
    amendment.answer, amendment.decided_by, amendment.decided_at = answer.strip(), actor.user, clock.now()
    if approved:
        parameters.check_open_year(row.division, row.year, clock.today())
        _apply(row, amendment)
    verb = "plan.amendment_approve" if approved else "plan.amendment_refuse"
    audit.record(actor, verb, "quota_plan", row.id, no=amendment.no, target_fen=amendment.target_fen)
    notices.done_about("quota_plan", [row.id], "plan_amendment")
    notices.tell(
        "plan_amended" if approved else "plan_amendment_refused",
        organisation_id=row.agency_id,
        about=("quota_plan", row.id),
        number=str(row.year),
        permission="plan.file",
        year=row.year,
        no=amendment.no,
    )
    db.session.flush()
    return amendment


def _to_decide(actor: Actor, amendment_id: UUID) -> tuple[QuotaAmendment, QuotaPlan]:
    actor.require("plan.check")
    found = by_id(QuotaAmendment, amendment_id, what="amendment")
    row = superior_of(actor, found.plan_id)  # locks the plan: amendments of one plan are decided one by one
    return by_id(QuotaAmendment, amendment_id, what="amendment", lock=True), row


def _apply(row: QuotaPlan, amendment: QuotaAmendment) -> None:
    """One conditional statement: orders that commit beside it either came before, and stand below the new ceiling, or
    find it."""
    ceiling = amendment.ceiling_fen
    changed = change_rows(
        QuotaPlan,
        [{"id": row.id}],
        set_=lambda _plan, _wanted: {
            **{name: getattr(amendment, name) for name in FIGURES},
            "minimum_fen": amendment.minimum_fen,
        },
        where=lambda plan, _wanted: (
            (plan.state == "approved")
            & (plan.id.is_not(None) if ceiling is None else plan.committed_fen + plan.settled_fen <= ceiling)
        ),
    )
    if not changed:
        raise Refused("ceiling_below_held", field="ceiling_fen", held_fen=row.committed_fen + row.settled_fen)
    if amendment.end_contractor_id:
        naming = _open_naming(row, amendment.end_contractor_id)
        naming.until_day = max(amendment.from_day - timedelta(days=1), naming.from_day)
    if amendment.add_contractor_id:
        db.session.flush()
        name_contractor(row, amendment.add_contractor_id, amendment.from_day, "add_contractor_id")
        row.unit_case = "outsourced"


def _open_naming(row: QuotaPlan, contractor_id: UUID) -> QuotaContractor:
    query = select(QuotaContractor).where(
        QuotaContractor.plan_id == row.id,
        QuotaContractor.contractor_id == contractor_id,
        QuotaContractor.until_day.is_(None),
    )
    found = db.session.scalar(query)
    if found is None:
        raise Refused("contractor_unknown", field="end_contractor_id")
    return found


def withdraw_amendment(actor: Actor, amendment_id: UUID) -> QuotaAmendment:
    """The agency takes its proposal back. Raises NotFound, Conflict: wrong_state."""
    actor.require("plan.file")
    own = QuotaAmendment.plan_id.in_(select(QuotaPlan.id).where(QuotaPlan.agency_id == actor.organisation))
    amendment = by_id(QuotaAmendment, amendment_id, own, "amendment", lock=True)
    amendment.state = AMENDMENT.after("withdraw", amendment.state)
    audit.record(actor, "plan.amendment_withdraw", "quota_plan", amendment.plan_id, no=amendment.no)
    notices.done_about("quota_plan", [amendment.plan_id], "plan_amendment")
    db.session.flush()
    return amendment
