"""A table typed, pasted from a spreadsheet, or read from a CSV or XLSX file: rows for a form to show before they count."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from werkzeug.datastructures import ImmutableMultiDict

from ...core import sheets
from ...core.errors import Refused

MOST_ROWS = 500
LIMITS = sheets.Limits(size=2 * sheets.MB, sheets=1, rows=MOST_ROWS + 1, columns=30)


def asked() -> bool:
    """Whether the form asks to read a pasted or uploaded table into its rows."""
    return request.method == "POST" and "read" in request.form


def rows_of(heads: Mapping[str, Sequence[str]], limits: sheets.Limits = LIMITS) -> list[dict[str, str]]:
    """The rows, by the names of their columns. `heads`: name → what its column may be headed; without a head the order
    of the names counts. Raises Refused: no_entries, sheet_too_many, and what core.sheets.read refuses."""
    upload = request.files.get("table")
    if upload is not None and upload.filename:
        rows = sheets.read(upload.read(limits.size + 1), limits, "table")[0].rows
    else:
        text = request.form.get("pasted", "")
        rows = [[cell.strip() for cell in line.split("\t" if "\t" in line else ",")] for line in text.splitlines()]
        rows = [row for row in rows if any(row)]
    if not rows:
        raise Refused("no_entries", field="pasted")
    if len(rows) > limits.rows:
        raise Refused("sheet_too_many", field="pasted", sheets=1, rows=limits.rows - 1, columns=limits.columns)
    places = _places(rows[0], heads)
    if places is None:
        return [dict(zip(heads, row, strict=False)) for row in rows]
    return [{name: row[place] for name, place in places.items() if place < len(row)} for row in rows[1:]]


def _places(first: Sequence[str], heads: Mapping[str, Sequence[str]]) -> dict[str, int] | None:
    """Column of each name, if the first row is a head."""
    places = {}
    for place, cell in enumerate(first):
        for name, words in heads.items():
            if name not in places and any(cell.startswith(word) for word in words):
                places[name] = place
                break
    return places if len(places) > 1 else None


def typed(listed: str, rows: Sequence[Mapping[str, str]], kept: Mapping[str, Any]) -> ImmutableMultiDict[str, str]:
    """What the form shows: its other controls as they were typed, and the rows as if they had been typed."""
    values = {name: value for name, value in kept.items() if not name.startswith(f"{listed}.")}
    for number, row in enumerate(rows):
        values |= {f"{listed}.{number}.{name}": value for name, value in row.items()}
    return ImmutableMultiDict(values)


def rows_shown(listed: str, values: Mapping[str, Any], least: int = 20) -> int:
    """How many rows the table needs: those filled, some more, or what `?rows=` asks for."""
    filled = [
        int(name.split(".")[1]) + 1
        for name in values
        if name.startswith(f"{listed}.") and name.split(".")[1].isdecimal()
    ]
    asked_for = request.args.get("rows", least, type=int)
    return min(MOST_ROWS, max([least, asked_for, *filled]))
