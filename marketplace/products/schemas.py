"""What products take, and how they and their categories are shown."""

from marshmallow import fields, validate

from ..core.fields import Id, Moment, Place, Quantity, Shown, Taken, Text, Whole, above_zero
from .rules import BASE_UNITS

CODE = validate.Regexp("^[A-Z0-9-]+$", error="code_malformed")


class CategorySchema(Shown):
    code = fields.String()
    parent_code = fields.String(allow_none=True)
    name = fields.String()
    name_en = fields.String()
    tile = fields.String(metadata={"description": "The character that stands for a product without photograph"})
    papers = fields.List(fields.String(), metadata={"description": "Papers without which a batch is not accepted"})


class ProductChangeSchema(Taken):
    name = Text(80, 1)
    grade = Text(120)
    storage = Text(120)
    shelf_life_days = Whole(1, 36_500, allow_none=True)
    certificates = fields.List(Text(60, 1), validate=validate.Length(max=20))
    description = Text(1000)


class NewProductSchema(ProductChangeSchema):
    code = Text(20, 1, required=True, validate=CODE, metadata={"example": "YL-HT-0312"})
    name = Text(80, 1, required=True)
    category_code = Text(20, 1, required=True)
    base_unit = fields.String(required=True, validate=validate.OneOf(BASE_UNITS))
    origin = Place(required=True, metadata={"description": "Village or township, 12 digits"})
    comparable_unit = Text(4, 1)
    comparable_per_base = Quantity(
        validate=above_zero, metadata={"description": "How much of the comparable unit one base unit holds"}
    )


class ProductSchema(Shown):
    id = Id()
    supplier_id = Id()
    code = fields.String()
    name = fields.String()
    category_code = fields.String()
    base_unit = fields.String()
    comparable_unit = fields.String()
    comparable_per_base = Quantity()
    grade = fields.String()
    storage = fields.String()
    shelf_life_days = Whole(allow_none=True)
    origin = Place()
    certificates = fields.List(fields.String())
    description = fields.String()
    created_at = Moment()
    version = Whole(1)
