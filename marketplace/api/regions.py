"""Divisions, channels and categories: public lists that other bodies name."""

from typing import Any

from flask_babel import lazy_gettext as _

from ..channels import services as channels
from ..channels.schemas import ChannelSchema
from ..core import clock
from ..core.errors import NotFound
from ..core.fields import Day, Place
from ..edge.guard import guard
from ..products import services as products
from ..products.schemas import CategorySchema
from ..regions import services as regions
from ..regions.schemas import DivisionPathSchema, DivisionSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("regions", _("区划、渠道与品类"))


class ChildrenSchema(PageSchema):
    parent = Place(load_default=None, metadata={"description": "None: the provinces"})
    day = Day(load_default=None, metadata={"description": "Default today"})


@blueprint.get("/regions", summary=_("下级区划"))
@blueprint.asks(ChildrenSchema)
@blueprint.gives(list_of(DivisionSchema))
@guard(public=True)
def children(query: dict[str, Any]) -> Any:
    """The divisions directly under one, on a day, by code."""
    return cut(regions.children(query["parent"], query["day"] or clock.today()), query)


@blueprint.get("/regions/<string(length=12):code>", summary=_("区划"))
@blueprint.gives(DivisionPathSchema)
@guard(public=True)
def division(code: str) -> Any:
    """A division with its path from the province down."""
    if not (code.isascii() and code.isdecimal()):
        raise NotFound("division")
    path = regions.path_of(code)
    return DivisionSchema().dump(path[-1]) | {"full_name": regions.name_path(code), "path": path}


@blueprint.get("/channels", summary=_("渠道"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ChannelSchema))
@guard(public=True)
def all_channels(query: dict[str, Any]) -> Any:
    return cut(channels.all_channels(), query)


@blueprint.get("/categories", summary=_("品类"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(CategorySchema))
@guard(public=True)
def categories(query: dict[str, Any]) -> Any:
    """With the papers that each category's batches carry."""
    return cut(products.categories(), query)
