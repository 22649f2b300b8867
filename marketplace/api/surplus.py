"""A cooperative's yearly surplus: prepared by one person after the members' resolution, approved by another."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..core.errors import NotFound
from ..edge.current import actor
from ..edge.guard import guard
from ..linkage import services as linkage
from ..linkage.flow_schemas import NewSurplusSchema, SurplusSchema, SurplusShareSchema
from ..linkage.services import Resolution
from .blueprint import Blueprint
from .files import require_own
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("surplus", _("盈余返还"))


def seen(surplus_id: UUID) -> Any:
    """A year within scope. Raises NotFound."""
    row = next((row for row in linkage.surplus_years(actor()) if row.id == surplus_id), None)
    if row is None:
        raise NotFound("surplus")
    return row


@blueprint.get("/surplus", summary=_("盈余返还列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(SurplusSchema))
@guard("statement.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest year first."""
    return cut(linkage.surplus_years(actor()), query)


@blueprint.post("/surplus", summary=_("编制盈余返还"))
@blueprint.takes(NewSurplusSchema)
@blueprint.gives(SurplusSchema, 201)
@guard("distribution.prepare")
def prepare(data: dict[str, Any]) -> Any:
    """distributable = profit − past losses − reserves; at least 60 % by volume, the rest by capital."""
    require_own(data["file_id"])
    weights = data.pop("weights")
    resolution = Resolution(data.pop("resolution"), data.pop("resolved_on"), data.pop("file_id"))
    volumes = {row["household_id"]: row["volume"] for row in weights if row["volume"]}
    capitals = {row["household_id"]: row["capital"] for row in weights if row["capital"]}
    return linkage.prepare_surplus(
        actor(),
        data.pop("agreement_id"),
        data.pop("year"),
        resolution=resolution,
        volumes=volumes,
        capitals=capitals,
        **data,
    )


@blueprint.get("/surplus/<uuid:surplus_id>", summary=_("一年的盈余返还"))
@blueprint.gives(SurplusSchema)
@guard("statement.read")
def one(surplus_id: UUID) -> Any:
    return seen(surplus_id)


@blueprint.get("/surplus/<uuid:surplus_id>/shares", summary=_("各户的返还"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(SurplusShareSchema))
@guard("statement.read")
def shares(query: dict[str, Any], surplus_id: UUID) -> Any:
    return cut(linkage.shares_of_surplus(seen(surplus_id).id), query)


@blueprint.post("/surplus/<uuid:surplus_id>/approve", summary=_("审批盈余返还"))
@blueprint.gives(SurplusSchema)
@guard("distribution.approve")
def approve(surplus_id: UUID) -> Any:
    """Not by who prepared it; every household is owed its part from now on."""
    return linkage.approve_surplus(actor(), surplus_id)


@blueprint.post("/surplus/<uuid:surplus_id>/discard", summary=_("作废盈余返还"))
@blueprint.gives(SurplusSchema)
@guard("distribution.prepare")
def discard(surplus_id: UUID) -> Any:
    return linkage.discard_surplus(actor(), surplus_id)
