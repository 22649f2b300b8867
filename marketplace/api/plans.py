"""Quota: plans from filing to approval, amendments, what they count, a department's consolidated progress, parameters."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import Schema, fields, validate

from ..core import clock
from ..core.fields import Id, Period, Year
from ..edge.current import actor
from ..edge.guard import guard
from ..identity import services as identity
from ..procurement.schemas import COUNTED_AS
from ..quota import services as quota
from ..quota.schemas import (
    AmendmentSchema,
    AmendSchema,
    FilingSchema,
    NewPlanSchema,
    NewRuleSchema,
    NewSuccessionSchema,
    PlanAnswerSchema,
    PlanOutlookSchema,
    PlanReturnSchema,
    PlanSchema,
    QuotaFiguresSchema,
    QuotaRuleSchema,
    QuotaUnitSchema,
    SuccessionSchema,
)
from ..quota.services import Change, Filing
from ..settlement import services as settlement
from ..settlement.schemas import SettledLineSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("plans", _("预留份额方案"))
HEAD = [name for name in PlanSchema().fields if name not in ("agency_name", "contractors")]


class PlansQuery(PageSchema):
    year = Year(load_default=None, metadata={"description": "Default this year"})
    state = fields.String(load_default=None, validate=validate.OneOf(["draft", "filed", "returned", "approved"]))


class LinesQuery(PageSchema):
    counted_as = fields.String(load_default=None, validate=validate.OneOf(COUNTED_AS))
    period = Period(load_default=None)


class RulesQuery(PageSchema):
    year = Year(load_default=None, metadata={"description": "Default all years"})


class ProgressQuery(Schema):
    year = Year(load_default=None, metadata={"description": "Default this year"})
    root = Id(load_default=None, metadata={"description": "A unit: its subtree alone"})


class ConsolidatedSchema(Schema):
    total = fields.Nested(QuotaFiguresSchema, required=True)
    units = fields.List(
        fields.Nested(QuotaUnitSchema),
        required=True,
        metadata={"description": "From the top down, each before those below"},
    )


def named(rows: Sequence[Any]) -> list[dict[str, Any]]:
    contractors = quota.contractors_of([row.id for row in rows]) if rows else {}
    ids = {row.agency_id for row in rows} | {one.contractor_id for found in contractors.values() for one in found}
    names = identity.named(ids)
    return [
        {name: getattr(row, name) for name in HEAD}
        | {
            "agency_name": names[row.agency_id].name,
            "contractors": [
                {
                    "contractor_id": one.contractor_id,
                    "name": names[one.contractor_id].name,
                    "from_day": one.from_day,
                    "until_day": one.until_day,
                }
                for one in contractors.get(row.id, [])
            ],
        }
        for row in rows
    ]


@blueprint.get("/plans", summary=_("方案列表"))
@blueprint.asks(PlansQuery)
@blueprint.gives(list_of(PlanSchema))
@guard("plan.read")
def listed(query: dict[str, Any]) -> Any:
    """Of a year, within scope, the furthest behind first."""
    states = [query["state"]] if query["state"] else []
    answer = cut(quota.listed(actor(), query["year"] or clock.today().year, states), query)
    return answer | {"items": named(answer["items"])}


@blueprint.post("/plans", summary=_("登记方案"))
@blueprint.takes(NewPlanSchema)
@blueprint.gives(PlanSchema, 201)
@guard("plan.approve")
def file_plan(data: dict[str, Any]) -> Any:
    """By an office, for an agency of its division: filed and approved at once."""
    return named([quota.file_plan(actor(), **data)])[0]


@blueprint.post("/plans/drafts", summary=_("填写本单位方案"))
@blueprint.takes(FilingSchema)
@blueprint.gives(PlanSchema, 201)
@guard("plan.file")
def save_draft(data: dict[str, Any]) -> Any:
    """By the agency, as often as wanted until it is filed, and again when it was sent back."""
    filing = Filing(**(data | {"contractor_ids": tuple(data["contractor_ids"])}))
    return named([quota.save_draft(actor(), filing)])[0]


@blueprint.get("/plans/progress", summary=_("部门汇总进度"))
@blueprint.asks(ProgressQuery)
@blueprint.gives(ConsolidatedSchema)
@guard("plan.read")
def progress(query: dict[str, Any]) -> Any:
    """Over the units within scope; every settled line is counted once, whoever bought it."""
    found = settlement.consolidated(actor(), query["year"] or clock.today().year, query["root"])
    return {"total": found.total, "units": found.rows}


@blueprint.get("/plans/rules", summary=_("份额参数"))
@blueprint.asks(RulesQuery)
@blueprint.gives(list_of(QuotaRuleSchema))
@guard("plan.read")
def rules(query: dict[str, Any]) -> Any:
    """By year and region, newest first. `unconfirmed`: nothing is asked yet."""
    return cut(quota.rules_of(query["year"]), query)


@blueprint.post("/plans/rules", summary=_("填写份额参数"))
@blueprint.takes(NewRuleSchema)
@blueprint.gives(QuotaRuleSchema, 201)
@guard("plan.rule")
def set_rule(data: dict[str, Any]) -> Any:
    """Sets or replaces a region's parameter of a year; another person confirms it."""
    return quota.set_rule(actor(), **data)


@blueprint.post("/plans/rules/<uuid:rule_id>/confirm", summary=_("确认份额参数"))
@blueprint.gives(QuotaRuleSchema)
@guard("plan.rule")
def confirm_rule(rule_id: UUID) -> Any:
    return quota.confirm_rule(actor(), rule_id)


@blueprint.get("/plans/successions", summary=_("撤并单位"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(SuccessionSchema))
@guard("plan.read")
def successions(query: dict[str, Any]) -> Any:
    """Within scope, newest first."""
    return cut(quota.successions(actor()), query)


@blueprint.post("/plans/successions", summary=_("登记撤并"))
@blueprint.takes(NewSuccessionSchema)
@blueprint.gives(SuccessionSchema, 201)
@guard("plan.approve")
def abolish(data: dict[str, Any]) -> Any:
    """By an office: the unit buys nothing from that day, and its plan follows the successor."""
    return quota.abolish(actor(), data.pop("organisation_id"), **data)


@blueprint.get("/plans/<uuid:plan_id>", summary=_("方案"))
@blueprint.gives(PlanSchema)
@guard("plan.read")
def one(plan_id: UUID) -> Any:
    return named([quota.plan(actor(), plan_id)])[0]


@blueprint.post("/plans/<uuid:plan_id>/file", summary=_("上报方案"))
@blueprint.gives(PlanSchema)
@guard("plan.file")
def file(plan_id: UUID) -> Any:
    """By the agency; after the deadline it is marked late."""
    return named([quota.file(actor(), plan_id)])[0]


@blueprint.post("/plans/<uuid:plan_id>/approve", summary=_("核准方案"))
@blueprint.gives(PlanSchema)
@guard("plan.check")
def approve(plan_id: UUID) -> Any:
    """By the superior department or an office, another person than who filed."""
    return named([quota.approve(actor(), plan_id)])[0]


@blueprint.post("/plans/<uuid:plan_id>/return", summary=_("退回方案"))
@blueprint.takes(PlanReturnSchema)
@blueprint.gives(PlanSchema)
@guard("plan.check")
def send_back(data: dict[str, Any], plan_id: UUID) -> Any:
    return named([quota.send_back(actor(), plan_id, data["reason"])])[0]


@blueprint.get("/plans/<uuid:plan_id>/amendments", summary=_("方案的调整"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(AmendmentSchema))
@guard("plan.read")
def amendments(query: dict[str, Any], plan_id: UUID) -> Any:
    return cut(quota.amendments_of(actor(), plan_id), query)


@blueprint.post("/plans/<uuid:plan_id>/amendments", summary=_("申请调整"))
@blueprint.takes(AmendSchema)
@blueprint.gives(AmendmentSchema, 201)
@guard("plan.file")
def propose(data: dict[str, Any], plan_id: UUID) -> Any:
    """By the agency, of an approved plan, in its year."""
    return quota.propose_amendment(actor(), plan_id, Change(**data))


@blueprint.post("/plans/amendments/<uuid:amendment_id>/decide", summary=_("审核调整"))
@blueprint.takes(PlanAnswerSchema)
@blueprint.gives(AmendmentSchema)
@guard("plan.check")
def decide(data: dict[str, Any], amendment_id: UUID) -> Any:
    return quota.decide_amendment(actor(), amendment_id, **data)


@blueprint.post("/plans/amendments/<uuid:amendment_id>/withdraw", summary=_("撤回调整"))
@blueprint.gives(AmendmentSchema)
@guard("plan.file")
def withdraw(amendment_id: UUID) -> Any:
    return quota.withdraw_amendment(actor(), amendment_id)


@blueprint.get("/plans/<uuid:plan_id>/outlook", summary=_("方案的预计完成"))
@blueprint.gives(PlanOutlookSchema)
@guard("plan.read")
def outlook(plan_id: UUID) -> Any:
    """What is still to order and to pay, and by when."""
    found = settlement.outlook(quota.plan(actor(), plan_id))
    sums, days = found.sums, found.days
    names = "target_fen", "settled_fen", "committed_fen", "submitted_fen", "to_order_fen", "to_settle_fen"
    names += "unreviewed_fen", "counted_fen"
    return {
        **{name: getattr(sums, name) for name in names},
        "counting_on": days.counting,
        "pay_by": days.pay_by,
        "order_by": days.order_by,
        "order_at_once_by": days.order_at_once_by,
        "may_miss": [
            {"order_id": order.id, "number": order.number, "committed_fen": order.committed_fen, "due_on": day}
            for order, day in found.may_miss
        ],
    }


@blueprint.get("/plans/<uuid:plan_id>/lines", summary=_("方案计入的行"))
@blueprint.asks(LinesQuery)
@blueprint.gives(list_of(SettledLineSchema))
@guard("plan.read")
def lines(query: dict[str, Any], plan_id: UUID) -> Any:
    """The settled lines that make `settled_fen`, newest first; of one kind of money or month if asked."""
    rows, total = settlement.lines_of_plan(quota.plan(actor(), plan_id).id, **query)
    return page_of(rows, total, query)
