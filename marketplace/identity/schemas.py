"""What sign-in, tokens and language take and show."""

from marshmallow import Schema, fields, validate

from .tokens import MAX_DAYS


class SignInSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 60))
    password = fields.String(required=True, validate=validate.Length(1, 200))


class TokenSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 60))
    days = fields.Integer(load_default=90, validate=validate.Range(1, MAX_DAYS))


class TokenShownSchema(Schema):
    """A token as lists show it: never its secret."""

    id = fields.UUID()
    name = fields.String()
    hint = fields.String()
    created_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()
    revoked_at = fields.AwareDateTime(allow_none=True)


class LanguageSchema(Schema):
    locale = fields.String(required=True, validate=validate.OneOf(["zh", "en"]))
