"""Quota plans (预留份额): the year's list, a plan with the settled lines that count, filing a plan."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import registry
from ...identity import services as identity
from ...quota import services as quota
from ...quota.schemas import NewPlanSchema
from ...reporting import services as reporting
from ...settlement import services as settlement
from ..tables import Table
from . import blueprint
from .home import year_gone

LABELS = {
    "agency_id": _l("采购人"),
    "year": _l("年度"),
    "base_fen": _l("年度食材和工会预算"),
    "target_fen": _l("预留份额"),
    "ceiling_fen": _l("上限"),
}
KEYS = ("share", "name", "target", "settled", "held")


@blueprint.get("/plans")
@guard("plan.read")
def plans() -> str:
    today = clock.today()
    year = request.args.get("year", today.year, type=int)
    rows = quota.listed(actor(), year)
    agencies = identity.named({row.agency_id for row in rows})
    table = Table(KEYS, "share", per_page=50, total=len(rows))
    rows.sort(key=lambda row: _key(row, table.key, agencies), reverse=table.descending)
    return render_template(
        "office/plans.html",
        rows=rows[table.offset : table.offset + table.limit],
        all_rows=rows,
        table=table,
        year=year,
        years=[today.year - back for back in range(4)],
        gone_bp=_gone(year),
        agencies=agencies,
    )


def _key(row: Any, key: str, agencies: dict[UUID, Any]) -> Any:
    match key:
        case "name":
            return agencies[row.agency_id].name
        case "target":
            return row.target_fen
        case "settled":
            return row.settled_fen
        case "held":
            return row.committed_fen
    return row.settled_fen / row.target_fen


def _gone(year: int) -> int:
    """Basis points of the plan's year that are over."""
    today = clock.today()
    return year_gone(today) if year == today.year else 10_000 if year < today.year else 0


@blueprint.get("/plans/<uuid:plan_id>")
@guard("plan.read")
def plan(plan_id: UUID) -> str:
    row = quota.plan(actor(), plan_id)
    table = Table(per_page=50)
    lines, table.total = settlement.lines_of_plan(row.id, page=table.page, size=table.per_page)
    months = settlement.months_of_plan(row.id)
    parties = {row.agency_id} | {line.supplier_id for line in lines}
    return render_template(
        "office/plan.html",
        plan=row,
        gone_bp=_gone(row.year),
        lines=lines,
        table=table,
        orders=reporting.orders_behind(line.id for line in lines),
        parties=identity.named(parties),
        months=[_month(row.year * 100 + number, months) for number in range(1, 13)],
    )


def _month(period: int, months: dict[int, tuple[int, int]]) -> dict[str, Any]:
    return {
        "label": _("%(number)s月", number=period % 100),
        "below": "",
        "title": str(period),
        "sold": months.get(period, (0, 0))[1],
        "due": None,
        "received": None,
        "url": None,
    }


@blueprint.route("/plans/new", methods=["GET", "POST"])
@guard("plan.approve")
def plan_new() -> Response:
    form = Form(NewPlanSchema(), {"year": clock.today().year, "agency_id": request.args.get("agency", "")})
    if form.posted:
        with form.attempt():
            row = quota.file_plan(actor(), **form.data())
            return done(_("已登记 %(year)s 年方案。", year=row.year), "office.plan", plan_id=row.id)
    agencies = [(str(id_), name) for id_, name in registry.choices(actor(), "agency")]
    return form.page("office/plan_new.html", labels=LABELS, agencies=agencies)
