"""Lots: made of slips, their papers, where they went and what they brought."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...attribution import services as attribution
from ...core import clock
from ...core.errors import NotFound
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import PAPERS
from ...linkage import services as linkage
from ...procurement import services as procurement
from ...products import services as products
from ...products.rules import PAPERS as PAPER_KINDS
from ...regions import services as regions
from ...settlement import services as settlement
from ..tables import Table
from . import blueprint, people
from .files import uploaded
from .flow_schemas import RevisionSchema
from .goods import places
from .schemas import LotSchema, PaperSchema

LABELS = {
    "product_id": _l("产品"),
    "harvested_on": _l("采收日"),
    "size": _l("可卖数量"),
    "slip_ids": _l("过磅单"),
    "division": _l("产地"),
    "kind": _l("单据"),
    "number": _l("单据编号"),
    "issued_on": _l("开具日"),
    "file": _l("扫描件或照片"),
    "yields": _l("每单位出多少"),
    "day": _l("补差日"),
    "reason": _l("补差原因"),
    "evidence": _l("凭证号"),
    "fen": _l("补差"),
    "shares": _l("各户"),
}


@blueprint.get("/lots")
@guard("lot.edit")
def lots() -> str:
    table = Table(per_page=50)
    only = request.args.get("only") if request.args.get("only") in ("available", "papers") else ""
    rows = linkage.own_lots(actor(), available=bool(only))
    held = linkage.papers_of([row.id for row in rows])
    needed = products.papers_needed({row.product_id for row in rows})
    missing = {row.id: _missing(row, needed, held) for row in rows}
    if only == "papers":
        rows = [row for row in rows if missing[row.id]]
    table.total = len(rows)
    rows = rows[table.offset : table.offset + table.limit]
    return render_template(
        "supplier/lots.html",
        rows=rows,
        table=table,
        only=only,
        missing=missing,
        products=products.by_ids({row.product_id for row in rows}),
        choices=[("", _("全部")), ("available", _("有剩余")), ("papers", _("缺单据"))],
    )


def _missing(lot: Any, needed: dict[UUID, list[str]], held: dict[UUID, list[Any]]) -> list[str]:
    kinds = {paper.kind for paper in held.get(lot.id, [])}
    return [kind for kind in needed.get(lot.product_id, []) if kind not in kinds]


@blueprint.route("/lots/new", methods=["GET", "POST"])
@guard("lot.edit")
def lot_new() -> Response:
    """From chosen slips; without any it is the supplier's own produce, and its origin must be told."""
    rows = linkage.open_slips(actor())
    own = products.own(actor())
    values = {"harvested_on": clock.today().isoformat(), "product_id": request.args.get("product_id", "")}
    form = Form(LotSchema(), values)
    if form.posted:
        with form.attempt():
            data = form.data()
            if data["product_id"] not in {product.id for product in own}:
                raise NotFound("product")
            lot = linkage.make_lot(actor(), **data)
            words = _("批次 %(number)s 已建，请附上批次单据。", number=lot.number)
            return done(words, "supplier.lot", lot_id=lot.id)
    return form.page(
        "supplier/lot_form.html",
        slips=rows,
        chosen=set(request.form.getlist("slip_ids") or request.args.getlist("slip")),
        people=people.of({row.household_id for row in rows}),
        products=[(product.id, f"{product.name} {product.code}") for product in own],
        places=places(),
        labels=LABELS,
    )


@blueprint.route("/lots/<uuid:lot_id>", methods=["GET", "POST"])
@guard("lot.edit")
def lot(lot_id: UUID) -> Response:
    """The lot's page; its form attaches a paper with its scan."""
    row = linkage.lot(actor(), lot_id)
    product = products.one(row.product_id)
    held = linkage.papers_of([lot_id])
    missing = _missing(row, products.papers_needed([row.product_id]), held)
    form = Form(PaperSchema(), {"kind": missing[0] if missing else "", "issued_on": clock.today().isoformat()})
    if form.posted:
        with form.attempt():
            data = form.data()
            linkage.add_paper(actor(), lot_id, **data, file_id=uploaded())
            return done(_("%(paper)s已附上。", paper=PAPERS[data["kind"]]), "supplier.lot", lot_id=lot_id)
        held = linkage.papers_of([lot_id])
        row = linkage.lot(actor(), lot_id)
    return form.page(
        "supplier/lot.html", lot=row, product=product, missing=missing, papers=held.get(lot_id, []), **_course(row)
    )


def _course(row: Any) -> dict[str, Any]:
    """Where the lot came from and went to, and what of its cost its sales have carried."""
    slips = linkage.slips_of_lot(row.id)
    settled = settlement.of_lot(actor(), row.id)
    shipped = procurement.shipments_of_lot(actor(), row.id)
    return {
        "slips": slips,
        "people": people.of({slip.household_id for slip in slips}),
        "origin": regions.name_path(row.division),
        "shipped": shipped,
        "order_lines": {line.id: line for lines in _lines(shipped).values() for line in lines},
        "settled": settled,
        "settled_fen": sum(line.money_fen for line in settled),
        "pool": attribution.pool_of("lot", row.id),
        "supplement": attribution.pool_of("supplement", row.id) if row.basis == "floor_plus" else None,
        "revisions": linkage.revisions_of([row.id]).get(row.id, []),
        "agreement": linkage.agreements_by_ids([row.agreement_id])[row.agreement_id] if row.agreement_id else None,
        "kinds": [(kind, PAPERS[kind]) for kind in PAPER_KINDS],
        "labels": LABELS,
    }


@blueprint.route("/lots/<uuid:lot_id>/revise", methods=["GET", "POST"])
@guard("lot.edit")
def lot_revise(lot_id: UUID) -> Response:
    """A late addition to what the lot cost, household by household; blank ones get nothing."""
    row = linkage.lot(actor(), lot_id)
    if row.supplier_id != actor().organisation:
        raise NotFound("lot")
    weights = linkage.weights_of_lot(lot_id)
    known = people.of(weights)
    form = Form(RevisionSchema(), {"day": clock.today().isoformat()}, needs={"shares": "fen"})
    if form.posted:
        with form.attempt():
            data = form.data()
            shares = {item["household_id"]: item["fen"] for item in data.pop("shares")}
            made = attribution.revise_lot(actor(), lot_id, shares, **data, file_id=uploaded())
            words = _("%(number)s 已记，%(count)s 户补差。", number=made.number, count=len(shares))
            return done(words, "supplier.lot", lot_id=lot_id)
    return form.page("supplier/lot_revise.html", lot=row, known=list(known.values()), weights=weights, labels=LABELS)


def _lines(shipped: list[Any]) -> dict[UUID, list[Any]]:
    return procurement.lines_of({order.id for _line, _shipment, order in shipped})


@blueprint.get("/pools/<uuid:lot_id>")
@guard("statement.read")
def lot_pool(lot_id: UUID) -> str:
    """What each household of a lot has of its pool, to the fen."""
    row = linkage.lot(actor(), lot_id)
    pool = attribution.pool_of("lot", lot_id)
    weights = linkage.weights_of_lot(lot_id)
    return render_template(
        "supplier/lot_pool.html",
        lot=row,
        pool=pool,
        weights=weights,
        people=people.of(weights),
        shares=attribution.shares_of_pool(pool) if pool else {},
    )
