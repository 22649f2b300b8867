"""Geometry of drawings: shares of bars as SVG percentages, charts as coordinates. The macros draw what these return."""

from typing import Any, NamedTuple


class Segment(NamedTuple):
    x: str
    width: str
    kind: str


def segments(parts: list[tuple[str, int]], whole: int | None = None) -> list[Segment]:
    """(kind, amount) parts side by side as percentages of their sum, or of `whole`."""
    total = whole or sum(amount for _, amount in parts)
    found, left = [], 0
    for kind, amount in parts:
        if amount > 0 and total > 0:
            found.append(Segment(percentage(left, total), percentage(amount, total), kind))
        left += amount
    return found


def percentage(part: int, whole: int) -> str:
    """'55.92%', between 0 and 100."""
    share = 10_000 * part // whole if whole else 0
    share = min(max(share, 0), 10_000)
    return f"{share / 100:g}%"


def scale(largest: int) -> tuple[int, int]:
    """(top, step) of an axis from 0 in four or five round steps; `largest` > 0 in any unit."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step * 5 >= largest:
                top = -(-largest // (factor * step)) * factor * step
                return max(top, factor * step), factor * step
        step *= 10


class Month(NamedTuple):
    x: float
    width: float
    row: dict[str, Any]
    sold: tuple[float, float]  # y, height
    received: tuple[float, float]
    due: float | None


LEFT, RIGHT, TOP, BASE = 44.0, 620.0, 12.0, 266.0


def columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Month columns. A row: label, below (a second line), sold, due, received (fen), url, title.

    Returns `months` with coordinates in a view box of 620 × 300, and `ticks` as (y, 万元).
    """
    largest = max([1, *(max(row.get(key) or 0 for key in ("sold", "due", "received")) for row in rows)])
    top, step = scale(-(-largest // 1_000_000))

    def y(fen: int) -> float:
        return round(BASE - (BASE - TOP) * max(fen, 0) / (top * 1_000_000), 1)

    slot = (RIGHT - LEFT) / max(len(rows), 1)
    months = []
    for number, row in enumerate(rows):
        sold, received = y(row.get("sold") or 0), y(row.get("received") or 0)
        months.append(
            Month(
                x=round(LEFT + slot * number + slot * 0.14, 1),
                width=round(slot * 0.72, 1),
                row=row,
                sold=(sold, round(BASE - sold, 1)),
                received=(received, round(BASE - received, 1)),
                due=None if row.get("due") is None else y(row["due"]),
            )
        )
    return {"months": months, "ticks": [(y(value * 1_000_000), value) for value in range(0, top + 1, step)]}


def rows_chart(rows: list[dict[str, Any]], left: int = 112, right: int = 464) -> list[dict[str, Any]]:
    """Horizontal bars: each row with x-coordinates `sold`, `received`, `due` and its `y`, 25 apart, in a box of 520."""
    largest = max([1, *(max(row.get(key) or 0 for key in ("sold", "due", "received")) for row in rows)])

    def width(fen: int | None) -> float:
        return round((right - left) * max(fen or 0, 0) / largest, 1)

    return [
        {
            "row": row,
            "y": 25 * number,
            "sold": width(row.get("sold")),
            "received": width(row.get("received")),
            "due": None if row.get("due") is None else round(left + width(row["due"]), 1),
            "text": round(left + width(row.get("sold")) + 6, 1),
        }
        for number, row in enumerate(rows)
    ]


CLOCK_SHARE = 90  # the due mark stands at 90 % of the track; what is beyond it is late


def clock(days: int, limit: int) -> dict[str, Any]:
    """Payment clock: `days` gone of `limit`. Tone settled, warm (5 days or fewer left) or red; widths in percent."""
    late = days > limit
    gone = min(days, limit) * CLOCK_SHARE / max(limit, 1)
    over = min((days - limit) * CLOCK_SHARE / max(limit, 1), 100 - CLOCK_SHARE) if late else 0
    tone = "red" if late else "warm" if limit - days <= 5 else "settled"
    return {
        "gone": f"{gone:g}%",
        "over": f"{over:g}%" if over else None,
        "tone": tone,
        "left": limit - days,
        "late": late,
    }
