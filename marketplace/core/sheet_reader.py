"""Reads a workbook in a process of its own: `sheets.py` runs this file, the workbook on stdin, JSON on stdout.

A file of five kilobytes can make the parser lay out a billion cells, or copy one long text into each of many; Rust then
aborts the whole process. This one has little memory and time to lose, and nobody else's request in it. It is run by its
path with -I, so that it imports nothing of the house, and no module beside it hides one of the library's.
"""

import contextlib
import io
import json
import resource
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from python_calamine import CalamineWorkbook

EXACT = 10**15  # a spreadsheet's numbers have 15 digits; what is longer was rounded
MEMORY, SECONDS = 512 * 1024 * 1024, 20


class Stop(Exception):
    """Code and row of what is refused."""


def answer(content: bytes, sheets: int, rows: int, columns: int, letters: int) -> dict[str, Any]:
    """{"sheets": [[name, rows]]}, or {"refused": code, "row": number or None}. `letters`: of all texts together."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if len(book.sheet_names) > sheets:
            raise Stop("sheet_too_many", None)
        return {"sheets": list(_sheets(book, rows, columns, letters))}
    except Stop as stop:
        return {"refused": stop.args[0], "row": stop.args[1]}
    except MemoryError:
        return {"refused": "sheet_bomb", "row": None}
    except BaseException:  # calamine's errors have no type in common, and a Rust panic is no Exception
        return {"refused": "sheet_unreadable", "row": None}


def _sheets(book: CalamineWorkbook, rows: int, columns: int, letters: int) -> Iterator[tuple[str, list[list[str]]]]:
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        if sheet.total_height > rows or sheet.total_width > columns:
            raise Stop("sheet_too_many", None)
        found = _texts(sheet.to_python(skip_empty_area=False))
        letters -= sum(len(text) for row in found for text in row)
        if letters < 0:
            raise Stop("sheet_bomb", None)
        yield name, found


def _texts(rows: Iterable[Sequence[Any]]) -> list[list[str]]:
    found = [[_text(value, number) for value in row] for number, row in enumerate(rows, 1)]
    while found and not any(found[-1]):
        found.pop()
    return found


def _text(value: Any, row: int) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if abs(value) >= EXACT:
            raise Stop("sheet_number_rounded", row)
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value).strip()


def _limit(what: int, most: int) -> None:
    with contextlib.suppress(ValueError, OSError):  # a system without that limit
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_CPU, SECONDS)
    _limit(resource.RLIMIT_CORE, 0)
    json.dump(answer(sys.stdin.buffer.read(), *(int(limit) for limit in sys.argv[1:])), sys.stdout)
