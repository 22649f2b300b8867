"""The platform's registers of organisations and users."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..core.fields import Id, Text
from ..edge.current import actor
from ..edge.guard import guard
from ..identity import registry, sign_in
from ..identity import services as identity
from ..identity.schemas import (
    KINDS,
    NewOrganisationSchema,
    NewUserSchema,
    OrganisationSchema,
    UserMadeSchema,
    UserSchema,
)
from ..regions import services as regions
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("registers", _("单位与用户"))


class OrganisationsQuery(PageSchema):
    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))
    words = Text(40, load_default="", metadata={"description": "A part of the name"})


class UsersQuery(PageSchema):
    organisation_id = Id(load_default=None)
    words = Text(40, load_default="", metadata={"description": "A part of the name, or how the sign-in name begins"})


def shown(row: Any) -> dict[str, Any]:
    names = ("id", "organisation_id", "sign_in_name", "display_name", "active", "created_at")
    return {name: getattr(row, name) for name in names} | {"roles": sorted(row.roles)}


@blueprint.get("/organisations", summary=_("单位名册"))
@blueprint.asks(OrganisationsQuery)
@blueprint.gives(list_of(OrganisationSchema))
@guard("organisation.edit")
def organisations(query: dict[str, Any]) -> Any:
    rows, total = registry.organisations(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/organisations", summary=_("登记单位"))
@blueprint.takes(NewOrganisationSchema)
@blueprint.gives(OrganisationSchema, 201)
@guard("organisation.edit")
def add_organisation(data: dict[str, Any]) -> Any:
    level = regions.division(data["division"]).level
    return identity.add_organisation(actor(), level=level, **data)


@blueprint.get("/organisations/<uuid:organisation_id>", summary=_("单位"))
@blueprint.gives(OrganisationSchema)
@guard(public=True)
def organisation(organisation_id: UUID) -> Any:
    """Suppliers are public; agencies and offices are seen within one's scope."""
    return identity.organisation(actor(), organisation_id)


@blueprint.get("/users", summary=_("用户名册"))
@blueprint.asks(UsersQuery)
@blueprint.gives(list_of(UserSchema))
@guard("user.edit")
def users(query: dict[str, Any]) -> Any:
    rows, total = registry.users(actor(), **query)
    return page_of([shown(row) for row in rows], total, query)


@blueprint.post("/organisations/<uuid:organisation_id>/users", summary=_("添加用户"))
@blueprint.takes(NewUserSchema)
@blueprint.gives(UserMadeSchema, 201)
@blueprint.alt_response(204, description="The same key again: the user is there, its password is not shown twice")
@guard("user.edit")
def add_user(data: dict[str, Any], organisation_id: UUID) -> Any:
    """With roles that fit the organisation's kind, and a first password."""
    password = registry.first_password()
    hashed = sign_in.hash_password(password)
    row = identity.add_user(
        actor(), organisation_id, data["sign_in_name"], data["display_name"], set(data["roles"]), hashed
    )
    return shown(row) | {"password": password}, 201, {"Cache-Control": "no-store"}
