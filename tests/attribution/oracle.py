"""The slow definition of an apportionment: one fen at a time, ties by the hash. Shares no code with the fast one."""

import hashlib
from collections.abc import Sequence
from fractions import Fraction


def one_fen_at_a_time(total: int, weights: Sequence[tuple[bytes, int]], pool: bytes) -> list[int]:
    shares = [0] * len(weights)
    for _ in range(total):
        shares[next_served(shares, weights, pool)] += 1
    return shares


def next_served(shares: Sequence[int], weights: Sequence[tuple[bytes, int]], pool: bytes) -> int:
    """Who gets the next fen: the largest weight ÷ (2 × held + 1), then the smallest hash."""
    return min(range(len(weights)), key=lambda i: (-priority(weights[i][1], shares[i]), tie(pool, weights[i][0])))


def priority(weight: int, held: int) -> Fraction:
    return Fraction(weight, 2 * held + 1)


def tie(pool: bytes, pseudonym: bytes) -> bytes:
    return hashlib.sha256(pool + pseudonym).digest()


def is_webster(shares: Sequence[int], weights: Sequence[tuple[bytes, int]], pool: bytes) -> bool:
    """Whether the slow definition would end here, for totals too large to walk fen by fen.

    The fen handed out are the first of all fen in order of (priority, hash); it is enough to compare the last ones
    with the next ones.
    """
    ranked = [tie(pool, pseudonym) for pseudonym, _ in weights]
    last = [
        (-priority(w, held - 1), ranked[i])
        for i, ((_, w), held) in enumerate(zip(weights, shares, strict=True))
        if held
    ]
    following = [(-priority(w, held), ranked[i]) for i, ((_, w), held) in enumerate(zip(weights, shares, strict=True))]
    return not last or max(last) <= min(following)
