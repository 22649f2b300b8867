"""What quota plans take, and how they are shown."""

from marshmallow import fields

from ..core.fields import Fen, Id, Moment, Place, Shown, Taken, Whole, Year


class NewPlanSchema(Taken):
    agency_id = Id(required=True)
    year = Year(required=True)
    base_fen = Fen(required=True, metadata={"description": "The year's budget that the rate is taken of"})
    target_fen = Fen(required=True, metadata={"description": "A minimum to reach"})
    ceiling_fen = Fen(load_default=None, allow_none=True, metadata={"description": "null: no limit"})


class PlanSchema(Shown):
    id = Id()
    agency_id = Id()
    agency_name = fields.String()
    year = Year()
    division = Place()
    base_fen = Fen()
    minimum_basis_points = Whole(allow_none=True, metadata={"description": "null: none was published"})
    target_fen = Fen()
    ceiling_fen = Fen(allow_none=True)
    committed_fen = Fen(metadata={"description": "Open approved orders"})
    settled_fen = Fen(metadata={"description": "What counts"})
    state = fields.String()
    filed_at = Moment()
