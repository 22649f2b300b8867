"""What became of households: left, merged, split, moved, a member died."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..households import services as households
from ..households.schemas import ChangeSchema, NewChangeSchema, WhySchema
from .blueprint import Blueprint
from .files import require_own
from .households import one_of
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("changes", _("农户变动"))
FIELDS = tuple(name for name in ChangeSchema().fields if name != "parts")


def shown(change: Any) -> dict[str, Any]:
    parts = [{"household_id": id_, "basis_points": bp} for id_, bp in change.parts]
    return {name: getattr(change.row, name) for name in FIELDS} | {"parts": parts}


def _one(row: Any) -> dict[str, Any]:
    return shown(next(one for one in households.changes_of(row.household_id) if one.row.id == row.id))


@blueprint.get("/households/<uuid:household_id>/changes", summary=_("农户变动"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ChangeSchema))
@guard("household.read")
def listed(query: dict[str, Any], household_id: UUID) -> Any:
    """Newest first; with those that made other households part of it."""
    return cut([shown(one) for one in households.changes_of(one_of(household_id).id)], query)


@blueprint.post("/households/<uuid:household_id>/changes", summary=_("登记农户变动"))
@blueprint.takes(NewChangeSchema)
@blueprint.gives(ChangeSchema, 201)
@guard("household.change")
def record(data: dict[str, Any], household_id: UUID) -> Any:
    """merged and split turn money to others and wait for another person; the rest stands at once."""
    require_own(data["file_id"])
    parts = [(part["household_id"], part["basis_points"]) for part in data.pop("parts")]
    return _one(households.record_change(actor(), household_id, households.NewChange(parts=parts, **data)))


@blueprint.get("/household-changes", summary=_("待批的农户变动"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(ChangeSchema))
@guard("household.read")
def waiting(query: dict[str, Any]) -> Any:
    """Mergers and splits within scope that wait for a second person."""
    rows, total = households.changes_waiting(actor(), **query)
    return page_of([shown(row) for row in rows], total, query)


@blueprint.post("/household-changes/<uuid:change_id>/approve", summary=_("批准农户变动"))
@blueprint.gives(ChangeSchema)
@guard("household.change")
def approve(change_id: UUID) -> Any:
    """By another person than recorded it."""
    return _one(households.approve_change(actor(), change_id))


@blueprint.post("/household-changes/<uuid:change_id>/refuse", summary=_("不批准农户变动"))
@blueprint.takes(WhySchema)
@blueprint.gives(ChangeSchema)
@guard("household.change")
def refuse(data: dict[str, Any], change_id: UUID) -> Any:
    return _one(households.refuse_change(actor(), change_id, data["reason"]))
