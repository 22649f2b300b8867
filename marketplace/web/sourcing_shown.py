"""What pages of every audience show of a request: its lines with quantities, its agencies, its awards."""

from typing import Any

from ..catalogue import services as catalogue
from ..edge.current import actor
from ..identity import services as identity
from ..products import services as products
from ..regions import services as regions
from ..sourcing import services as sourcing


def shown(row: Any) -> dict[str, Any]:
    """`lines`: with the sum of what all want; `parties`: (party, agency); `awards` as the actor may see them."""
    wants = sourcing.wants_of(row.id)
    parties = sourcing.parties_of(row.id)
    agencies = identity.named({one.agency_id for one in parties} | {row.agency_id})
    awards = sourcing.visible_awards(actor(), row) if row.state == "awarded" else []
    return {
        "row": row,
        "state": sourcing.request_state(row),
        "lines": sourcing.request_lines(row.id),
        "wants": wants,
        "totals": {line: sum(of.values()) for line, of in wants.items()},
        "parties": [(one, agencies[one.agency_id]) for one in parties],
        "agency": agencies[row.agency_id],
        "places": regions.name_paths({one.division for one in agencies.values()}),
        "category_names": {one.code: one.name for one in products.categories()},
        "awards": awards,
        "award_suppliers": identity.named({one.supplier_id for one in awards}),
        "award_offers": catalogue.by_ids({one.offer_id for one in awards}),
    }


def framework_shown(row: Any) -> dict[str, Any]:
    """`lines` with their offers and products; `drawn`: the agreed prices that the actor may see, by agency and offer."""
    lines = sourcing.framework_lines([row.id])[row.id]
    offers = catalogue.by_ids({line.offer_id for line in lines})
    parties = sourcing.framework_parties([row.id])[row.id]
    names = identity.named({row.supplier_id, row.agency_id, *parties})
    return {
        "row": row,
        "state": sourcing.framework_state(row),
        "lines": lines,
        "offers": offers,
        "goods": products.by_ids({offer.product_id for offer in offers.values()}),
        "parties": [names[one] for one in parties],
        "agency": names[row.agency_id],
        "supplier": names[row.supplier_id],
        "drawn": {(one.agency_id, one.offer_id): one for one in sourcing.drawn_under(actor(), row)},
    }
