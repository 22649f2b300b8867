"""Standing orders, and the calendar of terms and closed days that they follow."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _

from ..edge.current import actor
from ..edge.guard import guard
from ..sourcing import standing
from ..sourcing.repeating_schemas import (
    NewSpanSchema,
    NewStandingSchema,
    SkipSchema,
    SpanSchema,
    StandingOpenedSchema,
    StandingSchema,
)
from . import versions
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("standing_orders", _("定期订货"))
HEAD = tuple(StandingSchema().fields)


def opened(row: Any) -> dict[str, Any]:
    """With its lines, and its delivery days with what became of each."""
    runs = standing.runs_of(row.id)
    days = sorted(set(standing.days_of(row)) | set(runs))
    return {name: getattr(row, name) for name in HEAD} | {
        "lines": standing.standing_lines([row.id]).get(row.id, []),
        "days": [
            {
                "day": day,
                "requisition_id": runs[day].requisition_id if day in runs else None,
                "skipped": runs[day].skipped if day in runs else "",
            }
            for day in days
        ],
    }


@blueprint.get("/calendar", summary=_("学期和停送日"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(SpanSchema))
@guard("requisition.edit")
def calendar(query: dict[str, Any]) -> Any:
    return cut(standing.spans(actor().organisation), query)


@blueprint.post("/calendar", summary=_("添加学期或停送日"))
@blueprint.takes(NewSpanSchema)
@blueprint.gives(SpanSchema, 201)
@guard("requisition.edit")
def put_span(data: dict[str, Any]) -> Any:
    return standing.put_span(actor(), data["kind"], data["name"], data["from_day"], data["until_day"])


@blueprint.post("/calendar/<uuid:span_id>/drop", summary=_("删去学期或停送日"))
@blueprint.gives(None, 204)
@guard("requisition.edit")
def drop_span(span_id: UUID) -> Any:
    standing.drop_span(actor(), span_id)
    return Response(status=204)


@blueprint.get("/standing-orders", summary=_("定期订货单列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(StandingSchema))
@guard("requisition.read")
def listed(query: dict[str, Any]) -> Any:
    rows, total = standing.standing_orders(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/standing-orders", summary=_("新建定期订货单"))
@blueprint.versioned
@blueprint.takes(NewStandingSchema)
@blueprint.gives(StandingOpenedSchema, 201)
@guard("requisition.edit")
def open_standing(data: dict[str, Any]) -> Any:
    """A bulk order is drafted ahead of each delivery day, for a person to submit and another to approve."""
    return opened(standing.open_standing(actor(), **data))


@blueprint.get("/standing-orders/<uuid:standing_id>", summary=_("定期订货单"))
@blueprint.versioned
@blueprint.gives(StandingOpenedSchema)
@guard("requisition.read")
def one(standing_id: UUID) -> Any:
    return opened(standing.standing_order(actor(), standing_id))


@blueprint.put("/standing-orders/<uuid:standing_id>", summary=_("修改定期订货单"))
@blueprint.versioned
@blueprint.takes(NewStandingSchema)
@blueprint.gives(StandingOpenedSchema)
@guard("requisition.edit")
def change(data: dict[str, Any], standing_id: UUID) -> Any:
    """What was drafted stays as it is."""
    row = standing.standing_order(actor(), standing_id)
    version = versions.seen(row, StandingSchema)
    return opened(standing.change_standing(actor(), standing_id, version=version, **data))


@blueprint.post("/standing-orders/<uuid:standing_id>/pause", summary=_("暂停"))
@blueprint.gives(StandingSchema)
@guard("requisition.edit")
def pause(standing_id: UUID) -> Any:
    return standing.turn(actor(), standing_id, "pause")


@blueprint.post("/standing-orders/<uuid:standing_id>/resume", summary=_("恢复"))
@blueprint.gives(StandingSchema)
@guard("requisition.edit")
def resume(standing_id: UUID) -> Any:
    return standing.turn(actor(), standing_id, "resume")


@blueprint.post("/standing-orders/<uuid:standing_id>/end", summary=_("结束"))
@blueprint.gives(StandingSchema)
@guard("requisition.edit")
def end(standing_id: UUID) -> Any:
    return standing.turn(actor(), standing_id, "end")


@blueprint.post("/standing-orders/<uuid:standing_id>/skip", summary=_("停送一天"))
@blueprint.takes(SkipSchema)
@blueprint.gives(StandingOpenedSchema)
@guard("requisition.edit")
def skip(data: dict[str, Any], standing_id: UUID) -> Any:
    standing.skip_day(actor(), standing_id, data["day"])
    return opened(standing.standing_order(actor(), standing_id))
