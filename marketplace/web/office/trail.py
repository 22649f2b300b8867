"""The audit trail, to read: who did what on which object."""

from uuid import UUID

from flask import render_template, request

from ...edge.current import actor
from ...edge.guard import guard
from ...identity import services as identity
from ...reporting import services as reporting
from ...reporting.services import Wanted
from ..tables import Table
from . import blueprint, words


@blueprint.get("/trail", endpoint="trail")
@guard("audit.read")
def trail_() -> str:
    table = Table(per_page=50)
    typed = {
        name: request.args.get(name, "").strip()[:60] for name in ("actor_name", "verb", "object_kind", "object_id")
    }
    rows, table.total = reporting.trail(actor(), Wanted(**typed), page=table.page, size=table.per_page)
    organisations: set[UUID] = {row.organisation_id for row in rows if row.organisation_id}
    return render_template(
        "office/trail.html",
        rows=rows,
        table=table,
        typed=typed,
        verb_options=[(verb, verb) for verb in reporting.verbs(actor())],
        objects=words.OBJECTS,
        organisations=identity.named(organisations),
    )
