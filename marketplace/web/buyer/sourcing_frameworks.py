"""Framework agreements of an agency: written, sent to sign, called off, changed, ended."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...catalogue import services as catalogue
from ...core import clock
from ...core.money import yuan
from ...core.quantity import format_quantity
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...products import services as products
from ...sourcing import services as sourcing
from ...sourcing.rules import SHOWN_FRAMEWORK
from ...sourcing.schemas import (
    CallOffSchema,
    CancelRequestSchema,
    FrameworkChangeSchema,
    FrameworkFromAwardSchema,
    NewFrameworkSchema,
)
from ..sourcing_shown import framework_shown
from ..tables import Table
from . import blueprint
from .sourcing import request_shown

LABELS = {
    "supplier_id": _l("供应商"),
    "title": _l("名称"),
    "terms": _l("约定"),
    "from_day": _l("从"),
    "until_day": _l("到"),
    "agency_ids": _l("可以下单的单位"),
    "lines": _l("产品与价格"),
    "offer_id": _l("产品"),
    "price_fen": _l("协议价"),
    "ceiling": _l("上限"),
    "quantity": _l("数量"),
    "deliver_on": _l("送达日期"),
    "reason": _l("理由"),
}
NEEDS = {"lines": "price_fen"}


@blueprint.get("/frameworks")
@guard("requisition.read")
def sourcing_frameworks() -> str:
    state = request.args.get("state", "")
    state = state if state in SHOWN_FRAMEWORK else ""
    table = Table(per_page=50)
    rows, table.total = sourcing.frameworks(actor(), state=state or None, page=table.page, size=table.per_page)
    return render_template(
        "buyer/sourcing_frameworks.html",
        rows=rows,
        table=table,
        state=state,
        states=SHOWN_FRAMEWORK,
        state_of=sourcing.framework_state,
        names=identity.named({row.supplier_id for row in rows} | {row.agency_id for row in rows}),
    )


@blueprint.route("/frameworks/new", methods=["GET", "POST"])
@guard("requisition.edit")
def sourcing_framework_new() -> Response:
    """First the supplier is chosen (`supplier` in the query), then its offers get prices."""
    today = clock.today()
    supplier = request.args.get("supplier", type=UUID)
    days = {"from_day": today, "until_day": today + timedelta(days=365)}
    form = Form(NewFrameworkSchema(), days | {"supplier_id": supplier or ""}, NEEDS)
    if form.posted:
        with form.attempt():
            row = sourcing.draft_framework(actor(), **form.data())
            words = _("%(number)s 已存为草稿。", number=row.number)
            return done(words, "buyer.sourcing_framework", framework_id=row.id)
    return _writing(form, None, supplier)


@blueprint.route("/frameworks/<uuid:framework_id>/edit", methods=["GET", "POST"])
@guard("requisition.edit")
def sourcing_framework_edit(framework_id: UUID) -> Response:
    row = sourcing.framework(actor(), framework_id)
    form = Form(FrameworkChangeSchema(), _present(row), NEEDS)
    if form.posted:
        with form.attempt():
            seen = request.form.get("version", type=int)
            sourcing.redraft(actor(), framework_id, seen, **form.data())
            words = _("%(number)s 已保存。", number=row.number)
            return done(words, "buyer.sourcing_framework", framework_id=framework_id)
    row = sourcing.framework(actor(), framework_id)
    return _writing(form, row, row.supplier_id)


def _offers(supplier: UUID | None) -> list[Any]:
    return catalogue.of_supplier(supplier) if supplier else []


def _present(row: Any) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(row, name) for name in ("title", "terms", "from_day", "until_day")}
    lines = {line.offer_id: line for line in sourcing.framework_lines([row.id])[row.id]}
    for place, offer in enumerate(_offers(row.supplier_id)):
        if offer.id in lines:
            line = lines[offer.id]
            values[f"lines.{place}.price_fen"] = f"{yuan(line.price_fen):.2f}"
            values[f"lines.{place}.ceiling"] = "" if line.ceiling is None else format_quantity(line.ceiling)
    return values


def _writing(form: Form, row: Any, supplier: UUID | None) -> Response:
    offers = _offers(supplier)
    found = identity.named({supplier}) if supplier else {}
    agencies = identity.named(set(actor().scope.agencies))
    kept = sourcing.framework_parties([row.id])[row.id] if row else [actor().organisation]
    chosen = request.form.getlist("agency_ids") if form.posted else [str(one) for one in kept]
    return form.page(
        "buyer/sourcing_framework_form.html",
        row=row,
        labels=LABELS,
        offers=offers,
        goods=products.by_ids({offer.product_id for offer in offers}),
        supplier=found.get(supplier),
        suppliers=[] if supplier else identity.suppliers_in(""),
        agencies=sorted(agencies.values(), key=lambda one: one.name),
        chosen=set(chosen),
    )


@blueprint.get("/frameworks/<uuid:framework_id>")
@guard("requisition.read")
def sourcing_framework(framework_id: UUID) -> Response:
    return _shown(framework_id, Form(CallOffSchema(), {}))


def _shown(framework_id: UUID, form: Form) -> Response:
    row = sourcing.framework(actor(), framework_id)
    lead = row.agency_id == actor().organisation
    return form.page(
        "buyer/sourcing_framework.html",
        labels=LABELS,
        lead=lead,
        writer=actor().user == row.created_by,
        people=identity.user_names({row.created_by, row.proposed_by} - {None}),
        **framework_shown(row),
    )


@blueprint.post("/frameworks/<uuid:framework_id>/call-off")
@guard("requisition.edit")
def sourcing_call_off(framework_id: UUID) -> Response:
    form = Form(CallOffSchema(), {}, {"lines": "quantity"})
    with form.attempt():
        row = sourcing.call_off(actor(), framework_id, **form.data())
        words = _("已按协议建采购单草稿 %(number)s。", number=row.number)
        return done(words, "buyer.requisition", requisition_id=row.id)
    return _shown(framework_id, form)


@blueprint.post("/frameworks/<uuid:framework_id>/propose")
@guard("requisition.approve")
def sourcing_framework_propose(framework_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = sourcing.propose(actor(), framework_id, request.form.get("version", type=int))
        words = _("%(number)s 已发给供应商签署。", number=row.number)
        return done(words, "buyer.sourcing_framework", framework_id=framework_id)
    return _shown(framework_id, form)


@blueprint.post("/frameworks/<uuid:framework_id>/withdraw")
@guard("requisition.edit")
def sourcing_framework_withdraw(framework_id: UUID) -> Response:
    row = sourcing.withdraw_framework(actor(), framework_id)
    return done(_("%(number)s 已撤回。", number=row.number), "buyer.sourcing_framework", framework_id=framework_id)


@blueprint.post("/frameworks/<uuid:framework_id>/amend")
@guard("requisition.edit")
def sourcing_framework_amend(framework_id: UUID) -> Response:
    row = sourcing.amend(actor(), framework_id)
    words = _("变更稿 %(number)s 已建，改好后由另一人发出；供应商签署后替换原协议。", number=row.number)
    return done(words, "buyer.sourcing_framework_edit", framework_id=row.id)


@blueprint.post("/sourcing/<uuid:request_id>/framework")
@guard("requisition.edit")
def sourcing_framework_from(request_id: UUID) -> Response:
    """The draft of what was awarded, opened to be completed."""
    form = Form(FrameworkFromAwardSchema(), {})
    with form.attempt():
        row = sourcing.framework_from_award(actor(), request_id, **form.data())
        words = _("%(number)s 已按定标结果起草，核对后由另一人发给供应商签署。", number=row.number)
        return done(words, "buyer.sourcing_framework_edit", framework_id=row.id)
    return request_shown(request_id, form)


@blueprint.route("/frameworks/<uuid:framework_id>/end", methods=["GET", "POST"])
@guard("requisition.approve")
def sourcing_framework_end(framework_id: UUID) -> Response:
    form = Form(CancelRequestSchema(), {})
    if form.posted:
        with form.attempt():
            row = sourcing.end(actor(), framework_id, **form.data())
            words = _("%(number)s 已终止。", number=row.number)
            return done(words, "buyer.sourcing_framework", framework_id=framework_id)
    return form.page("buyer/sourcing_framework_end.html", row=sourcing.framework(actor(), framework_id), labels=LABELS)
