"""Months, levels of a drill, change against the year before, which small cells are hidden, a certificate's states. Pure."""

from collections.abc import Iterable, Sequence, Set

from ..core.errors import Refused
from ..core.money import half_up
from ..core.states import States

PREFIXES = (2, 4, 6, 9, 12)
LEAST_HOUSEHOLDS = 5  # RULES.md, Reporting
MOST_MONTHS = 60

CERTIFICATE = States("certificate", {"replace": ({"standing"}, "replaced"), "revoke": ({"standing"}, "revoked")})


def months(first: int, last: int) -> list[int]:
    """The periods from first to last, both included: 202611, 202701 → [202611, 202612, 202701]."""
    found, period = [], first
    while period <= last:
        found.append(period)
        period = after(period)
    return found


def after(period: int) -> int:
    return period + 89 if period % 100 == 12 else period + 1


def before(period: int, count: int = 1) -> int:
    """`count` months earlier: 202601, 1 → 202512."""
    year, month = divmod((period // 100) * 12 + period % 100 - 1 - count, 12)
    return year * 100 + month + 1


def year_before(period: int) -> int:
    return period - 100


def check_months(first: int, last: int) -> None:
    """Raises Refused: not_a_month, months_turned, too_many_months."""
    for field, period in (("first", first), ("last", last)):
        if not (190001 <= period <= 999912 and 1 <= period % 100 <= 12):
            raise Refused("not_a_month", field=field, value=str(period))
    if last < first:
        raise Refused("months_turned", field="last")
    if len(months(first, min(last, first + 100 * (MOST_MONTHS // 12 + 1)))) > MOST_MONTHS:
        raise Refused("too_many_months", field="last", most=MOST_MONTHS)


def child(code: str, prefix: str) -> str:
    """The part of a division that a code lies in, one level below `prefix`; the whole code where it lies in no part.

    child("430225103201", "430225") → "430225103"; child("430225000000", "430225") → "430225000000"; a township right
    under a prefecture stands one level below it: child("441900003000", "4419") → "441900003".
    """
    parent = prefix.ljust(12, "0")
    for length in PREFIXES:
        if length > len(prefix) and code[:length].ljust(12, "0") != parent:
            return code[:length]
    return code


def change(now: int, earlier: int) -> int | None:
    """Basis points of change; None where there was nothing to compare with."""
    return half_up((now - earlier) * 10_000, earlier) if earlier > 0 else None


def hidden(cells: Sequence[Set[object]], least: int = LEAST_HOUSEHOLDS) -> dict[int, str]:
    """Which cells of one row of a table are hidden, given the households behind each: place → "few" or "complement".

    A cell of fewer than `least` households is hidden. What the total less the shown cells would give away must stand
    for at least two cells and `least` households too: the smallest cells are hidden with it until it does. A cell
    without households tells of nobody and stays.
    """
    found = {place: "few" for place, cell in enumerate(cells) if 0 < len(cell) < least}
    if not found:
        return {}
    open_places = sorted(
        (place for place, cell in enumerate(cells) if cell and place not in found),
        key=lambda place: (len(cells[place]), place),
    )
    while open_places and (len(found) < 2 or len(_union(cells[place] for place in found)) < least):
        found[open_places.pop(0)] = "complement"
    return found


def _union(cells: Iterable[Set[object]]) -> Set[object]:
    return frozenset().union(*cells)
