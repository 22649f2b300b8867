"""The index as a table of PostgreSQL: terms as a tsvector under GIN, columns beside them."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, func, literal, select, union_all, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from ..core.db import db
from .documents import Document
from .models import SearchCounter, SearchDocument
from .snapshot import Row, Snapshot, bits_of, row_of
from .tokens import NAME, terms_of

BATCH = 200
TERMS = 2000  # remembered postings


class PostgresEngine:
    def __init__(self) -> None:
        self._empty()

    def _empty(self) -> None:
        self.snapshot = Snapshot()
        self._seen = 0  # the last number read
        self._place: dict[str, int] = {}  # offer → its place in the snapshot
        self._places: list[int] = []  # numbers read, ascending, each at its place
        self._terms: dict[str, tuple[int, int, int]] = {}  # term → (last number read, in name, anywhere)

    def replace(self, documents: Iterable[Document]) -> int:
        """Adds or renews documents; returns how many. Flushed, not committed."""
        count = 0
        for batch in _batches(documents):
            first = self._take(len(batch))
            rows = [
                {
                    "offer_id": document.offer_id,
                    "number": first + i,
                    "gone": False,
                    "columns": list(row_of(document)),
                    "tokens": _tsvector(terms_of(document)),
                }
                for i, document in enumerate(batch)
            ]
            statement = postgresql.insert(SearchDocument).values(rows)
            new = {name: statement.excluded[name] for name in ("number", "gone", "columns", "tokens")}
            db.session.execute(statement.on_conflict_do_update(index_elements=["offer_id"], set_=new))
            count += len(batch)
        return count

    def remove(self, offer_ids: Sequence[UUID]) -> None:
        ids = sorted(set(offer_ids))
        first = self._take(len(ids))
        for number, offer_id in enumerate(ids, start=first):
            db.session.execute(
                update(SearchDocument)
                .where(SearchDocument.offer_id == offer_id)
                .values(number=number, gone=True, tokens=_tsvector([]))
            )

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Makes the index anew in the caller's transaction: readers see the old one until it commits."""
        before = self._take(1)
        count = self.replace(documents)
        old = SearchDocument.number < before
        left = db.session.scalars(select(SearchDocument.offer_id).where(old, SearchDocument.gone.is_(False))).all()
        if left:
            self.remove(left)
        return count

    def count(self) -> int:
        return db.session.scalar(select(func.count()).where(SearchDocument.gone.is_(False))) or 0

    def _take(self, count: int) -> int:
        """The first of `count` numbers; locks the counter until the commit."""
        statement = postgresql.insert(SearchCounter).values(id=1, number=count)
        grown = statement.on_conflict_do_update(
            index_elements=["id"], set_={"number": SearchCounter.number + statement.excluded.number}
        )
        return db.session.execute(grown.returning(SearchCounter.number)).scalar_one() - count + 1

    def refresh(self) -> None:
        """Takes what has changed since the last look; one short statement when nothing has."""
        last = db.session.scalar(select(SearchCounter.number).where(SearchCounter.id == 1)) or 0
        if last < self._seen or self.snapshot.wasteful():
            self._empty()
        if last > self._seen:
            self._read(last)
            self._seen = last

    def _read(self, last: int) -> None:
        table = SearchDocument
        query = select(table.offer_id, table.number, table.gone, table.columns).where(
            table.number > self._seen, table.number <= last
        )
        rows: list[Row | None] = []
        dead: list[int] = []
        base = self.snapshot.size
        for offer_id, number, gone, columns in db.session.execute(query.order_by(table.number)):
            key = str(offer_id)
            if key in self._place:
                dead.append(self._place[key])
            self._place[key] = base + len(rows)
            self._places.append(number)
            rows.append(None if gone else Row(*columns))
        self.snapshot.append(rows)
        self.snapshot.kill(bits_of(dead, self.snapshot.size))

    def postings(self, term: str) -> tuple[int, int]:
        """The documents with a term in the name, and anywhere; only what came since the last time is asked for."""
        seen, in_name, anywhere = self._terms.get(term, (0, 0, 0))
        if seen < self._seen:
            # Two looks into the GIN index: testing the mark on each row found would unpack every row's terms.
            query = union_all(_numbers(NAME + term, True, seen, self._seen), _numbers(term, False, seen, self._seen))
            found = [
                (place, name) for number, name in db.session.execute(query) if (place := self._at(number)) is not None
            ]
            in_name |= bits_of((place for place, name in found if name), self.snapshot.size)
            anywhere |= bits_of((place for place, name in found if not name), self.snapshot.size)
            if len(self._terms) > TERMS:
                self._terms.clear()
            self._terms[term] = (self._seen, in_name, anywhere)
        return in_name, anywhere

    def _at(self, number: int) -> int | None:
        at = bisect_left(self._places, number)
        return at if at < len(self._places) and self._places[at] == number else None


def _numbers(term: str, in_name: bool, after: int, until: int) -> Any:
    table = SearchDocument
    return select(table.number, literal(in_name)).where(
        table.tokens.op("@@")(_tsquery(term)), table.number > after, table.number <= until
    )


def _tsvector(terms: list[str]) -> Any:
    return func.array_to_tsvector(literal(terms, ARRAY(Text)))


def _tsquery(term: str) -> Any:
    quoted = term.replace("\\", "\\\\").replace("'", "''")
    return cast(literal(f"'{quoted}'"), TSQUERY)


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    rest = iter(documents)
    while batch := list(islice(rest, BATCH)):
        yield list({document.offer_id: document for document in batch}.values())
