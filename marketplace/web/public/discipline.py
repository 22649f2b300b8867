"""How agencies pay (付款情况): days to pay and what is overdue. Amounts and days of organisations, no persons."""

from flask import render_template, request

from ...core import clock
from ...edge.guard import guard
from ...identity import services as identity
from ...payments import services as payments
from ...regions import services as regions
from ..tables import Table
from . import blueprint


@blueprint.get("/payment-discipline")
@guard(public=True)
def discipline() -> str:
    """Agencies that have bills, those in arrears first; of a place with `place`."""
    table = Table(per_page=50)
    place = request.args.get("place", "")[:12]
    prefix = place if place.isdecimal() and len(place) in (2, 4, 6, 9, 12) else ""
    found = payments.discipline(prefix)
    table.total = len(found)
    rows = found[table.offset : table.offset + table.limit]
    names = identity.named({row.agency_id for row in rows})
    return render_template(
        "public/discipline.html",
        rows=rows,
        table=table,
        names=names,
        places=regions.name_paths({row.division for row in names.values()}),
        overdue_fen=sum(row.overdue_fen for row in found),
        overdue=sum(1 for row in found if row.overdue),
        paid_fen=sum(row.paid_fen for row in found),
        day=clock.today(),
    )
