"""The public notice of recalls: what was called back, why, and what to do with it."""

from typing import Any
from uuid import UUID

from flask import render_template

from ...edge.guard import guard
from ...identity import services as identity
from ...procurement import services as procurement
from ...products import services as products
from ..after import words
from . import blueprint


def reviews_of(product_id: UUID) -> dict[str, Any]:
    """What a product's page shows of its reviews: the averages once there are enough, and the newest."""
    shown = procurement.shown_of(product_id)
    rating = procurement.ratings(products=[product_id]).get(product_id) if shown else None
    return {"reviews": shown, "rating": rating, "words": words}


@blueprint.context_processor
def _reviews() -> dict[str, Any]:
    return {"reviews_of": reviews_of}


@blueprint.get("/recalls", endpoint="recalls")
@guard(public=True)
def recalls_() -> str:
    rows = procurement.public_recalls()
    return render_template(
        "public/recalls.html",
        rows=rows,
        after=words,
        products=products.by_ids({row.product_id for row in rows}),
        suppliers=identity.named({row.supplier_id for row in rows}),
    )
