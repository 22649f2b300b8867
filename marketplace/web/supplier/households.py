"""The linked households, and each one's statement as far as this supplier has a part in it."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from ...attribution import services as attribution
from ...core.money import yuan
from ...edge.current import actor
from ...edge.forms import done
from ...edge.guard import guard
from ...linkage import services as linkage
from .. import sheets, statements
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


def ways(household_id: UUID) -> statements.Ways:
    """Where a supplier goes from a statement's rows."""

    def lines(pool_id: UUID, distribution_id: UUID | None) -> str:
        return url_for(
            "supplier.household_pool",
            household_id=household_id,
            pool_id=pool_id,
            cut=distribution_id or statements.TAIL,
        )

    return statements.Ways(
        lines=lines,
        slip=lambda id_: url_for("supplier.slip", slip_id=id_),
        lot=lambda id_: url_for("supplier.lot", lot_id=id_),
        agreement=lambda id_: url_for("supplier.agreement", agreement_id=id_),
        distribution=lambda id_: url_for("supplier.distribution", distribution_id=id_),
        file=lambda id_: url_for("supplier.file", file_id=id_),
        dispute=lambda id_: url_for("supplier.dispute", dispute_id=id_),
    )


@blueprint.get("/households/<uuid:household_id>")
@guard("statement.read")
def household(household_id: UUID) -> str:
    """The four figures of one household with this supplier, and what makes them."""
    who = actor()
    people.require_linked(who, household_id)
    linked = linkage.agreements_of_households(who.organisation).get(household_id, set())  # type: ignore[arg-type]
    return render_template(
        "supplier/household.html",
        one=people.of([household_id])[household_id],
        agreements=linkage.agreements_by_ids(linked),
        mechanism=words.mechanism,
        printed=attribution.links_of(who, household_id) if who.may("link.issue") else [],
        revoke_url=url_for("supplier.link_revoke", household_id=household_id),
        **statements.shown(household_id, who.organisation, statements.asked_month(), ways(household_id)),
    )


@blueprint.get("/households/<uuid:household_id>/pools/<uuid:pool_id>")
@guard("statement.read")
def household_pool(household_id: UUID, pool_id: UUID) -> str:
    """A pool's part in one cut, opened to the order lines that carried it."""
    who = actor()
    people.require_linked(who, household_id)
    return render_template(
        "supplier/household_pool.html",
        one=people.of([household_id])[household_id],
        order_url=lambda id_: url_for("supplier.order", order_id=id_),
        **statements.opened(household_id, who.organisation, pool_id, ways(household_id)),
    )


@blueprint.post("/households/<uuid:household_id>/card")
@guard("link.issue")
def card(household_id: UUID) -> Response:
    """The card of what this supplier owes the household, with a new link's code; the former one is dead from now on."""
    people.require_linked(actor(), household_id)
    return statements.card_of([household_id], "card")


@blueprint.post("/households/<uuid:household_id>/link/revoke")
@guard("link.issue")
def link_revoke(household_id: UUID) -> Response:
    people.require_linked(actor(), household_id)
    ended = attribution.revoke(actor(), household_id)
    word = _("这户的二维码已作废。") if ended else _("这户没有有效的二维码。")
    return done(word, "supplier.household", household_id=household_id)
