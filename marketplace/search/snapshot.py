"""The columns that searches filter, count and sort by, in the process's memory: sets of documents as big integers.

A document's number is its place in the columns; a set has a bit per number, so that an intersection and a count cost
microseconds. Columns only grow: a document that changed gets a new number, the old one is no longer `alive`.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import compress, count
from typing import Any, NamedTuple

from .documents import Document
from .tokens import spellings

FEW = 500  # new documents that are put in their places one by one
_versions = count(1)
_BITS = bytes.maketrans(b"01", b"\x00\x01")


class Row(NamedTuple):
    """What the index keeps of a document, beside its terms."""

    offer_id: str
    categories: list[str]
    county: str
    township: str
    price: int
    unit: str
    season_from: int
    season_to: int
    eligible_from: int
    eligible_to: int
    available: int
    listed_at: int  # seconds
    spellings: list[str]


def row_of(document: Document) -> Row:
    listed = document.listed_at or datetime(1970, 1, 1, tzinfo=UTC)
    return Row(
        str(document.offer_id),
        [code for code, _ in document.categories],
        document.county,
        document.township,
        document.comparable_price_fen,
        document.comparable_unit,
        document.season_from,
        document.season_to,
        document.eligible_from,
        document.eligible_to,
        document.available,
        int(listed.timestamp()),
        spellings(document),
    )


def bits_of(numbers: Iterable[int], size: int) -> int:
    """A set of numbers below `size`."""
    array = bytearray(size // 8 + 1)
    for number in numbers:
        array[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(array, "little")


def flags(bits: int, size: int) -> bytes:
    """A byte 0 or 1 for each number below `size`."""
    return bin(bits)[:1:-1].encode().translate(_BITS).ljust(size, b"\0")


def numbers_in(bits: int) -> list[int]:
    """The numbers of a set, ascending."""
    marks = bin(bits)[:1:-1].encode().translate(_BITS)
    return list(compress(range(len(marks)), marks))


def in_season(row: Row, month_day: int) -> bool:
    """Goods without a window are in season all the year; a window may run over New Year."""
    if not row.season_from and not row.season_to:
        return True
    if row.season_from <= row.season_to:
        return row.season_from <= month_day <= row.season_to
    return month_day >= row.season_from or month_day <= row.season_to


def eligible(row: Row, ordinal: int) -> bool:
    return 0 < row.eligible_from <= ordinal and (not row.eligible_to or ordinal <= row.eligible_to)


class Snapshot:
    """Columns, facets (filter → value → set), the set of those `alive`, and sort orders made when first asked for."""

    FACETS = ("category", "county", "township", "unit")

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.alive = 0
        self.facets: dict[str, dict[str, int]] = {name: {} for name in self.FACETS}
        self.spellings: dict[str, str] = {}  # word → pinyin
        self.version = next(_versions)  # no two snapshots of the process share one
        self._orders: dict[str, tuple[int, list[int]]] = {}  # with the size it was made for
        self._days: dict[tuple[str, int], tuple[int, int]] = {}

    @property
    def size(self) -> int:
        return len(self.rows)

    def wasteful(self) -> bool:
        """Whether so many numbers are dead that making the columns anew is worth it."""
        return self.size > 2 * self.alive.bit_count() + 2000

    def append(self, rows: Sequence[Row | None]) -> None:
        """Adds documents after those held; None takes a number without being alive."""
        base = self.size
        found: dict[tuple[str, str], list[int]] = {}
        alive = []
        for number, row in enumerate(rows, start=base):
            if row is None:
                self.rows.append(_NOBODY)
                continue
            self.rows.append(row)
            alive.append(number)
            for code in row.categories:
                found.setdefault(("category", code), []).append(number)
            for name, value in (("county", row.county), ("township", row.township), ("unit", row.unit)):
                if value:
                    found.setdefault((name, value), []).append(number)
            for spelling in row.spellings:
                word, _, pinyin = spelling.partition("=")
                self.spellings[word] = pinyin
        self.alive |= bits_of(alive, self.size)
        for (name, value), numbers in found.items():
            facet = self.facets[name]
            facet[value] = facet.get(value, 0) | bits_of(numbers, self.size)
        self.changed()

    def kill(self, bits: int) -> None:
        if self.alive & bits:
            self.alive &= ~bits
            self.changed()

    def changed(self) -> None:
        self.version = next(_versions)

    def any_of(self, name: str, values: Iterable[str]) -> int:
        """The documents with any of these values of a facet."""
        bits = 0
        for value in values:
            bits |= self.facets[name].get(value, 0)
        return bits

    def on_day(self, what: str, day: date) -> int:
        """The documents in season, or eligible, on a day; later appended ones are added when asked again."""
        value = day.month * 100 + day.day if what == "in_season" else day.toordinal()
        test = in_season if what == "in_season" else eligible
        done, bits = self._days.get((what, value), (0, 0))
        if done < self.size:
            bits |= bits_of((n for n in range(done, self.size) if test(self.rows[n], value)), self.size)
            if len(self._days) > 16:
                self._days.clear()
            self._days[what, value] = (self.size, bits)
        return bits

    def order(self, sort: str) -> list[int]:
        """The documents in the order of a sort, dead ones perhaps among them; ties: in stock first, then the newest."""
        key = self._keys().get(sort) or self._keys()["relevance"]
        done, order = self._orders.get(sort, (0, []))
        if self.size - done > FEW:
            order = sorted(numbers_in(self.alive), key=key)
        else:  # after a small change: a sort of all takes ten times as long as the search
            for number in range(done, self.size):
                if self.alive >> number & 1:
                    insort(order, number, key=key)
        self._orders[sort] = (self.size, order)
        return order

    def _keys(self) -> dict[str, Callable[[int], Any]]:
        rows = self.rows
        return {
            "price": lambda n: (rows[n].price == 0, rows[n].price, -rows[n].listed_at),
            "-price": lambda n: (-rows[n].price, -rows[n].listed_at),
            "newest": lambda n: (-rows[n].listed_at, rows[n].offer_id),
            "stock": lambda n: (-rows[n].available, -rows[n].listed_at),
            "relevance": lambda n: (rows[n].available <= 0, -rows[n].listed_at, rows[n].offer_id),
        }


_NOBODY = Row("", [], "", "", 0, "", 0, 0, 0, 0, 0, 0, [])
