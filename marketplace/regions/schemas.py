"""How divisions are shown."""

from marshmallow import fields

from ..core.fields import Day, Flag, Place, Shown, Whole


class DivisionSchema(Shown):
    code = Place()
    name = fields.String()
    level = Whole(1, 5, metadata={"description": "1 province, 2 prefecture, 3 county, 4 township, 5 village"})
    parent_code = Place(allow_none=True)
    starts = Day(allow_none=True, metadata={"description": "First day; null: since before we count"})
    ends = Day(allow_none=True, metadata={"description": "Last day; null: still in force"})
    has_households = Flag()


class DivisionPathSchema(DivisionSchema):
    full_name = fields.String(metadata={"example": "湖南省株洲市炎陵县"})
    path = fields.List(fields.Nested(DivisionSchema), metadata={"description": "From the province down"})
