"""How channels are shown."""

from marshmallow import Schema, fields

from ..core.fields import Place


class ChannelSchema(Schema):
    code = fields.String()
    kind = fields.String()
    name = fields.String()
    division = Place()
