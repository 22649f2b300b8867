"""What standing orders and a union's festival goods take, and how they are shown. Quantities are of order units."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Flag, Id, Quantity, Shown, Taken, Text, Whole, Year, named_once
from ..procurement.rules import COUNTED_AS
from .calendar import ON_HOLIDAY
from .standing import MOST_LINES
from .welfare import MOST_HEADS
from .welfare_models import FESTIVALS


class SpanSchema(Shown):
    id = Id()
    kind = fields.String(metadata={"description": "term, or closed: no delivery"})
    name = fields.String()
    from_day = Day()
    until_day = Day()


class NewSpanSchema(Taken):
    kind = fields.String(required=True, validate=validate.OneOf(["term", "closed"]))
    name = Text(40, 1, required=True)
    from_day = Day(required=True)
    until_day = Day(required=True)


class StandingLineSchema(Taken):
    offer_id = Id(required=True)
    quantity = Quantity(required=True)
    counts = Flag(load_default=True)
    reason = Text(200, load_default="")


class StandingHeadSchema(Taken):
    title = Text(80, 1, required=True)
    from_day = Day(required=True)
    until_day = Day(required=True)
    weekdays = Text(7, 1, required=True, metadata={"description": "Days of the week, 1 is Monday", "example": "135"})
    every_weeks = Whole(1, 8, load_default=1)
    on_holiday = fields.String(load_default="skip", validate=validate.OneOf(ON_HOLIDAY))
    in_term = Flag(load_default=True, metadata={"description": "Only within the agency's terms"})
    ahead_days = Whole(1, 60, load_default=5, metadata={"description": "Drafted so many days before a delivery"})
    window = Text(40, load_default="")
    address = Text(200, load_default="")
    contact = Text(40, load_default="")
    budget_line = Text(60, load_default="")
    counted_as = fields.String(load_default="canteen", validate=validate.OneOf(COUNTED_AS))


class NewStandingSchema(StandingHeadSchema):
    lines = fields.List(fields.Nested(StandingLineSchema), required=True, validate=validate.Length(1, MOST_LINES))
    once = named_once("lines", "offer_id")


class StandingSchema(Shown):
    id = Id()
    number = fields.String()
    agency_id = Id()
    state = fields.String()
    title = fields.String()
    from_day = Day()
    until_day = Day()
    weekdays = fields.String()
    every_weeks = Whole()
    on_holiday = fields.String()
    in_term = Flag()
    ahead_days = Whole()
    window = fields.String()
    address = fields.String()
    contact = fields.String()
    budget_line = fields.String()
    counted_as = fields.String()
    version = Whole()


class PlannedDaySchema(Shown):
    day = Day()
    requisition_id = Id(allow_none=True)
    skipped = fields.String()


class StandingLineShownSchema(Shown):
    offer_id = Id()
    quantity = Quantity()
    counts = Flag()
    reason = fields.String()


class StandingOpenedSchema(StandingSchema):
    lines = fields.List(fields.Nested(StandingLineShownSchema))
    days = fields.List(fields.Nested(PlannedDaySchema))


class SkipSchema(Taken):
    day = Day(required=True)


class NewWelfareSchema(Taken):
    title = Text(80, 1, required=True, metadata={"example": "中秋慰问"})
    festival = fields.String(required=True, validate=validate.OneOf(FESTIVALS))
    year = Year(required=True)
    limit_fen = Fen(1, 10_000_000, required=True, metadata={"description": "For a head at most"})


class HeadSchema(Taken):
    name = Text(40, 1, required=True)
    department = Text(60, load_default="")
    staff_number = Text(20, load_default="")


class HeadsSchema(Taken):
    heads = fields.List(fields.Nested(HeadSchema), required=True, validate=validate.Length(1, MOST_HEADS))


class GoodSchema(Taken):
    offer_id = Id(required=True)
    quantity = Quantity(required=True, metadata={"description": "For one head"})


class GoodsSchema(Taken):
    goods = fields.List(fields.Nested(GoodSchema), required=True, validate=validate.Length(1, MOST_LINES))
    once = named_once("goods", "offer_id")


class SignSchema(Taken):
    numbers = fields.List(Whole(1, MOST_HEADS), required=True, validate=validate.Length(1, MOST_HEADS))
    proxy = Text(40, load_default="")


class FinishSchema(Taken):
    file_id = Id(required=True)


class WelfareSchema(Shown):
    id = Id()
    number = fields.String()
    title = fields.String()
    festival = fields.String()
    year = Whole()
    limit_fen = Fen()
    state = fields.String()
    packages = Whole()
    handed_out = Whole()
    requisition_id = Id(allow_none=True)
    version = Whole()


class HeadShownSchema(Shown):
    no = Whole()
    name = fields.String()
    department = fields.String()
    staff_number = fields.String()
    signed_on = Day(allow_none=True)
    signed_how = fields.String()
    proxy = fields.String()


class GoodShownSchema(Shown):
    offer_id = Id()
    quantity = Quantity()


class WelfareOpenedSchema(WelfareSchema):
    goods = fields.List(fields.Nested(GoodShownSchema))
    heads = fields.List(fields.Nested(HeadShownSchema))
