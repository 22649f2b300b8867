"""A household's fen of a pool: apportionments of immutable weights, kept in process because they never change."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from ..households import services as households
from ..linkage import services as linkage
from . import rules


@lru_cache(maxsize=512)
def weights(kind: str, source_id: UUID) -> tuple[tuple[UUID, bytes, int], ...]:
    """(household, pseudonym, weight) of a pool's source, in a fixed order. A sealed lot or roster version never changes."""
    found = linkage.weights_of_lot(source_id) if kind == "lot" else linkage.weights_of_roster(source_id)
    names = households.pseudonyms(list(found))
    return tuple(sorted((household, names[household], weight) for household, weight in found.items()))


def shares(kind: str, source_id: UUID, pool_id: UUID, total_fen: int) -> dict[UUID, int]:
    """Household → fen of a pool's total."""
    rows = weights(kind, source_id)
    fen = rules.apportion(total_fen, [(pseudonym, weight) for _, pseudonym, weight in rows], pool_id.bytes)
    return {household: share for (household, _, _), share in zip(rows, fen, strict=True)}


def interval(kind: str, source_id: UUID, pool_id: UUID, before_fen: int, after_fen: int) -> dict[UUID, int]:
    """Household → fen of a part of the pool: what a line, or a distribution, brought it."""
    before = shares(kind, source_id, pool_id, before_fen)
    return {
        household: fen - before[household] for household, fen in shares(kind, source_id, pool_id, after_fen).items()
    }


def household_at(kind: str, source_id: UUID, pool_id: UUID, totals: Sequence[int], household: UUID) -> list[int]:
    """One household's share at each of several totals."""
    return [shares(kind, source_id, pool_id, total).get(household, 0) for total in totals]
