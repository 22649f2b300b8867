"""Accepting a shipment at the door, phone first: what arrived of each line, crate by crate, its papers and tests; the
draft that survives a weak signal; photographs; who signs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, jsonify, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema

from ...catalogue import rules as prices
from ...core import clock, files
from ...core.errors import Conflict
from ...core.fields import Text
from ...core.quantity import format_quantity
from ...edge import transactions
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...edge.messages import PAPERS
from ...identity import services as identity
from ...identity import sign_in
from ...linkage import services as linkage
from ...procurement import services as procurement
from ...procurement.delivery_schemas import NewAcceptanceSchema
from ...reporting import delivery_papers
from ...settlement import services as settlement
from .. import delivery
from ..delivery import REASONS
from . import blueprint

LABELS = {
    "accepted": _l("实收"),
    "net": _l("净重"),
    "scale": _l("过秤"),
    "gross": _l("毛重"),
    "tare": _l("皮重"),
    "reason": _l("拒收原因"),
    "papers": _l("批次单据"),
    "temperature": _l("温度"),
    "quick_test": _l("快检"),
    "sensory": _l("感官"),
    "best_before": _l("保质期至"),
    "packages": _l("件数"),
    "witness": _l("见证人"),
    "note": _l("备注"),
    "receiver": _l("验收人"),
    "name": _l("登录名"),
    "password": _l("密码"),
}
SPARE = 2  # empty rows for the scale, where no script adds them
NOT_TYPED = ("csrf_token", "_key", "version")


class SecondSchema(Schema):
    """The second inspector, on this phone."""

    name = Text(60, 1, required=True)
    password = Text(200, 1, required=True)


@blueprint.route("/shipments/<uuid:shipment_id>/accept", methods=["GET", "POST"])
@guard("delivery.accept")
def accept(shipment_id: UUID) -> Response:
    shipment, order = procurement.shipment(actor(), shipment_id)
    if shipment.state != "in_transit" and request.method == "GET":
        return redirect(url_for("buyer.order", order_id=order.id))  # type: ignore[return-value]
    draft = procurement.acceptance_draft(actor(), shipment_id)
    form = _form(shipment, draft)
    if form.posted:
        with form.attempt():
            asked = form.data()
            row, bill = settlement.accept(
                actor(), shipment_id, asked["lines"], witness=asked["witness"], note=asked["note"]
            )
            if row.state == "signing":
                return done(_("已点收，等第二验收人签字后生成结算单。"), "buyer.acceptance", acceptance_id=row.id)
            words = (
                _("已验收，结算单 %(number)s。", number=bill.number) if bill else _("已验收，全部拒收，没有结算单。")
            )
            return done(words, "buyer.order", order_id=row.order_id)
    return _page(shipment_id, form)


def _form(shipment: Any, draft: Any) -> Form:
    """The draft as it was saved; where there is none everything as shipped: who counts changes what differs."""
    shipped = {f"lines.{place}.accepted": format_quantity(line.quantity) for place, line in enumerate(shipment.lines)}
    return Form(NewAcceptanceSchema(), draft.fields if draft else shipped, needs={"scales": "gross", "papers": "seen"})


@blueprint.post("/shipments/<uuid:shipment_id>/draft")
@guard("delivery.accept")
def save_draft(shipment_id: UUID) -> Response:
    """Keeps what is typed. A script gets the version as JSON; a press of the button gets the page again."""
    fields = {name: value for name, value in request.form.items() if name not in NOT_TYPED}
    typed = request.form.get("version", "")
    version = int(typed) if typed.isdecimal() and len(typed) < 10 else 0
    script = request.accept_mimetypes.best == "application/json"
    try:
        saved = procurement.save_acceptance_draft(actor(), shipment_id, version, fields)
    except Conflict as conflict:
        if conflict.code != "draft_changed":
            raise
        return _changed(shipment_id, conflict, script)
    if script:
        return jsonify(version=saved.version)
    return done(_("已存，可以换一台设备接着填。"), "buyer.accept", shipment_id=shipment_id)


def _changed(shipment_id: UUID, conflict: Conflict, script: bool) -> Response:
    """Somebody else saved meanwhile: who and when, with what was typed here still in the form."""
    transactions.abandon()
    held = procurement.acceptance_draft(actor(), shipment_id)
    if script:
        return make_response(jsonify(version=held.version if held else 0), 409)
    form = Form(NewAcceptanceSchema())
    with form.attempt():
        raise conflict
    return _page(shipment_id, form)


@blueprint.post("/shipments/<uuid:shipment_id>/photos")
@guard("delivery.accept")
def add_photos(shipment_id: UUID) -> Response:
    """`photo` of the whole delivery, or `photo.<line's id>` of one line."""
    procurement.shipment(actor(), shipment_id)
    added = []
    for name, upload in request.files.items(multi=True):
        head, _dot, line = name.partition(".")
        if head == "photo" and upload.filename:
            content = upload.read(files.MAX_BYTES + 1)
            row = procurement.add_photo(actor(), shipment_id, upload.filename, content, delivery.line_id(line))
            added.append(url_for("buyer.photo", photo_id=row.id))
    if request.accept_mimetypes.best == "application/json":
        return jsonify(photos=added)
    return done(_("照片已存。"), "buyer.accept", shipment_id=shipment_id)


@blueprint.get("/photos/<uuid:photo_id>")
@guard("order.read")
def photo(photo_id: UUID) -> Response:
    return delivery.picture(photo_id)


def _page(shipment_id: UUID, form: Form) -> Response:
    shipment, order = procurement.shipment(actor(), shipment_id)
    lines = {line.id: line for line in procurement.lines_of([order.id])[order.id]}
    lots = linkage.by_ids(line.lot_id for line in shipment.lines)
    papers = procurement.papers_of_shipment(shipment, lots)
    photos = procurement.delivery_photos(shipment_id)
    draft = procurement.acceptance_draft(actor(), shipment_id)
    scales, papers_at = _scales(form.typed, shipment), 0
    cards = []
    for line in shipment.lines:
        of = lines[line.order_line_id]
        cards.append(
            {
                "line": line,
                "of": of,
                "lot": lots[line.lot_id],
                "nominal": prices.nominal_base(line.quantity, of.content),
                "papers": [
                    (papers_at + place, kind, PAPERS[kind], paper)
                    for place, (kind, paper) in enumerate(papers[line.id])
                ],
                "scales": scales[line.id],
                "photos": [each for each in photos if each.shipment_line_id == line.id],
            }
        )
        papers_at += len(papers[line.id])
    people = {order.requested_by, draft.saved_by if draft else None} - {None}
    names = identity.user_names(people)  # type: ignore[arg-type]
    return form.page(
        "buyer/accept.html",
        shipment=shipment,
        order=order,
        cards=cards,
        photos=[each for each in photos if each.shipment_line_id is None],
        crates=procurement.crates_of([shipment_id]).get(shipment_id, []),
        crate_words=delivery.CRATES,
        supplier=identity.named({order.supplier_id})[order.supplier_id],
        requester=names.get(order.requested_by, ""),
        is_requester=actor().user == order.requested_by,
        late=procurement.is_late(shipment),
        draft=draft,
        draft_by=names.get(draft.saved_by, "") if draft else "",
        celsius=delivery.celsius,
        reasons=REASONS,
        today=clock.today(),
        labels=LABELS,
    )


def _scales(typed: Mapping[str, Any], shipment: Any) -> dict[UUID, list[tuple[int, str, str]]]:
    """Line → (row's number, gross, tare): the rows that hold something, numbered anew, and a few empty ones."""
    held: dict[str, list[tuple[str, str]]] = {}
    rows = {name.split(".")[1] for name in typed if name.startswith("scales.") and name.count(".") == 2}
    for row in sorted((row for row in rows if row.isdecimal() and len(row) < 5), key=int):
        gross, tare = (str(typed.get(f"scales.{row}.{name}", "")).strip() for name in ("gross", "tare"))
        if gross or tare:
            held.setdefault(str(typed.get(f"scales.{row}.shipment_line_id", "")), []).append((gross, tare))
    found, number = {}, 0
    for line in shipment.lines:
        wanted = held.get(str(line.id), []) + [("", "")] * SPARE
        found[line.id] = [(number + place, *row) for place, row in enumerate(wanted)]
        number += len(wanted)
    return found


@blueprint.get("/acceptances/<uuid:acceptance_id>")
@guard("order.read")
def acceptance(acceptance_id: UUID) -> Response:
    return _acceptance(acceptance_id, Form(SecondSchema()))


def _acceptance(acceptance_id: UUID, form: Form) -> Response:
    shown = delivery.acceptance_facts(actor(), acceptance_id)
    row, order = shown["row"], shown["order"]
    may = actor().may("delivery.accept") and order.agency_id == actor().organisation and row.state != "signed"
    return form.page(
        "buyer/acceptance.html",
        reasons=REASONS,
        labels=LABELS,
        may_sign=may and actor().user not in (row.accepted_by, order.requested_by),
        may_lend=may and row.accepted_by is not None,
        photo_url=lambda id_: url_for("buyer.photo", photo_id=id_),
        **shown,
    )


@blueprint.get("/acceptances/<uuid:acceptance_id>.pdf")
@guard("order.read")
def acceptance_pdf(acceptance_id: UUID) -> Response:
    return delivery.pdf(*delivery_papers.acceptance(actor(), acceptance_id))


@blueprint.get("/shipments/<uuid:shipment_id>.pdf")
@guard("order.read")
def delivery_note(shipment_id: UUID) -> Response:
    return delivery.pdf(*delivery_papers.delivery_note(actor(), shipment_id))


@blueprint.post("/acceptances/<uuid:acceptance_id>/sign")
@guard("delivery.accept")
def sign(acceptance_id: UUID) -> Response:
    """Signs as oneself; with a name and a password, as the second inspector who stands here too."""
    form = Form(SecondSchema())
    with form.attempt():
        procurement.acceptance(actor(), acceptance_id)
        signer = actor()
        if request.form.get("second"):
            signer = sign_in.vouch(**form.data(), address=request.remote_addr or "")
        row, bill = settlement.sign(signer, acceptance_id)
        if row.state == "deemed":
            words = _("已签，还要另一人签字。")
        else:
            words = _("两人已签，结算单 %(number)s。", number=bill.number) if bill else _("两人已签。")
        return done(words, "buyer.acceptance", acceptance_id=acceptance_id)
    return _acceptance(acceptance_id, form)


@blueprint.get("/crates")
@guard("order.read")
def crates() -> str:
    """Crates of every supplier that this agency holds."""
    return delivery.crates_page("buyer", None)


@blueprint.get("/crates/<uuid:supplier_id>")
@guard("order.read")
def crates_of(supplier_id: UUID) -> str:
    return delivery.crates_page("buyer", supplier_id)
