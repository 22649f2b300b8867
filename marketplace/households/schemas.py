"""What households take, and how they are shown."""

from marshmallow import fields, validate

from ..core.fields import Id, Moment, Place, Shown, Taken, Text, Whole
from .models import CLASSES


class NewHouseholdSchema(Taken):
    head_name = Text(40, 1, required=True)
    village = Place(required=True)
    group_name = Text(20, load_default="", metadata={"example": "三组"})
    size = Whole(1, 30, required=True)
    class_ = fields.String(data_key="class", load_default="none", validate=validate.OneOf(CLASSES))


class HouseholdSchema(Shown):
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


class NamedSchema(Taken):
    """A household as a paper has it: who knows code and name has it before them."""

    code = Text(20, 1, required=True)
    head_name = Text(40, 1, required=True)


class RecogniseSchema(Taken):
    households = fields.List(fields.Nested(NamedSchema), required=True, validate=validate.Length(1, 500))


class RecognisedSchema(Shown):
    household_ids = fields.List(
        Id(allow_none=True), metadata={"description": "In the order asked; null where code and name do not match"}
    )
