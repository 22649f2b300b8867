"""Pure rules of offers: what may be ordered, at which price, and how it compares."""

import itertools
from collections.abc import Sequence
from datetime import date

from ..core.errors import Refused
from ..core.money import half_up, price_of

PRICE_GUARD_BASIS_POINTS = 2000  # above the reference by more needs a written reason (RULES.md, parameter)


def price_at(breaks: Sequence[tuple[int, int]], quantity: int) -> int:
    """Fen per price unit for an ordered quantity; breaks are (from, price) in rising order."""
    price = breaks[0][1]
    for from_quantity, fen in breaks:
        if quantity >= from_quantity:
            price = fen
    return price


def check_quantity(quantity: int, *, minimum: int, pack: int, step: int, available: int) -> None:
    """Raises Refused on `quantity`: quantity_zero, below_minimum, off_step, off_pack, beyond_stock, with near values."""
    if quantity <= 0:
        raise Refused("quantity_zero", field="quantity")
    if quantity % step:
        raise Refused("off_step", field="quantity", step=step, lower=quantity - quantity % step)
    if quantity < minimum:
        raise Refused("below_minimum", field="quantity", minimum=minimum)
    if quantity % pack:
        lower = quantity - quantity % pack
        raise Refused("off_pack", field="quantity", pack=pack, lower=max(lower, minimum), upper=lower + pack)
    if quantity > available:
        raise Refused("beyond_stock", field="quantity", available=available)


def nominal_base(quantity: int, content: int) -> int:
    """Thousandths of the base unit in `quantity` thousandths of the order unit."""
    return half_up(quantity * content, 1000)


def money(quantity: int, *, pricing: str, price_fen: int, content: int) -> int:
    """Fen for an ordered quantity: exact when counted, by nominal content when weighed."""
    return price_of(quantity if pricing == "counted" else nominal_base(quantity, content), price_fen)


def at_most(fen: int, tolerance_basis_points: int) -> int:
    """What a line may come to at most: the quota is committed for that.

    A weighed one by its tolerance, and a fen more for the rounding of its parts' nominal weights.
    """
    return -(-fen * (10_000 + tolerance_basis_points) // 10_000) + 1 if tolerance_basis_points else fen


def comparable_price(*, pricing: str, price_fen: int, content: int, comparable_per_base: int) -> int:
    """Fen per comparable unit: of content when counted, of the base unit when weighed."""
    per_base = price_fen * 1000 if pricing == "counted" else price_fen * content
    return half_up(per_base * 1000, content * comparable_per_base)


def check_breaks(breaks: Sequence[tuple[int, int]], minimum: int) -> None:
    """Breaks begin at the minimum, rise in quantity and fall in price. Raises Refused with the row."""
    if not breaks:
        raise Refused("breaks_needed", field="breaks")
    if breaks[0][0] != minimum:
        raise Refused("breaks_from_minimum", field="breaks", row=1, minimum=minimum)
    for row, (earlier, later) in enumerate(itertools.pairwise(breaks), 2):
        if later[0] <= earlier[0] or later[1] >= earlier[1]:
            raise Refused("breaks_not_falling", field="breaks", row=row)


def in_season(season_from: int, season_to: int, day: date) -> bool:
    """Whether a day lies in an MMDD window; one that wraps over New Year does so here too; 0 is the whole year."""
    if not season_from:
        return True
    today = day.month * 100 + day.day
    if season_from <= season_to:
        return season_from <= today <= season_to
    return today >= season_from or today <= season_to


def above_reference(comparable_fen: int, reference_fen: int | None) -> int:
    """Basis points above the reference when that needs a reason, else 0."""
    if not reference_fen:
        return 0
    over = half_up((comparable_fen - reference_fen) * 10_000, reference_fen)
    return over if over > PRICE_GUARD_BASIS_POINTS else 0
