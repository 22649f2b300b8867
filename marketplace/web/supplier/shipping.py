"""Shipping: which lot goes into which line, and the paper that rides along (装车单)."""

from typing import Any, NamedTuple
from uuid import UUID

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...catalogue import rules as prices
from ...core import clock
from ...core.errors import NotFound, Refused
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from ...procurement import services as procurement
from ...procurement.delivery_schemas import CancelShipmentSchema, ShipmentNoticeSchema
from ...products import services as products
from ...reporting import delivery_papers
from .. import delivery
from ..delivery import REASONS
from . import blueprint, fields
from .home import to_ship
from .schemas import CratesBackSchema, ShipSchema

LABELS = {
    "quantity": _l("数量"),
    "source": _l("批次"),
    "lot_id": _l("批次"),
    "expected_on": _l("预计到达"),
    "carrier": _l("承运"),
    "plate": _l("车牌"),
    "driver": _l("司机"),
    "temperature": _l("装车温度"),
    "window": _l("到达时段"),
    "delivery_no": _l("送货计划第几次"),
    "packages": _l("件数"),
    "gross": _l("毛重"),
    "net": _l("净重"),
    "count": _l("个数"),
    "crates": _l("周转筐"),
    "note": _l("备注"),
    "reason": _l("撤回原因"),
}
ROWS = 2  # a line may come out of two lots; a third goes with the next shipment


class Choice(NamedTuple):
    """A lot that a line may come from: how much of it is left in the line's order unit, and the papers it lacks."""

    lot: Any
    left: int
    missing: list[str]


class LineForm(NamedTuple):
    """A line's rows in the form: (row number, suggested source, suggested quantity)."""

    line: Any
    choices: list[Choice]
    rows: list[tuple[int, str, str]]


@blueprint.route("/orders/<uuid:order_id>/ship", methods=["GET", "POST"])
@guard("shipment.send")
def ship(order_id: UUID) -> Response:
    order = procurement.order(actor(), order_id)
    lines = line_forms([line for line in procurement.lines_of([order_id]).get(order_id, []) if line.open])
    plan = procurement.deliveries_of([order_id]).get(order_id, [])
    form = Form(ShipSchema(), _suggested(order, lines), needs={"parts": "quantity", "crates": "count"})
    if form.posted:
        with form.attempt():
            data = form.data()
            shipment = procurement.ship(actor(), order_id, [_part(part) for part in data.pop("parts")], **data)
            words = _("已发货 %(number)s，请打印装车单随车。", number=shipment.number)
            return done(words, "supplier.shipment", shipment_id=shipment.id)
    return form.page(
        "supplier/ship.html",
        order=order,
        lines=lines,
        plan=plan,
        crate_words=delivery.CRATES,
        agency=identity.named({order.agency_id})[order.agency_id],
        labels=LABELS,
    )


def line_forms(lines: list[Any]) -> list[LineForm]:
    """Each line with the lots that it may come from, oldest harvest first, and a suggestion: papered lots before others."""
    lots: dict[UUID, list[Any]] = {}
    for lot in reversed(linkage.lots_of({line.product_id for line in lines}, available=True) if lines else []):
        lots.setdefault(lot.product_id, []).append(lot)
    held = linkage.papers_of([lot.id for rows in lots.values() for lot in rows])
    needed = products.papers_needed(lots)
    used: dict[UUID, int] = {}
    found = []
    for place, line in enumerate(lines):
        choices = []
        for lot in lots.get(line.product_id, []):
            kinds = {paper.kind for paper in held.get(lot.id, [])}
            missing = [kind for kind in needed.get(line.product_id, []) if kind not in kinds]
            left = (lot.size - lot.taken - used.get(lot.id, 0)) * 1000 // line.content
            choices.append(Choice(lot, left, missing))
        choices.sort(key=lambda choice: bool(choice.missing))
        found.append(LineForm(line, choices, _rows(place, line, choices, used)))
    return found


def _rows(place: int, line: Any, choices: list[Choice], used: dict[UUID, int]) -> list[tuple[int, str, str]]:
    """Fills the line's open quantity from its lots in turn, whole order units only."""
    rows, left = [], line.open
    for choice in [choice for choice in choices if not choice.missing and choice.left >= 1000][:ROWS]:
        part = min(left, choice.left - choice.left % 1000)
        if part:
            rows.append((f"{line.id}:{choice.lot.id}", fields.decimal(part)))
            used[choice.lot.id] = used.get(choice.lot.id, 0) + prices.nominal_base(part, line.content)
            left -= part
    rows += [("", "")] * (ROWS - len(rows))
    return [(place * ROWS + number, *row) for number, row in enumerate(rows)]


def _suggested(order: Any, lines: list[LineForm]) -> dict[str, str]:
    values = {"expected_on": max(order.deliver_on, clock.today()).isoformat()}
    for line in lines:
        for number, source, quantity in line.rows:
            values |= {f"parts.{number}.source": source, f"parts.{number}.quantity": quantity}
    return values


def _part(typed: dict[str, Any]) -> procurement.Part:
    line, _colon, lot = typed.pop("source").partition(":")
    try:
        return procurement.Part(UUID(line), UUID(lot), **typed)
    except ValueError:
        raise Refused("not_an_id", field="source") from None


@blueprint.get("/shipments/<uuid:shipment_id>")
@guard("order.read")
def shipment(shipment_id: UUID) -> Response:
    return _shipment(shipment_id, Form())


def _shipment(shipment_id: UUID, form: Form) -> Response:
    """The packing list of what was sent: lines, lots, papers, room for signatures; changing it or taking it back."""
    row, order = procurement.shipment(actor(), shipment_id)
    lines = {line.id: line for line in procurement.lines_of([order.id]).get(order.id, [])}
    lots = linkage.by_ids({part.lot_id for part in row.lines})
    accepted = {each.shipment_id: each for each in procurement.acceptances_of([order.id]).get(order.id, [])}
    return form.page(
        "supplier/shipment.html",
        shipment=row,
        order=order,
        lines=lines,
        lots=lots,
        papers=linkage.papers_of(lots),
        missing=procurement.missing_papers(row),
        crates=procurement.crates_of([shipment_id]).get(shipment_id, []),
        crate_words=delivery.CRATES,
        celsius=delivery.celsius,
        late=procurement.is_late(row),
        acceptance=accepted.get(shipment_id),
        last_day=procurement.last_day_to_accept(row, order.agency_id) if row.state == "in_transit" else None,
        may_change=row.state == "in_transit" and actor().may("shipment.send"),
        agency=identity.named({order.agency_id})[order.agency_id],
        labels=LABELS,
    )


@blueprint.post("/shipments/<uuid:shipment_id>/notice")
@guard("shipment.send")
def amend_shipment(shipment_id: UUID) -> Response:
    form = Form(ShipmentNoticeSchema())
    with form.attempt():
        row = procurement.amend_shipment(actor(), shipment_id, **form.data())
        return done(_("已修改，收货单位会看到新的时间和车辆。"), "supplier.shipment", shipment_id=row.id)
    return _shipment(shipment_id, form)


@blueprint.post("/shipments/<uuid:shipment_id>/cancel")
@guard("shipment.send")
def cancel_shipment(shipment_id: UUID) -> Response:
    form = Form(CancelShipmentSchema())
    with form.attempt():
        row = procurement.cancel_shipment(actor(), shipment_id, form.data()["reason"])
        return done(_("已撤回，数量退回待发，批次和库存已补回。"), "supplier.order", order_id=row.order_id)
    return _shipment(shipment_id, form)


@blueprint.get("/shipments/<uuid:shipment_id>.pdf")
@guard("order.read")
def delivery_note(shipment_id: UUID) -> Response:
    return delivery.pdf(*delivery_papers.delivery_note(actor(), shipment_id))


@blueprint.get("/acceptances/<uuid:acceptance_id>")
@guard("order.read")
def acceptance(acceptance_id: UUID) -> str:
    return render_template(
        "supplier/acceptance.html",
        reasons=REASONS,
        photo_url=lambda id_: url_for("supplier.photo", photo_id=id_),
        **delivery.acceptance_facts(actor(), acceptance_id),
    )


@blueprint.get("/acceptances/<uuid:acceptance_id>.pdf")
@guard("order.read")
def acceptance_pdf(acceptance_id: UUID) -> Response:
    return delivery.pdf(*delivery_papers.acceptance(actor(), acceptance_id))


@blueprint.get("/photos/<uuid:photo_id>")
@guard("order.read")
def photo(photo_id: UUID) -> Response:
    return delivery.picture(photo_id)


@blueprint.get("/crates")
@guard("order.read")
def crates() -> str:
    """Crates of this supplier that agencies hold."""
    return delivery.crates_page("supplier", None)


@blueprint.route("/crates/<uuid:agency_id>", methods=["GET", "POST"])
@guard("order.read")
def crates_of(agency_id: UUID) -> Response | str:
    """Crates that one agency holds, and what came back of them."""
    form = Form(CratesBackSchema(), needs={"rows": "count"})
    if form.posted:
        with form.attempt():
            data = form.data()
            counts = {row["balance_id"]: row["count"] for row in data.pop("rows")}
            procurement.take_crates_back(actor(), agency_id, counts, **data)
            return done(_("已登记退筐。"), "supplier.crates_of", agency_id=agency_id)
    return make_response(delivery.crates_page("supplier", agency_id, form=form, labels=LABELS), form.status)


@blueprint.get("/packing")
@guard("order.read")
def packing() -> str:
    """A loading list of the chosen orders' open lines, to be printed before the lorry is loaded."""
    try:
        wanted = [UUID(text) for text in request.args.getlist("order")[:40]]
    except ValueError:
        raise NotFound("order") from None
    orders = procurement.own_open(actor(), wanted)
    return render_template(
        "supplier/packing.html",
        rows=to_ship(orders),
        orders=orders,
        names=identity.named({order.agency_id for order in orders}),
    )
