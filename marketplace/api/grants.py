"""Grants of accreditation by an office."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..accreditation import services as accreditation
from ..accreditation.schemas import EndGrantSchema, GrantSchema, NewGrantSchema
from ..edge.current import actor
from ..edge.guard import guard
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("grants", _("认定"))


@blueprint.get("/grants", summary=_("认定列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(GrantSchema))
@guard("grant.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest first."""
    return cut(accreditation.listed(actor()), query)


@blueprint.post("/grants", summary=_("认定产品"))
@blueprint.takes(NewGrantSchema)
@blueprint.gives(GrantSchema, 201)
@guard("grant.give")
def give(data: dict[str, Any]) -> Any:
    """By an office, a product of its division, in a county that the programme lists."""
    return accreditation.give(actor(), **data)


@blueprint.get("/grants/<uuid:grant_id>", summary=_("认定"))
@blueprint.gives(GrantSchema)
@guard("grant.read")
def one(grant_id: UUID) -> Any:
    return accreditation.one(actor(), grant_id)


@blueprint.post("/grants/<uuid:grant_id>/<any(suspend, resume, revoke):verb>", summary=_("暂停、恢复或撤销"))
@blueprint.takes(EndGrantSchema)
@blueprint.gives(GrantSchema)
@guard("grant.end")
def end(data: dict[str, Any], grant_id: UUID, verb: str) -> Any:
    """Sales up to the day before stay eligible."""
    return accreditation.end(actor(), grant_id, verb, data["reason"])
