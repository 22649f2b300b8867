"""What the forms of flows, advances, surplus and late costs take."""

from marshmallow import Schema, fields, validate

from ...core.fields import MAX_PRICE_FEN, Day, Fen, Id, Quantity, Text, Year
from .fields import Percent
from .schemas import METHOD

MOST_FEN = 10**12


class FlowRowSchema(Schema):
    household = Text(60, required=True)
    member = Text(40, load_default="")
    quantity = Quantity(load_default=None)
    rate_fen = Fen(1, MAX_PRICE_FEN, load_default=None)
    fen = Fen(1, MOST_FEN, load_default=None)
    evidence = Text(120, load_default="")


class FlowsSchema(Schema):
    agreement_id = Id(required=True)
    day = Day(required=True)
    evidence = Text(120, load_default="")
    flows = fields.List(fields.Nested(FlowRowSchema), load_default=list)


class CorrectionSchema(Schema):
    reason = Text(120, required=True)


class AdvanceSchema(Schema):
    household = Text(60, required=True)
    fen = Fen(1, MOST_FEN, required=True)
    given_on = Day(required=True)
    method = fields.String(required=True, validate=METHOD)
    evidence = Text(120, required=True)


class RepaymentSchema(Schema):
    fen = Fen(1, MOST_FEN, required=True)
    day = Day(required=True)
    evidence = Text(120, required=True)


class SurplusRowSchema(Schema):
    household = Text(60, required=True)
    volume = Quantity(load_default=None)
    capital = Fen(0, MOST_FEN, load_default=0)


class SurplusSchema(Schema):
    agreement_id = Id(required=True)
    year = Year(required=True)
    resolution = Text(60, required=True)
    resolved_on = Day(required=True)
    profit_fen = Fen(1, MOST_FEN, required=True)
    losses_fen = Fen(0, MOST_FEN, load_default=0)
    reserves_fen = Fen(0, MOST_FEN, load_default=0)
    volume_basis_points = Percent(required=True)
    members = fields.List(fields.Nested(SurplusRowSchema), load_default=list)


class RevisionRowSchema(Schema):
    household_id = Id(required=True)
    fen = Fen(1, MOST_FEN, required=True)


class RevisionSchema(Schema):
    day = Day(required=True)
    reason = Text(200, required=True)
    evidence = Text(120, required=True)
    shares = fields.List(fields.Nested(RevisionRowSchema), load_default=list, validate=validate.Length(max=5000))
