"""Quota plans and what they count."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..core import clock
from ..core.fields import Year
from ..edge.current import actor
from ..edge.guard import guard
from ..identity import services as identity
from ..quota import services as quota
from ..quota.schemas import NewPlanSchema, PlanSchema
from ..settlement import services as settlement
from ..settlement.schemas import SettledLineSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("plans", _("预留份额方案"))
HEAD = [name for name in PlanSchema().fields if name != "agency_name"]


class PlansQuery(PageSchema):
    year = Year(load_default=None, metadata={"description": "Default this year"})


def named(rows: Sequence[Any]) -> list[dict[str, Any]]:
    names = identity.named({row.agency_id for row in rows})
    return [{name: getattr(row, name) for name in HEAD} | {"agency_name": names[row.agency_id].name} for row in rows]


@blueprint.get("/plans", summary=_("方案列表"))
@blueprint.asks(PlansQuery)
@blueprint.gives(list_of(PlanSchema))
@guard("plan.read")
def listed(query: dict[str, Any]) -> Any:
    """Of a year, within scope, the furthest behind first."""
    answer = cut(quota.listed(actor(), query["year"] or clock.today().year), query)
    return answer | {"items": named(answer["items"])}


@blueprint.post("/plans", summary=_("登记方案"))
@blueprint.takes(NewPlanSchema)
@blueprint.gives(PlanSchema, 201)
@guard("plan.approve")
def file_plan(data: dict[str, Any]) -> Any:
    """By an office, for an agency of its division."""
    return named([quota.file_plan(actor(), **data)])[0]


@blueprint.get("/plans/<uuid:plan_id>", summary=_("方案"))
@blueprint.gives(PlanSchema)
@guard("plan.read")
def one(plan_id: UUID) -> Any:
    return named([quota.plan(actor(), plan_id)])[0]


@blueprint.get("/plans/<uuid:plan_id>/lines", summary=_("方案计入的行"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(SettledLineSchema))
@guard("plan.read")
def lines(query: dict[str, Any], plan_id: UUID) -> Any:
    """The settled lines that make `settled_fen`, newest first."""
    rows, total = settlement.lines_of_plan(quota.plan(actor(), plan_id).id, **query)
    return page_of(rows, total, query)
