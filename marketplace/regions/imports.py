"""Loads divisions from CSV (or its gzip): `code,name,level,parent_code`, the level as a word. Repeatable.

A row's number is the one a spreadsheet shows: the heading is row 1. All faults are told at once, and then nothing is
loaded unless only the good rows were asked for; a row whose parent was bad is bad.
"""

import csv
import gzip
import io
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, NamedTuple

from sqlalchemy import ARRAY, SmallInteger, String, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core.actor import Actor
from ..core.db import db, is_sqlite
from ..core.errors import DomainError, Many, Refused
from . import rules, services
from .models import Division

COLUMNS = ("code", "name", "level", "parent_code")
MAX_BYTES = 256 * 1024 * 1024  # unpacked; all of China's villages are 40 MB
MAX_ROWS = 1_000_000
MAX_NAME = 80
BATCH = 5000
Progress = Callable[[int, int], None]


class Row(NamedTuple):
    number: int
    code: str
    name: str
    level: int
    parent: str


@dataclass
class Loaded:
    """What a load did: rows in the file, of them new, changed and as they were; and the faults of those left out."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    errors: list[DomainError] = field(default_factory=list)


def load(actor: Actor, content: IO[bytes], *, good_rows: bool = False, progress: Progress | None = None) -> Loaded:
    """Adds and renames divisions. `progress(done, total)` counts rows written. Raises Refused, or Many with each
    fault's row and field: division_header, division_columns, division_code, division_code_level, division_level,
    division_name, division_twice, division_parent_unknown, _of_province, _level, _prefix, division_file_*."""
    actor.require("region.load")
    rows, errors = read(content)
    known = _known()
    good, misplaced = check(rows, {code: held[1] for code, held in known.items()})
    errors = sorted(errors + misplaced, key=lambda error: error.row or 0)
    if errors and not good_rows:
        raise Many(errors)
    result = Loaded(rows=len(rows) + len(errors) - len(misplaced), errors=errors)
    fresh = []
    for row in good:
        held = known.get(row.code)
        if held == (row.name, row.level, row.parent or None):
            result.same += 1
            continue
        result.added, result.changed = result.added + (held is None), result.changed + (held is not None)
        fresh.append(row)
    write(fresh, progress)
    return result


def _known() -> dict[str, tuple[str, int, str | None]]:
    query = select(Division.code, Division.name, Division.level, Division.parent_code)
    return {code: (name, level, parent) for code, name, level, parent in db.session.execute(query)}


def read(content: IO[bytes]) -> tuple[list[Row], list[DomainError]]:
    """The rows that are well-formed each by itself, and the faults of the others. Raises Refused for the file."""
    rows: list[Row] = []
    errors: list[DomainError] = []
    lines = csv.reader(_text(content), strict=True)
    try:
        _check_header(next(lines, []))
        for number, cells in enumerate(lines, start=2):
            if number > MAX_ROWS:
                raise Refused("division_file_rows", limit=MAX_ROWS)
            if not cells:
                continue
            fault = _fault(number, cells)
            if fault:
                errors.append(fault)
            else:
                code, name, level, parent = map(_clean, cells)
                rows.append(Row(number, code, name, rules.LEVELS[level], parent))
    except UnicodeDecodeError:
        raise Refused("division_file_encoding", row=lines.line_num + 1) from None
    except csv.Error as error:
        raise Refused("division_file_csv", row=lines.line_num, reason=str(error)) from None
    return rows, errors


def _clean(cell: str) -> str:
    """Without what nobody sees: spaces around it and zero-width characters, which published names have."""
    return (
        cell.strip()
        if cell.isprintable()
        else "".join(char for char in cell if unicodedata.category(char) != "Cf").strip()
    )


def _legible(name: str) -> bool:
    """Printable, or of private use: the published table writes rare characters so, and they are part of the name."""
    return all(char.isprintable() or unicodedata.category(char) == "Co" for char in name)


def _check_header(cells: list[str]) -> None:
    found = tuple(cell.strip() for cell in cells)
    if found != COLUMNS:
        raise Refused("division_header", row=1, field="header", expected=",".join(COLUMNS), found=",".join(found)[:200])


def _fault(number: int, cells: list[str]) -> DomainError | None:
    """What is wrong with one row by itself, told at its first bad cell."""
    if len(cells) != len(COLUMNS):
        return Refused("division_columns", row=number, field="row", expected=len(COLUMNS), found=len(cells))
    code, name, level, _ = map(_clean, cells)
    if level not in rules.LEVELS:
        return Refused("division_level", row=number, field="level", value=level[:40], expected="/".join(rules.LEVELS))
    wrong = rules.code_fault(code, rules.LEVELS[level])
    if wrong:
        return Refused(
            wrong, row=number, field="code", value=code[:40], level=level, digits=rules.PREFIX[rules.LEVELS[level]]
        )
    if not 0 < len(name) <= MAX_NAME or not _legible(name):
        return Refused("division_name", row=number, field="name", value=name[:40], limit=MAX_NAME)
    return None


def check(rows: list[Row], known: dict[str, int]) -> tuple[list[Row], list[DomainError]]:
    """Rows that fit together and into `known` (code → level), parents before children; and the faults of the others."""
    first: dict[str, int] = {}
    levels = dict(known)
    good: list[Row] = []
    errors: list[DomainError] = []
    for row in sorted(rows, key=lambda row: (row.level, row.number)):
        wrong = rules.parent_fault(row.code, row.level, row.parent, levels.get(row.parent))
        if row.code in first:
            errors.append(
                Refused("division_twice", row=row.number, field="code", value=row.code, first_row=first[row.code])
            )
        elif levels.get(row.code, row.level) != row.level:
            errors.append(Refused("division_level_changes", row=row.number, field="level", value=row.code))
        elif wrong:
            errors.append(Refused(wrong, row=row.number, field="parent_code", value=row.parent[:40], division=row.code))
        else:
            levels[row.code] = row.level
            good.append(row)
        first.setdefault(row.code, row.number)
    return good, errors


def write(rows: list[Row], progress: Progress | None = None) -> None:
    """Adds or renames divisions in batches; days and `has_households` of those that exist stay."""
    for start in range(0, len(rows), BATCH):
        _upsert(rows[start : start + BATCH])
        if progress:
            progress(min(start + BATCH, len(rows)), len(rows))
    services.forget()


def _upsert(rows: list[Row]) -> None:
    if is_sqlite():
        statement = sqlite.insert(Division)
        values = [
            {
                "code": row.code,
                "name": row.name,
                "level": row.level,
                "parent_code": row.parent or None,
                "has_households": True,
            }
            for row in rows
        ]
        db.session.connection().execute(_renaming(statement), values)
        return
    # One statement with four arrays: a statement per row is a round trip each.
    arrays = (
        func.unnest(
            literal([row.code for row in rows], ARRAY(String)),
            literal([row.name for row in rows], ARRAY(String)),
            literal([row.level for row in rows], ARRAY(SmallInteger)),
            literal([row.parent or None for row in rows], ARRAY(String)),
        )
        .table_valued("code", "name", "level", "parent_code")
        .render_derived()
    )
    source = select(arrays.c.code, arrays.c.name, arrays.c.level, arrays.c.parent_code, literal(True))
    names = ["code", "name", "level", "parent_code", "has_households"]
    db.session.execute(_renaming(postgresql.insert(Division).from_select(names, source)))


def _renaming(statement: "sqlite.Insert | postgresql.Insert") -> "sqlite.Insert | postgresql.Insert":
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["code"], set_={"name": new.name, "level": new.level, "parent_code": new.parent_code}
    )


def _text(content: IO[bytes]) -> Iterator[str]:
    """The file's lines as text: unpacked where it is gzip, and never more than MAX_BYTES of it."""
    head = content.read(2)
    whole: IO[bytes] = io.BytesIO(head + content.read(MAX_BYTES + 1))
    if head == b"\x1f\x8b":
        whole = gzip.GzipFile(fileobj=whole)  # type: ignore[assignment]
    try:
        data = whole.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise Refused("division_file_gzip") from None
    if len(data) > MAX_BYTES:
        raise Refused("division_file_size", limit_mb=MAX_BYTES // 1024 // 1024)
    return iter(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline=""))
