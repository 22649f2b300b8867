"""The platform's registers: organisations and users, and adding them. A first password is shown once."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from ...core.fields import Place, Text
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import registry, sign_in
from ...identity import services as identity
from ...identity.permissions import ROLES
from ...regions import services as regions
from .. import navigation
from ..tables import Table
from . import asking, blueprint, words

ORGANISATION_LABELS = {
    "kind": _l("种类"),
    "supplier_kind": _l("主体类型"),
    "agency_kind": _l("采购人类型"),
    "name": _l("名称"),
    "short_name": _l("简称"),
    "credit_code": _l("统一社会信用代码"),
    "division": _l("所在区划代码"),
    "address": _l("地址"),
    "account_name": _l("收款户名"),
    "bank_reference": _l("开户行和账号"),
}
USER_LABELS = {"sign_in_name": _l("登录名"), "display_name": _l("姓名"), "roles": _l("岗位")}


class OrganisationSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(list(words.ORGANISATION_KINDS)))
    supplier_kind = fields.String(load_default=None, validate=validate.OneOf(list(words.SUPPLIER_KINDS)))
    agency_kind = fields.String(load_default=None, validate=validate.OneOf(list(words.AGENCY_KINDS)))
    name = Text(80, 2, required=True)
    short_name = Text(40, load_default="")
    credit_code = Text(18, 18, load_default=None)
    division = Place(required=True)
    address = Text(200, load_default="")
    account_name = Text(80, load_default="")
    bank_reference = Text(120, load_default="")


class UserSchema(Schema):
    sign_in_name = Text(60, 3, required=True)
    display_name = Text(40, 1, required=True)
    roles = fields.List(fields.String(validate=validate.OneOf(list(ROLES))), required=True, validate=validate.Length(1))


@blueprint.get("/organisations")
@guard("organisation.edit")
def organisations() -> str:
    table = Table(per_page=50)
    kind, typed = request.args.get("kind", ""), request.args.get("q", "").strip()[:40]
    kind = kind if kind in words.ORGANISATION_KINDS else ""
    rows, table.total = registry.organisations(
        actor(), kind=kind or None, words=typed, page=table.page, size=table.per_page
    )
    return render_template(
        "office/organisations.html",
        rows=rows,
        table=table,
        kind=kind,
        typed=typed,
        kinds=words.ORGANISATION_KINDS,
        finer={**words.SUPPLIER_KINDS, **words.AGENCY_KINDS},
        places=asking.short_places({row.division for row in rows}),
    )


@blueprint.route("/organisations/new", methods=["GET", "POST"])
@guard("organisation.edit")
def organisation_new() -> Response:
    form = Form(OrganisationSchema(), {"kind": "agency"})
    if form.posted:
        with form.attempt():
            facts = form.data()
            place = regions.division(facts["division"])
            row = identity.add_organisation(actor(), level=place.level, **facts)
            return done(_("已登记 %(name)s。", name=row.name), "office.organisation", organisation_id=row.id)
    return form.page(
        "office/organisation_new.html",
        labels=ORGANISATION_LABELS,
        kinds=words.ORGANISATION_KINDS.items(),
        supplier_kinds=words.SUPPLIER_KINDS.items(),
        agency_kinds=words.AGENCY_KINDS.items(),
    )


@blueprint.route("/organisations/<uuid:organisation_id>", methods=["GET", "POST"])
@guard("user.edit")
def organisation(organisation_id: UUID) -> Response:
    """An organisation with its users; a new user's first password is shown in the answer, and nowhere else."""
    form = Form(UserSchema())
    made: dict[str, Any] = {}
    if form.posted:
        with form.attempt():
            made = _add_user(organisation_id, **form.data())
    row = identity.organisation(actor(), organisation_id)
    response = form.page(
        "office/organisation.html",
        organisation=row,
        place=regions.name_path(row.division),
        users=identity.users_of(actor(), organisation_id),
        kinds=words.ORGANISATION_KINDS,
        roles=[(role, navigation.ROLE_WORDS[role]) for role, (kind, _verbs) in ROLES.items() if kind == row.kind],
        role_names=navigation.ROLE_WORDS,
        chosen=request.form.getlist("roles"),
        labels=USER_LABELS,
        **made,
    )
    response.cache_control.no_store = True
    return response


def _add_user(organisation_id: UUID, sign_in_name: str, display_name: str, roles: list[str]) -> dict[str, Any]:
    password = registry.first_password()
    hashed = sign_in.hash_password(password)
    user = identity.add_user(actor(), organisation_id, sign_in_name, display_name, set(roles), hashed)
    return {"made": user, "secret": password}


@blueprint.get("/users")
@guard("user.edit")
def users() -> str:
    table = Table(per_page=50)
    typed = request.args.get("q", "").strip()[:40]
    rows, table.total = registry.users(actor(), words=typed, page=table.page, size=table.per_page)
    return render_template("office/users.html", rows=rows, table=table, typed=typed, role_names=navigation.ROLE_WORDS)
