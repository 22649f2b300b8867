"""Standing orders, and the calendar of terms and closed days that they follow."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from ...core import clock
from ...core.errors import Refused
from ...core.fields import Day, Flag, Text
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...procurement import services as procurement
from ...sourcing import standing
from ...sourcing.calendar import announced
from ...sourcing.repeating_schemas import NewSpanSchema, StandingHeadSchema
from ..tables import Table
from . import blueprint, goods_typed

LABELS = {
    "title": _l("名称"),
    "from_day": _l("从哪天起"),
    "until_day": _l("到哪天止"),
    "weekdays": _l("每周送货日"),
    "every_weeks": _l("每几周"),
    "on_holiday": _l("遇法定节假日"),
    "in_term": _l("只在学期内送"),
    "ahead_days": _l("提前几天生成采购单"),
    "window": _l("送达时段"),
    "address": _l("送到"),
    "contact": _l("收货联系人"),
    "budget_line": _l("预算科目"),
    "counted_as": _l("谁的采购"),
    "code": _l("编码"),
    "quantity": _l("每次数量"),
    "kind": _l("类别"),
    "name": _l("名称"),
    "day": _l("日期"),
}
WEEKDAYS = [_l("周一"), _l("周二"), _l("周三"), _l("周四"), _l("周五"), _l("周六"), _l("周日")]
ON_HOLIDAY = [("skip", _l("不送")), ("earlier", _l("提前到前一个工作日"))]
COUNTED_AS = [
    ("canteen", _l("食堂")),
    ("union", _l("工会经费")),
    ("contractor", _l("食堂承包商")),
    ("employee", _l("职工个人")),
]
SPANS = [("term", _l("学期")), ("closed", _l("停送"))]
SKIPPED = {"asked": _l("已停送"), "nobody": _l("填报人不能填单，没有生成"), "abolished": _l("单位已撤销，没有生成")}
SOON = timedelta(days=45)


class LineSchema(Schema):
    code = Text(24, 1, required=True)
    quantity = Text(40, 1, required=True)


class FormSchema(StandingHeadSchema):
    weekdays = fields.List(fields.String(validate=validate.OneOf(list("1234567"))), load_default=list)
    in_term = Flag(load_default=False)
    lines = fields.List(fields.Nested(LineSchema), load_default=list)


class DaySchema(Schema):
    day = Day(required=True)


class VerbSchema(Schema):
    verb = fields.String(required=True, validate=validate.OneOf(["pause", "resume", "end"]))


@blueprint.get("/standing")
@guard("requisition.read")
def standing_orders() -> str:
    table = Table(per_page=50)
    rows, table.total = standing.standing_orders(actor(), page=table.page, size=table.per_page)
    today = clock.today()
    coming = {row.id: next((day for day in standing.days_of(row) if day >= today), None) for row in rows}
    return render_template("buyer/standing_orders.html", rows=rows, table=table, coming=coming, weekdays=WEEKDAYS)


@blueprint.route("/standing/new", methods=["GET", "POST"])
@guard("requisition.edit")
def standing_new() -> Response:
    """From nothing, or (`like`) with an earlier bulk order's lines."""
    today = clock.today()
    values = {
        "from_day": today.isoformat(),
        "until_day": (today + timedelta(days=120)).isoformat(),
        "every_weeks": "1",
        "ahead_days": "5",
        "counted_as": "canteen",
        "on_holiday": "skip",
        "in_term": "1",
    }
    like = request.args.get("like", type=UUID)
    if like:
        earlier = procurement.requisition(actor(), like)
        values |= {name: getattr(earlier, name) for name in ("title", "window", "address", "contact", "budget_line")}
        values |= goods_typed.controls(goods_typed.shown(procurement.requisition_lines(like)))
    form = Form(FormSchema(), values, needs={"lines": "code"})
    if form.posted:
        with form.attempt():
            row = standing.open_standing(actor(), **_taken(form))
            return done(_("已建 %(number)s。", number=row.number), "buyer.standing_order", standing_id=row.id)
    return _form(form, None)


@blueprint.route("/standing/<uuid:standing_id>/edit", methods=["GET", "POST"])
@guard("requisition.edit")
def standing_edit(standing_id: UUID) -> Response:
    row = standing.standing_order(actor(), standing_id)
    values = {name: str(getattr(row, name)) for name in standing.HEAD} | {"in_term": "1" if row.in_term else ""}
    values |= goods_typed.controls(goods_typed.shown(standing.standing_lines([row.id]).get(row.id, [])))
    form = Form(FormSchema(), values, needs={"lines": "code"})
    if form.posted:
        with form.attempt():
            version = request.form.get("version", type=int)
            standing.change_standing(actor(), standing_id, version=version, **_taken(form))
            return done(_("已修改，今后生成的采购单按新的来。"), "buyer.standing_order", standing_id=standing_id)
    return _form(form, row)


def _taken(form: Form) -> dict[str, Any]:
    data = form.data()
    if not data["weekdays"]:
        raise Refused("weekday_needed", field="weekdays")
    return data | {"weekdays": "".join(sorted(set(data["weekdays"]))), "lines": goods_typed.read(data["lines"])}


def _form(form: Form, row: Any) -> Response:
    chosen = request.form.getlist("weekdays") if form.posted else list(row.weekdays if row else "")
    filled = [int(name.split(".")[1]) for name in form.typed if name.startswith("lines.")]
    return form.page(
        "buyer/standing_form.html",
        row=row,
        chosen=chosen,
        labels=LABELS,
        weekdays=WEEKDAYS,
        on_holiday=ON_HOLIDAY,
        counted_as=COUNTED_AS,
        count=min(standing.MOST_LINES, max([8, *(number + 4 for number in filled)])),
    )


@blueprint.get("/standing/<uuid:standing_id>")
@guard("requisition.read")
def standing_order(standing_id: UUID) -> Response:
    return _page(standing.standing_order(actor(), standing_id), Form(DaySchema()))


def _page(row: Any, form: Form) -> Response:
    runs = standing.runs_of(row.id)
    today = clock.today()
    since = max(today - SOON, clock.local(row.created_at).date())
    coming = (day for day in standing.days_of(row) if day >= since)
    days = [day for day in sorted({*coming, *runs}) if today - SOON <= day <= today + 2 * SOON]
    made = {run.requisition_id for run in runs.values() if run.requisition_id}
    return form.page(
        "buyer/standing_order.html",
        row=row,
        lines=goods_typed.shown(standing.standing_lines([row.id]).get(row.id, [])),
        days=days,
        runs=runs,
        drafts={id_: procurement.requisition(actor(), id_) for id_ in made},
        unannounced=[year for year in {row.from_day.year, row.until_day.year} if not announced(year)],
        own=row.agency_id == actor().organisation and actor().may("requisition.edit"),
        weekdays=WEEKDAYS,
        counted_as=dict(COUNTED_AS),
        on_holiday=dict(ON_HOLIDAY),
        skipped=SKIPPED,
        today=today,
        labels=LABELS,
    )


@blueprint.post("/standing/<uuid:standing_id>/turn")
@guard("requisition.edit")
def standing_turn(standing_id: UUID) -> Response:
    """Pause, resume or end, as the button says."""
    row = standing.turn(actor(), standing_id, Form(VerbSchema()).data()["verb"])
    words = {"active": _("已恢复。"), "paused": _("已暂停，不再生成采购单。"), "ended": _("已结束。")}
    return done(words[row.state], "buyer.standing_order", standing_id=standing_id)


@blueprint.post("/standing/<uuid:standing_id>/skip")
@guard("requisition.edit")
def standing_skip(standing_id: UUID) -> Response:
    form = Form(DaySchema())
    with form.attempt():
        standing.skip_day(actor(), standing_id, form.data()["day"])
        return done(_("这一天不送了。"), "buyer.standing_order", standing_id=standing_id)
    return _page(standing.standing_order(actor(), standing_id), form)


@blueprint.route("/calendar", methods=["GET", "POST"])
@guard("requisition.edit")
def calendar() -> Response:
    form = Form(NewSpanSchema(), {"kind": "term"})
    if form.posted:
        with form.attempt():
            standing.put_span(actor(), **form.data())
            return done(_("日历已更新。"), "buyer.calendar")
    return form.page("buyer/calendar.html", rows=standing.spans(actor().organisation), kinds=SPANS, labels=LABELS)


@blueprint.post("/calendar/<uuid:span_id>/drop")
@guard("requisition.edit")
def calendar_drop(span_id: UUID) -> Response:
    standing.drop_span(actor(), span_id)
    return done(_("已删去。"), "buyer.calendar")
