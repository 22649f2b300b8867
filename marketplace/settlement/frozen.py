"""A month's figures of a division, recomputed from rows: what a closing freezes, and what it is held against ever after.

The definitions are the volume report's (`reporting/__init__.py`); a test compares the two. A month is read by itself, its
settled lines and what they fed each in one pass, whatever the dimensions: a year costs twelve months, not more memory.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import String, Uuid, func, select, type_coerce

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
    found: dict[Key, Sums] = {}
    members: dict[Raw, frozenset[Raw]] = {}
    for period in periods:
        month = _Month(prefix, period, dimensions, members)
        found |= {(period, dimension, key): sums for (dimension, key), sums in month.sums().items()}
    return found


_OWED, _RECEIVED, _HOUSEHOLDS = 3, 4, 5  # places in Sums
_AT_SLIP = Slip.basis.in_(OWED_AT_SLIP)
# (row, month, place, money, place in Sums, condition …): what is owed and received without being sold.
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
_CHUNK = 5000
Raw = Any  # an id as the driver gives it


class _Month:
    """`members`: pool → households, kept from month to month: a lot's and a roster's never change."""

    def __init__(self, prefix: str, period: int, dimensions: Sequence[str], members: dict[Raw, frozenset[Raw]]) -> None:
        self.prefix, self.period, self.dimensions, self.members = prefix, period, dimensions, members
        self.cells: dict[tuple[str, str], list[int]] = {(TOTAL, ""): [0] * 6}

    def sums(self) -> dict[tuple[str, str], Sums]:
        self._sales()
        self._owing()
        self._households()
        return {(dimension, key): _sums(dimension, values) for (dimension, key), values in self.cells.items()}

    def _keys(self, row: Sequence[Any]) -> Iterable[tuple[str, str]]:
        """The cells of a row that begins with the dimensions of a settled line."""
        for dimension in self.dimensions:
            yield (TOTAL, "") if dimension == TOTAL else (dimension, str(row[_PLACES[dimension]]))

    def _within(self) -> list[Any]:
        return [SettledLine.period == self.period, lies_in(SettledLine.origin, self.prefix)]

    def _sales(self) -> None:
        columns = list(figures.COLUMNS.values())
        sums: list[Any] = [func.count(), *(func.sum(part) for part in _PARTS)]
        query: Any = select(*columns, *sums).where(*self._within()).group_by(*columns)
        for row in db.session.execute(query):
            for cell in self._keys(row):
                values = self.cells.setdefault(cell, [0] * 6)
                for place, amount in enumerate(row[len(columns) :]):
                    values[place] += int(amount)  # a SUM is a Decimal on PostgreSQL

    def _owing(self) -> None:
        owing = [dimension for dimension in self.dimensions if dimension in OWING]
        for row, period, division, amount, place, *which in _OWING:
            within = [*which, period == self.period, lies_in(division, self.prefix)]
            query = select(division, row.supplier_id, func.sum(amount)).where(*within)
            for origin, supplier, fen in db.session.execute(query.group_by(division, row.supplier_id)):
                for dimension in owing:
                    key = {TOTAL: "", "origin": origin, "supplier": str(supplier)}[dimension]
                    self.cells.setdefault((dimension, key), [0] * 6)[place] += int(fen)

    def _households(self) -> None:
        """How many households have a weight in the pools that a cell's lines fed, each once."""
        columns = list(figures.COLUMNS.values())
        fed = (
            select(*columns, _raw(PoolMovement.pool_id))
            .join(PoolMovement, PoolMovement.source_id == SettledLine.id)
            .where(*self._within())
            .distinct()
        )
        pools: dict[tuple[str, str], set[Raw]] = {}
        for row in db.session.execute(fed):
            for cell in self._keys(row):
                pools.setdefault(cell, set()).add(row[-1])
        used = set().union(*pools.values())
        for gone in self.members.keys() - used:
            del self.members[gone]
        self.members.update(_members(used - self.members.keys()))
        for cell, ids in pools.items():
            self.cells[cell][_HOUSEHOLDS] = len(frozenset().union(*(self.members[id_] for id_ in ids)))


_PLACES = {dimension: place for place, dimension in enumerate(figures.COLUMNS)}
_PARTS = (SettledLine.money_fen, SettledLine.attributed_fen, SettledLine.owed_fen)


def _raw(column: Any) -> Any:
    """An id as the driver gives it: many thousands of them need no objects."""
    return type_coerce(column, String) if isinstance(column.type, Uuid) else column


def _members(pools: set[Raw]) -> dict[Raw, frozenset[Raw]]:
    """Pool → its households, by its lot's slips or its roster."""
    found: dict[Raw, set[Raw]] = {pool: set() for pool in pools}
    ids = sorted(pools)
    for start in range(0, len(ids), _CHUNK):
        chunk = [UUID(str(pool)) for pool in ids[start : start + _CHUNK]]
        for source, household in ((Slip.lot_id, Slip.household_id), (RosterEntry.roster_id, RosterEntry.household_id)):
            query = select(_raw(Pool.id), _raw(household)).join(Pool, Pool.source_id == source)
            for pool, member in db.session.execute(query.where(Pool.id.in_(chunk))):
                found[pool].add(member)
    return {pool: frozenset(members) for pool, members in found.items()}


def _sums(dimension: str, values: list[int]) -> Sums:
    found = Sums(*values)
    return found if dimension in OWING else found._replace(owed_fen=None, received_fen=None)
