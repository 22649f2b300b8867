"""Whom a request for quotation may be addressed to: suppliers by name, county and what they sell."""

from typing import Any

from ..catalogue import services as catalogue
from ..core.actor import Actor
from ..identity import registry
from ..products import services as products
from ..regions import services as regions


def suppliers_found(
    actor: Actor, *, words: str = "", county: str = "", category_code: str = "", page: int = 1, size: int = 20
) -> tuple[list[Any], int]:
    """Suppliers that can answer, by name, and how many. `category_code`: of which, or of what lies below it, they have
    an offer on sale. Raises NotFound for a county that there is not."""
    actor.require("requisition.edit")
    prefix = regions.division(county).prefix if county else ""
    selling = catalogue.sellers(products.of_category(category_code)) if category_code else None
    return registry.suppliers(words=words, prefix=prefix, among=selling, page=page, size=size)
