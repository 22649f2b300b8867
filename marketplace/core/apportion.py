"""Whole fen by weight: the Webster divisor method. Pure integers, no float decides anything.

Source: DESIGN.md, Attribution. A total is divided fen by fen, each to whom weight ÷ (2 × fen held + 1) is largest, ties
to the smallest SHA-256(pool ‖ pseudonym). A fen more never takes a fen from anybody, and the shares depend on the total
alone, however many lines made it. Pools (attribution) and a cooperative's surplus (linkage) are divided by it.
"""

import hashlib
from collections.abc import Sequence


def apportion(total: int, weights: Sequence[tuple[bytes, int]], pool: bytes) -> list[int]:
    """Shares of `total` fen, in the order of `weights`: pairs of a household's pseudonym and its weight > 0.

    Equal to handing out one fen after the other, in time that does not depend on `total`. Raises ValueError.
    """
    _require(total, weights)
    if total == 0:
        return [0] * len(weights)
    # Priorities weight ÷ (2k + 1), k < total + count, as integers: scaled so far that two that differ stay in order.
    scale = (2 * (total + len(weights)) + 1) ** 2
    scaled = [weight * scale for _, weight in weights]
    sure, possible = _bracket(total, scaled)
    needed = total - sum(sure)
    if needed:
        waiting = [(scaled[i] // (2 * held + 1), i) for i in range(len(scaled)) for held in range(sure[i], possible[i])]
        for i in _served(sorted(waiting, reverse=True), needed, weights, pool):
            sure[i] += 1
    return sure


def _require(total: int, weights: Sequence[tuple[bytes, int]]) -> None:
    if total < 0:
        raise ValueError(f"a total is not negative: {total}")
    if not weights or any(weight <= 0 for _, weight in weights):
        raise ValueError("a pool has weights, all above zero")
    if len({pseudonym for pseudonym, _ in weights}) != len(weights):
        raise ValueError("a household stands once in a pool")


def _held(level: int, scaled: Sequence[int]) -> list[int]:
    """How many fen of each have a priority of at least `level`: weight ÷ (2k + 1) ≥ level for k = 0, 1, …"""
    return [(priority // level + 1) // 2 for priority in scaled]


def _bracket(total: int, scaled: Sequence[int]) -> tuple[list[int], list[int]]:
    """Shares at two levels of priority that sum to at most and to at least `total`, close to each other.

    At a level, shares sum to Σ scaled ÷ (2 × level), give or take half a fen each: so both bounds are known at once.
    """
    count, weight = len(scaled), sum(scaled)
    low = weight // (2 * total + count)
    possible = _held(low, scaled)
    high, sure = max(scaled) + 1, [0] * count
    if 2 * total > count:
        high = weight // (2 * total - count) + 1
        sure = _held(high, scaled)
    for _ in range(4):  # each step about halves who waits; equal weights all wait at one level
        middle = (low + high + 1) // 2
        held = _held(middle, scaled)
        if sum(held) > total:
            low, possible = middle, held
        else:
            high, sure = middle, held
    return sure, possible


def _served(
    waiting: list[tuple[int, int]], needed: int, weights: Sequence[tuple[bytes, int]], pool: bytes
) -> list[int]:
    """The first `needed` of those waiting, highest priority first; ties at the last one's priority ask the hash."""
    last = waiting[needed - 1][0]
    served = [i for priority, i in waiting if priority > last]
    tied = [i for priority, i in waiting if priority == last]
    if len(served) + len(tied) > needed:
        tied.sort(key=lambda i: hashlib.sha256(pool + weights[i][0]).digest())
    return served + tied[: needed - len(served)]
