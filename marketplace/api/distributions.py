"""Distributions, and what a supplier owes."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..attribution import services as attribution
from ..attribution.schemas import (
    DistributionOpenedSchema,
    DistributionSchema,
    DistributionTotalsSchema,
    ListedSchema,
    OwingSchema,
    PayoutSchema,
    PrepareSchema,
)
from ..core.errors import NotFound
from ..core.fields import Place
from ..edge.current import actor
from ..edge.guard import guard
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("distributions", _("分配与兑付"))
HEAD = tuple(DistributionSchema().fields)


class ListedQuerySchema(PageSchema):
    only = fields.String(load_default=None, validate=validate.OneOf(attribution.CHANGES))
    division = Place(load_default=None)


def opened(row: Any) -> dict[str, Any]:
    shares = sorted(attribution.shares_of(row.id).items())
    return {name: getattr(row, name) for name in HEAD} | {
        "shares": [{"household_id": household, "fen": fen} for household, fen in shares]
    }


@blueprint.get("/distributions", summary=_("分配列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(DistributionSchema))
@guard("statement.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest first."""
    return cut(attribution.listed(actor()), query)


@blueprint.post("/distributions", summary=_("编制分配"))
@blueprint.takes(PrepareSchema)
@blueprint.gives(DistributionOpenedSchema, 201)
@guard("distribution.prepare")
def prepare(data: dict[str, Any]) -> Any:
    """Everything settled or recorded up to a day, apportioned to the fen. One draft at a time; a large one is a job."""
    return opened(attribution.prepare(actor(), **data))


@blueprint.get("/distributions/<uuid:distribution_id>", summary=_("分配"))
@blueprint.gives(DistributionOpenedSchema)
@guard("statement.read")
def one(distribution_id: UUID) -> Any:
    return opened(attribution.distribution(actor(), distribution_id))


@blueprint.post("/distributions/<uuid:distribution_id>/approve", summary=_("批准分配"))
@blueprint.gives(DistributionOpenedSchema)
@guard("distribution.approve")
def approve(distribution_id: UUID) -> Any:
    """By another person than who prepared it: shares are posted, the payout list is made."""
    return opened(attribution.approve(actor(), distribution_id))


@blueprint.post("/distributions/<uuid:distribution_id>/discard", summary=_("作废草稿"))
@blueprint.gives(DistributionOpenedSchema)
@guard("distribution.prepare")
def discard(distribution_id: UUID) -> Any:
    return opened(attribution.discard(actor(), distribution_id))


@blueprint.post("/distributions/<uuid:distribution_id>/adopt", summary=_("认领系统拟的草稿"))
@blueprint.gives(DistributionOpenedSchema)
@guard("distribution.prepare")
def adopt(distribution_id: UUID) -> Any:
    """What the worker proposed for a month's end becomes the caller's own draft; another approves."""
    return opened(attribution.adopt(actor(), distribution_id))


@blueprint.post("/distributions/<uuid:distribution_id>/witness", summary=_("见证批准"))
@blueprint.gives(DistributionSchema)
@guard("distribution.witness")
def witness(distribution_id: UUID) -> Any:
    """The village's officer as the second person of a one-person supplier."""
    return attribution.approve(actor(), distribution_id)


@blueprint.get("/distributions/<uuid:distribution_id>/households", summary=_("分配名单与上期对照"))
@blueprint.asks(ListedQuerySchema)
@blueprint.gives(list_of(ListedSchema))
@guard("statement.read")
def households(query: dict[str, Any], distribution_id: UUID) -> Any:
    """By village, group and household, beside the run before."""
    row = attribution.distribution(actor(), distribution_id)
    only = query["only"] or ""
    rows, total = attribution.preview(
        row, only=only, division=query["division"], page=query["page"], size=query["size"]
    )
    return page_of(rows, total, query)


@blueprint.get("/distributions/<uuid:distribution_id>/totals", summary=_("分配合计"))
@blueprint.gives(DistributionTotalsSchema)
@guard("statement.read")
def totals(distribution_id: UUID) -> Any:
    """By mechanism and village, and how many households are new, gone, get more or less."""
    row = attribution.distribution(actor(), distribution_id)
    return {
        "by_mechanism": attribution.by_mechanism(row),
        "by_village": attribution.by_village(row.id),
        "changes": attribution.changes_of(row),
    }


@blueprint.get("/distributions/<uuid:distribution_id>/payouts", summary=_("兑付名单"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(PayoutSchema))
@guard("statement.read")
def payouts(query: dict[str, Any], distribution_id: UUID) -> Any:
    """By village and household; empty until approved."""
    row = attribution.distribution(actor(), distribution_id)
    rows, total = attribution.paged(actor(), distribution_id=row.id, page=query["page"], size=query["size"])
    return page_of(rows, total, query)


@blueprint.get("/owing", summary=_("应付农户"))
@blueprint.gives(OwingSchema)
@guard("statement.read")
def owing() -> Any:
    """What the actor's supplier owes its households now, by age and mechanism."""
    who = actor()
    if who.kind != "supplier" or who.organisation is None:
        raise NotFound("organisation")
    return attribution.owing(who.organisation)
