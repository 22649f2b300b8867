"""Accreditation: the register, giving a grant, suspending, resuming and revoking it."""

from datetime import timedelta
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext
from marshmallow import fields, validate

from ...accreditation import services as accreditation
from ...accreditation.schemas import EndGrantSchema, NewGrantSchema
from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import registry
from ...identity import services as identity
from ...products import services as products
from ...regions import services as regions
from ..tables import Table
from . import blueprint

STATES = {
    "": _l("全部"),
    "in_force": _l("有效"),
    "suspended": _l("暂停"),
    "revoked": _l("撤销"),
    "expired": _l("已过期"),
}
LABELS = {
    "product_id": _l("产品"),
    "programme": _l("名录"),
    "valid_from": _l("自"),
    "valid_to": _l("至"),
    "committed_value_fen": _l("商品价值量"),
    "reason": _l("理由"),
    "verb": _l("办理"),
}


class EndSchema(EndGrantSchema):
    verb = fields.String(required=True, validate=validate.OneOf(["suspend", "resume", "revoke"]))


def shown_state(grant: object) -> str:
    """A grant in force past its last day shows as expired."""
    state, valid_to = grant.state, grant.valid_to  # type: ignore[attr-defined]
    return "expired" if state == "in_force" and valid_to < clock.today() else state


@blueprint.get("/grants")
@guard("grant.read")
def grants() -> str:
    table = Table(per_page=50)
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    rows, table.total = accreditation.register(actor(), state=state or None, page=table.page, size=table.per_page)
    return render_template(
        "office/grants.html",
        rows=rows,
        table=table,
        state=state,
        states=STATES,
        shown_state=shown_state,
        products=products.by_ids({row.product_id for row in rows}),
        suppliers=identity.named({row.supplier_id for row in rows}),
    )


@blueprint.route("/grants/new", methods=["GET", "POST"])
@guard("grant.give")
def grant_new() -> Response:
    """First the supplier, then one of its products."""
    today = clock.today()
    form = Form(
        NewGrantSchema(),
        {"programme": "832", "valid_from": today.isoformat(), "valid_to": (today + timedelta(days=1095)).isoformat()},
    )
    if form.posted:
        with form.attempt():
            row = accreditation.give(actor(), **form.data())
            return done(_("已认定，编号 %(number)s。", number=row.number), "office.grant", grant_id=row.id)
    suppliers = registry.choices(actor(), "supplier")
    chosen = request.values.get("supplier", "")
    supplier_id = next((id_ for id_, _name in suppliers if str(id_) == chosen), None)
    return form.page(
        "office/grant_new.html",
        labels=LABELS,
        suppliers=[(str(id_), name) for id_, name in suppliers],
        supplier_id=supplier_id,
        products=_products(supplier_id) if supplier_id else [],
    )


def _products(supplier_id: UUID) -> list[tuple[str, str]]:
    return [(str(row.id), f"{row.name} {row.code}") for row in products.of_supplier(supplier_id)]


@blueprint.route("/grants/<uuid:grant_id>", methods=["GET", "POST"])
@guard("grant.read")
def grant(grant_id: UUID) -> Response:
    """The grant; the head of an office ends or resumes it here."""
    form = Form(EndSchema(), {"verb": "", "reason": ""})
    if form.posted:
        with form.attempt():
            accreditation.end(actor(), grant_id, **form.data())
            return done(_("已办理。"), "office.grant", grant_id=grant_id)
    row = accreditation.one(actor(), grant_id)
    named = identity.named({row.supplier_id, row.office_id})
    return form.page(
        "office/grant.html",
        grant=row,
        state=shown_state(row),
        product=products.one(row.product_id),
        supplier=named[row.supplier_id],
        office=named[row.office_id],
        place=regions.name_path(row.division),
        labels=LABELS,
        verbs=_verbs(row.state) if actor().may("grant.end") else [],
    )


def _verbs(state: str) -> list[tuple[str, str, str]]:
    words = {
        "suspend": (pgettext("verb", "暂停"), _("自今日起的订单不算数；以前的不变")),
        "resume": (_("恢复"), _("暂停取消，期间的订单不补算")),
        "revoke": (pgettext("verb", "撤销"), _("不能再恢复")),
    }
    allowed = {"in_force": ("suspend", "revoke"), "suspended": ("resume", "revoke")}
    return [(verb, *words[verb]) for verb in allowed.get(state, ())]
