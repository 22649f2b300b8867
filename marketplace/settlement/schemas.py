"""How settled lines are shown."""

from marshmallow import fields

from ..core.fields import Day, Fen, Flag, Id, Period, Place, Quantity, Shown


class SettledLineSchema(Shown):
    """One acceptance line, accepted and paid."""

    id = Id()
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
    quantity = Quantity()
    net = Quantity()
    money_fen = Fen()
    attributed_fen = Fen()
    owed_fen = Fen()
