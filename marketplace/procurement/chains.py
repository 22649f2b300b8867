"""Chains of approval (审批链): which steps a bulk order passes by its amount, and who may decide the one that waits.

An agency's rules are dated; a bulk order's steps are frozen as rows when it is submitted. Without rules there is one
step, the approver's. Whoever filled or submitted a bulk order decides none of its steps, and nobody decides two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, insert_rows, new_id
from ..core.errors import DomainError, Many, Refused
from ..identity import services as identity
from . import deputies
from .chain_models import ApprovalRule, ApprovalStep
from .models import Requisition

# Who a step may ask for, and the permission that says that one is it.
STEP_ROLES = {"approver": "requisition.approve", "leader": "requisition.lead"}
HOLD_DAYS = 3
MAX_HOLD_DAYS = 60
MAX_STEPS = 6
MAX_TIERS = 12
ONE_STEP: list[dict[str, Any]] = [{"title": "", "role": "approver", "user_id": None}]


def rules_on(agency_id: UUID, day: date) -> list[ApprovalRule]:
    """The rules that hold on a day, by rising amount: those of the latest day that is not after it."""
    return list(db.session.scalars(_RULES, {"agency": agency_id, "day": day}))


# Built once: every submission asks it.
_OWN = ApprovalRule.agency_id == bindparam("agency")
_NEWEST = select(func.max(ApprovalRule.from_day)).where(_OWN, ApprovalRule.from_day <= bindparam("day"))
_RULES = (
    select(ApprovalRule).where(_OWN, ApprovalRule.from_day == _NEWEST.scalar_subquery()).order_by(ApprovalRule.from_fen)
)


def chain(actor: Actor) -> dict[date, list[ApprovalRule]]:
    """The rules of the actor's agency from today on: first day → those that hold, those to come."""
    actor.require("requisition.read")
    held = rules_on(_agency(actor), clock.today())
    query = select(ApprovalRule).where(ApprovalRule.agency_id == _agency(actor), ApprovalRule.from_day > clock.today())
    found: dict[date, list[ApprovalRule]] = {held[0].from_day: held} if held else {}
    for row in db.session.scalars(query.order_by(ApprovalRule.from_day, ApprovalRule.from_fen)):
        found.setdefault(row.from_day, []).append(row)
    return found


def set_chain(actor: Actor, from_day: date, tiers: Sequence[dict[str, Any]]) -> list[ApprovalRule]:
    """Sets the rules of the actor's agency from a day on: tomorrow or later, or today where there were none.

    Each of `tiers`: from_fen, hold_days (optional), steps of title and role or user_id. What was set for the same day is
    replaced. Raises Refused: chain_day, chain_leader_sets; Many with the tier as row: chain_from_zero,
    chain_amount_twice, chain_steps, step_person, step_twice.
    """
    actor.require("chain.edit")
    agency_id = _agency(actor)
    if not actor.may("requisition.lead") and identity.people_with(agency_id, "requisition.lead"):
        raise Refused("chain_leader_sets", field="from_day")  # an approver does not shorten the chain above
    if from_day < clock.today() or (from_day == clock.today() and rules_on(agency_id, from_day)):
        raise Refused("chain_day", field="from_day")
    _check_tiers(tiers, identity.people_with(agency_id, "requisition.approve"))
    db.session.execute(
        delete(ApprovalRule).where(ApprovalRule.agency_id == agency_id, ApprovalRule.from_day == from_day)
    )
    rows = [
        ApprovalRule(
            id=new_id(),
            agency_id=agency_id,
            from_day=from_day,
            from_fen=tier["from_fen"],
            steps=[_plain(step) for step in tier["steps"]],
            hold_days=tier.get("hold_days") or HOLD_DAYS,
            set_by=actor.user,
            set_at=clock.now(),
        )
        for tier in sorted(tiers, key=lambda tier: int(tier["from_fen"]))
    ]
    db.session.add_all(rows)
    audit.record(
        actor,
        "chain.set",
        "organisation",
        agency_id,
        from_day=from_day.isoformat(),
        steps={str(row.from_fen): len(row.steps) for row in rows},
    )
    db.session.flush()
    return rows


def _agency(actor: Actor) -> UUID:
    actor.require_own(actor.organisation, "organisation")
    assert actor.organisation is not None
    return actor.organisation


def _plain(step: dict[str, Any]) -> dict[str, Any]:
    user_id = step.get("user_id")
    return {
        "title": step.get("title", ""),
        "role": "" if user_id else step["role"],
        "user_id": str(user_id) if user_id else None,
    }


def _check_tiers(tiers: Sequence[dict[str, Any]], people: Iterable[UUID]) -> None:
    errors: list[DomainError] = []
    amounts = [tier["from_fen"] for tier in tiers]
    if 0 not in amounts:
        errors.append(Refused("chain_from_zero", field="tiers"))
    for row, tier in enumerate(tiers, 1):
        steps, named = tier["steps"], [step["user_id"] for step in tier["steps"] if step.get("user_id")]
        if amounts.index(tier["from_fen"]) != row - 1:
            errors.append(Refused("chain_amount_twice", field="from_fen", row=row))
        if not 1 <= len(steps) <= MAX_STEPS:
            errors.append(Refused("chain_steps", field="steps", row=row, limit=MAX_STEPS))
        if any(not step.get("user_id") and step.get("role") not in STEP_ROLES for step in steps):
            errors.append(Refused("step_person", field="steps", row=row))
        if set(named) - set(people):
            errors.append(Refused("step_person", field="steps", row=row))
        if len(set(named)) < len(named):
            errors.append(Refused("step_twice", field="steps", row=row))
    if errors:
        raise Many(errors)


def for_amount(agency_id: UUID, fen: int) -> tuple[list[dict[str, Any]], int]:
    """The steps that a bulk order of that amount passes today, and the days that its stock is held."""
    rule = next((one for one in reversed(rules_on(agency_id, clock.today())) if one.from_fen <= fen), None)
    return (rule.steps, rule.hold_days) if rule else (ONE_STEP, HOLD_DAYS)


def freeze(row: Requisition, maker: UUID | None, steps: Sequence[dict[str, Any]]) -> list[ApprovalStep]:
    """Writes the steps of a bulk order's next attempt, and returns them as they were written."""
    values = [
        {
            "requisition_id": row.id,
            "attempt": row.attempt + 1,
            "no": no,
            "title": step["title"],
            "role": step["role"],
            "user_id": UUID(step["user_id"]) if step["user_id"] else None,
            "maker_id": maker,
            "reason": "",
        }
        for no, step in enumerate(steps, 1)
    ]
    insert_rows(ApprovalStep, values)
    return [ApprovalStep(**one) for one in values]


def steps_of(requisition_id: UUID, attempt: int | None = None) -> list[ApprovalStep]:
    """The steps of a bulk order in their order, of every attempt or of one; the caller has checked scope."""
    if attempt is None:
        return list(db.session.scalars(_STEPS, {"requisition": requisition_id}))
    return list(db.session.scalars(_STEPS_OF_ONE, {"requisition": requisition_id, "attempt": attempt}))


_STEPS = (
    select(ApprovalStep)
    .where(ApprovalStep.requisition_id == bindparam("requisition"))
    .order_by(ApprovalStep.attempt, ApprovalStep.no)
    .execution_options(populate_existing=True)
)
_STEPS_OF_ONE = _STEPS.where(ApprovalStep.attempt == bindparam("attempt"))


def waiting_steps(rows: Iterable[Requisition]) -> dict[UUID, ApprovalStep]:
    """Submitted bulk order → the step that it waits for, one statement."""
    ids = [row.id for row in rows if row.state == "submitted"]
    found: dict[UUID, ApprovalStep] = {}
    if not ids:
        return found
    query = select(ApprovalStep).where(ApprovalStep.requisition_id.in_(ids), ApprovalStep.verdict.is_(None))
    for step in db.session.scalars(query.order_by(ApprovalStep.attempt, ApprovalStep.no.desc())):
        found[step.requisition_id] = step
    return found


def to_decide(actor: Actor, limit: int = 50) -> list[Requisition]:
    """The agency's bulk orders whose waiting step is the actor's, or that of somebody it stands in for; oldest first.

    Four statements, however many. Whether it decided an earlier step is looked at when it decides.
    """
    query = select(Requisition).where(Requisition.agency_id == actor.organisation, Requisition.state == "submitted")
    rows = list(db.session.scalars(query.order_by(Requisition.submitted_at).limit(limit)))
    waiting = waiting_steps(rows)
    people = [actor, *deputies.stands_in_for(actor)] if waiting else []
    return [
        row
        for row in rows
        if actor.user not in (row.submitted_by, row.created_by)
        and row.id in waiting
        and any(_is_for(person, waiting[row.id]) for person in people)
    ]


@dataclass(frozen=True)
class Turn:
    """The step that waits, for whom the actor decides it as a deputy, and the step after it."""

    step: ApprovalStep
    stood_for: UUID | None
    following: ApprovalStep | None

    def decide(self, actor: Actor, verdict: str, reason: str) -> dict[str, Any]:
        """Writes the verdict; returns what the trail says of it."""
        here = self.step
        here.stood_for, here.decided_by, here.at = self.stood_for, actor.user, clock.now()
        here.verdict, here.reason = verdict, reason
        return {"step": here.no} | ({"stood_for": str(self.stood_for)} if self.stood_for else {})


def turn(actor: Actor, row: Requisition, step_no: int | None = None) -> Turn:
    """The actor's turn to decide a bulk order whose row is locked; `step_no`: the step that it saw waiting.

    Raises Refused: approver_is_submitter, approver_twice, approval_out_of_order, approval_not_yours.
    """
    steps = steps_of(row.id, row.attempt)
    waiting = [step for step in steps if step.verdict is None]
    return Turn(waiting[0], may_decide(actor, row, steps, step_no), waiting[1] if waiting[1:] else None)


def may_decide(
    actor: Actor, row: Requisition, steps: Sequence[ApprovalStep], step_no: int | None = None
) -> UUID | None:
    """For whom the actor would decide the step that waits as a deputy; None: as itself. Raises as `turn`."""
    here = next(step for step in steps if step.verdict is None)
    if actor.user in (row.submitted_by, row.created_by):
        raise Refused("approver_is_submitter", field="approver")
    if step_no is not None and step_no != here.no:
        raise Refused("approval_out_of_order", field="step", waiting=here.no)
    done = {person for step in steps if step.verdict for person in (step.decided_by, step.stood_for)}
    if actor.user in done:
        raise Refused("approver_twice", field="approver")
    if _is_for(actor, here):
        return None
    makers = {row.submitted_by, row.created_by}
    for principal in deputies.stands_in_for(actor):
        if _is_for(principal, here) and principal.user not in done | makers:
            return principal.user
    later = any(_is_for(actor, step) for step in steps if step.no > here.no)
    raise Refused("approval_out_of_order" if later else "approval_not_yours", field="step", waiting=here.no)


def _is_for(actor: Actor, step: ApprovalStep) -> bool:
    if step.user_id is not None:
        return step.user_id == actor.user
    return actor.may(STEP_ROLES[step.role])
