"""What households take, and how they are shown."""

from marshmallow import Schema, fields, validate

from ..core.fields import Id, Moment, Place, Text, Whole
from .models import CLASSES


class NewHouseholdSchema(Schema):
    head_name = Text(40, 1, required=True)
    village = Place(required=True)
    group_name = Text(20, load_default="", metadata={"example": "三组"})
    size = Whole(1, 30, required=True)
    class_ = fields.String(data_key="class", load_default="none", validate=validate.OneOf(CLASSES))


class HouseholdSchema(Schema):
    id = Id()
    code = fields.String()
    head_name = fields.String(metadata={"description": "Masked where the reader need not know it"})
    division = Place(metadata={"description": "Registered village"})
    present_division = Place(metadata={"description": "Where it lives"})
    group_name = fields.String()
    size = Whole()
    class_ = fields.String(data_key="class")
    created_at = Moment()
    version = Whole(1)
