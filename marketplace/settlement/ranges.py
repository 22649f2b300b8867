"""A check over a whole table in bounded memory: by ranges of the table's key, a few statements for each.

    @ranged(SettledLine.id)
    def lines_are_right(within: Range) -> list[str]:
        query = select(...).where(within.of(SettledLine.id))

makes a `ledger.batches.Batched`: called, it goes over all ranges; a verifier that was stopped goes on after the last.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, cast, func, select, true, type_coerce

from ..core.db import db, is_sqlite
from ..ledger.batches import Batch, Batched

SIZE = 50_000


@dataclass(frozen=True)
class Range:
    """Keys above `low` and up to `high`; None: no bound."""

    low: UUID | None = None
    high: UUID | None = None

    def of(self, column: Any) -> ColumnElement[bool]:
        bounds = [column > self.low] if self.low else []
        return and_(true(), *bounds, *([column <= self.high] if self.high else []))

    def of_text(self, column: Any) -> ColumnElement[bool]:
        """The same for a column that holds the ids as text: hyphens stand at the same places, so they sort alike."""
        bounds = [column > str(self.low)] if self.low else []
        return and_(true(), *bounds, *([column <= str(self.high)] if self.high else []))


def ranged(key: Any, size: int = SIZE) -> Callable[[Callable[[Range], list[str]]], Batched]:
    """`key` is an id column; `size` how many of its rows make a range."""

    def made(check: Callable[[Range], list[str]]) -> Batched:
        @wraps(check)
        def work(state: Any) -> Iterator[Batch]:
            after, done = (UUID(state[0]), state[1]) if state else (None, 0)
            total = int(db.session.scalar(select(func.count(key))) or 0)
            while True:
                high = _high(key, size, after)
                faults = check(Range(after, high))
                done = total if high is None else min(done + size, total)
                yield Batch(done, total, faults, [str(high), done] if high else None)
                if high is None:
                    return
                after = high

        return Batched(work)

    return made


def _high(key: Any, size: int, after: UUID | None) -> UUID | None:
    """The last key of the range; None for the last range."""
    query = select(key).order_by(key).limit(1).offset(size - 1)
    return db.session.scalar(query if after is None else query.where(key > after))


def id_text(column: Any) -> Any:
    """An id column as text with hyphens, as sources are written."""
    if not is_sqlite():
        return cast(column, String)
    text = type_coerce(column, String)
    parts = [func.substr(text, start, length) for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
    return parts[0] + "-" + parts[1] + "-" + parts[2] + "-" + parts[3] + "-" + parts[4]
