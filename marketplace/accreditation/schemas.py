"""What grants take, and how they are shown."""

from marshmallow import fields

from ..core.fields import Day, Fen, Id, Moment, Place, Shown, Taken, Text


class NewGrantSchema(Taken):
    product_id = Id(required=True)
    programme = Text(20, 1, load_default="832")
    valid_from = Day(required=True)
    valid_to = Day(required=True)
    committed_value_fen = Fen(required=True, metadata={"description": "商品价值量"})


class EndGrantSchema(Taken):
    reason = Text(300, load_default="")


class GrantSchema(Shown):
    id = Id()
    number = fields.String()
    product_id = Id()
    supplier_id = Id()
    programme = fields.String()
    division = Place()
    valid_from = Day()
    valid_to = Day()
    ended_on = Day(allow_none=True, metadata={"description": "The last day before a suspension or revocation"})
    state = fields.String()
    reason = fields.String()
    committed_value_fen = Fen()
    used_fen = Fen(metadata={"description": "Settled money sold under it"})
    given_at = Moment()
