"""How settled lines and returns are shown, and what a return takes."""

from marshmallow import fields

from ..core.fields import Day, Fen, Flag, Id, Period, Place, Quantity, Shown, Taken, Text
from ..core.money import MAX_FEN

SIGNED = {"pattern": r"^-?\d{1,12}\.\d{3}$"}


class SettledLineSchema(Shown):
    """One acceptance line, accepted and paid; or a reversal of one, with negative money and quantities."""

    id = Id()
    reverses_id = Id(allow_none=True, metadata={"description": "The sale that a reversal takes back; null: a sale"})
    concerns_period = Period(allow_none=True)
    order_id = Id()
    order_line_id = Id()
    bill_id = Id()
    lot_id = Id()
    supplier_id = Id()
    agency_id = Id()
    product_id = Id()
    category_code = fields.String()
    channel = fields.String()
    origin = Place()
    eligible = Flag()
    day = Day()
    period = Period()
    quantity = Quantity(metadata=SIGNED)
    net = Quantity(metadata=SIGNED)
    money_fen = Fen(-MAX_FEN)
    attributed_fen = Fen(-MAX_FEN)
    owed_fen = Fen(-MAX_FEN)


class NewReturnSchema(Taken):
    quantity = Quantity(required=True, metadata={"description": "Of the order unit"})
    net = Quantity(
        load_default=None, allow_none=True, metadata={"description": "Of the base unit; where the line is weighed"}
    )
    reason = Text(200, 1, required=True)
    red_invoice_number = Text(30, required=True, metadata={"description": "Of the red-letter invoice (红字发票)"})
    issued_on = Day(load_default=None, allow_none=True)
    refund_serial = Text(60, required=True, metadata={"description": "The bank's serial of the refund"})
    restocked = Flag(load_default=False, metadata={"description": "The supplier took the goods back into their lot"})


class ReturnSchema(Shown):
    id = Id()
    number = fields.String()
    order_id = Id()
    acceptance_line_id = Id()
    quantity = Quantity()
    net = Quantity()
    money_fen = Fen()
    reason = fields.String()
    restocked = fields.Boolean()
    day = Day()
