"""Products: a supplier edits its own; who else reads sees those that were ever offered or granted."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..accreditation import services as accreditation
from ..accreditation.schemas import GrantSchema
from ..catalogue import services as catalogue
from ..catalogue.schemas import OfferSchema
from ..core.errors import NotFound
from ..edge.current import actor
from ..edge.guard import guard
from ..products import services as products
from ..products.schemas import NewProductSchema, ProductChangeSchema, ProductSchema
from . import versions
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("products", _("产品"))


def published(product_id: UUID) -> Any:
    """A product that the actor may see. Raises NotFound."""
    row = products.one(product_id)
    if row.supplier_id == actor().organisation:
        return row
    if not catalogue.of_product(product_id) and not accreditation.of_product(product_id):
        raise NotFound("product")
    return row


@blueprint.get("/products", summary=_("本单位的产品"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ProductSchema))
@guard("product.edit")
def own(query: dict[str, Any]) -> Any:
    """The supplier's own products, by code. What others sell: `/search`."""
    return cut(products.own(actor()), query)


@blueprint.post("/products", summary=_("新建产品"))
@blueprint.versioned
@blueprint.takes(NewProductSchema)
@blueprint.gives(ProductSchema, 201)
@guard("product.edit")
def add(data: dict[str, Any]) -> Any:
    return products.add_product(actor(), **data)


@blueprint.get("/products/<uuid:product_id>", summary=_("产品"))
@blueprint.versioned
@blueprint.gives(ProductSchema)
@guard(public=True)
def one(product_id: UUID) -> Any:
    return published(product_id)


@blueprint.patch("/products/<uuid:product_id>", summary=_("修改产品"))
@blueprint.versioned
@blueprint.takes(ProductChangeSchema)
@blueprint.gives(ProductSchema)
@guard("product.edit")
def edit(data: dict[str, Any], product_id: UUID) -> Any:
    """Fields that are not sent stay."""
    row = products.one(product_id)
    actor().require_own(row.supplier_id, "product")
    return products.edit_product(actor(), product_id, versions.seen(row, ProductSchema), **data)


@blueprint.get("/products/<uuid:product_id>/offers", summary=_("产品的在售供应"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(OfferSchema))
@guard(public=True)
def offers(query: dict[str, Any], product_id: UUID) -> Any:
    return cut(catalogue.of_product(published(product_id).id), query)


@blueprint.get("/products/<uuid:product_id>/grants", summary=_("产品的认定"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(GrantSchema))
@guard(public=True)
def grants(query: dict[str, Any], product_id: UUID) -> Any:
    """Published facts, newest first."""
    return cut(accreditation.of_product(published(product_id).id), query)
