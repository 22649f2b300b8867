"""Offers: a supplier lists, changes and withdraws its own; everybody reads."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..catalogue import services as catalogue
from ..catalogue.schemas import NewOfferSchema, OfferChangeSchema, OfferSchema, OwnOfferSchema, StockSchema
from ..edge.current import actor
from ..edge.guard import guard
from . import versions
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("offers", _("供应"))


def _own(offer_id: UUID) -> Any:
    row = catalogue.one(offer_id)
    actor().require_own(row.supplier_id, "offer")
    return row


@blueprint.get("/offers", summary=_("本单位的供应"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(OwnOfferSchema))
@guard("offer.edit")
def own(query: dict[str, Any]) -> Any:
    """The supplier's own offers, withdrawn ones too, by code."""
    return cut(catalogue.own(actor()), query)


@blueprint.post("/offers", summary=_("上架"))
@blueprint.versioned
@blueprint.takes(NewOfferSchema)
@blueprint.gives(OwnOfferSchema, 201)
@guard("offer.edit")
def list_offer(data: dict[str, Any]) -> Any:
    """Puts a product on sale."""
    return catalogue.list_offer(actor(), **data)


@blueprint.get("/offers/<uuid:offer_id>", summary=_("供应"))
@blueprint.versioned
@blueprint.gives(OfferSchema)
@guard(public=True)
def one(offer_id: UUID) -> Any:
    """Withdrawn ones too, for what was ordered."""
    return catalogue.one(offer_id)


@blueprint.patch("/offers/<uuid:offer_id>", summary=_("修改供应"))
@blueprint.versioned
@blueprint.takes(OfferChangeSchema)
@blueprint.gives(OwnOfferSchema)
@guard("offer.edit")
def edit(data: dict[str, Any], offer_id: UUID) -> Any:
    """Fields that are not sent stay; approved orders keep what they were approved with."""
    version = versions.seen(_own(offer_id), OwnOfferSchema)
    return catalogue.edit_offer(actor(), offer_id, version, **data)


@blueprint.put("/offers/<uuid:offer_id>/stock", summary=_("改库存"))
@blueprint.versioned
@blueprint.takes(StockSchema)
@blueprint.gives(OwnOfferSchema)
@guard("offer.edit")
def stock(data: dict[str, Any], offer_id: UUID) -> Any:
    """Never below what approved orders hold. With `seen` it is refused when goods left in between."""
    versions.seen(_own(offer_id), OwnOfferSchema)
    return catalogue.set_stock(actor(), offer_id, data["stock"], data["seen"])


@blueprint.post("/offers/<uuid:offer_id>/withdraw", summary=_("下架"))
@blueprint.versioned
@blueprint.gives(OwnOfferSchema)
@guard("offer.edit")
def withdraw(offer_id: UUID) -> Any:
    """Orders already approved go on."""
    return catalogue.withdraw(actor(), offer_id)


@blueprint.post("/offers/<uuid:offer_id>/relist", summary=_("重新上架"))
@blueprint.versioned
@blueprint.gives(OwnOfferSchema)
@guard("offer.edit")
def relist(offer_id: UUID) -> Any:
    return catalogue.relist(actor(), offer_id)
