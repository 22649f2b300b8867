"""One offer: facts, season, price breaks beside the reference, lots with their villages, what households get of it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import render_template, request

from ...accreditation import services as accreditation
from ...catalogue import rules as prices
from ...catalogue import services as catalogue
from ...core import clock
from ...core.errors import Refused
from ...core.money import half_up, share_of
from ...core.quantity import parse
from ...edge import current
from ...edge.guard import guard
from ...edge.messages import PAPERS
from ...identity import services as identity
from ...linkage import services as linkage
from ...procurement import services as procurement
from ...products import services as products
from ...regions import services as regions
from ...settlement import services as settlement
from .. import kit
from . import blueprint
from .cards import brief, categories, season
from .home import state_of
from .remembered import page, plain, remembered

LOTS = 8
FACTS_SECONDS = 240.0  # lots, grants, agreements and figures; what may be ordered, and at which price, is asked anew


@dataclass(frozen=True)
class Part:
    """What one agreement gives households of a price unit, fen; `rate_basis_points` where it is a share."""

    kind: str
    fen: int
    rate_basis_points: int | None = None


@dataclass(frozen=True)
class Facts:
    """What changes rarely about an offer, as values: remembered for seconds."""

    product: Any
    supplier: Any
    place: str
    reference_fen: int | None
    grants: list[Any]
    lots: list[Any]
    papers: dict[Any, list[str]]
    places: dict[str, str]
    terms: list[Any]
    households: int
    linked: int
    sold_fen: int
    verdict: Any


@blueprint.get("/products/<code>")
@guard(public=True)
def product(code: str) -> bytes:
    return page(catalogue.stamp(code[:24]), lambda: _page(code[:24]))


def _page(code: str) -> str:
    offer = catalogue.by_code(code)
    today = clock.today()
    facts = remembered(("product", offer.id, offer.version, today), lambda: _facts(offer, today), FACTS_SECONDS)
    breaks = [(one.from_quantity, one.price_fen) for one in offer.breaks]
    quantity, wrong = _asked(offer)
    price = prices.price_at(breaks, quantity)
    return render_template(
        "public/product.html",
        offer=offer,
        facts=facts,
        category=categories()[facts.product.category_code],
        parent=categories().get(categories()[facts.product.category_code].parent_code or ""),
        breaks=_rows(offer, facts, breaks, quantity),
        quantity=quantity,
        wrong=wrong,
        price_fen=price,
        money_fen=prices.money(quantity, pricing=offer.pricing, price_fen=price, content=offer.content),
        shares=parts_of(offer, facts, price),
        paper_words=PAPERS,
        season=season(offer.season_from, offer.season_to, today),
        bar=season_bar(offer.season_from, offer.season_to, today),
        drafts=_drafts(),
        state_of=state_of,
        brief=brief,
        english=kit.is_english(),
    )


def _facts(offer: Any, today: date) -> Facts:
    row = products.one(offer.product_id)
    lots = [plain(lot) for lot in linkage.lots_of([row.id], available=True)[:LOTS]]
    papers = linkage.papers_of(lot.id for lot in lots)
    references = catalogue.references([row.category_code])
    return Facts(
        product=plain(row),
        supplier=plain(identity.named({offer.supplier_id})[offer.supplier_id]),
        place=regions.name_path(row.origin),
        reference_fen=references.get((row.category_code, row.comparable_unit)),
        grants=[plain(grant) for grant in accreditation.of_product(row.id)],
        lots=lots,
        papers={lot: [paper.kind for paper in found] for lot, found in papers.items()},
        places=regions.name_paths({lot.division for lot in lots}),
        terms=linkage.agreements_on(offer.supplier_id, today),
        households=linkage.households_of_products([row.id]).get(row.id, 0),
        linked=linkage.households_of_suppliers([offer.supplier_id]).get(offer.supplier_id, 0),
        sold_fen=settlement.volume_of(today.year, "supplier", str(offer.supplier_id)).money_fen,
        verdict=accreditation.eligible([row.id], today, "832").get(row.id),
    )


def _asked(offer: Any) -> tuple[int, str]:
    """The quantity in the URL, which the page without JavaScript counts with, else the minimum; and what is wrong with it."""
    text = request.args.get("quantity", "")
    try:
        quantity = parse(text, unit=offer.order_unit) if text else offer.minimum
    except Refused:
        return offer.minimum, text
    return quantity or offer.minimum, ""


def _rows(offer: Any, facts: Facts, breaks: list[tuple[int, int]], quantity: int) -> list[dict[str, Any]]:
    """Price breaks with their end, their comparable price and how it stands to the reference."""
    rows = []
    for place, (from_quantity, fen) in enumerate(breaks):
        following = breaks[place + 1][0] if place + 1 < len(breaks) else None
        comparable = prices.comparable_price(
            pricing=offer.pricing,
            price_fen=fen,
            content=offer.content,
            comparable_per_base=facts.product.comparable_per_base,
        )
        over = (
            half_up((comparable - facts.reference_fen) * 10_000, facts.reference_fen) if facts.reference_fen else None
        )
        rows.append(
            {
                "from": from_quantity,
                "to": following - offer.step if following else None,
                "fen": fen,
                "comparable_fen": comparable,
                "over": over,
                "hit": from_quantity <= quantity and (following is None or quantity < following),
            }
        )
    return rows


def parts_of(offer: Any, facts: Facts, price_fen: int) -> list[Part]:
    """What of a price unit's money reaches households by the agreements in force, never more than the price.

    Produce: what the newest lot cost; a dividend: its share of the price; a premium: its fen.
    """
    found: list[Part] = []
    left = price_fen
    for terms in facts.terms:
        if terms.product_id not in (None, offer.product_id):
            continue
        fen = min(_fen_of(terms, offer, facts, price_fen), left)
        if fen > 0:
            left -= fen
            kind = terms.basis if terms.kind == "produce" else terms.kind
            found.append(Part(kind, fen, terms.rate_basis_points))
    return _merged(found)


def _fen_of(terms: Any, offer: Any, facts: Facts, price_fen: int) -> int:
    if terms.kind == "dividend":
        return share_of(price_fen, terms.rate_basis_points)
    if terms.kind == "premium":
        return int(terms.rate_fen)
    lot = next((lot for lot in facts.lots if lot.agreement_id == terms.agreement_id), None)
    content = offer.content if offer.pricing == "counted" else 1000
    return half_up(lot.cost_fen * content, lot.size) if lot else 0


def _merged(found: list[Part]) -> list[Part]:
    merged: dict[str, Part] = {}
    for part in found:
        earlier = merged.get(part.kind)
        merged[part.kind] = replace(part, fen=part.fen + earlier.fen) if earlier else part
    return list(merged.values())


def season_bar(season_from: int, season_to: int, today: date) -> dict[str, Any] | None:
    """The harvest window on a year of 252 units: rects as (x, width), today's x; none for goods of the whole year."""
    if not season_from:
        return None

    def x(month_day: int) -> float:
        month, number = divmod(month_day, 100)
        return round((month - 1) * 21 + min(number, 31) * 21 / 31, 1)

    start, end = x(season_from), x(season_to)
    spans = [(start, end - start)] if start <= end else [(0.0, end), (start, 252 - start)]
    return {
        "spans": [(left, round(width, 1)) for left, width in spans],
        "today": x(today.month * 100 + today.day),
        "from": season_from,
        "to": season_to,
    }


def _drafts() -> list[Any] | None:
    """The buyer's open drafts that a line may go to; None for who does not buy."""
    actor = current.actor()
    if not actor.may("requisition.edit"):
        return None
    return procurement.drafts(actor)
