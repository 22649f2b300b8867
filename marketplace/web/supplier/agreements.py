"""Agreements with households: the list, drafting, one agreement, its roster, start and end."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...linkage import services as linkage
from ...products import services as products
from . import blueprint, fields, people, words
from .schemas import AgreementSchema, EndSchema, RosterSchema

LABELS = {
    "kind": _l("联结方式"),
    "basis": _l("收购方式"),
    "rate_basis_points": _l("分成或返利比例"),
    "rate_fen": _l("单价标准"),
    "sale_tied": _l("按销售计"),
    "weights": _l("各户怎么分"),
    "service_order": _l("先后"),
    "product_id": _l("产品"),
    "starts_on": _l("起"),
    "ends_on": _l("止"),
    "terms": _l("约定"),
    "from_day": _l("从哪天起"),
    "weight": _l("份额"),
    "household_id": _l("农户"),
}


def state_of(row: Any, day: date | None = None) -> str:
    """The agreement's state as of a day: one past its end has expired."""
    over = row.ends_on is not None and row.ends_on < (day or clock.today())
    return "expired" if row.state == "in_force" and over else str(row.state)


@blueprint.get("/agreements")
@guard("household.read")
def agreements() -> str:
    rows = linkage.listed(actor())
    linked = linkage.agreements_of_households(actor().organisation)  # type: ignore[arg-type]
    counts: dict[UUID, int] = {}
    for found in linked.values():
        for agreement_id in found:
            counts[agreement_id] = counts.get(agreement_id, 0) + 1
    return render_template(
        "supplier/agreements.html",
        rows=rows,
        states={row.id: state_of(row) for row in rows},
        counts=counts,
        linked=len(linked),
        products=products.by_ids({row.product_id for row in rows if row.product_id}),
    )


@blueprint.route("/agreements/new", methods=["GET", "POST"])
@guard("agreement.edit")
def agreement_new() -> Response:
    values = {"kind": "produce", "basis": "outright", "weights": "equal", "service_order": "100"}
    form = Form(AgreementSchema(), values | {"starts_on": clock.today().isoformat()})
    if form.posted:
        with form.attempt():
            row = linkage.draft_agreement(actor(), **form.data())
            words_ = _("协议 %(number)s 已起草，接着登记农户确认。", number=row.number)
            return done(words_, "supplier.agreement", agreement_id=row.id)
    own = [(product.id, f"{product.name} {product.code}") for product in products.own(actor())]
    return form.page("supplier/agreement_form.html", labels=LABELS, products=own, weights=list(words.WEIGHTS.items()))


@blueprint.get("/agreements/<uuid:agreement_id>")
@guard("household.read")
def agreement(agreement_id: UUID) -> Response:
    return _page(agreement_id, Form())


def _page(agreement_id: UUID, form: Form) -> Response:
    row = linkage.own(actor(), agreement_id)
    consents = linkage.consents_of(agreement_id)
    rosters = linkage.rosters_of(agreement_id)
    today = clock.today()
    current = next((roster for roster in rosters if roster.from_day <= today), rosters[-1] if rosters else None)
    weights = linkage.weights_of_roster(current.id) if current else {}
    return form.page(
        "supplier/agreement.html",
        agreement=row,
        state=state_of(row),
        consents=consents,
        rosters=rosters,
        current=current,
        weights=weights,
        people=people.of(set(weights) | {consent.household_id for consent in consents}),
        product=products.one(row.product_id) if row.product_id else None,
        labels=LABELS,
    )


@blueprint.post("/agreements/<uuid:agreement_id>/start")
@guard("agreement.edit")
def agreement_start(agreement_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = linkage.start(actor(), agreement_id)
        return done(_("协议 %(number)s 已生效。", number=row.number), "supplier.agreement", agreement_id=agreement_id)
    return _page(agreement_id, form)


@blueprint.route("/agreements/<uuid:agreement_id>/end", methods=["GET", "POST"])
@guard("agreement.edit")
def agreement_end(agreement_id: UUID) -> Response:
    row = linkage.own(actor(), agreement_id)
    form = Form(EndSchema(), {"ends_on": clock.today().isoformat()})
    if form.posted:
        with form.attempt():
            linkage.end(actor(), agreement_id, form.data()["ends_on"])
            return done(_("终止日已定。"), "supplier.agreement", agreement_id=agreement_id)
    return form.page("supplier/agreement_end.html", agreement=row, labels=LABELS)


@blueprint.route("/agreements/<uuid:agreement_id>/roster", methods=["GET", "POST"])
@guard("agreement.edit")
def roster(agreement_id: UUID) -> Response:
    """A new version of the roster out of those who consented; a blank share leaves a household out."""
    row = linkage.own(actor(), agreement_id)
    consents = linkage.consents_of(agreement_id)
    rosters = linkage.rosters_of(agreement_id)
    held = linkage.weights_of_roster(rosters[0].id) if rosters else {}
    known = people.of({consent.household_id for consent in consents})
    first = row.starts_on if not rosters else max(row.starts_on, clock.today())
    settled = linkage.settled_until(row.supplier_id)
    first = max(first, settled + timedelta(days=1)) if settled else first
    form = Form(RosterSchema(), _present(row, known, held, first), needs={"weights": "weight"})
    if form.posted:
        with form.attempt():
            data = form.data()
            weights = {item["household_id"]: item["weight"] for item in data["weights"]}
            linkage.put_roster(actor(), agreement_id, data["from_day"], weights)
            words_ = _("名单已定，%(count)s 户。", count=len(weights))
            return done(words_, "supplier.agreement", agreement_id=agreement_id)
    return form.page(
        "supplier/roster.html", agreement=row, known=list(known.values()), held=held, rosters=rosters, labels=LABELS
    )


def _present(row: Any, known: dict[UUID, Any], held: dict[UUID, int], first: date) -> dict[str, str]:
    """The last version's shares, or one each for a first roster; equal shares are kept as 1, not as thousandths."""
    values = {"from_day": first.isoformat()}
    for number, id_ in enumerate(known):
        weight = held.get(id_, 0 if held else 1000)
        shown = "1" if row.weights == "equal" and weight else fields.decimal(weight)
        values[f"weights.{number}.weight"] = shown if weight else ""
    return values
