"""Households and their statements: offices see those of their division, suppliers those linked to them."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..core.fields import Place
from ..edge.current import actor
from ..edge.guard import guard
from ..edge.reached import linked, one_of
from ..households import services as households
from ..households.rules import masked
from ..households.schemas import HouseholdSchema, NewHouseholdSchema, RecognisedSchema, RecogniseSchema
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("households", _("农户"))
HEAD = tuple(HouseholdSchema().fields)


class HouseholdsQuery(PageSchema):
    division = Place(load_default=None, metadata={"description": "Township or village where they live"})


def shown(row: Any) -> dict[str, Any]:
    """Heads' names go to those who work with the household; others read them masked."""
    name = row.head_name if actor().kind in ("supplier", "office") else masked(row.head_name)
    return {field: getattr(row, field) for field in HEAD} | {"head_name": name}


@blueprint.get("/households", summary=_("农户列表"))
@blueprint.asks(HouseholdsQuery)
@blueprint.gives(list_of(HouseholdSchema))
@guard("household.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, by village, group and code."""
    rows, total = households.listed(actor(), linked(), **query)
    return page_of([shown(row) for row in rows], total, query)


@blueprint.post("/households", summary=_("登记农户"))
@blueprint.takes(NewHouseholdSchema)
@blueprint.gives(HouseholdSchema, 201)
@guard("household.edit")
def add(data: dict[str, Any]) -> Any:
    return shown(households.add(actor(), **data))


@blueprint.post("/households/recognise", summary=_("按户号和户主姓名认户"))
@blueprint.takes(RecogniseSchema)
@blueprint.gives(RecognisedSchema)
@guard("household.edit", writes=False)
def recognise(data: dict[str, Any]) -> Any:
    """For consents on paper: who knows code and name has the household before them. Changes nothing."""
    return {"household_ids": households.recognise([(row["code"], row["head_name"]) for row in data["households"]])}


@blueprint.get("/households/<uuid:household_id>", summary=_("农户"))
@blueprint.gives(HouseholdSchema)
@guard("household.read")
def one(household_id: UUID) -> Any:
    return shown(one_of(household_id))
