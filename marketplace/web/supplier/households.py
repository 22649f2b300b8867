"""The linked households, and each one's statement as far as this supplier has a part in it."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _

from ...attribution import services as attribution
from ...core.errors import NotFound
from ...core.money import yuan
from ...edge.current import actor
from ...edge.guard import guard
from ...linkage import services as linkage
from ...procurement import services as procurement
from ...settlement import services as settlement
from .. import sheets
from ..tables import Table
from . import blueprint, people, words


@blueprint.get("/households")
@guard("household.read")
def households() -> Response | str:
    supplier = actor().organisation
    linked = linkage.agreements_of_households(supplier)  # type: ignore[arg-type]
    table = Table(keys=("place", "name", "unpaid"), default="-unpaid", per_page=50)
    village, wanted = request.args.get("village", ""), request.args.get("q", "").strip()[:40]
    everybody = people.of(linked)
    unpaid = attribution.unpaid_of_households(supplier)  # type: ignore[arg-type]
    rows = [one for one in everybody.values() if (not village or one.village == village) and one.answers_to(wanted)]
    if table.key != "place":
        rows.sort(key=lambda one: unpaid.get(one.id, 0) if table.key == "unpaid" else one.name)
    if table.descending:
        rows.reverse()
    if request.args.get("format") == "csv":
        return _csv(rows, unpaid)
    table.total = len(rows)
    agreements = linkage.agreements_by_ids({id_ for found in linked.values() for id_ in found})
    return render_template(
        "supplier/households.html",
        rows=rows[table.offset : table.offset + table.limit],
        table=table,
        villages=sorted({one.village for one in everybody.values()}),
        village=village,
        q=wanted,
        unpaid=unpaid,
        unpaid_total=sum(unpaid.get(one.id, 0) for one in rows),
        mechanisms={
            one.id: sorted(
                {str(words.mechanism(agreements[id_].kind, agreements[id_].basis)) for id_ in linked[one.id]}
            )
            for one in rows
        },
    )


def _csv(rows: list[Any], unpaid: dict[UUID, int]) -> Response:
    heads = [_("户号"), _("户主"), _("乡镇"), _("村"), _("组"), _("人口"), _("户类别"), _("未付（元）")]
    return sheets.download(
        "households",
        heads,
        (
            [one.code, one.name, one.township, one.village, one.group, one.size, words.CLASSES[one.class_], fen]
            for one in rows
            for fen in [yuan(unpaid.get(one.id, 0))]
        ),
    )


@blueprint.get("/households/<uuid:household_id>")
@guard("statement.read")
def household(household_id: UUID) -> str:
    """The four figures of one household with this supplier, and what makes them."""
    who = actor()
    people.require_linked(who, household_id)
    statement = attribution.statement(household_id, who.organisation)
    linked = linkage.agreements_of_households(who.organisation).get(household_id, set())  # type: ignore[arg-type]
    return render_template(
        "supplier/household.html",
        one=people.of([household_id])[household_id],
        statement=statement,
        agreements=linkage.agreements_by_ids(linked),
        lots=linkage.by_ids({slip.lot_id for slip in statement.slips if slip.lot_id}),
        distributions={row.id: row for row in attribution.listed(who)},
        slips={slip.id: slip for slip in statement.slips},
    )


@blueprint.get("/households/<uuid:household_id>/pools/<uuid:pool_id>")
@guard("statement.read")
def household_pool(household_id: UUID, pool_id: UUID) -> str:
    """A pool's part of a statement, opened to the order lines that carried it."""
    who = actor()
    people.require_linked(who, household_id)
    share = next(
        (row for row in attribution.statement(household_id, who.organisation).pools if row.pool.id == pool_id), None
    )
    if share is None:
        raise NotFound("row")
    rows = attribution.lines_of(share.pool, household_id, limit=500)
    settled = settlement.lines_by_ids(who, [row.line_id for row in rows])
    orders = {line.order_id for line in settled.values()}
    return render_template(
        "supplier/household_pool.html",
        one=people.of([household_id])[household_id],
        share=share,
        rows=rows,
        settled=settled,
        orders=procurement.own_by_ids(who, orders),
        lines={line.id: line for found in procurement.lines_of(orders).values() for line in found},
    )
