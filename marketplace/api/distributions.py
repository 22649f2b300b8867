"""Distributions, payouts, and what a supplier owes."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..attribution import services as attribution
from ..attribution.schemas import (
    DistributionOpenedSchema,
    DistributionSchema,
    MarkPaidSchema,
    OwingSchema,
    PaidSchema,
    PayoutSchema,
    PrepareSchema,
)
from ..core.errors import NotFound
from ..edge.current import actor
from ..edge.guard import guard
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("distributions", _("分配与兑付"))
HEAD = tuple(DistributionSchema().fields)


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
    """Everything settled up to a day, apportioned to the fen. One draft at a time."""
    return opened(attribution.prepare(actor(), data["cut_on"]))


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


@blueprint.get("/distributions/<uuid:distribution_id>/payouts", summary=_("兑付名单"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(PayoutSchema))
@guard("statement.read")
def payouts(query: dict[str, Any], distribution_id: UUID) -> Any:
    """By village and household; empty until approved."""
    row = attribution.distribution(actor(), distribution_id)
    return cut(attribution.payouts_of(row.id), query)


@blueprint.post("/payouts/payments", summary=_("登记兑付"))
@blueprint.takes(MarkPaidSchema)
@blueprint.gives(PaidSchema)
@guard("payout.record")
def mark_paid(data: dict[str, Any]) -> Any:
    """Each payout once, all or none."""
    return {"paid": attribution.mark_paid(actor(), data.pop("payout_ids"), **data)}


@blueprint.get("/owing", summary=_("应付农户"))
@blueprint.gives(OwingSchema)
@guard("statement.read")
def owing() -> Any:
    """What the actor's supplier owes its households now, by age and mechanism."""
    who = actor()
    if who.kind != "supplier" or who.organisation is None:
        raise NotFound("organisation")
    return attribution.owing(who.organisation)
