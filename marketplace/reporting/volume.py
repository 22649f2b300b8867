"""The volume report: groups of one dimension with their figures, the total, and the parts of each division."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

from ..channels import services as channels
from ..core.actor import Actor
from ..core.errors import Refused
from ..identity import services as identity
from ..procurement.models import AcceptanceLine, OrderLine
from ..products import services as products
from ..regions import services as regions
from . import rules, sources
from .reached import people, reached
from .sources import DIMENSIONS, Asked


@dataclass(frozen=True)
class Figures:
    """Fen; the definitions are the room's. `reached` are the households' ids, `people` all that a figure tells of."""

    ordered_fen: int = 0
    accepted_fen: int = 0
    settled_fen: int = 0
    attributed_fen: int = 0
    owed_fen: int | None = 0
    received_fen: int | None = 0
    before_fen: int = 0
    lines: int = 0
    reached: frozenset[UUID] = frozenset()
    people: frozenset[UUID] = frozenset()

    @property
    def to_pay_fen(self) -> int | None:
        return None if self.owed_fen is None or self.received_fen is None else self.owed_fen - self.received_fen

    @property
    def change_bp(self) -> int | None:
        return rules.change(self.settled_fen, self.before_fen)

    @property
    def households(self) -> int:
        return len(self.reached)

    @property
    def received_bp(self) -> int | None:
        """Received of owed (兑付率)."""
        return self.received_fen * 10_000 // self.owed_fen if self.owed_fen and self.received_fen is not None else None

    def __bool__(self) -> bool:
        return any(
            (self.ordered_fen, self.accepted_fen, self.settled_fen, self.owed_fen, self.received_fen, self.before_fen)
        )


_MONEY = tuple(field.name for field in fields(Figures))[:8]


def together(parts: Iterable[Figures]) -> Figures:
    """The sum of groups; households count once."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    columns = {name: [getattr(part, name) for part in parts] for name in _MONEY}
    money: dict[str, Any] = {name: None if None in column else sum(column) for name, column in columns.items()}
    none: frozenset[UUID] = frozenset()
    return Figures(
        **money,
        reached=none.union(*(part.reached for part in parts)),
        people=none.union(*(part.people for part in parts)),
    )


@dataclass(frozen=True)
class Row:
    """A group. `key` narrows the question to it. `whole`: what lies in a division but in no finer part of it.
    `hide` (shared reports): "few" or "complement" where its households are too few to show."""

    key: str
    name: str
    figures: Figures
    children: tuple["Row", ...] = ()
    whole: bool = False
    hide: str = ""


@dataclass(frozen=True)
class Report:
    """`months` are the same figures month by month, for the chart: without households, which are not counted twice."""

    asked: Asked
    by: str
    rows: list[Row]
    total: Figures
    months: list[Row]
    hide_total: bool = False
    shared: bool = False

    @property
    def tells_owed(self) -> bool:
        return self.total.owed_fen is not None

    @property
    def tells_ordered(self) -> bool:
        """Orders lie in a county, no finer: of a township nothing can be said."""
        return len(self.asked.origin or "") <= 6 or (self.asked.origin or "").endswith("000000")

    def orders_of(self, row: Row) -> bool:
        """Whether the row's ordered money can be told."""
        return self.tells_ordered and (self.by != "origin" or len(row.key) <= 6 or row.key.endswith("000000"))


def volume(actor: Actor, asked: Asked, by: str = "origin", *, shared: bool = False, depth: int = 1) -> Report:
    """The report by a dimension, largest first (months in order). By origin: the parts of the chosen division, and
    `depth` − 1 levels below each. `shared` hides small cells, for what leaves the house.

    Statements do not grow with groups or lines. Raises Refused: not_a_month, months_turned, too_many_months,
    not_a_dimension, not_a_prefix; Forbidden.
    """
    actor.require("report.read")
    check(asked, by)
    groups, by_month = read(actor, asked, by)
    households_of = reached(actor, asked, by)
    people_of = people(actor, asked, by) if shared else {}
    none: frozenset[UUID] = frozenset()
    groups = {
        key: replace(figures, reached=households_of.get(key, none), people=people_of.get(key, none))
        for key, figures in groups.items()
    }
    months = _months(asked, by_month, _nothing(actor, asked, by))
    if by == "origin":
        found = _parts(groups, asked.origin or "", depth)
        names = regions.paths_of(row.key.ljust(12, "0") for row in _all(found))
        rows = _named(found, {key: path[-1].name if path else key for key, path in names.items()})
    else:
        if by == "month":
            groups = {row.key: groups.get(row.key, row.figures) for row in months}
        called = names_of(by, groups)
        rows = [Row(key, called.get(key) or key, figures) for key, figures in groups.items()]
    rows.sort(key=(lambda row: row.key) if by == "month" else lambda row: (-row.figures.settled_fen, row.key))
    total = together(groups.values()) if groups else _nothing(actor, asked, by)
    report = Report(asked, by, rows, total, months, shared=shared)
    return hide_small(report) if shared else report


def check(asked: Asked, by: str) -> Asked:
    rules.check_months(asked.first, asked.last)
    if by not in DIMENSIONS:
        raise Refused("not_a_dimension", field="by", value=by)
    if asked.origin and (len(asked.origin) not in rules.PREFIXES or not asked.origin.isdigit()):
        raise Refused("not_a_prefix", field="origin", value=asked.origin)
    return asked


def _months(asked: Asked, groups: Mapping[str, Figures], nothing: Figures) -> list[Row]:
    keys = [str(month) for month in rules.months(asked.first, asked.last)]
    return [Row(key, f"{key[:4]}-{key[4:]}", groups.get(key, nothing)) for key in keys]


def _nothing(actor: Actor, asked: Asked, by: str) -> Figures:
    told = all(source.tells(actor, asked, by) for source in sources.OWING)
    return Figures() if told else Figures(owed_fen=None, received_fen=None)


# The places of a group's money: Figures' first eight fields.
_ORDERED, _ACCEPTED, _SETTLED, _ATTRIBUTED, _OWED, _RECEIVED, _BEFORE, _LINES = range(8)
Money = dict[str, list[int]]


def read(actor: Actor, asked: Asked, by: str) -> tuple[dict[str, Figures], dict[str, Figures]]:
    """Figures by group and by month, without households; by origin, groups are the 12-digit codes that rows carry."""
    groups: Money = {}
    months: Money = {}
    owing = _owing(actor, asked, by)
    for cells, places in (
        (sources.settled(actor, asked, by), (_SETTLED, _ATTRIBUTED, _OWED, _LINES)),
        (_a_year_on(sources.settled(actor, asked.year_before(), by), by), (_BEFORE,)),
        (sources.grouped(sources.ORDERED, actor, asked, by, OrderLine.money_fen), (_ORDERED,)),
        (sources.grouped(sources.ACCEPTED, actor, asked, by, AcceptanceLine.money_fen), (_ACCEPTED,)),
        *(owing or ()),
    ):
        for (key, month), parts in cells.items():
            group, of_month = groups.setdefault(key, [0] * 8), months.setdefault(str(month), [0] * 8)
            for place, fen in zip(places, parts, strict=False):
                group[place] += fen
                of_month[place] += fen
    return _figures(groups, owing is not None), _figures(months, owing is not None)


def _a_year_on(cells: sources.Cells, by: str) -> sources.Cells:
    return {(str(month + 100) if by == "month" else key, month + 100): parts for (key, month), parts in cells.items()}


def _figures(groups: Money, told: bool) -> dict[str, Figures]:
    """Where owed and received cannot be told, they are None."""
    untold: dict[str, Any] = {} if told else {"owed_fen": None, "received_fen": None}
    found: dict[str, Figures] = {}
    for key, fen in sorted(groups.items()):
        money: dict[str, Any] = {**dict(zip(_MONEY, fen, strict=True)), **untold}
        found[key] = Figures(**money)
    return found


def _owing(actor: Actor, asked: Asked, by: str) -> list[tuple[sources.Cells, tuple[int]]] | None:
    """What is owed and received by cell, each with its place; None where these cannot be told apart so."""
    if not all(source.tells(actor, asked, by) for source in sources.OWING):
        return None
    return [
        (sources.grouped(source, actor, asked, by, money), (place,))
        for place, parts in ((_OWED, sources.OWED), (_RECEIVED, sources.RECEIVED))
        for source, money in parts
    ]


def _parts(groups: Mapping[str, Figures], prefix: str, depth: int) -> list[Row]:
    """The parts of a division that hold something, each with its own parts down to `depth`."""
    of: dict[str, dict[str, Figures]] = {}
    for code, figures in groups.items():
        of.setdefault(rules.child(code, prefix), {})[code] = figures
    rows = []
    for key, inside in of.items():
        whole = len(key) == 12 and key == prefix.ljust(12, "0")
        children = _parts(inside, key, depth - 1) if depth > 1 and len(key) < 12 else []
        if len(children) == 1 and children[0].whole:
            children = []
        rows.append(Row(key, "", together(inside.values()), tuple(children), whole))
    return sorted(rows, key=lambda row: (-row.figures.settled_fen, row.key))


def _all(rows: Iterable[Row]) -> Iterable[Row]:
    for row in rows:
        yield row
        yield from _all(row.children)


def _named(rows: Iterable[Row], names: Mapping[str, str]) -> list[Row]:
    return [
        replace(row, name=names.get(row.key.ljust(12, "0"), row.key), children=tuple(_named(row.children, names)))
        for row in rows
    ]


def names_of(by: str, keys: Iterable[str]) -> dict[str, str]:
    """What groups are called, one statement."""
    keys = list(keys)
    if by in ("buyer", "supplier"):
        found = identity.named({UUID(key) for key in keys})
        return {str(id_): row.name for id_, row in found.items()}
    if by == "category":
        return {row.code: row.name for row in products.categories()}
    if by == "channel":
        return {row.code: row.name for row in channels.all_channels()}
    if by == "month":
        return {key: f"{key[:4]}-{key[4:]}" for key in keys}
    paths = regions.paths_of(key.ljust(12, "0") for key in keys)
    return {key: paths[key.ljust(12, "0")][-1].name for key in keys if paths[key.ljust(12, "0")]}


def hide_small(report: Report) -> Report:
    """Marks cells of too few households, and those from which they could be subtracted; below a hidden row all is."""
    total = 0 < len(report.total.people) < rules.LEAST_HOUSEHOLDS
    return replace(report, rows=_hide(report.rows, all_of_it=total), hide_total=total)


def _hide(rows: Iterable[Row], all_of_it: bool) -> list[Row]:
    rows = list(rows)
    marks = dict.fromkeys(range(len(rows)), "complement") if all_of_it else {}
    marks |= rules.hidden([row.figures.people for row in rows])
    return [
        replace(row, hide=marks.get(place, ""), children=tuple(_hide(row.children, place in marks)))
        for place, row in enumerate(rows)
    ]
