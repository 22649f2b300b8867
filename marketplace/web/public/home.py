"""The first page, and the eligibility list that the offices publish."""

from typing import Any

from flask import render_template

from ...accreditation import services as accreditation
from ...attribution import services as attribution
from ...core import clock
from ...edge.guard import guard
from ...identity import services as identity
from ...products import services as products
from ...search import services as search
from ...search.documents import Query
from ...settlement import services as settlement
from .. import kit
from ..tables import Table
from . import blueprint
from .cards import categories
from .remembered import remembered

FEW = 5  # fewer households than that are not shown (RULES.md, Reporting)


@blueprint.get("/")
@guard(public=True)
def home() -> str:
    counts = search.search(Query(day=clock.today(), size=1)).counts
    tops = [row for row in categories().values() if row.parent_code is None]
    return render_template(
        "public/home.html",
        tops=[(row, counts.get("category", {}).get(row.code, 0)) for row in tops],
        counts=counts,
        figures=remembered("home", _figures, 300),
        year=clock.today().year,
    )


def _figures() -> dict[str, Any]:
    """This year's settled volume and the households it reached; read from all its lines, so remembered for minutes."""
    year = clock.today().year
    volume = settlement.volume_of(year)
    reached = attribution.households_reached(year)
    return {"volume": volume, "households": reached, "few": 0 < reached < FEW}


@blueprint.get("/disclosure")
@guard(public=True)
def disclosure() -> str:
    table = Table(per_page=50)
    rows, table.total = accreditation.published(page=table.page, size=table.per_page)
    found = products.by_ids({row.product_id for row in rows}) if rows else {}
    names = identity.named({row.supplier_id for row in rows} | {row.office_id for row in rows})
    return render_template(
        "public/disclosure.html",
        table=table,
        rows=rows,
        products=found,
        names=names,
        state_of=state_of,
        english=kit.is_english(),
    )


def state_of(grant: Any) -> str:
    """A grant's state today: one whose days are over is expired, whatever its row says."""
    return "expired" if grant.state == "in_force" and grant.valid_to < clock.today() else str(grant.state)
