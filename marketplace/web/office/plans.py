"""Quota plans (预留份额): the year's list, a plan with the settled lines that count, its check, registering a plan."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from ...core import clock
from ...core.errors import NotFound
from ...core.fields import Taken, Text
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import registry
from ...identity import services as identity
from ...quota import services as quota
from ...quota.schemas import NewPlanSchema
from ...reporting import services as reporting
from ...settlement import services as settlement
from .. import quota_words
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
STATES = ("filed", "returned", "approved")


class CheckForm(Taken):
    then = fields.String(required=True, validate=validate.OneOf(["approve", "return"]))
    reason = Text(300, load_default="")


class DecideForm(Taken):
    then = fields.String(required=True, validate=validate.OneOf(["approve", "refuse"]))
    answer = Text(300, load_default="")


@blueprint.get("/plans")
@guard("plan.read")
def plans() -> str:
    today = clock.today()
    year = request.args.get("year", today.year, type=int)
    state = request.args.get("state")
    state = state if state in STATES else None
    every = quota.listed(actor(), year)
    rows = [row for row in every if row.state == (state or row.state)]
    agencies = identity.named({row.agency_id for row in rows})
    table = Table(KEYS, "share", per_page=50, total=len(rows))
    rows.sort(key=lambda row: _key(row, table.key, agencies), reverse=table.descending)
    return render_template(
        "office/plans.html",
        rows=rows[table.offset : table.offset + table.limit],
        all_rows=rows,
        waiting=settlement.unreviewed_of_plans([row.id for row in rows]),
        table=table,
        year=year,
        years=[today.year - back for back in range(4)],
        gone_bp=_gone(year),
        agencies=agencies,
        state=state,
        states={code: sum(row.state == code for row in every) for code in STATES},
        words=quota_words,
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
    return row.settled_fen / (row.target_fen or 1)


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
    contractors = quota.contractors_of([row.id]).get(row.id, [])
    covers = quota.covered_by(row.id)
    filer = quota.filer_of(row)
    parties = {row.agency_id, *([filer] if filer else [])} | {line.supplier_id for line in lines}
    parties |= {one.contractor_id for one in contractors} | {one.agency_id for one in covers}
    return render_template(
        "office/plan.html",
        plan=row,
        gone_bp=_gone(row.year),
        lines=lines,
        table=table,
        orders=reporting.orders_behind(line.id for line in lines),
        parties=identity.named(parties),
        contractors=contractors,
        covers=covers,
        filer=filer,
        rule=quota.rule_for(row.division, row.year),
        last_target=quota.last_target(row.agency_id, row.year),
        amendments=quota.amendments_of(actor(), row.id),
        counted=settlement.counted_of_plans([row.id]).get(row.id, {}),
        outlook=settlement.outlook(row) if row.target_fen else None,
        words=quota_words,
        decide=_may_check(row),
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


def _may_check(row: Any) -> bool:
    """Whether the actor's organisation stands above the plan's agency, and may decide."""
    return actor().may("plan.check") and row.agency_id != actor().organisation


@blueprint.route("/plans/<uuid:plan_id>/check", methods=["GET", "POST"])
@guard("plan.check")
def plan_check(plan_id: UUID) -> Response:
    """Approving what was filed, or sending it back with a reason, beside what the rule asks and the units below it."""
    row = quota.plan(actor(), plan_id)
    form = Form(CheckForm())
    if form.posted:
        with form.attempt():
            asked = form.data()
            if asked["then"] == "approve":
                quota.approve(actor(), plan_id)
                return done(_("已核准。"), "office.plan", plan_id=plan_id)
            quota.send_back(actor(), plan_id, asked["reason"])
            return done(_("已退回。"), "office.plan", plan_id=plan_id)
    agencies = identity.named({row.agency_id})
    below = settlement.consolidated(actor(), row.year, row.agency_id)
    return form.page(
        "office/plan_check.html",
        plan=row,
        agency=agencies[row.agency_id],
        rule=quota.rule_for(row.division, row.year),
        last_target=quota.last_target(row.agency_id, row.year),
        below=below.total if len(below.rows) > 1 else None,
        units=len(below.rows),
        words=quota_words,
        labels={"reason": _("退回理由")},
    )


@blueprint.route("/plans/<uuid:plan_id>/amendments/<uuid:amendment_id>", methods=["GET", "POST"])
@guard("plan.check")
def plan_amendment(plan_id: UUID, amendment_id: UUID) -> Response:
    row = quota.plan(actor(), plan_id)
    found = {one.id: one for one in quota.amendments_of(actor(), plan_id)}
    if amendment_id not in found:
        raise NotFound("amendment")
    form = Form(DecideForm())
    if form.posted:
        with form.attempt():
            asked = form.data()
            agreed = asked["then"] == "approve"
            quota.decide_amendment(actor(), amendment_id, approved=agreed, answer=asked["answer"])
            word = _("已同意调整。") if agreed else _("未同意调整。")
            return done(word, "office.plan", plan_id=plan_id)
    one = found[amendment_id]
    contractors = {id_ for id_ in (one.add_contractor_id, one.end_contractor_id) if id_}
    return form.page(
        "office/plan_amendment.html",
        plan=row,
        one=one,
        parties=identity.named({row.agency_id} | contractors),
        words=quota_words,
        labels={"answer": quota_words.LABELS["answer"]},
    )


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
