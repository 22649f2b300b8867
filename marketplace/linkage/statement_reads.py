"""What a household's statement reads beside slips and payments: flows, advances, late revisions of its lots' cost."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, literal, select

from ..core.db import db
from .flow_models import Advance, Flow, LotRevision, LotRevisionShare
from .models import FarmPayment, Slip
from .reads import Periods, narrowed


class Sum(NamedTuple):
    """Fen of a household's rows of one kind, month and supplier, however many they are."""

    kind: str
    period: int
    supplier_id: UUID
    fen: int


class RevisedShare(NamedTuple):
    """A household's part of a revision, fen; `owed_now`: it was owed with the revision, else as the lot is sold."""

    revision_id: UUID
    number: str
    supplier_id: UUID
    lot_id: UUID
    owed_now: bool
    period: int
    fen: int


def slip_sums(household_id: UUID, supplier_id: UUID | None, periods: Periods) -> list[Sum]:
    """Slips' value by basis, and under `set_off` what of it repaid advances."""
    slip = Slip.basis, Slip.period, Slip.supplier_id
    value = select(*slip, func.sum(Slip.value_fen)).where(*narrowed(Slip, household_id, supplier_id, periods))
    repaid = select(literal("set_off"), *slip[1:], func.sum(Slip.deduction_fen)).where(
        *narrowed(Slip, household_id, supplier_id, periods), Slip.deduction_fen > 0
    )
    return [*_sums(value.group_by(*slip)), *_sums(repaid.group_by(*slip[1:]))]


def payment_sums(household_id: UUID, supplier_id: UUID | None, periods: Periods) -> list[Sum]:
    by = FarmPayment.period, FarmPayment.supplier_id
    query = select(literal("payment"), *by, func.sum(FarmPayment.fen))
    return _sums(query.where(*narrowed(FarmPayment, household_id, supplier_id, periods)).group_by(*by))


def flow_sums(household_id: UUID, supplier_id: UUID | None, periods: Periods) -> list[Sum]:
    by = Flow.kind, Flow.period, Flow.supplier_id
    query = select(*by, func.sum(Flow.fen)).where(*narrowed(Flow, household_id, supplier_id, periods))
    return _sums(query.group_by(*by))


def _sums(query: Any) -> list[Sum]:
    return [Sum(kind, period, supplier, int(fen)) for kind, period, supplier, fen in db.session.execute(query)]


def flows_of_household(household_id: UUID, supplier_id: UUID | None = None, periods: Periods = None) -> list[Flow]:
    """A household's dated income, corrections among it, of one supplier or all; the caller has checked scope."""
    query = select(Flow).where(Flow.household_id == household_id)
    if supplier_id:
        query = query.where(Flow.supplier_id == supplier_id)
    if periods:
        query = query.where(Flow.period.between(*periods))
    return list(db.session.scalars(query.order_by(Flow.day, Flow.id)))


def advances_of_household(household_id: UUID, supplier_id: UUID | None = None) -> list[Advance]:
    """Every advance of a household: what is not repaid stays a claim on it whatever the months asked for."""
    query = select(Advance).where(Advance.household_id == household_id)
    if supplier_id:
        query = query.where(Advance.supplier_id == supplier_id)
    return list(db.session.scalars(query.order_by(Advance.given_on, Advance.id)))


def revised_shares(
    household_id: UUID, supplier_id: UUID | None = None, periods: Periods = None
) -> Sequence[RevisedShare]:
    query = (
        select(
            LotRevision.id,
            LotRevision.number,
            LotRevision.supplier_id,
            LotRevision.lot_id,
            LotRevision.owed_now,
            LotRevision.period,
            LotRevisionShare.fen,
        )
        .join(LotRevision, LotRevision.id == LotRevisionShare.revision_id)
        .where(LotRevisionShare.household_id == household_id)
    )
    if supplier_id:
        query = query.where(LotRevision.supplier_id == supplier_id)
    if periods:
        query = query.where(LotRevision.period.between(*periods))
    return [RevisedShare(*row) for row in db.session.execute(query.order_by(LotRevision.day, LotRevision.id))]


def weights_of_revision(revision_id: UUID) -> dict[UUID, int]:
    """Household → fen of a revision: the weights of its pool."""
    query = select(LotRevisionShare.household_id, LotRevisionShare.fen)
    return dict(db.session.execute(query.where(LotRevisionShare.revision_id == revision_id)).all())
