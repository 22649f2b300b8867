"""How findings are shown."""

from marshmallow import fields

from ..core.fields import Id, Moment, Place, Shown


class FindingSchema(Shown):
    id = Id()
    kind = fields.String()
    object_kind = fields.String()
    object_id = fields.String()
    division = Place()
    facts = fields.Dict(keys=fields.String())
    state = fields.String()
    opened_at = Moment()
