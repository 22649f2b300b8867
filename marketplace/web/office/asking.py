"""The volume report's question in the URL, and its answer as lines of a table. Whoever shows the report uses this."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import current_app, request, url_for
from flask_babel import gettext as _

from ...channels import services as channels
from ...core import clock
from ...core.actor import Actor
from ...core.errors import Refused
from ...identity import registry
from ...identity import services as identity
from ...products import services as products
from ...regions import services as regions
from ...reporting import rules
from ...reporting.services import DIMENSIONS, Asked, Report, Row
from .. import kit
from ..tables import here

_MONTH = re.compile(r"^(\d{4})-?(\d{2})$")
COUNTRY = "all"  # the office's whole reach, whatever the origin
SORTS = ("name", "ordered", "accepted", "settled", "change", "attributed", "owed", "received", "to_pay", "households")


def month_of(name: str, default: int) -> int:
    """`2026-08` or `202608` of the URL. Raises Refused('not_a_month')."""
    typed = request.args.get(name, "").strip()
    if not typed:
        return default
    found = _MONTH.match(typed)
    if not found:
        raise Refused("not_a_month", field=name, value=typed[:12])
    return int(found[1] + found[2])


def home_prefix() -> str:
    """The installation's own division."""
    region: str = current_app.config["SETTINGS"].region
    return next((region[:length] for length in rules.PREFIXES if not region[length:].strip("0")), region)


def asked(actor: Actor) -> Asked:
    """The question: the last twelve months and the office's own division unless the URL says otherwise."""
    now = clock.period(clock.today())
    origin = request.args.get("origin", actor.scope.division or home_prefix()).strip()
    return Asked(
        first=month_of("from", rules.before(now, 11)),
        last=month_of("to", now),
        origin=None if origin in ("", COUNTRY) else origin[:12],
        buyer=_id("buyer"),
        supplier=_id("supplier"),
        category=request.args.get("category") or None,
        channel=request.args.get("channel") or None,
    )


def _id(name: str) -> UUID | None:
    typed = request.args.get(name, "")
    if not typed:
        return None
    try:
        return UUID(typed)
    except ValueError:
        raise Refused("not_an_id", field=name) from None


def by_of() -> str:
    typed = request.args.get("by", "origin")
    if typed not in DIMENSIONS:
        raise Refused("not_a_dimension", field="by", value=typed[:20])
    return typed


def typed_month(period: int) -> str:
    return f"{period // 100}-{period % 100:02d}"


def arguments(question: Asked) -> dict[str, Any]:
    """The question as URL arguments: a whole one, so that a link means the same for everybody."""
    filters = {name: str(value) for name, value in question.filters.items()}
    return {"from": typed_month(question.first), "to": typed_month(question.last), "origin": COUNTRY, **filters}


@dataclass(frozen=True)
class Line:
    """A row of the table. `fold` is the link that opens or closes its parts; `url` asks for the row alone; `ordered`
    says whether orders can be told so finely."""

    row: Row
    depth: int
    url: str | None
    fold: str | None
    open: bool
    to_rows: str
    ordered: bool


def lines(report: Report, sort: str) -> list[Line]:
    """The report's rows as the table shows them: sorted, the parts of the opened divisions beneath."""
    key, turned = sort.removeprefix("-"), sort.startswith("-")
    opened = _opened(report.rows)
    return list(_lines(report, report.rows, (key, turned), opened, 0))


def _opened(rows: list[Row]) -> set[str]:
    """What the URL opens; a few divisions stand open by themselves."""
    typed = request.args.get("open")
    if typed is None:
        return {row.key for row in rows} if len([row for row in rows if row.children]) <= 3 else set()
    return set(typed.split(","))


def _lines(
    report: Report, rows: Iterable[Row], order: tuple[str, bool], opened: set[str], depth: int
) -> Iterable[Line]:
    for row in sorted(rows, key=lambda row: _sort_key(row, order[0]), reverse=order[1]):
        is_open = row.key in opened
        fold = None
        if row.children:
            kept = opened - {row.key} if is_open else opened | {row.key}
            fold = _here(open=",".join(sorted(kept)) or "-", page=None)
        to_rows = urlencode(arguments(report.asked.narrowed(report.by, row.key)))
        yield Line(row, depth, _drill(report, row), fold, is_open, to_rows, report.orders_of(row))
        if is_open:
            yield from _lines(report, row.children, order, opened, depth + 1)


def _sort_key(row: Row, key: str) -> tuple[bool, Any]:
    """What cannot be told, or is hidden, stands below everything."""
    if key == "name":
        return True, row.key
    value = getattr(row.figures, {"change": "change_bp", "households": "households"}.get(key, f"{key}_fen"))
    if row.hide and key in ("attributed", "owed", "received", "to_pay", "households"):
        value = None
    return value is not None, value or 0


def _drill(report: Report, row: Row) -> str | None:
    """One level down: a division's parts; of anything else, where it came from."""
    if row.whole or (report.by == "origin" and len(row.key) == 12):
        return None
    narrowed = arguments(report.asked.narrowed(report.by, row.key))
    return _here(**{**narrowed, "by": "origin", "open": None, "page": None, "sort": None, "format": None})


def whole_words(row: Row) -> str:
    """The name of a row, or that it lies in no finer part of its division."""
    return _("%(name)s（未分到下级）", name=row.name) if row.whole else row.name


def columns_chart(report: Report) -> list[dict[str, Any]]:
    """The months for the chart; the year stands below its first month."""
    chart, shown = [], 0
    for row in report.months:
        period = int(row.key)
        year, number = divmod(period, 100)
        chart.append(
            {
                "label": kit.month(period).split(kit.SPACE)[0] if kit.is_english() else f"{number}月",
                "below": "" if year == shown else f"{year}" if kit.is_english() else f"{year} 年",
                "title": kit.month(period),
                "sold": row.figures.settled_fen,
                "due": None if report.shared else row.figures.owed_fen,
                "received": None if report.shared else row.figures.received_fen,
                "url": here(**{"from": typed_month(period), "to": typed_month(period), "page": None}),
            }
        )
        shown = year
    return chart


def bars_chart(report: Report, most: int = 10) -> list[dict[str, Any]]:
    """The largest of the finest parts shown, each with what lies above it where names repeat."""
    parts = [(row, child) for row in report.rows for child in (row.children or (row,))]
    parts = sorted((part for part in parts if part[1].figures.settled_fen), key=lambda p: -p[1].figures.settled_fen)
    return [
        {
            "label": _label(above, row),
            "title": whole_words(row),
            "sold": row.figures.settled_fen,
            "due": None if row.hide else row.figures.owed_fen,
            "received": None if row.hide else row.figures.received_fen,
            "url": _drill(report, row),
        }
        for above, row in parts[:most]
    ]


def _label(above: Row, row: Row) -> str:
    name = row.name if above is row or row.whole else f"{row.name}{_('，')}{above.name.removesuffix('县')}"
    return name if len(name) <= 8 else f"{name[:7]}…"


def options(actor: Actor, question: Asked) -> dict[str, list[tuple[str, str]]]:
    """(value, words) of each filter within the actor's reach; what is chosen stands there in any case."""
    return {
        "origin": _origins(actor, question.origin),
        "buyer": _organisations(actor, "agency", question.buyer),
        "supplier": _organisations(actor, "supplier", question.supplier),
        "category": [("", _("全部")), *((row.code, row.name) for row in products.categories())],
        "channel": [("", _("全部")), *((row.code, row.name) for row in channels.all_channels())],
    }


def _organisations(actor: Actor, kind: str, chosen: UUID | None) -> list[tuple[str, str]]:
    found = [(str(id_), name) for id_, name in registry.choices(actor, kind)]
    if chosen and str(chosen) not in dict(found):
        found += [(str(id_), row.name) for id_, row in identity.named({chosen}).items()]
    return [("", _("全部")), *found]


def _origins(actor: Actor, chosen: str | None) -> list[tuple[str, str]]:
    """The way from the office's division down to the chosen one, and the chosen one's parts."""
    top = actor.scope.division or ""
    found = [(COUNTRY, _("不限产地") if top else _("全国"))]
    code = (chosen or top).ljust(12, "0") if chosen or top else None
    if code:
        path = [place for place in regions.paths_of([code])[code] if place.prefix.startswith(top)]
        found += [(place.prefix, "　" * step + place.name) for step, place in enumerate(path)]
        deep = len(path)
        if chosen and len(chosen) == 12 and path and path[-1].prefix != chosen:
            found.append((chosen, "　" * deep + _("%(name)s（未分到下级）", name=path[-1].name)))
            return found
    else:
        deep = 0
    below = [place for place in regions.children(code, clock.today()) if place.has_households]
    return found + [(place.prefix, "　" * deep + place.name) for place in below]


def place_name(origin: str | None) -> str:
    """The chosen origin's name, none for all."""
    if not origin:
        return ""
    path = regions.paths_of([origin.ljust(12, "0")])[origin.ljust(12, "0")]
    return path[-1].name if path else origin


def short_places(codes: Iterable[str]) -> dict[str, str]:
    """Where codes lie, from the county down: 炎陵县中村瑶族乡; what lies above a county by its own name."""
    paths = regions.paths_of(codes)
    return {
        code: "".join(place.name for place in path if place.level >= 3) or (path[-1].name if path else code)
        for code, path in paths.items()
    }


def trail(actor: Actor, origin: str | None) -> list[tuple[str, str]]:
    """(name, url) of what lies above the chosen origin and within the actor's reach."""
    if not origin:
        return []
    code, top = origin.ljust(12, "0"), actor.scope.division or ""
    above = [place for place in regions.paths_of([code])[code][:-1] if place.prefix.startswith(top)]
    return [(place.name, here(origin=place.prefix, open=None, page=None)) for place in above]


def row_links() -> Callable[[dict[str, Any] | str, str], str]:
    """A function of a question's arguments (or its query) and a figure: the URL of the rows behind it.

    A report has a link in almost every cell: paths are built once, a row's query once.
    """
    rows, households = url_for("office.volume_rows"), url_for("office.volume_households")

    def link(arguments: dict[str, Any] | str, figure: str) -> str:
        query = arguments if isinstance(arguments, str) else urlencode(arguments)
        return f"{households}?{query}" if figure == "households" else f"{rows}?figure={figure}&{query}"

    return link


def _here(**changes: Any) -> str:
    """`tables.here` for many links of one page: arguments changed or (None) dropped."""
    found = {name: values for name, values in request.args.lists() if name != "lang"} | changes
    return (
        f"{request.path}?{urlencode({name: value for name, value in found.items() if value is not None}, doseq=True)}"
    )
