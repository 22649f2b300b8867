"""Rows as CSV and XLSX, and back. Written with what a spreadsheet would take for a formula neutralised; read within
limits on size, sheets, cells and the ratio of the packing, before anything is parsed; a workbook in a process of its own.

What is read is text: an 18-digit number stays as it was written, and one that the spreadsheet kept as a number, and has
rounded by that, is refused.
"""

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from . import clock, sheet_reader
from .errors import Refused

# Behind blanks too. Numbers are values of their own; text that only looks like one is marked with the rest.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MB = 1024 * 1024
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,4})([0-9]{1,12})["']""")


@dataclass(frozen=True)
class Limits:
    """What a file may be: bytes as sent, bytes unpacked, sheets, rows and columns of a sheet."""

    size: int = 8 * MB
    unpacked: int = 64 * MB
    ratio: int = 100
    parts: int = 300
    sheets: int = 10
    rows: int = 60_000
    columns: int = 100


@dataclass(frozen=True)
class Sheet:
    """`rows` are texts, stripped, without the empty rows at the end; row 1 is the first."""

    name: str
    rows: list[list[str]]


def to_csv(rows: Iterable[Sequence[Any]]) -> str:
    """The rows as one text; days and moments in China's time, None an empty cell."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return "\ufeff" + out.getvalue()


def to_csv_bytes(rows: Iterable[Sequence[Any]], encoding: str = "utf-8") -> bytes:
    """The same in an encoding: UTF-8 with its mark, or 'gbk', of which a name's rare characters take GB18030's."""
    text = to_csv(rows)
    return text.encode() if encoding == "utf-8" else text.removeprefix("\ufeff").encode("gb18030")


def to_xlsx(rows: Iterable[Sequence[Any]], title: str = "Sheet1", widths: Sequence[int] = ()) -> bytes:
    """The rows as one sheet, the first as its head; yuan as numbers of two decimals, text never as a formula."""
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(title[:31])
        head, yuan = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": "#,##0.00"})
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                _write(sheet, number, column, value, yuan, None if number else head)
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any, yuan: Any, style: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Decimal):
        sheet.write_number(row, column, float(value), yuan)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < sheet_reader.EXACT:
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(_cell(value)), style)


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return clock.local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | Decimal):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def read(content: bytes, limits: Limits | None = None, field: str = "file") -> list[Sheet]:
    """The sheets of an XLSX or CSV (UTF-8, or GBK) file.

    Raises Refused: sheet_type, sheet_too_large, sheet_bomb, sheet_unreadable, sheet_encoding, sheet_too_many,
    sheet_empty, sheet_number_rounded (with its row).
    """
    limits = limits or Limits()
    if len(content) > limits.size:
        raise Refused("sheet_too_large", field=field, limit_mb=limits.size // MB)
    if not content.strip():
        raise Refused("sheet_empty", field=field)
    if content.startswith(b"PK\x03\x04"):
        sheets = _read_xlsx(content, limits, field)
    elif content.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"\xff\xd8\xff")) or b"\0" in content[:4096]:
        raise Refused("sheet_type", field=field)
    else:
        sheets = [Sheet("CSV", _read_csv(content, limits, field))]
    sheets = [sheet for sheet in sheets if sheet.rows]
    if not sheets:
        raise Refused("sheet_empty", field=field)
    return sheets


def _too_many(limits: Limits, field: str) -> Refused:
    return Refused("sheet_too_many", field=field, sheets=limits.sheets, rows=limits.rows, columns=limits.columns)


def _read_xlsx(content: bytes, limits: Limits, field: str) -> list[Sheet]:
    _unpacks_within(content, limits, field)
    bounds = (limits.sheets, limits.rows, limits.columns, limits.unpacked)
    reader = [sys.executable, "-I", sheet_reader.__file__, *map(str, bounds)]
    done = subprocess.run(reader, input=content, capture_output=True, check=False)
    if done.returncode:
        raise Refused("sheet_bomb", field=field)
    answer = json.loads(done.stdout)
    if answer.get("refused") == "sheet_too_many":
        raise _too_many(limits, field)
    if "refused" in answer:
        raise Refused(answer["refused"], field=field, row=answer["row"])
    return [Sheet(name, rows) for name, rows in answer["sheets"]]


def _unpacks_within(content: bytes, limits: Limits, field: str) -> None:
    """Unpacks every part, as far as the limits go, and looks how far the cells of a sheet reach. A part that says less
    of its size than it has is broken: it is read so far, and its checksum differs."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if "xl/workbook.xml" not in packed.namelist():
                raise Refused("sheet_type", field=field)
            total = sum(part.file_size for part in parts)
            if len(parts) > limits.parts or total > limits.unpacked or total > limits.ratio * len(content) + MB:
                raise Refused("sheet_bomb", field=field)
            for part in parts:
                _reaches_within(part.filename, packed.read(part), limits, field)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as broken:
        raise Refused("sheet_unreadable", field=field) from broken


def _reaches_within(name: str, content: bytes, limits: Limits, field: str) -> None:
    """A sheet of two cells, one of them in the last row and column, would be laid out whole in memory."""
    if not name.startswith("xl/worksheets/"):
        return
    if b"\0" in content:  # an encoding in which no cell would be found
        raise Refused("sheet_unreadable", field=field)
    for column, row in _PLACE.findall(content):
        if len(column) > 2 or int(row) > limits.rows:
            raise _too_many(limits, field)


def _read_csv(content: bytes, limits: Limits, field: str) -> list[list[str]]:
    text = _decoded(content, field)
    delimiter = "\t" if "\t" in text.split("\n", 1)[0] else ","
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(rows) >= limits.rows or len(row) > limits.columns:
                raise _too_many(limits, field)
            rows.append([value.strip().removeprefix("'") for value in row])
    except csv.Error as broken:
        raise Refused("sheet_unreadable", field=field) from broken
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _decoded(content: bytes, field: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("sheet_encoding", field=field)
