"""The agency's quota plan of a year: how far it is, what is still to order by when, down to the settled lines."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from ...core import clock
from ...core.errors import NotFound
from ...core.money import half_up, yuan
from ...edge.current import actor
from ...edge.guard import guard
from ...identity import services as identity
from ...procurement import services as procurement
from ...products import services as products
from ...quota import services as quota
from ...quota.rules import COUNTING
from ...settlement import services as settlement
from .. import quota_words, sheets
from ..tables import Table
from . import blueprint

EXPORTED = 50_000  # lines: more than any agency's year


def of_year(year: int) -> dict[str, Any] | None:
    """The actor's agency's plan with what the bar needs: rates and shares in basis points, `left_fen` to the target;
    None while it has none that counts by itself."""
    agency = actor().organisation
    row = quota.plan_of(agency, year) if agency else None
    if row is None or row.covered_by_id or row.state not in COUNTING:
        return None
    today = clock.today()
    gone = (
        half_up(today.timetuple().tm_yday * 10_000, 365) if year == today.year else 10_000 if year < today.year else 0
    )
    outlook = settlement.outlook(row)
    return {
        "row": row,
        "legal_fen": row.minimum_fen,
        "rate": quota_words.rate(row.target_fen, row.base_fen),
        "done": half_up(outlook.sums.counted_fen * 10_000, row.target_fen),
        "left_fen": max(0, row.target_fen - row.settled_fen - row.committed_fen),
        "gone": min(gone, 10_000),
        "days_left": max(0, (today.replace(month=12, day=31) - today).days) if year == today.year else 0,
        "outlook": outlook,
    }


def _year() -> int:
    this_year = clock.today().year
    year = request.args.get("year", this_year, type=int)
    return year if 2000 <= year <= 2100 else this_year


@blueprint.get("/plan")
@guard("plan.read")
def plan() -> str | Response:
    this_year, year = clock.today().year, _year()
    found = of_year(year)
    if found and request.args.get("format") in ("csv", "xlsx"):
        return _export(found["row"], request.args["format"])
    kind = request.args.get("kind")
    kind = kind if kind in quota_words.COUNTED else None
    table = Table(per_page=50)
    lines: Any = []
    row = found["row"] if found else None
    if row:
        lines, table.total = settlement.lines_of_plan(row.id, counted_as=kind, page=table.page, size=table.per_page)
    order_ids = {line.order_id for line in lines}
    return render_template(
        "buyer/plan.html",
        year=year,
        years=(this_year - 1, this_year),
        plan=found,
        kind=kind,
        kinds=quota_words.COUNTED,
        counted=settlement.counted_of_plans([row.id]).get(row.id, {}) if row else {},
        months=settlement.months_of_plan(row.id) if row else {},
        lines=lines,
        table=table,
        orders=settlement.numbers_of(order_ids) if order_ids else {},
        products=products.by_ids({line.product_id for line in lines}) if lines else {},
        suppliers=identity.named({line.supplier_id for line in lines}),
        reviewed=procurement.reviewed({line.order_line_id for line in lines}) if lines else set(),
        **_filing(year),
    )


def _filing(year: int) -> dict[str, Any]:
    """What was filed, or has to be: the agency's own row in any state, its rule, who counts for it, amendments."""
    agency = actor().organisation
    own = quota.plan_of(agency, year) if agency else None
    division = own.division if own else identity.own(actor()).division
    counting = quota.plan_for(agency, year) if agency else None
    elsewhere = counting if counting and counting.agency_id != agency else None
    contractors = quota.contractors_of([own.id]).get(own.id, []) if own else []
    ids = {one.contractor_id for one in contractors} | ({elsewhere.agency_id} if elsewhere else set())
    return {
        "own": own,
        "rule": quota.rule_for(division, year),
        "days": quota.calendar_for(division, year),
        "elsewhere": elsewhere,
        "contractors": contractors,
        "covers": quota.covered_by(own.id) if own else [],
        "parties": identity.named(ids),
        "amendments": quota.amendments_of(actor(), own.id) if own else [],
        "words": quota_words,
    }


def _export(row: Any, format_: str) -> Response:
    lines, _total = settlement.lines_of_plan(row.id, size=EXPORTED)
    heads = [_("结清日"), _("订单"), _("产品"), _("供应商"), _("采购单位"), _("份额类别"), _("金额（元）")]
    name = f"plan-{row.year}"
    if format_ == "csv":
        return sheets.download(name, heads, _rows(row, lines))
    return sheets.workbook(name, _("计入的结清行"), heads, _rows(row, lines), (12, 18, 24, 28, 28, 10, 14))


def _rows(row: Any, lines: Any) -> Iterator[list[Any]]:
    orders = settlement.numbers_of({line.order_id for line in lines})
    goods = products.by_ids({line.product_id for line in lines})
    names = identity.named({line.supplier_id for line in lines} | {line.agency_id for line in lines})
    contractors = {one.contractor_id for one in quota.contractors_of([row.id]).get(row.id, [])}
    for line in lines:
        kind = "contractor" if line.agency_id in contractors else line.counted_as
        yield [
            line.day,
            orders.get(line.order_id, ""),
            goods[line.product_id].name,
            names[line.supplier_id].name,
            names[line.agency_id].name,
            str(quota_words.COUNTED[kind]),
            yuan(line.money_fen),
        ]
    yield ["", "", "", "", "", _("合计"), yuan(sum(line.money_fen for line in lines))]


@blueprint.get("/plans/<uuid:plan_id>")
@guard("plan.read")
def plan_one(plan_id: UUID) -> Response:
    """Where a message leads: the own plan's page of its year; a unit's below it is the superior's page."""
    row = quota.plan(actor(), plan_id)
    if row.agency_id != actor().organisation:
        return redirect(url_for("office.plan", plan_id=row.id))  # type: ignore[return-value]
    return redirect(url_for("buyer.plan", year=row.year))  # type: ignore[return-value]


@blueprint.get("/plans/due/<uuid:agency_id>")
@guard("plan.file")
def plan_due(agency_id: UUID) -> Response:
    """Where a reminder leads."""
    if agency_id != actor().organisation:
        raise NotFound("agency")
    return redirect(url_for("buyer.plan_file"))  # type: ignore[return-value]
