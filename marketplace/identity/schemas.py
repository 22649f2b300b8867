"""What sign-in, tokens and language take, and how users and organisations are shown."""

from marshmallow import fields, validate

from ..core.fields import Flag, Id, Moment, Place, Shown, Taken, Text, Whole
from .models import AGENCY_KINDS, KINDS, SUPPLIER_KINDS
from .permissions import ROLES
from .tokens import MAX_DAYS


class SignInSchema(Taken):
    name = Text(60, 1, required=True)
    password = fields.String(required=True, validate=validate.Length(1, 200))


class ConfirmSchema(Taken):
    password = fields.String(required=True, validate=validate.Length(1, 200))


class TokenSchema(Taken):
    name = Text(60, 1, required=True, metadata={"description": "What it is for", "example": "ERP"})
    days = Whole(1, MAX_DAYS, load_default=90, metadata={"description": "How long it is valid"})


class TokenShownSchema(Shown):
    """A token as lists show it: never its secret."""

    id = Id()
    name = fields.String()
    hint = fields.String(metadata={"description": "The secret's first eight characters"})
    created_at = Moment()
    expires_at = Moment()
    revoked_at = Moment(allow_none=True)


class NewTokenSchema(TokenShownSchema):
    """A token just made: the only answer that ever carries its secret."""

    secret = fields.String(metadata={"description": "For `Authorization: Bearer …`; shown this once"})


class OrganisationSchema(Shown):
    id = Id()
    kind = fields.String(metadata={"example": "supplier"})
    supplier_kind = fields.String(allow_none=True)
    agency_kind = fields.String(allow_none=True)
    name = fields.String()
    short_name = fields.String()
    division = Place()
    address = fields.String()


class MeSchema(Shown):
    """Who the token or session belongs to; nobody signed in is the public."""

    kind = fields.String()
    user = Id(allow_none=True)
    name = fields.String()
    organisation = Id(allow_none=True)
    organisation_name = fields.String()
    roles = fields.List(fields.String())
    permissions = fields.List(fields.String())
    signed_in = Flag()


class NewOrganisationSchema(Taken):
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = Text(80, 1, required=True)
    division = Place(required=True, metadata={"description": "Where it is registered; how far an office sees"})
    short_name = Text(40)
    supplier_kind = fields.String(allow_none=True, validate=validate.OneOf([*SUPPLIER_KINDS, None]))
    agency_kind = fields.String(allow_none=True, validate=validate.OneOf([*AGENCY_KINDS, None]))
    credit_code = Text(18, allow_none=True)
    parent_id = Id(allow_none=True)
    address = Text(200)
    account_name = Text(80)
    bank_reference = Text(120)


class NewUserSchema(Taken):
    sign_in_name = Text(60, 1, required=True)
    display_name = Text(40, 1, required=True)
    roles = fields.List(
        fields.String(validate=validate.OneOf(sorted(ROLES))), required=True, validate=validate.Length(1)
    )


class UserSchema(Shown):
    id = Id()
    organisation_id = Id()
    sign_in_name = fields.String()
    display_name = fields.String()
    active = Flag()
    roles = fields.List(fields.String())
    created_at = Moment()


class UserMadeSchema(UserSchema):
    """A user just made: the only answer that ever carries its first password."""

    password = fields.String(metadata={"description": "To hand over; shown this once"})
