"""A month's figures of a division, recomputed from rows: what a closing freezes, and what it is held against ever after.

The definitions are the volume report's (`reporting/__init__.py`); a test compares the two.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, literal, select, union

from ..attribution.models import Payout, Pool, PoolMovement
from ..core.db import db, lies_in
from ..linkage.models import FarmPayment, Flow, Lot, LotRevision, RosterEntry, Slip
from ..linkage.rules import OWED_AT_SLIP
from . import figures
from .models import SettledLine

TOTAL = "total"
DIMENSIONS = (TOTAL, *figures.COLUMNS)
OWING = (TOTAL, "origin", "supplier")  # dimensions by which owed and received can be told


class Sums(NamedTuple):
    """Fen, settled lines, and households reached, each once."""

    lines: int = 0
    money_fen: int = 0
    attributed_fen: int = 0
    owed_fen: int | None = 0
    received_fen: int | None = 0
    households: int = 0


Key = tuple[int, str, str]  # period, dimension, key
NOTHING = {name: Sums() if name in OWING else Sums(owed_fen=None, received_fen=None) for name in DIMENSIONS}


def totals(prefix: str, periods: Sequence[int]) -> dict[int, Sums]:
    """Month → its total."""
    found = recomputed(prefix, periods, (TOTAL,))
    return {period: found[period, TOTAL, ""] for period in periods}


def recomputed(prefix: str, periods: Sequence[int], dimensions: Sequence[str] = DIMENSIONS) -> dict[Key, Sums]:
    """(period, dimension, key) → what the rows of these months make in a division; every month has its total."""
    found: dict[Key, list[int]] = {(period, TOTAL, ""): [0] * 6 for period in periods}
    for dimension in dimensions:
        _add_sales(found, prefix, periods, dimension)
        if dimension in OWING:
            for row, period, division, amount, place, *which in _OWING:
                within = [*which, period.in_(periods), lies_in(division, prefix)]
                _add(found, dimension, _key(row, division, dimension), period, [(place, func.sum(amount))], within)
    return {key: _sums(key[1], values) for key, values in found.items()}


def _sums(dimension: str, values: list[int]) -> Sums:
    found = Sums(*values)
    return found if dimension in OWING else found._replace(owed_fen=None, received_fen=None)


# (row, month, place, money, place in Sums, condition …): what is owed and received without being sold.
_OWED, _RECEIVED = 3, 4
_AT_SLIP = Slip.basis.in_(OWED_AT_SLIP)
_OWING: tuple[Any, ...] = (
    (Slip, Slip.period, Slip.division, Slip.payable_fen + Slip.deduction_fen, _OWED, _AT_SLIP),
    (Flow, Flow.period, Flow.division, Flow.fen, _OWED),
    (
        LotRevision,
        LotRevision.period,
        Lot.division,
        LotRevision.fen,
        _OWED,
        LotRevision.owed_now,
        LotRevision.lot_id == Lot.id,
    ),
    (Slip, Slip.period, Slip.division, Slip.deduction_fen, _RECEIVED, _AT_SLIP, Slip.deduction_fen > 0),
    (FarmPayment, FarmPayment.period, FarmPayment.division, FarmPayment.fen, _RECEIVED),
    (Payout, Payout.period, Payout.division, Payout.fen, _RECEIVED, Payout.state == "paid"),
)


def _key(row: Any, division: Any, dimension: str) -> Any:
    return {TOTAL: literal(""), "origin": division, "supplier": row.supplier_id}[dimension]


def _add(
    found: dict[Key, list[int]], dimension: str, key: Any, period: Any, sums: list[tuple[int, Any]], within: list[Any]
) -> None:
    query = select(key.label("key"), period, *(amount for _, amount in sums)).where(*within)
    grouped = query.group_by(period) if dimension == TOTAL else query.group_by(key, period)
    for name, month, *amounts in db.session.execute(grouped):
        values = found.setdefault((month, dimension, str(name)), [0] * 6)
        for (place, _), fen in zip(sums, amounts, strict=True):
            values[place] += int(fen)


def _add_sales(found: dict[Key, list[int]], prefix: str, periods: Sequence[int], dimension: str) -> None:
    line = SettledLine
    key: Any = literal("") if dimension == TOTAL else figures.COLUMNS[dimension]
    within = [line.period.in_(periods), lies_in(line.origin, prefix)]
    sums = [
        (0, func.count()),
        (1, func.sum(line.money_fen)),
        (2, func.sum(line.attributed_fen)),
        (_OWED, func.sum(line.owed_fen)),
    ]
    _add(found, dimension, key, line.period, sums, within)
    for name, month, households in db.session.execute(_reached(key, within)):
        found[month, dimension, str(name)][5] = int(households)


def _reached(key: Any, within: list[Any]) -> Any:
    """Key and month → how many households have a weight in the pools that the settled lines fed."""
    fed = (
        select(key.label("key"), SettledLine.period.label("period"), Pool.source_id.label("source_id"))
        .join(PoolMovement, PoolMovement.source_id == SettledLine.id)
        .join(Pool, Pool.id == PoolMovement.pool_id)
        .where(*within)
        .distinct()
        .subquery()
    )
    members = union(
        select(fed.c.key, fed.c.period, Slip.household_id).join(Slip, Slip.lot_id == fed.c.source_id),
        select(fed.c.key, fed.c.period, RosterEntry.household_id).join(
            RosterEntry, RosterEntry.roster_id == fed.c.source_id
        ),
    ).subquery()
    return select(members.c.key, members.c.period, func.count()).group_by(members.c.key, members.c.period)
