"""The catalogue, searched."""

from typing import Any

from flask_babel import lazy_gettext as _

from ..catalogue import services as catalogue
from ..core import clock
from ..edge.guard import guard
from ..identity import services as identity
from ..products import services as products
from ..search import services as search
from ..search.documents import Query
from ..search.schemas import ResultsSchema, SearchSchema
from .blueprint import Blueprint

blueprint = Blueprint("search", _("搜索"))


@blueprint.get("/search", summary=_("搜索在售供应"))
@blueprint.asks(SearchSchema)
@blueprint.gives(ResultsSchema)
@guard(public=True)
def find(query: dict[str, Any]) -> Any:
    """Values of one filter widen, different filters narrow. With nothing found: what would find something."""
    results = search.search(
        Query(
            day=clock.today(),
            text=query["q"],
            categories=tuple(query["category"]),
            counties=tuple(query["county"]),
            townships=tuple(query["township"]),
            price_from=query["price_from_fen"],
            price_to=query["price_to_fen"],
            unit=query["unit"],
            in_season=query["in_season"],
            eligible=query["eligible"],
            sort=query["sort"],
            page=query["page"],
            size=query["size"],
        )
    )
    return {
        "items": _shown(results.ids),
        "total": results.total,
        "page": query["page"],
        "size": query["size"],
        "counts": results.counts,
        "histogram": results.histogram,
        "suggestion": results.suggestion,
        "without": results.without,
    }


def _shown(ids: Any) -> list[dict[str, Any]]:
    """Offers found, with their products' and suppliers' names; one that just left the catalogue is passed over."""
    offers = catalogue.by_ids(ids)
    found = products.by_ids({offer.product_id for offer in offers.values()})
    suppliers = identity.named({offer.supplier_id for offer in offers.values()})
    return [
        {
            "offer_id": offer.id,
            "product_id": offer.product_id,
            "supplier_id": offer.supplier_id,
            "supplier_name": suppliers[offer.supplier_id].name,
            "code": offer.code,
            "name": found[offer.product_id].name,
            "category_code": found[offer.product_id].category_code,
            "origin": found[offer.product_id].origin,
            "order_unit": offer.order_unit,
            "price_unit": offer.price_unit,
            "price_fen": offer.breaks[0].price_fen,
            "comparable_fen": offer.comparable_fen,
            "comparable_unit": found[offer.product_id].comparable_unit,
            "minimum": offer.minimum,
            "available": offer.available,
            "season_from": offer.season_from,
            "season_to": offer.season_to,
        }
        for offer in (offers[id_] for id_ in ids if id_ in offers)
        if offer.state == "on_sale"
    ]
