"""What agreements, slips and lots take, and how they are shown. Weights of slips are of their unit."""

from typing import Any

from marshmallow import fields, post_load, validate

from ..core.fields import (
    MAX_PRICE_FEN,
    Day,
    Fen,
    Flag,
    Id,
    Moment,
    Period,
    Place,
    Quantity,
    Shown,
    Taken,
    Text,
    Whole,
    above_zero,
    named_once,
)
from .deliveries import UNITS, Delivery
from .rules import BASES, KINDS, WEIGHTS


class NewAgreementSchema(Taken):
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    basis = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(BASES), metadata={"description": "Of produce only"}
    )
    rate_basis_points = Whole(
        1,
        10_000,
        load_default=None,
        allow_none=True,
        metadata={"description": "Dividend: of net sales; floor_plus: of what a line brings above its floor cost"},
    )
    rate_fen = Fen(
        1,
        MAX_PRICE_FEN,
        load_default=None,
        allow_none=True,
        metadata={"description": "Fen per price unit (premium), piece, work day, 亩 and year, or share"},
    )
    sale_tied = Flag(load_default=False, metadata={"description": "Piece wage paid per price unit sold"})
    weights = fields.String(load_default="equal", validate=validate.OneOf(WEIGHTS))
    service_order = Whole(1, 10_000, load_default=100, metadata={"description": "Who is served first"})
    product_id = Id(load_default=None, allow_none=True, metadata={"description": "null: all products"})
    starts_on = Day(required=True)
    ends_on = Day(load_default=None, allow_none=True)
    terms = Text(500, load_default="")


class ConsentSchema(Taken):
    household_id = Id(required=True)
    day = Day(required=True)
    method = fields.String(required=True, validate=validate.OneOf(["signature", "thumbprint"]))
    witness = Text(40, 1, required=True)
    second_witness = Text(40, 1, required=True)
    file_id = Id(load_default=None, allow_none=True)


class ConsentsSchema(Taken):
    consents = fields.List(fields.Nested(ConsentSchema), required=True, validate=validate.Length(1, 2000))


class RosterEntrySchema(Taken):
    household_id = Id(required=True)
    weight = Whole(1, 10**12, load_default=1, metadata={"description": "Share; by volume thousandths; equal: 1"})


class NewRosterSchema(Taken):
    from_day = Day(required=True)
    entries = fields.List(fields.Nested(RosterEntrySchema), required=True, validate=validate.Length(1, 5000))
    once = named_once("entries", "household_id")


class EndSchema(Taken):
    ends_on = Day(required=True)


class AgreementSchema(Shown):
    id = Id()
    number = fields.String()
    supplier_id = Id()
    product_id = Id(allow_none=True)
    kind = fields.String()
    basis = fields.String(allow_none=True)
    rate_basis_points = Whole(allow_none=True)
    rate_fen = Fen(allow_none=True)
    sale_tied = fields.Boolean()
    weights = fields.String()
    service_order = Whole()
    starts_on = Day()
    ends_on = Day(allow_none=True)
    state = fields.String()
    terms = fields.String()
    created_at = Moment()


class ConsentShownSchema(Shown):
    household_id = Id()
    day = Day()
    method = fields.String()
    witness = fields.String()
    second_witness = fields.String()
    file_id = Id(allow_none=True)


class RosterSchema(Shown):
    agreement_id = Id()
    day = Day()
    entries = fields.List(fields.Nested(RosterEntrySchema))


class DeliverySchema(Taken):
    household_id = Id(required=True)
    item = Text(60, 1, required=True, metadata={"example": "黄桃"})
    unit = fields.String(load_default="千克", validate=validate.OneOf(UNITS))
    gross = Quantity(unit="千克", required=True)
    tare = Quantity(unit="千克", load_default=0)
    price_fen = Fen(0, MAX_PRICE_FEN, required=True, metadata={"description": "Fen for one unit"})
    deduction_fen = Fen(load_default=0, metadata={"description": "Set off against open advances, the oldest first"})
    grade = Text(20, load_default="")
    pieces = Whole(0, 10**6, load_default=0)

    @post_load
    def value(self, data: dict[str, Any], **_options: Any) -> Delivery:
        return Delivery(**data)


class NewSlipsSchema(Taken):
    agreement_id = Id(required=True)
    day = Day(required=True)
    deliveries = fields.List(fields.Nested(DeliverySchema), required=True, validate=validate.Length(1, 500))


class SlipSchema(Shown):
    id = Id()
    number = fields.String()
    supplier_id = Id()
    agreement_id = Id()
    household_id = Id()
    division = Place()
    basis = fields.String()
    item = fields.String()
    grade = fields.String()
    pieces = Whole()
    unit = fields.String()
    gross = Quantity()
    tare = Quantity()
    net = Quantity()
    price_fen = Fen()
    value_fen = Fen(metadata={"description": "What is owed for it: payable and deduction"})
    deduction_fen = Fen()
    payable_fen = Fen()
    paid_fen = Fen(metadata={"description": "Paid at the gate, or covered by money received before"})
    delivered_on = Day()
    period = Period()
    lot_id = Id(allow_none=True)
    recorded_at = Moment()


class SlipPaymentSchema(Taken):
    slip_id = Id(required=True)
    fen = Fen(1, required=True)


class SlipPaymentsSchema(Taken):
    """Payments at the farm gate."""

    day = Day(required=True)
    method = fields.String(required=True, validate=validate.OneOf(["cash", "transfer"]))
    evidence = Text(120, 1, required=True, metadata={"description": "Voucher or bank number"})
    payments = fields.List(fields.Nested(SlipPaymentSchema), required=True, validate=validate.Length(1, 1000))
    once = named_once("payments", "slip_id")


class FarmPaymentSchema(Shown):
    id = Id()
    slip_id = Id()
    household_id = Id()
    fen = Fen()
    paid_on = Day()
    period = Period()
    method = fields.String()
    evidence = fields.String()


class FarmPaymentsSchema(Shown):
    items = fields.List(fields.Nested(FarmPaymentSchema))


class NewLotSchema(Taken):
    product_id = Id(required=True)
    harvested_on = Day(required=True)
    size = Quantity(required=True, validate=above_zero, metadata={"description": "Saleable base units"})
    slip_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=2000))
    division = Place(
        load_default=None, allow_none=True, metadata={"description": "Origin of a lot without slips: own produce"}
    )
    yields = Quantity(
        load_default=None,
        allow_none=True,
        validate=above_zero,
        metadata={"description": "Base units out of one delivered unit; needed where the units differ"},
    )


class NewPaperSchema(Taken):
    kind = Text(20, 1, required=True, metadata={"example": "conformity"})
    number = Text(60, 1, required=True)
    issued_on = Day(required=True)
    file_id = Id(load_default=None, allow_none=True)


class PaperSchema(Shown):
    id = Id()
    kind = fields.String()
    number = fields.String()
    issued_on = Day()
    file_id = Id(allow_none=True)


class LotSchema(Shown):
    id = Id()
    number = fields.String()
    supplier_id = Id()
    product_id = Id()
    agreement_id = Id(allow_none=True)
    basis = fields.String(allow_none=True)
    division = Place()
    harvested_on = Day()
    size = Quantity()
    taken = Quantity()
    delivered = Quantity(allow_none=True)
    delivered_unit = fields.String(allow_none=True)
    yields = Quantity(allow_none=True)
    cost_fen = Fen()
    revised_fen = Fen(metadata={"description": "What late revisions added to the cost"})
    households = Whole()
    created_at = Moment()
    papers = fields.List(fields.Nested(PaperSchema))
