"""Requests that wait for the supplier's quotation, posted demand, its own answers, and frameworks to sign."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...accreditation import services as accreditation
from ...catalogue import services as catalogue
from ...core import clock
from ...core.actor import Actor
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...products import services as products
from ...sourcing import services as sourcing
from ...sourcing.quotations import within
from ...sourcing.requests import PROGRAMME
from ...sourcing.rules import SHOWN_REQUEST
from ...sourcing.schemas import CancelRequestSchema, NewQuotationSchema
from ..sourcing_shown import framework_shown, shown
from ..tables import Table
from . import blueprint, fields

LABELS = {
    "offer_id": _l("用哪个供应"),
    "price_fen": _l("单价"),
    "most": _l("最多能供"),
    "lead_days": _l("备货天数"),
    "note": _l("说明"),
    "valid_until": _l("报价有效到"),
    "lines": _l("报价"),
    "reason": _l("理由"),
}
STATES = [state for state in SHOWN_REQUEST if state != "draft"]


@blueprint.get("/sourcing")
@guard("quotation.edit")
def sourcing_requests() -> str:
    state = request.args.get("state", "open")
    state = state if state in (*STATES, "all") else "open"
    table = Table(per_page=50)
    asked = None if state == "all" else state
    rows, table.total = sourcing.requests(actor(), state=asked, page=table.page, size=table.per_page)
    return render_template(
        "supplier/sourcing_requests.html",
        rows=rows,
        table=table,
        state=state,
        states=STATES,
        state_of=sourcing.request_state,
        mine=sourcing.own_of(actor(), [row.id for row in rows]),
        names=identity.named({row.agency_id for row in rows}),
        to_sign=sourcing.frameworks_to_sign(actor()),
    )


@blueprint.route("/sourcing/<uuid:request_id>", methods=["GET", "POST"])
@guard("quotation.edit")
def sourcing_answer(request_id: UUID) -> Response:
    row = sourcing.request(actor(), request_id)
    mine = sourcing.own_of(actor(), [request_id]).get(request_id)
    form = Form(NewQuotationSchema(), _present(row, mine), {"lines": "price_fen"})
    if form.posted:
        with form.attempt():
            sent = sourcing.send(actor(), request_id, **form.data())
            words = _("报价 %(number)s 已送出，截止前可以修改或撤回。", number=sent.number)
            return done(words, "supplier.sourcing_answer", request_id=request_id)
    row = sourcing.request(actor(), request_id)
    lines = sourcing.request_lines(request_id)
    open_now = sourcing.request_state(row) == "open" and not (row.join_by and row.join_by > clock.now())
    return form.page(
        "supplier/sourcing_answer.html",
        labels=LABELS,
        mine=mine,
        answering=open_now and actor().may("quotation.edit"),
        choices=_choices(actor(), lines),
        sent={line.line_id: line for line in sourcing.quotation_lines([mine.id])[mine.id]} if mine else {},
        **shown(row),
    )


def _choices(who: Actor, lines: list[Any]) -> dict[UUID, list[Any]]:
    """Line → the own offers on sale that answer it: eligible, of its unit, of its category or one below."""
    offers = catalogue.of_supplier(who.organisation)  # type: ignore[arg-type]
    found = products.by_ids({one.product_id for one in offers})
    verdicts = accreditation.eligible(found, clock.today(), PROGRAMME) if found else {}
    above = {one.code: one.parent_code for one in products.categories()}
    return {
        line.id: [
            (one, found[one.product_id])
            for one in offers
            if verdicts[one.product_id].grant_id
            and found[one.product_id].comparable_unit == line.unit
            and within(found[one.product_id].category_code, line.category_code, above)
        ]
        for line in lines
    }


def _present(row: Any, mine: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"valid_until": clock.local(row.answer_by).date() + timedelta(days=30)}
    sent = {line.line_id: line for line in sourcing.quotation_lines([mine.id])[mine.id]} if mine else {}
    if mine:
        values |= {"valid_until": mine.valid_until, "note": mine.note}
    for place, line in enumerate(sourcing.request_lines(row.id)):
        values[f"lines.{place}.lead_days"] = 2
        if line.id in sent:
            one = sent[line.id]
            values |= {
                f"lines.{place}.offer_id": one.offer_id,
                f"lines.{place}.price_fen": fields.yuan(one.price_fen),
                f"lines.{place}.most": fields.decimal(one.most),
                f"lines.{place}.lead_days": one.lead_days,
                f"lines.{place}.note": one.note,
            }
    return values


@blueprint.post("/sourcing/quotations/<uuid:quotation_id>/withdraw")
@guard("quotation.edit")
def sourcing_withdraw(quotation_id: UUID) -> Response:
    row = sourcing.withdraw_quotation(actor(), quotation_id)
    words = _("报价 %(number)s 已撤回，截止前还可以再报。", number=row.number)
    return done(words, "supplier.sourcing_answer", request_id=row.request_id)


@blueprint.get("/sourcing/frameworks")
@guard("quotation.edit")
def sourcing_frameworks() -> str:
    table = Table(per_page=50)
    rows, table.total = sourcing.frameworks(actor(), page=table.page, size=table.per_page)
    return render_template(
        "supplier/sourcing_frameworks.html",
        rows=rows,
        table=table,
        state_of=sourcing.framework_state,
        names=identity.named({row.agency_id for row in rows}),
        to_sign=sourcing.frameworks_to_sign(actor()),
    )


@blueprint.get("/sourcing/frameworks/<uuid:framework_id>")
@guard("quotation.edit")
def sourcing_framework(framework_id: UUID) -> Response:
    return _framework(framework_id, Form(CancelRequestSchema(), {}))


def _framework(framework_id: UUID, form: Form) -> Response:
    row = sourcing.framework(actor(), framework_id)
    return form.page("supplier/sourcing_framework.html", labels=LABELS, **framework_shown(row))


@blueprint.post("/sourcing/frameworks/<uuid:framework_id>/sign")
@guard("framework.sign")
def sourcing_sign(framework_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = sourcing.sign(actor(), framework_id)
        words = _("%(number)s 已签署，协议价从现在起有效。", number=row.number)
        return done(words, "supplier.sourcing_framework", framework_id=framework_id)
    return _framework(framework_id, form)


@blueprint.post("/sourcing/frameworks/<uuid:framework_id>/decline")
@guard("framework.sign")
def sourcing_decline(framework_id: UUID) -> Response:
    form = Form(CancelRequestSchema(), {})
    with form.attempt():
        row = sourcing.decline(actor(), framework_id, **form.data())
        words = _("已回复不签 %(number)s。", number=row.number)
        return done(words, "supplier.sourcing_framework", framework_id=framework_id)
    return _framework(framework_id, form)
