"""What a search asks and what it finds."""

from marshmallow import fields, validate

from ..core.fields import Fen, Flag, Id, MonthDay, Quantity, Shown, Taken, Text, Whole
from .documents import MAX_SIZE, MAX_TEXT, SORTS

_MANY = validate.Length(max=50)


class SearchSchema(Taken):
    q = Text(MAX_TEXT, load_default="", metadata={"description": "Words, pinyin or codes", "example": "黄桃"})
    category = fields.List(Text(20), load_default=list, validate=_MANY)
    county = fields.List(Text(12), load_default=list, validate=_MANY)
    township = fields.List(Text(12), load_default=list, validate=_MANY)
    unit = Text(4, load_default="", metadata={"description": "Comparable unit"})
    price_from_fen = Fen(load_default=None, metadata={"description": "Fen for one comparable unit, inclusive"})
    price_to_fen = Fen(load_default=None)
    in_season = Flag(load_default=False)
    eligible = Flag(load_default=False)
    sort = fields.String(load_default="relevance", validate=validate.OneOf(SORTS))
    page = Whole(1, 10_000, load_default=1)
    size = Whole(1, MAX_SIZE, load_default=24)


class FoundSchema(Shown):
    offer_id = Id()
    product_id = Id()
    supplier_id = Id()
    supplier_name = fields.String()
    code = fields.String()
    name = fields.String()
    category_code = fields.String()
    origin = fields.String()
    order_unit = fields.String()
    price_unit = fields.String()
    price_fen = Fen(metadata={"description": "Fen for one price unit, at the first break"})
    comparable_fen = Fen()
    comparable_unit = fields.String()
    minimum = Quantity()
    available = Quantity()
    season_from = MonthDay()
    season_to = MonthDay()


class HistogramSchema(Shown):
    unit = fields.String()
    edges = fields.List(Fen())
    counts = fields.List(Whole())


class ResultsSchema(Shown):
    """Counts: filter → value → offers, were that filter's own choice left out."""

    items = fields.List(fields.Nested(FoundSchema))
    total = Whole()
    page = Whole()
    size = Whole()
    counts = fields.Dict(keys=fields.String(), values=fields.Dict(keys=fields.String(), values=Whole()))
    histogram = fields.Nested(HistogramSchema, allow_none=True)
    suggestion = fields.String(allow_none=True, metadata={"description": "A text that finds something"})
    without = fields.Dict(
        keys=fields.String(), values=Whole(), metadata={"description": "What each filter, left out, would give"}
    )
