"""Handing a bulk order on for approval: its stock is held, its steps are frozen, the first who decides is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db
from ..core.errors import DomainError, Many, Refused
from ..notices import services as notices
from ..notices.messages import Telling
from ..quota import services as quota
from . import chains, deputies, holds
from .chain_models import ApprovalStep
from .chains import STEP_ROLES
from .checking import CheckedLine, check, head_problems
from .delivery_plans import Delivery, plan_of, problems
from .models import Requisition
from .requisitions import own
from .rules import REQUISITION


def submit(actor: Actor, requisition_id: UUID, version: int | None = None) -> Requisition:
    """Hands a complete draft to its approvers and holds its stock. Raises Many with every line's and field's problem."""
    return submit_checked(actor, requisition_id, version).row


@dataclass(frozen=True)
class Submitted:
    """A bulk order that was just submitted, with all that was read and written of it: an answer shows it unread."""

    row: Requisition
    checked: list[CheckedLine]
    plan: list[Delivery]
    steps: list[ApprovalStep]


def submit_checked(actor: Actor, requisition_id: UUID, version: int | None = None) -> Submitted:
    """As `submit`. Reads come first and the row is written once: each statement here is one of the busiest path's."""
    actor.require("requisition.edit")
    row = own(actor, requisition_id, version)
    state = REQUISITION.after("submit", row.state)
    quota.check_may_buy(row.agency_id, clock.today())
    checked, plan = complete(row)
    total = sum(item.money_fen for item in checked)
    chain, hold_days = chains.for_amount(row.agency_id, total)
    holds.hold(checked)
    now = clock.now()
    hold_until = now + timedelta(days=hold_days)
    steps = chains.freeze(row, actor.user, chain)
    if row.attempt:
        notices.done_about("requisition", [row.id], "requisition_rejected", "requisition_expired")
    tell_next(row, steps[0], total, hold_until)
    row.state, row.submitted_by, row.submitted_at, row.reason = state, actor.user, now, ""
    row.decided_by = row.decided_at = None
    row.total_fen, row.hold_until, row.attempt = total, hold_until, row.attempt + 1
    audit.record(actor, "requisition.submit", "requisition", row.id, total_fen=total)
    db.session.flush()
    return Submitted(row, checked, plan, steps)


def complete(row: Requisition) -> tuple[list[CheckedLine], list[Delivery]]:
    """The lines and the plan of a bulk order that nothing stands against. Raises Many: all that does."""
    checked, plan = check(row), plan_of(row)
    errors: list[DomainError] = head_problems(row) + [problem for item in checked for problem in item.problems]
    errors += problems(plan, checked)
    if not checked:
        errors.append(Refused("no_lines", field="lines"))
    if errors:
        raise Many(errors)
    return checked, plan


def tell_next(row: Requisition, step: ApprovalStep, total_fen: int, until: datetime | None) -> None:
    """Tells those who may decide the step that waits: who holds its permission, or its person and who stands in."""
    people: list[UUID | None] = [None]
    if step.user_id is not None:
        people = [step.user_id, *deputies.of({step.user_id})]
    notices.tell_many(
        Telling(
            "requisition_submitted",
            row.agency_id,
            ("requisition", row.id),
            number=row.number,
            permission="" if person else STEP_ROLES[step.role],
            user_id=person,
            act_by=clock.local(until).date() if until else None,
            facts={"total_fen": total_fen},
        )
        for person in people
    )


def withdraw(actor: Actor, requisition_id: UUID) -> Requisition:
    """The requester takes a submitted one back, to change or drop it; what it held is free again."""
    actor.require("requisition.edit")
    row = own(actor, requisition_id)
    state = REQUISITION.after("withdraw", row.state)
    holds.release(row)
    row.state = state
    notices.done_about("requisition", [row.id])
    audit.record(actor, "requisition.withdraw", "requisition", row.id)
    db.session.flush()
    return row
