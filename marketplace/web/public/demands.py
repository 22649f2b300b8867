"""Posted demand that anybody may read: what is wanted by whom, without a person or an address."""

from uuid import UUID

from flask import render_template, request

from ...edge.guard import guard
from ...identity import services as identity
from ...regions import services as regions
from ...sourcing import services as sourcing
from ..sourcing_shown import shown
from ..tables import Table
from . import blueprint


@blueprint.get("/demands")
@guard(public=True)
def demands() -> str:
    """Those open for quotations, or all with `all=1`."""
    table = Table(per_page=50)
    everything = "all" in request.args
    rows, table.total = sourcing.posted(state=None if everything else "open", page=table.page, size=table.per_page)
    agencies = identity.named({row.agency_id for row in rows})
    return render_template(
        "public/demands.html",
        rows=rows,
        table=table,
        everything=everything,
        state_of=sourcing.request_state,
        names=agencies,
        places=regions.name_paths({row.division for row in rows}),
    )


@blueprint.get("/demands/<uuid:demand_id>")
@guard(public=True)
def demand(demand_id: UUID) -> str:
    return render_template("public/demand.html", **shown(sourcing.one_posted(demand_id)))
