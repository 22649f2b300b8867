"""What makes a supplier owe a household, by day: what ages are counted from. Bounded: only what is younger than a day."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, union_all, update

from ..core.db import db
from .flow_models import Flow, LotRevision, LotRevisionShare
from .models import Slip

OWED_AT_THE_SLIP = ("outright", "floor_plus")


def younger(day: date, supplier_id: UUID | None = None, households: Any = None) -> Select[Any]:
    """(household_id, supplier_id, day, fen) of slips, flows and late costs after a day, of a supplier or all.

    `households`: a query of ids that narrows them. What sales made is attribution's own.
    """
    slips = select(
        Slip.household_id, Slip.supplier_id, Slip.delivered_on.label("day"), (Slip.payable_fen + Slip.deduction_fen)
    ).where(Slip.delivered_on > day, Slip.basis.in_(OWED_AT_THE_SLIP))
    flows = select(Flow.household_id, Flow.supplier_id, Flow.day, Flow.fen).where(Flow.day > day)
    revised = (
        select(LotRevisionShare.household_id, LotRevision.supplier_id, LotRevision.day, LotRevisionShare.fen)
        .join(LotRevision, LotRevision.id == LotRevisionShare.revision_id)
        .where(LotRevision.day > day, LotRevision.owed_now)
    )
    if supplier_id is not None:
        slips = slips.where(Slip.supplier_id == supplier_id)
        flows = flows.where(Flow.supplier_id == supplier_id)
        revised = revised.where(LotRevision.supplier_id == supplier_id)
    if households is not None:
        slips = slips.where(Slip.household_id.in_(households))
        flows = flows.where(Flow.household_id.in_(households))
        revised = revised.where(LotRevisionShare.household_id.in_(households))
    found = union_all(slips, flows, revised).subquery()
    return select(*(column.label(name) for column, name in zip(found.c, _NAMES, strict=True)))


_NAMES = ("household_id", "supplier_id", "day", "fen")


def unpaid_of_slips(supplier_id: UUID, households: Any) -> dict[UUID, int]:
    """Household → fen left to pay on its slips, of a query of ids: they are paid as slips, a payout leaves them alone."""
    query = (
        select(Slip.household_id, func.sum(Slip.payable_fen - Slip.paid_fen))
        .where(
            Slip.supplier_id == supplier_id,
            Slip.basis.in_(OWED_AT_THE_SLIP),
            Slip.paid_fen < Slip.payable_fen,
            Slip.household_id.in_(households),
        )
        .group_by(Slip.household_id)
    )
    return {household: int(fen) for household, fen in db.session.execute(query)}


def _unlisted(supplier_id: UUID, until: date, recorded_before: datetime) -> tuple[Any, ...]:
    return (
        Flow.supplier_id == supplier_id,
        Flow.distribution_id.is_(None),
        Flow.posted_on <= until,
        Flow.recorded_at <= recorded_before,
    )


def unlisted_flows(supplier_id: UUID, until: date, recorded_before: datetime) -> Select[UUID, int]:
    """(household_id, fen) of the flows that the next payout list takes: those up to a day that were known by then."""
    return select(Flow.household_id, Flow.fen).where(*_unlisted(supplier_id, until, recorded_before))


def list_flows(supplier_id: UUID, until: date, recorded_before: datetime, distribution_id: UUID) -> int:
    """Names the list that takes them; returns their sum in fen, for the caller to hold against what it showed."""
    changed = db.session.execute(
        update(Flow)
        .where(*_unlisted(supplier_id, until, recorded_before))
        .values(distribution_id=distribution_id)
        .returning(Flow.fen),
        execution_options={"synchronize_session": False},
    )
    return sum(int(fen) for fen in changed.scalars())


def flows_by_kind(*, supplier_id: UUID | None = None, distribution_id: UUID | None = None) -> dict[str, int]:
    """Kind → fen of a list's flows, or (without one) of a supplier's that no list has taken."""
    query = select(Flow.kind, func.sum(Flow.fen)).group_by(Flow.kind)
    if distribution_id is not None:
        query = query.where(Flow.distribution_id == distribution_id)
    if supplier_id is not None:
        query = query.where(Flow.supplier_id == supplier_id, Flow.distribution_id.is_(None))
    return {kind: int(fen) for kind, fen in db.session.execute(query)}


def flows_by_agreement(distribution_id: UUID, households: Any) -> dict[tuple[UUID, UUID], int]:
    """(household, agreement) → fen of a list's flows, of a query of households."""
    query = (
        select(Flow.household_id, Flow.agreement_id, func.sum(Flow.fen))
        .where(Flow.distribution_id == distribution_id, Flow.household_id.in_(households))
        .group_by(Flow.household_id, Flow.agreement_id)
    )
    return {(household, agreement): int(fen) for household, agreement, fen in db.session.execute(query)}


def suppliers_with_unlisted_flows(until: date) -> set[UUID]:
    """Who has flows up to a day that no payout list has taken."""
    query = select(Flow.supplier_id).where(Flow.distribution_id.is_(None), Flow.posted_on <= until).distinct()
    return set(db.session.scalars(query))
