"""Answers a query from a snapshot and an engine's postings: filters, counts, order, page, and help with nothing."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import reduce
from itertools import chain, compress, islice
from uuid import UUID

from . import nearest, tokens
from .documents import BUCKETS, MAX_SIZE, Histogram, Query, Results
from .snapshot import Snapshot, bits_of, flags, numbers_in

# A term's documents: those with it in the name, and all of them.
Postings = Callable[[str], tuple[int, int]]


class Text:
    """A query's words against the index: `found` holds what meets all of them, `names` who has each in the name."""

    def __init__(self, text: str, postings: Postings, everything: int) -> None:
        self.chunks = tokens.chunks(text)
        self.postings = postings
        self.names: list[int] = []
        self.found = everything
        for chunk in self.chunks:
            self.found &= self._chunk(chunk)

    def _chunk(self, chunk: str) -> int:
        found = -1
        for group in tokens.groups(chunk):
            in_name, anywhere = self.group(group)
            self.names.append(in_name)
            found &= anywhere
        return found

    def group(self, terms: tuple[str, ...]) -> tuple[int, int]:
        """Any of the terms; a Chinese word that is nowhere is looked for as its pairs of characters."""
        pairs = [self.postings(term) for term in terms]
        in_name, anywhere = (reduce(int.__or__, column) for column in zip(*pairs, strict=True))
        if anywhere:
            return in_name, anywhere
        smaller = [self.postings(part) for part in tokens.smaller(terms[0])]
        if not smaller:
            return 0, 0
        return reduce(int.__and__, (a for a, _ in smaller)), reduce(int.__and__, (b for _, b in smaller))

    def hits(self, chunk: str, alive: int) -> int:
        """How many documents meet one chunk alone."""
        return (reduce(int.__and__, (self.group(group)[1] for group in tokens.groups(chunk)), alive)).bit_count()

    def tiers(self, matched: int) -> list[int]:
        """What matched, split by how many of the words are in the name, most first."""
        tiers = [(0, matched)]
        for in_name in self.names:
            split = [(score + 1, bits & in_name) for score, bits in tiers]
            tiers = [tier for tier in split + [(score, bits & ~in_name) for score, bits in tiers] if tier[1]]
        merged: dict[int, int] = {}
        for score, bits in tiers:
            merged[score] = merged.get(score, 0) | bits
        return [merged[score] for score in sorted(merged, reverse=True)]


def answer(query: Query, snapshot: Snapshot, postings: Postings) -> Results:
    """The results of a query."""
    text = Text(query.text, postings, snapshot.alive)
    chosen = _filters(query, snapshot)
    if text.chunks:
        chosen["text"] = text.found

    def leaving_out(*names: str) -> int:
        return reduce(int.__and__, (bits for name, bits in chosen.items() if name not in names), snapshot.alive)

    matched = leaving_out()
    total = matched.bit_count()
    suggestion, without = None, {}
    if not total:
        without = {name: count for name in chosen if (count := leaving_out(name).bit_count())}
        if text.chunks and not text.found & snapshot.alive:
            suggestion = nearest.suggestion(text, snapshot)
    return Results(
        total=total,
        ids=_page(query, snapshot, text, matched, total),
        counts=_counts(query, snapshot, leaving_out),
        histogram=_histogram(query, snapshot, leaving_out("price")),
        suggestion=suggestion,
        without=without,
    )


def _filters(query: Query, snapshot: Snapshot) -> dict[str, int]:
    chosen: dict[str, int] = {}
    facets = (("category", query.categories), ("county", query.counties), ("township", query.townships))
    for name, values in (*facets, ("unit", (query.unit,) if query.unit else ())):
        if values:
            chosen[name] = snapshot.any_of(name, values)
    for name, wanted in (("in_season", query.in_season), ("eligible", query.eligible)):
        if wanted:
            chosen[name] = snapshot.on_day(name, query.day)
    if query.price_from is not None or query.price_to is not None:
        chosen["price"] = _price_between(snapshot, query.price_from, query.price_to)
    return chosen


def _price_between(snapshot: Snapshot, low: int | None, high: int | None) -> int:
    """Documents with a comparable price from `low` to `high`, both included."""
    order, rows = snapshot.order("price"), snapshot.rows
    with_price = bisect_left(order, True, key=lambda n: rows[n].price == 0)  # those without stand at the end
    start = bisect_left(order, low or 1, hi=with_price, key=lambda n: rows[n].price)
    end = with_price if high is None else bisect_right(order, high, hi=with_price, key=lambda n: rows[n].price)
    return bits_of(order[start:end], snapshot.size)


def _page(query: Query, snapshot: Snapshot, text: Text, matched: int, total: int) -> tuple[UUID, ...]:
    size = max(1, min(query.size, MAX_SIZE))
    start = (max(1, query.page) - 1) * size
    if start >= total:
        return ()
    ranked = text.tiers(matched) if query.sort == "relevance" or not query.sort else [matched]
    order = snapshot.order(query.sort)
    numbers = chain.from_iterable(_ordered(order, bits, snapshot.size) for bits in ranked)
    return tuple(UUID(snapshot.rows[number].offer_id) for number in islice(numbers, start, start + size))


def _ordered(order: list[int], bits: int, size: int) -> Iterator[int]:
    return compress(order, map(flags(bits, size).__getitem__, order))


def _counts(query: Query, snapshot: Snapshot, leaving_out: Callable[..., int]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for name, chosen in (("category", query.categories), ("county", query.counties)):
        base = leaving_out(name)
        found = {value: (base & bits).bit_count() for value, bits in snapshot.facets[name].items()}
        counts[name] = {value: count for value, count in found.items() if count or value in chosen}
    for name in ("in_season", "eligible"):
        base = leaving_out(name)
        yes = (base & snapshot.on_day(name, query.day)).bit_count()
        counts[name] = {"yes": yes, "no": base.bit_count() - yes}
    return counts


def _histogram(query: Query, snapshot: Snapshot, base: int) -> Histogram | None:
    """Prices of the unit asked for, else of the one that most have: prices of different units are not compared."""
    units = {unit: (base & bits).bit_count() for unit, bits in snapshot.facets["unit"].items()}
    unit = query.unit or max(units, key=lambda name: (units[name], name), default="")
    if not units.get(unit):
        return None
    rows = snapshot.rows
    prices = sorted(price for n in numbers_in(base & snapshot.facets["unit"][unit]) if (price := rows[n].price))
    if not prices:
        return None
    edges = _edges(prices)
    below = [0, *(bisect_left(prices, edge) for edge in edges[1:-1]), len(prices)]
    return Histogram(unit, tuple(edges), tuple(below[i + 1] - below[i] for i in range(BUCKETS)))


def _edges(prices: list[int]) -> list[int]:
    """Round steps that cover all but the dearest few, which the last bucket takes in."""
    low, high = prices[0], prices[(len(prices) - 1) * 97 // 100]
    wanted = max(1, -(-(high - low + 1) // (BUCKETS - 1)))
    unit = 10 ** (len(str(wanted)) - 1)
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= wanted)
    first = low // step * step
    return [first + step * i for i in range(BUCKETS)] + [max(first + step * BUCKETS, prices[-1])]
