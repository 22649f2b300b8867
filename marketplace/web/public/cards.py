"""An offer's line in a list, made once per version of the offer and language; its stock is put in each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template
from markupsafe import Markup

from ...catalogue import rules as prices
from ...catalogue import services as catalogue
from ...core import clock
from ...core.quantity import format_quantity
from ...identity import services as identity
from ...linkage import services as linkage
from ...products import services as products
from ...regions import services as regions
from .. import kit
from .remembered import keep, peek, plain, remembered

HOLE = "\x00"  # where the quantity to be had stands in a remembered card
LAST_DAYS = 7
Stamps = dict[UUID, tuple[int, int, str]]


@dataclass(frozen=True)
class Card:
    code: str
    name: str
    html: Markup


def brief(thousandths: int) -> str:
    """8640000 → 8,640; decimals only where there are some."""
    text = format_quantity(thousandths)
    return text.removesuffix(".000")


def categories() -> dict[str, Any]:
    """Categories by code, in their order, as values."""
    return remembered("categories", lambda: {row.code: plain(row) for row in products.categories()}, 60)


def season(season_from: int, season_to: int, today: date) -> dict[str, Any]:
    """How a harvest window stands on a day: `state` all, now, last (the last days) or later; the day it ends or begins."""
    if not season_from:
        return {"state": "all"}
    if not prices.in_season(season_from, season_to, today):
        return {"state": "later", "day": _next(season_from, today)}
    end = _next(season_to, today)
    left = (end - today).days
    return {"state": "last" if left <= LAST_DAYS else "now", "day": end, "left": left}


def _next(month_day: int, today: date) -> date:
    month, number = divmod(month_day, 100)
    for year in (today.year, today.year + 1):
        found = date(year, month, min(number, 28)) + timedelta(days=max(0, number - 28))
        if found >= today:
            return found
    return found


def cards(ids: Sequence[UUID], stamps: Stamps | None = None) -> list[Card]:
    """The cards of offers in the given order; those off sale are left out. One statement where all are remembered.

    `stamps` are those of `catalogue.stamps`, where the caller has them.
    """
    if stamps is None:
        stamps = catalogue.stamps(ids) if ids else {}
    language, today = kit.is_english(), clock.today()
    found = {id_: peek(("card", id_, stamp[0], language, today)) for id_, stamp in stamps.items()}
    missing = [id_ for id_, card in found.items() if card is None]
    for id_, card in _make(missing).items():
        found[id_] = keep(("card", id_, stamps[id_][0], language, today), card, 60)
    return [
        Card(card.code, card.name, Markup(str(card.html).replace(HOLE, brief(stamps[id_][1]))))
        for id_ in ids
        if id_ in stamps and stamps[id_][2] == "on_sale" and (card := found.get(id_))
    ]


def _make(ids: Sequence[UUID]) -> dict[UUID, Card]:
    offers = catalogue.by_ids(ids) if ids else {}
    if not offers:
        return {}
    found = products.by_ids({offer.product_id for offer in offers.values()})
    suppliers = identity.named({offer.supplier_id for offer in offers.values()})
    households = linkage.households_of_products(found)
    paths = regions.name_paths({product.origin for product in found.values()})
    made = {}
    for id_, offer in offers.items():
        product = found[offer.product_id]
        html = render_template(
            "public/_card.html",
            offer=offer,
            product=product,
            supplier=suppliers[offer.supplier_id],
            households=households.get(product.id, 0),
            category=categories()[product.category_code],
            place=short_place(product.origin, paths[product.origin]),
            season=season(offer.season_from, offer.season_to, clock.today()),
            lowest_fen=lowest_comparable(offer, product),
            brief=brief,
            hole=HOLE,
        )
        made[id_] = Card(offer.code, product.name, Markup(html))
    return made


def lowest_comparable(offer: Any, product: Any) -> int:
    """Fen per comparable unit at the offer's last price break."""
    return prices.comparable_price(
        pricing=offer.pricing,
        price_fen=offer.breaks[-1].price_fen,
        content=offer.content,
        comparable_per_base=product.comparable_per_base,
    )


def short_place(code: str, whole: str) -> str:
    """From the county down: 炎陵县中村瑶族乡."""
    path = regions.path_of(code) if whole else []
    return "".join(place.name for place in path if place.level >= 3) or whole
