"""Journals as bytes, straight from the rows and in batches: what the sealer, the verifier and the export hash.

The columns are read as the database holds them, past the ORM's types: a row that somebody spoiled by hand must be told,
not fail the reading. Journals are read before their entries, so a journal that is seen is seen whole.
"""

import json
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from ..core.db import db, is_sqlite
from . import rules

BATCH = 1000
MISSING = "its journal is missing"


class Bytes(NamedTuple):
    """A journal's id, region and bytes; without bytes, `wrong` says why there are none."""

    id: UUID
    region: str
    body: bytes
    wrong: str = ""


class Sealed(NamedTuple):
    """A seal as it stands beside what its journal says now."""

    seq: int
    hash: bytes
    journal: Bytes


def one_state() -> None:
    """From here on this transaction sees one state of the database, whatever others commit. Call it first."""
    db.session.connection(execution_options={} if is_sqlite() else {"isolation_level": "REPEATABLE READ"})


def bytes_of(ids: Sequence[UUID]) -> list[Bytes]:
    """The bytes of these journals, in the order of their ids."""
    sqlite = is_sqlite()
    wanted = "IN (SELECT value FROM json_each(:ids))" if sqlite else "= ANY(:ids)"
    given: Any = json.dumps([id_.hex for id_ in ids]) if sqlite else list(ids)
    columns = _columns(sqlite)
    journals = _rows(f"SELECT {columns.journal} FROM journal j WHERE j.id {wanted} ORDER BY j.id", ids=given)
    entries = _rows(
        f"SELECT {columns.id('e.journal_id')}, {columns.entry} FROM entry e"
        f" WHERE e.journal_id {wanted} ORDER BY e.journal_id, e.no",
        ids=given,
    )
    return list(_joined(((row[0], row) for row in journals), entries, columns))


def sealed(chain: str, after: int = 0, upto: int | None = None) -> Iterator[list[Sealed]]:
    """The seals of a chain after number `after`, in order and batches, each with its journal."""
    sqlite = is_sqlite()
    columns = _columns(sqlite)
    last = db.session.execute(text("SELECT max(seq) FROM seal WHERE chain = :chain"), {"chain": chain}).scalar() or 0
    last = last if upto is None else min(last, upto)
    window = "s.chain = :chain AND s.seq > :after AND s.seq <= :upto"
    while after < last:
        place: dict[str, Any] = {"chain": chain, "after": after, "upto": min(after + BATCH, last)}
        seals = _rows(
            f"SELECT {columns.id('s.journal_id')}, s.seq, s.hash, {columns.journal} FROM seal s"
            f" LEFT JOIN journal j ON j.id = s.journal_id WHERE {window} ORDER BY s.seq",
            **place,
        )
        entries = _rows(
            f"SELECT {columns.id('s.journal_id')}, {columns.entry} FROM seal s"
            f" JOIN entry e ON e.journal_id = s.journal_id WHERE {window} ORDER BY s.seq, e.no",
            **place,
        )
        bodies = _joined(((row[0], row[3:]) for row in seals), entries, columns)
        yield [Sealed(row[1], bytes(row[2]), body) for row, body in zip(seals, bodies, strict=True)]
        after = place["upto"]


class _Columns(NamedTuple):
    journal: str
    entry: str
    id: Callable[[str], str]
    as_bytes: Callable[[Any], bytes]


def _columns(sqlite: bool) -> _Columns:
    def id_(name: str) -> str:
        return name if sqlite else f"uuid_send({name})"

    journal = f"{id_('j.id')}, j.kind, j.source, j.region, j.day, j.period, j.concerns_period, j.at, j.n"
    entry = f"e.no, e.n, {id_('e.debit_id')}, {id_('e.credit_id')}, e.amount"
    return _Columns(journal, entry, id_, _bytes_of_hex if sqlite else bytes)


def _bytes_of_hex(value: str) -> bytes:
    found = bytes.fromhex(value)
    if len(found) != 16 or found.hex() != value:
        raise ValueError("not an id")
    return found


def _rows(statement: str, **values: Any) -> Sequence[Any]:
    """The driver's own tuples: no row of the library's is made for millions of entries."""
    result: Any = db.session.execute(text(statement), values)
    rows: Sequence[Any] = result.cursor.fetchall()
    result.close()
    return rows


def _joined(journals: Iterable[tuple[Any, Any]], entries: Iterable[Any], columns: _Columns) -> Iterator[Bytes]:
    """Both come in the same order; the entries of a key follow each other."""
    grouped = groupby(entries, key=itemgetter(0))
    held = next(grouped, None)
    for key, row in journals:
        own: list[Any] = []
        if held is not None and held[0] == key:
            own = list(held[1])
            held = next(grouped, None)
        yield _bytes(key, row, own, columns)


def _bytes(key: Any, row: Any, entries: list[Any], columns: _Columns) -> Bytes:
    as_bytes = columns.as_bytes
    try:
        id_ = UUID(bytes=as_bytes(key))
    except (TypeError, ValueError):
        return Bytes(UUID(int=0), "", b"", f"{key!r} is not an id")
    if row[0] is None:
        return Bytes(id_, "", b"", MISSING)
    try:
        journal = rules.JournalRow(
            as_bytes(row[0]), row[1], row[2], row[3], _day(row[4]), row[5], row[6], _microseconds(row[7]), row[8]
        )
        body = rules.canonical(
            journal, [(no, n, as_bytes(debit), as_bytes(credit), fen) for _, no, n, debit, credit, fen in entries]
        )
    except (struct.error, ValueError, TypeError, AttributeError, OverflowError):
        return Bytes(id_, str(row[3]), b"", "it holds what no journal holds")
    return Bytes(id_, row[3], body)


def _day(value: Any) -> str:
    """2026-11-03, from PostgreSQL's date or SQLite's text."""
    return value if isinstance(value, str) else str(value.isoformat())


def _microseconds(value: Any) -> int:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    at: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
    return rules.microseconds(at)
