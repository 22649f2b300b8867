"""A volume report as a sheet: heads and rows of plain values, for CSV and for the terminal."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from ..core.money import yuan
from ..core.sheets import to_csv
from .rows import Behind
from .volume import Figures, Report, Row

HIDDEN, FEW = "＊", "<5"

Value = str | int | Decimal | None
COLUMNS = (
    "ordered",
    "accepted",
    "settled",
    "change",
    "attributed",
    "owed",
    "received",
    "to_pay",
    "households",
)
PERSONAL = frozenset(("attributed", "owed", "received", "to_pay", "households"))


def table(report: Report) -> Iterable[tuple[int, Row, dict[str, Value]]]:
    """(depth, row, values) from the first row to the last, a division's parts beneath it."""
    yield from _table(report, report.rows, 0)


def _table(report: Report, rows: Iterable[Row], depth: int) -> Iterable[tuple[int, Row, dict[str, Value]]]:
    for row in rows:
        cells = values(row.figures, row.hide)
        yield depth, row, cells if report.orders_of(row) else {**cells, "ordered": None}
        yield from _table(report, row.children, depth + 1)


def values(figures: Figures, hide: str = "") -> dict[str, Value]:
    """Yuan as decimals, change in percent, households; what is hidden as a mark."""
    found: dict[str, Value] = {
        "ordered": yuan(figures.ordered_fen),
        "accepted": yuan(figures.accepted_fen),
        "settled": yuan(figures.settled_fen),
        "change": None if figures.change_bp is None else Decimal(figures.change_bp).scaleb(-2),
        "attributed": yuan(figures.attributed_fen),
        "owed": None if figures.owed_fen is None else yuan(figures.owed_fen),
        "received": None if figures.received_fen is None else yuan(figures.received_fen),
        "to_pay": None if figures.to_pay_fen is None else yuan(figures.to_pay_fen),
        "households": figures.households,
    }
    if hide:
        found |= dict.fromkeys(PERSONAL, HIDDEN)
        if hide == "few":
            found["households"] = FEW
    return found


def volume_sheet(report: Report, group: str, heads: dict[str, str], total: str) -> str:
    """The report as CSV; `heads` are the columns' words. Codes and names stand apart, parts below their division."""
    lines: list[list[Value]] = [[group, "", *(heads[name] for name in COLUMNS)]]
    for depth, row, cells in table(report):
        lines.append([row.key, "　" * depth + row.name, *(cells[name] for name in COLUMNS)])
    cells = values(report.total, "few" if report.hide_total else "")
    lines.append([total, "", *(cells[name] for name in COLUMNS)])
    return to_csv(lines)


def rows_sheet(rows: Iterable[Behind], heads: Sequence[str], kinds: dict[str, str], names: dict[str, str]) -> str:
    """Rows behind a figure as CSV, without names of households: their number is not in it either."""
    lines: list[list[Value]] = [list(heads)]
    for row in rows:
        lines.append(
            [
                row.day.isoformat(),
                kinds.get(row.kind, row.kind),
                row.number,
                row.text,
                row.lot_number,
                names.get(str(row.supplier_id)),
                names.get(str(row.agency_id)),
                row.division,
                yuan(row.fen),
            ]
        )
    return to_csv(lines)
