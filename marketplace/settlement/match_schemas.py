"""How a three-way match is shown."""

from marshmallow import fields, validate

from ..core.fields import Fen, Flag, Id, Quantity, Shown
from ..payments.schemas import BillSchema

DIFFERENCES = ("billed", "invoiced", "rate", "unpaid")


class MatchLineSchema(Shown):
    order_id = Id()
    name = fields.String()
    code = fields.String()
    order_unit = fields.String()
    ordered = Quantity()
    ordered_fen = Fen()
    accepted = Quantity()
    accepted_fen = Fen()
    returned = Quantity()
    returned_fen = Fen()
    differs = Flag()


class MatchSchema(Shown):
    bill = fields.Nested(BillSchema)
    state = fields.String(validate=validate.OneOf(["matched", "differs", "missing"]))
    differences = fields.List(fields.String(validate=validate.OneOf(DIFFERENCES)))
    accepted_fen = Fen()
    returned_fen = Fen()
    due_fen = Fen()
    invoiced_fen = Fen()
    red_fen = Fen()
    net_fen = Fen()


class MatchOpenedSchema(MatchSchema):
    lines = fields.List(fields.Nested(MatchLineSchema))
