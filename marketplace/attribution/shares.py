"""A household's fen of a pool: apportionments of immutable weights, kept in process because they never change.

Kept are as many weights and shares as fit the bounds below, however many pools they are of: a worker's memory does not
grow with the book.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID

from ..households import services as households
from ..linkage import services as linkage
from ..linkage import statement_reads
from . import rules

Value = TypeVar("Value")
Weights = tuple[tuple[UUID, bytes, int], ...]
MOST_WEIGHTS, MOST_SHARES = 150_000, 1_500_000  # some 40 MB and 12 MB


class Kept(Generic[Value]):
    """The values asked for last, as long as their sizes together stay below `most`."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Value], int]) -> Value:
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
                return found[0]
        value = make()  # outside the lock: two that ask at once make it twice, and it is the same
        cost = size(value) + 1
        with self._lock:
            if key not in self._values and cost <= self.most:
                self._values[key] = value, cost
                self.held += cost
                while self.held > self.most:
                    _, (_, gone) = self._values.popitem(last=False)
                    self.held -= gone
        return value

    def forget(self) -> None:
        with self._lock:
            self._values.clear()
            self.held = 0


_weights: Kept[Weights] = Kept(MOST_WEIGHTS)
_places: Kept[dict[UUID, int]] = Kept(MOST_WEIGHTS)
_shares: Kept["array[int]"] = Kept(MOST_SHARES)
# Whose weights a pool of each kind divides by: a supplement's are its lot's.
SOURCES: dict[str, Callable[[UUID], dict[UUID, int]]] = {
    "lot": linkage.weights_of_lot,
    "supplement": linkage.weights_of_lot,
    "roster": linkage.weights_of_roster,
    "revision": statement_reads.weights_of_revision,
}


def weights(kind: str, source_id: UUID) -> Weights:
    """(household, pseudonym, weight) of a pool's source, in a fixed order. A sealed lot or roster version never changes."""

    def read() -> Weights:
        found = SOURCES[kind](source_id)
        names = households.pseudonyms(list(found))
        return tuple(sorted((household, names[household], weight) for household, weight in found.items()))

    return _weights.get((SOURCES[kind], source_id), read, len)


def place_of(kind: str, source_id: UUID, household: UUID) -> int | None:
    """Where a household stands among a pool's weights, or None."""

    def read() -> dict[UUID, int]:
        return {row[0]: place for place, row in enumerate(weights(kind, source_id))}

    return _places.get((SOURCES[kind], source_id), read, len).get(household)


def weight_of(kind: str, source_id: UUID, household: UUID) -> tuple[int, int]:
    """(the household's weight, all weights together) of a pool; 0 for one that has no part in it."""
    rows, place = weights(kind, source_id), place_of(kind, source_id, household)
    return (0 if place is None else rows[place][2]), sum(row[2] for row in rows)


def _apportioned(kind: str, source_id: UUID, pool_id: UUID, total_fen: int) -> "array[int]":
    """Fen in the order of the weights."""

    def make() -> "array[int]":
        rows = weights(kind, source_id)
        return array("q", rules.apportion(total_fen, [row[1:] for row in rows], pool_id.bytes))

    return _shares.get((pool_id, total_fen), make, len)


def shares(kind: str, source_id: UUID, pool_id: UUID, total_fen: int) -> dict[UUID, int]:
    """Household → fen of a pool's total."""
    fen = _apportioned(kind, source_id, pool_id, total_fen)
    return {row[0]: share for row, share in zip(weights(kind, source_id), fen, strict=True)}


def interval(kind: str, source_id: UUID, pool_id: UUID, before_fen: int, after_fen: int) -> dict[UUID, int]:
    """Household → fen of a part of the pool: what a line, or a distribution, brought it; below zero where it falls."""
    before = _apportioned(kind, source_id, pool_id, before_fen)
    after = _apportioned(kind, source_id, pool_id, after_fen)
    rows = weights(kind, source_id)
    return {row[0]: late - early for row, early, late in zip(rows, before, after, strict=True)}


def household_at(kind: str, source_id: UUID, pool_id: UUID, totals: Sequence[int], household: UUID) -> list[int]:
    """One household's share at each of several totals."""
    place = place_of(kind, source_id, household)
    if place is None:
        return [0] * len(totals)
    return [_apportioned(kind, source_id, pool_id, total)[place] if total else 0 for total in totals]
