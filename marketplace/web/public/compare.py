"""Offers side by side."""

from flask import render_template

from ...catalogue import services as catalogue
from ...core import clock
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from ...products import services as products
from ...regions import services as regions
from . import blueprint
from .cards import brief, categories, lowest_comparable, season
from .catalogue import chosen_codes


@blueprint.get("/compare")
@guard(public=True)
def compare() -> str:
    """Offers ticked in the catalogue, at most six; unknown codes are passed over."""
    codes = chosen_codes()
    by_code = catalogue.by_codes(codes) if codes else {}
    offers = [by_code[code] for code in codes if code in by_code]
    found = products.by_ids({offer.product_id for offer in offers}) if offers else {}
    suppliers = identity.named({offer.supplier_id for offer in offers})
    households = linkage.households_of_products(found) if found else {}
    references = catalogue.references({product.category_code for product in found.values()}) if found else {}
    today = clock.today()
    columns = [
        {
            "offer": offer,
            "product": found[offer.product_id],
            "supplier": suppliers[offer.supplier_id],
            "category": categories()[found[offer.product_id].category_code],
            "place": regions.name_path(found[offer.product_id].origin),
            "season": season(offer.season_from, offer.season_to, today),
            "households": households.get(offer.product_id, 0),
            "lowest_fen": lowest_comparable(offer, found[offer.product_id]),
            "reference_fen": references.get(
                (found[offer.product_id].category_code, found[offer.product_id].comparable_unit)
            ),
        }
        for offer in offers
    ]
    return render_template("public/compare.html", columns=columns, brief=brief)
