"""What offers take, and how they are shown. Quantities are of the order unit, prices of the price unit."""

from typing import Any

from marshmallow import fields, post_load, validate

from ..core.fields import MAX_PRICE_FEN, Fen, Id, Moment, MonthDay, Quantity, Shown, Taken, Text, Whole, above_zero

CODE = validate.Regexp("^[A-Z0-9-]+$", error="code_malformed")
MAX_CONTENT = 10**7  # ten thousand base units in one order unit


class PriceBreakSchema(Taken):
    from_quantity = Quantity(required=True, validate=above_zero)
    price_fen = Fen(1, MAX_PRICE_FEN, required=True, metadata={"description": "Fen for one price unit"})


class OfferChangeSchema(Taken):
    order_unit = Text(6, 1, metadata={"example": "箱"})
    content = Quantity(most=MAX_CONTENT, validate=above_zero, metadata={"description": "Base units in one order unit"})
    step = Quantity(validate=above_zero)
    pack = Quantity(validate=above_zero)
    minimum = Quantity(validate=above_zero)
    breaks = fields.List(
        fields.Nested(PriceBreakSchema),
        validate=validate.Length(1, 20),
        metadata={"description": "The first from the minimum, rising in quantity, falling in price"},
    )
    season_from = MonthDay()
    season_to = MonthDay()
    lead_days = Whole(0, 365)
    tolerance_basis_points = Whole(0, 2000)

    @post_load
    def pairs(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        """Breaks as the service takes them."""
        if "breaks" in data:
            data["breaks"] = [(row["from_quantity"], row["price_fen"]) for row in data["breaks"]]
        return data


class NewOfferSchema(OfferChangeSchema):
    product_id = Id(required=True)
    code = Text(24, 1, required=True, validate=CODE, metadata={"example": "YL-HT-0312-5KG"})
    pricing = fields.String(
        required=True,
        validate=validate.OneOf(["counted", "weighed"]),
        metadata={"description": "Counted: money by order unit; weighed: by net weight accepted"},
    )
    order_unit = Text(6, 1, required=True, metadata={"example": "箱"})
    content = Quantity(
        most=MAX_CONTENT,
        required=True,
        validate=above_zero,
        metadata={"description": "Base units in one order unit"},
    )
    minimum = Quantity(required=True, validate=above_zero)
    breaks = fields.List(fields.Nested(PriceBreakSchema), required=True, validate=validate.Length(1, 20))
    stock = Quantity()


class StockSchema(Taken):
    stock = Quantity(required=True, metadata={"description": "What there is for sale, approved orders included"})
    seen = Quantity(load_default=None, metadata={"description": "The stock that the editor saw"})


class OfferSchema(Shown):
    id = Id()
    product_id = Id()
    supplier_id = Id()
    code = fields.String()
    pricing = fields.String()
    order_unit = fields.String()
    price_unit = fields.String()
    content = Quantity()
    step = Quantity()
    pack = Quantity()
    minimum = Quantity()
    tolerance_basis_points = Whole()
    available = Quantity(metadata={"description": "What can still be ordered"})
    season_from = MonthDay()
    season_to = MonthDay()
    lead_days = Whole()
    comparable_fen = Fen(metadata={"description": "Fen for one comparable unit, at the first break"})
    state = fields.String(metadata={"description": "on_sale or withdrawn"})
    listed_at = Moment()
    version = Whole(1)
    breaks = fields.List(fields.Nested(PriceBreakSchema))


class OwnOfferSchema(OfferSchema):
    """An offer as its supplier sees it."""

    stock = Quantity()
    reserved = Quantity(metadata={"description": "Held by approved orders"})
