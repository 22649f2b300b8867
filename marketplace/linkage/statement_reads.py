"""What a household's statement reads beside slips and payments: flows, advances, late revisions of its lots' cost."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from ..core.db import db
from .flow_models import Advance, Flow, LotRevision, LotRevisionShare
from .reads import Periods


class RevisedShare(NamedTuple):
    """A household's part of a revision, fen; `owed_now`: it was owed with the revision, else as the lot is sold."""

    revision_id: UUID
    number: str
    supplier_id: UUID
    lot_id: UUID
    owed_now: bool
    period: int
    fen: int


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
