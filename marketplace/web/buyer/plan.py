"""The agency's quota plan of a year, down to the settled lines that it counts."""

from typing import Any

from flask import render_template, request

from ...core import clock
from ...core.money import half_up
from ...edge.current import actor
from ...edge.guard import guard
from ...identity import services as identity
from ...procurement import services as procurement
from ...products import services as products
from ...quota import services as quota
from ...settlement import services as settlement
from ..tables import Table
from . import blueprint


def of_year(year: int) -> dict[str, Any] | None:
    """The actor's agency's plan with what the bar needs: rates and shares in basis points, `left_fen` to the target."""
    agency = actor().organisation
    row = quota.plan_of(agency, year) if agency else None
    if row is None:
        return None
    today = clock.today()
    gone = (
        half_up(today.timetuple().tm_yday * 10_000, 365) if year == today.year else 10_000 if year < today.year else 0
    )
    return {
        "row": row,
        "legal_fen": row.minimum_fen,
        "rate": half_up(row.target_fen * 10_000, row.base_fen) if row.base_fen else None,
        "done": half_up(row.settled_fen * 10_000, row.target_fen),
        "left_fen": max(0, row.target_fen - row.settled_fen - row.committed_fen),
        "gone": min(gone, 10_000),
        "days_left": max(0, (today.replace(month=12, day=31) - today).days) if year == today.year else 0,
    }


@blueprint.get("/plan")
@guard("plan.read")
def plan() -> str:
    this_year = clock.today().year
    year = request.args.get("year", this_year, type=int)
    year = year if 2000 <= year <= 2100 else this_year
    found = of_year(year)
    table = Table(per_page=50)
    lines: Any = []
    if found:
        lines, table.total = settlement.lines_of_plan(found["row"].id, page=table.page, size=table.per_page)
    order_ids = {line.order_id for line in lines}
    orders = procurement.by_ids(actor(), order_ids) if order_ids else {}
    return render_template(
        "buyer/plan.html",
        year=year,
        years=(this_year - 1, this_year),
        plan=found,
        months=settlement.months_of_plan(found["row"].id) if found else {},
        lines=lines,
        table=table,
        orders=orders,
        products=products.by_ids({line.product_id for line in lines}) if lines else {},
        suppliers=identity.named({line.supplier_id for line in lines}),
    )
