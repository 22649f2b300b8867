"""Quota over the tree: a department's consolidated progress and its form, parameters by year and region, units that
follow others. Superior agencies read the progress of their own subtree here too."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from ...core import clock
from ...core.errors import Refused
from ...core.fields import Whole
from ...core.money import yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import registry
from ...identity import services as identity
from ...quota import services as quota
from ...quota.rules import day_of
from ...quota.schemas import NewRuleSchema, NewSuccessionSchema
from ...regions import services as regions
from ...settlement import services as settlement
from .. import kit, quota_words, sheets
from . import blueprint

LABELS = {
    "year": _l("年度"),
    "prefix": _l("地区代码"),
    "base": _l("按什么算"),
    "minimum_bp": _l("最低比例"),
    "encouraged_bp": _l("鼓励比例"),
    "not_below_last_year": _l("不低于上年"),
    "union_share_bp": _l("没有食堂的，按工会经费"),
    "filing_md": _l("填报期限"),
    "counting_md": _l("统计截止日"),
    "warn_md": _l("从哪天起提醒"),
    "needs_review": _l("评价后才计入"),
    "lead_days": _l("下单到送达"),
    "pay_days": _l("付款期限"),
    "confirm_days": _l("付款到确认到账"),
    "source": _l("出处"),
    "organisation_id": _l("撤并的单位"),
    "abolished_on": _l("从哪天起"),
    "successor_id": _l("承接单位"),
    "document": _l("文件"),
}
FORM_HEADS = (
    _l("单位名称"),
    _l("信用代码"),
    _l("主管部门"),
    _l("有无食堂"),
    _l("食材采购总额"),
    _l("预留比例"),
    _l("预留金额"),
    _l("食堂完成额"),
    _l("工会完成额"),
    _l("承包商完成额"),
    _l("个人完成额"),
    _l("合计"),
    _l("完成率"),
    _l("在途额"),
    _l("逾期未付"),
    _l("说明"),
)


def _year() -> int:
    year = request.args.get("year", clock.today().year, type=int)
    return year if 2000 <= year <= 2100 else clock.today().year


def _root() -> UUID | None:
    try:
        return UUID(request.args["root"])
    except (KeyError, ValueError):
        return None


@blueprint.get("/plans/progress")
@guard("plan.read")
def plan_progress() -> str | Response:
    year = _year()
    found = settlement.consolidated(actor(), year, _root())
    if request.args.get("format") == "xlsx":
        widths = (28, 20, 24, 12, *(14,) * 11, 30)
        return sheets.workbook(f"quota-{year}", _("预留份额完成表"), FORM_HEADS, _form_rows(found, year), widths)
    return render_template(
        "office/plan_progress.html",
        found=found,
        year=year,
        years=[clock.today().year - back for back in range(3)],
        root=_root(),
        said=lambda row: _said(row, found.names),
        rate=quota_words.rate,
    )


def _said(row: Any, names: dict[UUID, str]) -> str:
    """What a unit's row needs to be understood: who counts for it, whom it follows, what has not been approved."""
    words = []
    if row.counted_at:
        words.append(_("计入 %(name)s", name=names[row.counted_at]))
    elif not row.plans:
        words.append(_("没有方案"))
    words += [_("含 %(name)s", name=names[plan.agency_id]) for plan in row.plans if plan.agency_id != row.id]
    if any(plan.state != "approved" for plan in row.plans):
        words.append(_("未核准"))
    if any(plan.late for plan in row.plans):
        words.append(_("逾期填报"))
    if row.own.unreviewed_fen:
        words.append(_("待评价 %(fen)s", fen=kit.money(row.own.unreviewed_fen)))
    if row.own.uncounted_fen:
        words.append(_("未计入 %(fen)s", fen=kit.money(row.own.uncounted_fen)))
    return _("，").join(words)


def _form_rows(found: Any, year: int) -> Iterator[list[Any]]:
    """预留份额完成表 (RULES.md, Paper forms): a row per unit, the sum, who signs. Money in yuan."""
    for row in found.rows:
        case = row.plans[0].unit_case if row.plans else None
        yield [
            "　" * row.depth + row.name,
            row.credit_code or "",
            found.names.get(row.parent_id, ""),
            str(quota_words.UNIT_CASES[case]) if case else "",
            *_form_figures(row.own),
            _said(row, found.names),
        ]
    yield [_("合计"), "", "", "", *_form_figures(found.total), ""]
    yield []
    me = actor()
    yield [_("填报单位：%(name)s", name=me.organisation_name), "", _("年度：%(year)s", year=year), _("单位：元")]
    yield [_("填报人：%(name)s", name=me.name), "", _("审核人："), "", _("负责人："), "", _("（盖章）")]


def _form_figures(own: Any) -> list[Any]:
    return [
        yuan(own.canteen_fen),
        kit.percent(quota_words.rate(own.target_fen, own.base_fen)),
        yuan(own.target_fen),
        *(yuan(getattr(own, f"{kind}_done_fen")) for kind in quota_words.COUNTED),
        yuan(own.settled_fen),
        kit.percent(quota_words.rate(own.settled_fen, own.target_fen)),
        yuan(own.committed_fen),
        yuan(own.overdue_fen),
    ]


class RuleForm(NewRuleSchema):
    """Rates as people write them: percent, in whole or half ones."""

    minimum_bp = fields.String(load_default=None, validate=validate.Length(max=6))
    encouraged_bp = fields.String(load_default=None, validate=validate.Length(max=6))
    union_share_bp = fields.String(load_default=None, validate=validate.Length(max=6))
    filing_md = fields.String(load_default=None, validate=validate.Length(max=5))
    counting_md = fields.String(load_default="12-31", validate=validate.Length(max=5))
    warn_md = fields.String(load_default="11-1", validate=validate.Length(max=5))
    lead_days = Whole(0, 180, load_default=14)


@blueprint.route("/plans/rules", methods=["GET", "POST"])
@guard("plan.read")
def plan_rules() -> Response:
    present = {"year": clock.today().year, "base": "canteen", "counting_md": "12-31", "warn_md": "11-1"}
    form = Form(RuleForm(), present | {"lead_days": 14, "pay_days": 30, "confirm_days": 11, "prefix": _own_prefix()})
    if form.posted:
        actor().require("plan.rule")
        with form.attempt():
            asked = form.data()
            for name in ("minimum_bp", "encouraged_bp", "union_share_bp"):
                asked[name] = _percent(name, asked[name])
            for name in ("filing_md", "counting_md", "warn_md"):
                asked[name] = _month_day(name, asked[name])
            quota.set_rule(actor(), asked.pop("year"), asked.pop("prefix"), **asked)
            return done(_("已填写，另一人确认后生效。"), "office.plan_rules")
    rows = quota.rules_of()
    return form.page(
        "office/plan_rules.html",
        rows=rows,
        labels=LABELS,
        places=regions.name_paths({row.prefix.ljust(12, "0") for row in rows if row.prefix}),
        bases=[(code, word, "") for code, word in quota_words.BASES.items()],
        words=quota_words,
        may_set=actor().may("plan.rule"),
        month_day=_shown_day,
    )


def _own_prefix() -> str:
    return actor().scope.division or ""


def _percent(name: str, text: str | None) -> int | None:
    """ "12.5" → 1250. Raises Refused."""
    if not text:
        return None
    whole, _dot, part = text.strip().removesuffix("%").strip().partition(".")
    if not (whole.isascii() and whole.isdecimal() and len(whole) < 4 and len(part) < 3 and (part or "0").isdecimal()):
        raise Refused("not_a_number", field=name)
    value = int(whole) * 100 + int(part.ljust(2, "0") or 0)
    if not 1 <= value <= 10_000:
        raise Refused("out_of_range", field=name)
    return value


def _month_day(name: str, text: str | None) -> int | None:
    """ "2-20" → 220. Raises Refused."""
    if not text:
        return None
    month, _dash, day = text.strip().partition("-")
    if not (month.isascii() and month.isdecimal() and day.isascii() and day.isdecimal()):
        raise Refused("not_a_season_day", field=name)
    try:
        day_of(2000, int(month) * 100 + int(day))
    except ValueError:
        raise Refused("not_a_season_day", field=name) from None
    return int(month) * 100 + int(day)


def _shown_day(month_day: int | None) -> str:
    return kit.season_day(month_day) if month_day else "—"


@blueprint.post("/plans/rules/<uuid:rule_id>/confirm")
@guard("plan.rule")
def plan_rule_confirm(rule_id: UUID) -> Response:
    quota.confirm_rule(actor(), rule_id)
    return done(_("已确认，从现在起按它要求。"), "office.plan_rules")


@blueprint.route("/plans/successions", methods=["GET", "POST"])
@guard("plan.read")
def plan_successions() -> Response:
    form = Form(NewSuccessionSchema(), {"abolished_on": clock.today().isoformat()})
    if form.posted:
        actor().require("plan.approve")
        with form.attempt():
            asked = form.data()
            quota.abolish(actor(), asked.pop("organisation_id"), **asked)
            return done(_("已登记。原单位不能再采购，方案由承接单位继续。"), "office.plan_successions")
    rows = quota.successions(actor())
    units = [(str(id_), name) for id_, name in registry.choices(actor(), "agency")]
    gone = {str(row.organisation_id) for row in rows}
    return form.page(
        "office/plan_successions.html",
        rows=rows,
        labels=LABELS,
        units=[unit for unit in units if unit[0] not in gone],
        parties=identity.named(
            {row.organisation_id for row in rows} | {row.successor_id for row in rows if row.successor_id}
        ),
    )
