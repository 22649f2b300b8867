"""What a sale posts to a pool, and who gets which fen of it. Pure integers, no float decides anything."""

from collections.abc import Sequence

from ..core.apportion import apportion  # noqa: F401  a pool is divided by it, as a surplus is
from ..core.money import half_up


def lot_target(cost_fen: int, sold: int, size: int) -> int:
    """What a lot must have posted when `sold` of its `size` (thousandths) is settled: all of its cost when sold out."""
    if size <= 0 or not 0 <= sold <= size or cost_fen < 0:
        raise ValueError(f"a lot of {size} that cost {cost_fen} fen cannot have sold {sold}")
    return half_up(cost_fen * sold, size)


def next_posting(target: int, posted: int) -> int:
    """Fen that the next entry of a lot moves: never back, if its cost was revised below what is posted."""
    return max(0, target - posted)


def fit(claims: Sequence[int], available: int) -> tuple[list[int], list[int]]:
    """Claims in fen, in the agreements' order, against a line's net money: (granted, written off) of each."""
    if available < 0 or any(claim < 0 for claim in claims):
        raise ValueError(f"claims {list(claims)} and {available} fen are not negative")
    granted = []
    for claim in claims:
        granted.append(min(claim, available))
        available -= granted[-1]
    return granted, [claim - given for claim, given in zip(claims, granted, strict=True)]
