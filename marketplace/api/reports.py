"""The volume report, the rows behind its figures, public results and the audit trail. Reads only."""

from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import fields

from ..core.fields import Text
from ..edge.current import actor
from ..edge.guard import guard
from ..households.schemas import HouseholdSchema
from ..reporting import services as reporting
from ..reporting.schemas import (
    EventSchema,
    FiguresSchema,
    OpenedSchema,
    ReachedQuery,
    ResultsQuery,
    RowsQuery,
    VolumeQuery,
    VolumeSchema,
)
from ..reporting.services import Asked
from .blueprint import Blueprint
from .households import shown
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("reports", _("报表与记录"))
NAMES = tuple(FiguresSchema().fields)
HIDDEN = dict.fromkeys(NAMES)


class TrailQuery(PageSchema):
    actor_name = Text(80, load_default="", metadata={"description": "A part of the name"})
    verb = Text(60, load_default="", metadata={"description": "A verb, or the noun it begins with"})
    object_kind = Text(40, load_default="")
    object_id = Text(60, load_default="")


class ReachedSchema(list_of(HouseholdSchema)):  # type: ignore[misc]
    elsewhere = fields.Integer(required=True, metadata={"description": "Counted, but outside the reader's scope"})


def report_of(report: Any) -> dict[str, Any]:
    asked = report.asked
    return {
        "by": report.by,
        "first": asked.first,
        "last": asked.last,
        "rows": [_row(row, report.orders_of(row)) for row in report.rows],
        "months": [_row(row, report.tells_ordered, hide=report.shared) for row in report.months],
        "total": HIDDEN if report.hide_total else _figures(report.total, report.tells_ordered),
    }


def _row(row: Any, orders: bool, *, hide: bool = False) -> dict[str, Any]:
    hidden = row.hide or ("few" if hide else "")
    return {
        "key": row.key,
        "name": row.name,
        "whole": row.whole,
        "hidden": hidden or None,
        "figures": HIDDEN if hidden else _figures(row.figures, orders),
    }


def _figures(figures: Any, orders: bool) -> dict[str, Any]:
    told = {name: getattr(figures, name) for name in NAMES}
    return told if orders else told | {"ordered_fen": None}


def asked_of(query: dict[str, Any]) -> Asked:
    return Asked(**{name: query.pop(name) for name in tuple(query) if name in Asked.__dataclass_fields__})


@blueprint.get("/reports/volume", summary=_("消费帮扶金额报表"))
@blueprint.asks(VolumeQuery)
@blueprint.gives(VolumeSchema)
@guard("report.read")
def volume(query: dict[str, Any]) -> Any:
    """Ordered, accepted, settled, attributed, owed and received, by one dimension, within scope; largest first."""
    asked = asked_of(query)
    return report_of(reporting.volume(actor(), asked, query["by"], shared=query["shared"]))


@blueprint.get("/reports/volume/rows", summary=_("数字背后的记录"))
@blueprint.asks(RowsQuery)
@blueprint.gives(OpenedSchema)
@guard("report.read")
def behind(query: dict[str, Any]) -> Any:
    """The rows that make a figure; their sum, `fen`, is the figure to the fen."""
    asked, figure = asked_of(query), query.pop("figure")
    opened = reporting.rows(actor(), asked, figure, **query)
    return page_of(opened.rows, opened.total, query) | {"fen": opened.fen}


@blueprint.get("/reports/volume/households", summary=_("联结到的农户"))
@blueprint.asks(ReachedQuery)
@blueprint.gives(ReachedSchema)
@guard("household.read")
def households(query: dict[str, Any]) -> Any:
    """Each once, by village and number."""
    found = reporting.households_reached(actor(), asked_of(query), **query)
    return page_of([shown(row) for row in found.rows], found.total, query) | {"elsewhere": found.elsewhere}


@blueprint.get("/results", summary=_("公开的成效"))
@blueprint.asks(ResultsQuery)
@blueprint.gives(VolumeSchema)
@guard(public=True)
def results(query: dict[str, Any]) -> Any:
    """What everybody may read: cells of fewer than five households are hidden, and so is what would give them away."""
    asked = asked_of(query)
    return report_of(reporting.results(asked, query["by"]))


@blueprint.get("/trail", summary=_("操作记录"))
@blueprint.asks(TrailQuery)
@blueprint.gives(list_of(EventSchema))
@guard("audit.read")
def trail(query: dict[str, Any]) -> Any:
    """Who did what on which object, latest first. Nothing here can be changed."""
    wanted = reporting.Wanted(*(query.pop(name) for name in ("actor_name", "verb", "object_kind", "object_id")))
    rows, total = reporting.trail(actor(), wanted, **query)
    return page_of(rows, total, query)
