"""How channels are shown."""

from marshmallow import fields

from ..core.fields import Place, Shown


class ChannelSchema(Shown):
    code = fields.String()
    kind = fields.String()
    name = fields.String()
    division = Place()
