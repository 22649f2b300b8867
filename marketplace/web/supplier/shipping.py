"""Shipping: which lot goes into which line, and the paper that rides along (装车单)."""

from typing import Any, NamedTuple
from uuid import UUID

from flask import Response, render_template, request
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
from ...products import services as products
from . import blueprint, fields
from .home import to_ship
from .schemas import ShipSchema

LABELS = {
    "quantity": _l("数量"),
    "source": _l("批次"),
    "lot_id": _l("批次"),
    "expected_on": _l("预计到达"),
    "carrier": _l("承运"),
    "note": _l("备注"),
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
    form = Form(ShipSchema(), _suggested(order, lines), needs={"parts": "quantity"})
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
    line, _colon, lot = typed["source"].partition(":")
    try:
        return procurement.Part(UUID(line), UUID(lot), typed["quantity"])
    except ValueError:
        raise Refused("not_an_id", field="source") from None


@blueprint.get("/shipments/<uuid:shipment_id>")
@guard("order.read")
def shipment(shipment_id: UUID) -> str:
    """The packing list of what was sent: lines, lots, papers, and room for signatures."""
    row, order = procurement.shipment(actor(), shipment_id)
    lines = {line.id: line for line in procurement.lines_of([order.id]).get(order.id, [])}
    lots = linkage.by_ids({part.lot_id for part in row.lines})
    return render_template(
        "supplier/shipment.html",
        shipment=row,
        order=order,
        lines=lines,
        lots=lots,
        papers=linkage.papers_of(lots),
        missing=procurement.missing_papers(row),
        agency=identity.named({order.agency_id})[order.agency_id],
    )


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
