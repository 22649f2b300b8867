"""The catalogue: search, filters with their counts, sort, pages, help when nothing is found; suggestions while typing."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response, jsonify, render_template, request
from flask_babel import gettext as _

from ...catalogue import services as offers_of
from ...core import clock
from ...core.errors import Refused
from ...core.money import parse_yuan
from ...edge.guard import guard
from ...regions import services as regions
from ...search import services as search
from ...search.documents import SORTS, Query, Results
from .. import kit
from ..tables import Table, here
from . import blueprint
from .cards import Stamps, brief, cards, categories
from .remembered import page

PER_PAGE = 24
MOST_COMPARED = 6
_CODE = re.compile(r"^[A-Za-z0-9-]{1,24}$")


@blueprint.get("/catalogue")
@guard(public=True)
def catalogue() -> bytes:
    table = Table(SORTS, "relevance", PER_PAGE)
    query = asked(table)
    results = search.search(query)
    stamps = offers_of.stamps(results.ids) if results.ids else {}
    stamp = (search.state(), tuple(stamps.get(id_) for id_ in results.ids))
    return page(stamp, lambda: _page(table, query, results, stamps))


def _page(table: Table, query: Query, results: Results, stamps: Stamps) -> str:
    table.total = results.total
    compared = chosen_codes()
    return render_template(
        "public/catalogue.html",
        table=table,
        query=query,
        results=results,
        cards=cards(results.ids, stamps),
        facets=_facets(query, results),
        chips=_chips(query),
        compared=compared,
        help=_help(query, results) if not results.total else None,
    )


def asked(table: Table) -> Query:
    """The query in the URL. What is not a filter's value is passed over: a link never fails."""
    arguments = request.args
    return Query(
        day=clock.today(),
        text=arguments.get("q", "").strip()[:100],
        categories=tuple(sorted(set(arguments.getlist("category"))))[:40],
        counties=tuple(sorted(set(arguments.getlist("county"))))[:40],
        price_from=_fen("low"),
        price_to=_fen("high"),
        unit=arguments.get("unit", "")[:4] if "low" in arguments or "high" in arguments else "",
        in_season="season" in arguments,
        eligible="eligible" in arguments,
        sort=table.sort,
        page=table.page,
        size=PER_PAGE,
    )


def _fen(name: str) -> int | None:
    try:
        return parse_yuan(request.args[name]) if request.args.get(name, "").strip() else None
    except Refused:
        return None


def chosen_codes() -> list[str]:
    """The offers ticked for comparison, in order, each once."""
    codes = dict.fromkeys(code.upper() for code in request.args.getlist("compare") if _CODE.match(code))
    return list(codes)[:MOST_COMPARED]


def _facets(query: Query, results: Results) -> dict[str, list[dict[str, Any]]]:
    """category and county: code, name, count, on, sub; the yes/no ones: on, count."""
    counts = results.counts
    known = categories()
    tree: list[dict[str, Any]] = []
    for top in (row for row in known.values() if row.parent_code is None):
        below = [row for row in known.values() if row.parent_code == top.code]
        for row, sub in [(top, False), *((row, True) for row in below)]:
            if row.code in counts.get("category", {}):
                tree.append(_choice(row.code, row, counts["category"], query.categories, sub))
    counties = [
        {"code": code, "name": name, "count": count, "on": code in query.counties, "sub": False}
        for code, count in counts.get("county", {}).items()
        if (name := _place(code))
    ]
    return {"category": tree, "county": sorted(counties, key=lambda item: (-item["count"], item["code"]))}


def _choice(code: str, row: Any, counts: dict[str, int], chosen: Iterable[str], sub: bool) -> dict[str, Any]:
    return {
        "code": code,
        "name": row.name,
        "name_en": row.name_en,
        "count": counts[code],
        "on": code in chosen,
        "sub": sub,
    }


def _place(code: str) -> str:
    path = regions.paths_of([code]).get(code) if len(code) == 12 else None
    return path[-1].name if path else ""


def _chips(query: Query) -> list[tuple[str, str]]:
    known = categories()
    chips = [(f"“{query.text}”", here(q=None, page=None))] if query.text else []
    for code in query.categories:
        left = [other for other in query.categories if other != code]
        chips.append((known[code].name if code in known else code, here(category=left, page=None)))
    for code in query.counties:
        left = [other for other in query.counties if other != code]
        chips.append((_place(code) or code, here(county=left, page=None)))
    if query.in_season:
        chips.append((_("现在当季"), here(season=None, page=None)))
    if query.eligible:
        chips.append((_("可计入预留份额"), here(eligible=None, page=None)))
    if query.price_from is not None or query.price_to is not None:
        low, high = request.args.get("low", "").strip(), request.args.get("high", "").strip()
        chips.append((f"¥{low or 0}–{high}", here(low=None, high=None, unit=None, page=None)))
    return chips


DROPPED = {
    "text": ("q",),
    "category": ("category",),
    "county": ("county",),
    "in_season": ("season",),
    "eligible": ("eligible",),
    "price": ("low", "high", "unit"),
    "unit": ("low", "high", "unit"),
}


def _help(query: Query, results: Results) -> dict[str, Any]:
    """When nothing is found: the nearest word, and what each filter left out alone would give."""
    words = {
        "text": _("搜索词"),
        "category": _("品类"),
        "county": _("产地"),
        "in_season": _("现在当季"),
        "eligible": _("可计入预留份额"),
        "price": _("可比价"),
        "unit": _("可比价"),
    }
    without = [
        (words[name], here(**dict.fromkeys(DROPPED[name]), page=None), count)
        for name, count in results.without.items()
        if name in words
    ]
    return {
        "text": query.text,
        "suggestion": results.suggestion,
        "suggestion_url": here(q=results.suggestion, page=None),
        "without": without,
    }


@blueprint.get("/catalogue/suggest")
@guard(public=True)
def suggest() -> Response:
    """Up to eight offers for what is being typed: words, pinyin or a code. JSON for the search-as-you-add module."""
    text = request.args.get("q", "").strip()[:60]
    ids = search.search(Query(day=clock.today(), text=text, size=8)).ids if text else ()
    response = jsonify(items=offers_in_brief(ids))
    response.cache_control.max_age = 10
    return response


def offers_in_brief(ids: Iterable[UUID]) -> list[dict[str, str]]:
    """code, name, supplier, price and stock of offers, for lists of suggestions. Four statements."""
    from ...identity import services as identity
    from ...products import services as products

    ids = list(ids)
    offers = offers_of.by_ids(ids) if ids else {}
    found = products.by_ids({offer.product_id for offer in offers.values()}) if offers else {}
    suppliers = identity.named({offer.supplier_id for offer in offers.values()})
    return [
        {
            "id": str(offer.id),
            "code": offer.code,
            "name": found[offer.product_id].name,
            "supplier": suppliers[offer.supplier_id].short_name or suppliers[offer.supplier_id].name,
            "unit": kit.unit_word(offer.order_unit),
            "minimum": brief(offer.minimum),
            "available": brief(offer.available),
            "price": f"{offer.breaks[0].price_fen // 100}.{offer.breaks[0].price_fen % 100:02d}/{kit.unit_word(offer.price_unit)}",
        }
        for id_ in ids
        if (offer := offers.get(id_)) and offer.state == "on_sale"
    ]
