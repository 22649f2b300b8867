"""A pool's money opened to the settled lines that carried it: a household's fen of each, and a line's of each household.

A line's share is the pool's interval that it moved: apportion(after) − apportion(before). What a page shows is bounded by
its rows; apportionments are kept in process (`shares`).
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from ..core.db import db
from .models import Distribution, DistributionPool, Pool, PoolMovement
from .shares import household_at, interval, shares
from .statements import CutShare, Periods


class LineShare(NamedTuple):
    """One settled line's part (or a reversal's, below zero): the household's fen of what the line moved in the pool."""

    line_id: UUID
    day: date
    period: int
    fen: int
    pool_fen: int


def lines_of(
    pool: Pool, household_id: UUID, periods: Periods = None, *, page: int = 1, size: int = 50
) -> tuple[list[LineShare], int]:
    """The settled lines that fed a pool, newest first, each with the household's fen; and how many there are."""
    query = select(PoolMovement).where(PoolMovement.pool_id == pool.id)
    total = pool.seq
    if periods:
        query = query.where(PoolMovement.period.between(*periods))
        total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(query.order_by(PoolMovement.seq.desc()).limit(size).offset((page - 1) * size))
    return _shares(pool, household_id, rows.all()), total


def lines_of_cut(cut: CutShare, household_id: UUID, *, page: int = 1, size: int = 20) -> tuple[list[LineShare], int]:
    """The settled lines that one cut divided, or the open tail holds, newest first; and how many. They sum to its fen."""
    last = cut.pool.seq if cut.cut_on is None else _seq_at(cut.pool, cut.after_fen, cut.cut_on)
    before = _previous(cut)
    first = _seq_at(cut.pool, cut.before_fen, before) if before else 0
    query = select(PoolMovement).where(PoolMovement.pool_id == cut.pool.id, PoolMovement.seq.between(first + 1, last))
    rows = db.session.scalars(query.order_by(PoolMovement.seq.desc()).limit(size).offset((page - 1) * size))
    return _shares(cut.pool, household_id, rows.all()), last - first


def _previous(cut: CutShare) -> date | None:
    """The day of the cut before it, of the same pool."""
    query = (
        select(Distribution.cut_on)
        .join(DistributionPool, DistributionPool.distribution_id == Distribution.id)
        .where(DistributionPool.pool_id == cut.pool.id, Distribution.state.in_(("approving", "approved")))
    )
    if cut.distribution_id:
        query = query.where(Distribution.id < cut.distribution_id)
    return db.session.scalar(query.order_by(Distribution.id.desc()).limit(1))


def _seq_at(pool: Pool, total_fen: int, day: date) -> int:
    """The last movement up to a day after which the pool held so much. Of several any is right: between them nothing
    was gained or lost."""
    query = select(PoolMovement.seq).where(
        PoolMovement.pool_id == pool.id, PoolMovement.day <= day, PoolMovement.after_fen == total_fen
    )
    return db.session.scalar(query.order_by(PoolMovement.seq.desc()).limit(1)) or 0


def _shares(pool: Pool, household_id: UUID, rows: Sequence[PoolMovement]) -> list[LineShare]:
    totals = sorted({total for row in rows for total in (row.before_fen, row.after_fen)})
    at = dict(zip(totals, household_at(pool.kind, pool.source_id, pool.id, totals, household_id), strict=True))
    return [
        LineShare(
            row.source_id,
            row.day,
            row.period,
            at[row.after_fen] - at[row.before_fen],
            row.after_fen - row.before_fen,
        )
        for row in rows
    ]


def line_in_pool(pool: Pool, household_id: UUID, line_id: UUID) -> LineShare | None:
    """What one line brought a household through a pool: what its sale brought, beside the reversal that took it back."""
    query = select(PoolMovement).where(PoolMovement.pool_id == pool.id, PoolMovement.source_id == line_id)
    return next(iter(_shares(pool, household_id, db.session.scalars(query).all())), None)


def households_of_line(line_id: UUID) -> list[tuple[Pool, int, dict[UUID, int]]]:
    """Each pool that a settled line moved, by how much, and every household's fen of it; the caller has checked scope."""
    query = (
        select(Pool, PoolMovement)
        .join(PoolMovement, PoolMovement.pool_id == Pool.id)
        .where(PoolMovement.source_id == line_id)
        .order_by(Pool.id)
    )
    return [
        (
            pool,
            row.after_fen - row.before_fen,
            interval(pool.kind, pool.source_id, pool.id, row.before_fen, row.after_fen),
        )
        for pool, row in db.session.execute(query)
    ]


def pool_of(kind: str, source_id: UUID) -> Pool | None:
    """The pool of a lot or a roster version, if a line fed it; the caller has checked scope."""
    return db.session.scalar(select(Pool).where(Pool.kind == kind, Pool.source_id == source_id))


def shares_of_pool(pool: Pool) -> dict[UUID, int]:
    """Household → fen of all that flowed into a pool; the caller has checked scope."""
    return shares(pool.kind, pool.source_id, pool.id, pool.total_fen)
