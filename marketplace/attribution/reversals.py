"""What a settled line posted, taken back pro rata: from the pools it fed, in the open period.

Cumulative, like the sale: of a line whose shares are F₁ … Fₖ and the supplier's remainder, a return that brings the
reversed money to T has taken back apportion(T, F). Webster's method on the shares themselves gives exactly F at the
line's whole money and never gives anything back that it took, so any number of returns ends at zero, to the fen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import insert, or_, select

from ..core import clock
from ..core.db import db
from ..ledger.services import AccountRef, Line, Posting, post_many
from . import rules
from .models import Pool, PoolMovement

LEDGER_KIND = "reversal"
_REMAINDER = b"remainder"


@dataclass(frozen=True)
class Taken:
    """A return's part of a settled line: `money_fen` is the whole line's, `before_fen` and `after_fen` what of it is
    reversed without and with this return; `base` thousandths of the lot's base unit go back; `concerns` its period."""

    reversal_id: UUID
    line_id: UUID
    supplier_id: UUID
    lot_id: UUID
    division: str
    money_fen: int
    before_fen: int
    after_fen: int
    base: int
    concerns: int


def reverse(taken: Taken, day: date) -> tuple[int, int]:
    """Posts one reversal; returns the fen taken back from pools, and of that from pools that make debt.

    Raises Conflict('already_posted') if this return was posted before.
    """
    fed = dict(
        db.session.execute(
            select(PoolMovement.pool_id, PoolMovement.after_fen - PoolMovement.before_fen).where(
                PoolMovement.source_id == taken.line_id
            )
        ).all()
    )
    pools = _locked(fed, taken.lot_id)
    for pool in pools:
        if pool.kind == "lot" and pool.source_id == taken.lot_id:
            pool.sold -= taken.base
    parts = _parts(taken, fed)
    movements, entries, attributed, owed = [], [], 0, 0
    sold = AccountRef("sold", taken.supplier_id, None)
    for pool in pools:
        fen = parts.get(pool.id, 0)
        if not fen:
            continue
        movements.append(_movement(pool, fen, taken.reversal_id, day))
        attributed += fen
        owed += fen if pool.makes_debt else 0
        entries.append(Line(AccountRef("pool", pool.id, taken.supplier_id), sold, fen))
    if remainder := parts.get(None, 0):
        entries.append(Line(AccountRef("remainder", taken.supplier_id, None), sold, remainder))
    db.session.flush()
    if movements:
        db.session.execute(insert(PoolMovement), movements)
    if entries:
        concerns = taken.concerns if taken.concerns < clock.period(day) else None
        post_many([Posting(LEDGER_KIND, str(taken.reversal_id), taken.division, day, entries, concerns)])
    return attributed, owed


def _locked(fed: dict[UUID, int], lot_id: UUID) -> Sequence[Pool]:
    query = select(Pool).where(or_(Pool.id.in_(fed), Pool.source_id == lot_id)).order_by(Pool.id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _parts(taken: Taken, fed: dict[UUID, int]) -> dict[UUID | None, int]:
    """Pool, or None for the supplier's remainder → fen that this return takes back."""
    shares: dict[UUID | None, int] = dict(sorted(fed.items()))
    if remainder := taken.money_fen - sum(fed.values()):
        shares[None] = remainder
    weights = [(pool.bytes if pool else _REMAINDER, fen) for pool, fen in shares.items()]
    before = rules.apportion(taken.before_fen, weights, taken.line_id.bytes)
    after = rules.apportion(taken.after_fen, weights, taken.line_id.bytes)
    return {pool: last - first for pool, first, last in zip(shares, before, after, strict=True)}


def _movement(pool: Pool, fen: int, reversal_id: UUID, day: date) -> dict[str, object]:
    pool.seq += 1
    pool.total_fen -= fen
    return {
        "pool_id": pool.id,
        "seq": pool.seq,
        "before_fen": pool.total_fen + fen,
        "after_fen": pool.total_fen,
        "source_id": reversal_id,
        "day": day,
        "period": clock.period(day),
    }
