"""Disputes as lists and counts: within an actor's scope, of one household, past a deadline."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db, visible
from ..findings import services as findings
from .household_models import OPEN, Dispute


def _within(actor: Actor) -> ColumnElement[bool]:
    return visible(actor.scope, supplier=Dispute.supplier_id, division=Dispute.division)


def disputes(
    actor: Actor, *, state: str = "", household_id: UUID | None = None, page: int = 1, size: int = 50
) -> tuple[list[Dispute], int]:
    """Disputes within scope, those due first before those done, and how many there are.

    `state`: one of the table's, 'open', or 'due' (past a deadline, or upheld and not put right).
    """
    actor.require("dispute.read")
    query = select(Dispute).where(_within(actor), *_of_state(state))
    if household_id:
        query = query.where(Dispute.household_id == household_id)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Dispute.decided_at.is_not(None), Dispute.answer_due_on, Dispute.id
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def _of_state(state: str) -> list[ColumnElement[bool]]:
    if state == "open":
        return [Dispute.state.in_(OPEN)]
    if state == "due":
        return [or_(_unanswered(), _undecided(), _uncorrected())]
    return [Dispute.state == state] if state else []


def _unanswered() -> ColumnElement[bool]:
    return (Dispute.state == "raised") & (Dispute.answer_due_on < clock.today())


def _undecided() -> ColumnElement[bool]:
    return Dispute.state.in_(OPEN) & (Dispute.decide_due_on < clock.today())


def _uncorrected() -> ColumnElement[bool]:
    return (Dispute.state == "upheld") & Dispute.corrected_at.is_(None)


def dispute(actor: Actor, dispute_id: UUID) -> Dispute:
    """A dispute within scope. Raises NotFound."""
    actor.require("dispute.read")
    return by_id(Dispute, dispute_id, _within(actor), "dispute")


def disputes_of(household_id: UUID, supplier_id: UUID | None = None) -> list[Dispute]:
    """A household's disputes, newest first; the caller has checked scope."""
    query = select(Dispute).where(Dispute.household_id == household_id)
    if supplier_id:
        query = query.where(Dispute.supplier_id == supplier_id)
    return list(db.session.scalars(query.order_by(Dispute.raised_at.desc(), Dispute.id.desc())))


def waiting(actor: Actor) -> int:
    """How many disputes wait for the actor: a supplier to answer or to put right, an office to decide."""
    if not actor.may("dispute.read"):
        return 0
    mine = (Dispute.state == "raised") | _uncorrected() if actor.kind == "supplier" else Dispute.state.in_(OPEN)
    return db.session.scalar(select(func.count()).where(_within(actor), mine)) or 0


def open_findings() -> int:
    """Findings for disputes past a deadline; those already open stay. The worker's, several times a day."""
    late = []
    for kind, condition, due in (
        ("dispute_unanswered", _unanswered(), Dispute.answer_due_on),
        ("dispute_undecided", _undecided(), Dispute.decide_due_on),
    ):
        for id_, number, division, day in db.session.execute(
            select(Dispute.id, Dispute.number, Dispute.division, due).where(condition)
        ):
            facts = {"number": number, "due_on": day.isoformat()}
            late.append(
                {"kind": kind, "object_kind": "dispute", "object_id": str(id_), "division": division, "facts": facts}
            )
    findings.open_many(late)
    return len(late)
