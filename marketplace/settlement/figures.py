"""Small tables by period that grow with each settlement, and their recomputation."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core.db import db, is_sqlite
from .models import DIMENSIONS, Figure, SettledLine

COLUMNS = {
    "origin": SettledLine.origin,
    "supplier": SettledLine.supplier_id,
    "agency": SettledLine.agency_id,
    "category": SettledLine.category_code,
    "channel": SettledLine.channel,
}
SUMS = ("lines", "money_fen", "attributed_fen", "owed_fen")


def grow(rows: Iterable[dict]) -> None:
    """Adds settled lines' values to every dimension, one statement in the order of the keys."""
    sums: dict[tuple[str, str, int], list[int]] = {}
    for row in rows:
        for dimension in DIMENSIONS:
            key = dimension, str(row[COLUMNS[dimension].key]), row["period"]
            total = sums.setdefault(key, [0, 0, 0, 0])
            sale = 0 if row["reverses_id"] else 1  # a reversal is no line more
            for place, value in enumerate((sale, row["money_fen"], row["attributed_fen"], row["owed_fen"])):
                total[place] += value
    if not sums:
        return
    build = sqlite.insert if is_sqlite() else postgresql.insert
    table: Any = Figure.__table__
    statement = build(table)  # executed for many, in the order of the keys: its text does not grow and is compiled once
    added = {name: table.c[name] + statement.excluded[name] for name in SUMS}
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["dimension", "key", "period"], set_=added),
        [
            {"dimension": dimension, "key": key, "period": period, **dict(zip(SUMS, total, strict=True))}
            for (dimension, key, period), total in sorted(sums.items())
        ],
    )


def recomputed() -> dict[tuple[str, str, int], tuple[int, int, int, int]]:
    """(dimension, key, period) → sums, straight from the settled lines."""
    found = {}
    for dimension, column in COLUMNS.items():
        query = select(
            column,
            SettledLine.period,
            func.count().filter(SettledLine.reverses_id.is_(None)),
            func.sum(SettledLine.money_fen),
            func.sum(SettledLine.attributed_fen),
            func.sum(SettledLine.owed_fen),
        ).group_by(column, SettledLine.period)
        for key, period, *sums in db.session.execute(query):
            found[dimension, str(key), period] = tuple(int(value) for value in sums)
    return found  # type: ignore[return-value]


def wrong() -> list[str]:
    """Invariant 15: the figures that differ from their settled lines."""
    held = {
        (row.dimension, row.key, row.period): (row.lines, row.money_fen, row.attributed_fen, row.owed_fen)
        for row in db.session.scalars(select(Figure))
    }
    right = recomputed()
    return [
        f"figure {key}: holds {held.get(key)}, its lines make {right.get(key)}"
        for key in sorted(held.keys() | right.keys())
        if held.get(key) != right.get(key)
    ]


def rebuild() -> None:
    """Replaces all figures by what the settled lines make."""
    db.session.execute(delete(Figure))
    rows = [
        {"dimension": dimension, "key": key, "period": period, **dict(zip(SUMS, sums, strict=True))}
        for (dimension, key, period), sums in recomputed().items()
    ]
    if rows:
        db.session.execute(insert(Figure), rows)
