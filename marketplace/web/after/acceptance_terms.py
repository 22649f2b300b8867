"""Terms of deemed acceptance (验收默认条款): which days apply to whom, since when and why; stated by the platform."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import registry
from ...procurement import services as procurement
from ...procurement.delivery_schemas import NewTermSchema
from . import EVERYBODY, around

LABELS: dict[str, Any] = {
    "agency_id": _l("采购人"),
    "from_day": _l("起始日"),
    "days": _l("天数"),
    "basis": _l("依据"),
}


@guard("order.read")
def acceptance_terms() -> Response:
    form = Form(NewTermSchema(), {"from_day": clock.today().isoformat()})
    if form.posted:
        actor().require("term.edit")
        with form.attempt():
            procurement.set_deeming_term(actor(), **form.data())
            return done(_("已写入，从起始日起送达的按它算。"), ".acceptance_terms")
    rows = procurement.deeming_terms(actor())
    may = actor().may("term.edit")
    own = actor().organisation if actor().kind == "agency" else None
    return form.page(
        "after/acceptance_terms.html",
        rows=rows,
        states={row.id: state for row, state in zip(rows, _states(rows), strict=True)},
        own=procurement.deeming_term_for(rows, own, clock.today()) if own else None,
        may=may,
        agencies=[(str(id_), name) for id_, name in registry.choices(actor(), "agency")] if may else [],
        labels=LABELS,
        **around(*(row.agency_id for row in rows if row.agency_id)),
    )


def _states(rows: list[Any]) -> list[str]:
    """later, now or past, of rows that stand newest first."""
    today, begun = clock.today(), set[UUID | None]()
    states = []
    for row in rows:
        states.append("later" if row.from_day > today else "past" if row.agency_id in begun else "now")
        if row.from_day <= today:
            begun.add(row.agency_id)
    return states


ROUTES: list[tuple[str, Any, list[str], tuple[str, ...]]] = [
    ("/acceptance-terms", acceptance_terms, ["GET", "POST"], EVERYBODY),
]
