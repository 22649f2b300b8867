"""Closing months of a division, and a month as it was closed and as it is known now."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..reporting import restated
from ..settlement import closing
from ..settlement.closing_schemas import (
    ClosingSchema,
    DivisionQuery,
    MonthQuery,
    MonthsSchema,
    PreviewSchema,
    ProposeSchema,
    RefuseSchema,
    RestatedSchema,
)
from .blueprint import Blueprint

blueprint = Blueprint("periods", _("结账"))


def preview_of(row: Any) -> dict[str, Any]:
    shown = closing.preview(actor(), row)
    months = [{"period": period, "total": sums._asdict()} for period, sums in shown.months.items()]
    return {"closing": row, "months": months, "warnings": shown.warnings}


@blueprint.get("/periods", summary=_("月份"))
@blueprint.asks(DivisionQuery)
@blueprint.gives(MonthsSchema)
@guard("period.read")
def listed(query: dict[str, Any]) -> Any:
    """A division's months with their state, the present one first."""
    prefix = closing.prefix_of(actor(), query["division"])
    return {"division": prefix, "months": closing.months(actor(), prefix)}


@blueprint.get("/periods/<int:period>", summary=_("一个月的数字和重述"))
@blueprint.asks(MonthQuery)
@blueprint.gives(RestatedSchema)
@guard("period.read")
def one(query: dict[str, Any], period: int) -> Any:
    """As it was closed, as it is known now, and the rows that make the difference."""
    division = query.pop("division")
    found = restated.restated(actor(), period, division, **query)
    return {
        name: getattr(found, name) for name in ("period", "by", "month", "total", "cells", "rows", "rows_total")
    } | {"division": found.prefix}


@blueprint.post("/periods/closings", summary=_("提出结账"))
@blueprint.takes(ProposeSchema)
@blueprint.gives(PreviewSchema, 201)
@guard("period.propose")
def propose(data: dict[str, Any]) -> Any:
    """By an office, for its own division; another person approves."""
    return preview_of(closing.propose(actor(), **data))


@blueprint.get("/periods/closings/<uuid:closing_id>", summary=_("结账申请"))
@blueprint.gives(PreviewSchema)
@guard("period.read")
def shown(closing_id: UUID) -> Any:
    """With what will be, or was, frozen, and what is late."""
    return preview_of(closing.closing(actor(), closing_id))


@blueprint.post("/periods/closings/<uuid:closing_id>/approve", summary=_("批准结账"))
@blueprint.gives(PreviewSchema)
@guard("period.approve")
def approve(closing_id: UUID) -> Any:
    """By another person than who proposed. It cannot be undone."""
    return preview_of(closing.approve(actor(), closing_id))


@blueprint.post("/periods/closings/<uuid:closing_id>/refuse", summary=_("不批准或撤回"))
@blueprint.takes(RefuseSchema)
@blueprint.gives(ClosingSchema)
@guard("period.propose")
def refuse(data: dict[str, Any], closing_id: UUID) -> Any:
    return closing.refuse(actor(), closing_id, data["reason"])
