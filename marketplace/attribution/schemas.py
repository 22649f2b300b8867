"""What distributions take, and how they, payouts and statements are shown."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Id, Moment, Period, Place, Quantity, Shown, Taken, Text, Whole
from ..linkage.schemas import FarmPaymentSchema, SlipSchema


class PrepareSchema(Taken):
    cut_on = Day(required=True, metadata={"description": "Everything settled up to this day"})


class DistributionSchema(Shown):
    id = Id()
    number = fields.String()
    supplier_id = Id()
    cut_on = Day()
    state = fields.String()
    total_fen = Fen()
    households = Whole()
    prepared_at = Moment()
    approved_at = Moment(allow_none=True)


class PayoutSchema(Shown):
    id = Id()
    distribution_id = Id()
    supplier_id = Id()
    household_id = Id()
    division = Place()
    fen = Fen()
    state = fields.String()
    paid_on = Day(allow_none=True)
    period = Period(allow_none=True)
    method = fields.String()
    evidence = fields.String()


class ShareSchema(Shown):
    household_id = Id()
    fen = Fen()


class DistributionOpenedSchema(DistributionSchema):
    shares = fields.List(
        fields.Nested(ShareSchema), metadata={"description": "What each household is owed by this distribution"}
    )


class MarkPaidSchema(Taken):
    payout_ids = fields.List(Id(), required=True, validate=validate.Length(1, 5000))
    paid_on = Day(required=True)
    method = fields.String(required=True, validate=validate.OneOf(["cash", "transfer"]))
    evidence = Text(120, 1, required=True)


class PaidSchema(Shown):
    paid = Whole()


class PoolShareSchema(Shown):
    """`fen` of `pool_fen`, by `weight` of `weights_total`."""

    pool_id = Id()
    mechanism = fields.String()
    agreement_number = fields.String()
    lot_number = fields.String(allow_none=True)
    fen = Fen()
    pool_fen = Fen()
    weight = Whole(metadata={"description": "Of lots the cost in fen of what it delivered"})
    weights_total = Whole()


class StatementSchema(Shown):
    """The household's figures (RULES.md): owed and received, payable or recoverable, opening to what made them."""

    household_id = Id()
    attributed_fen = Fen()
    owed_fen = Fen()
    received_fen = Fen()
    payable_fen = Fen()
    recoverable_fen = Fen()
    slips = fields.List(fields.Nested(SlipSchema))
    payments = fields.List(fields.Nested(FarmPaymentSchema))
    payouts = fields.List(fields.Nested(PayoutSchema))
    pools = fields.List(fields.Nested(PoolShareSchema))


class LineShareSchema(Shown):
    """One settled line's part: the household's fen of what the line brought the pool."""

    line_id = Id()
    day = Day()
    fen = Fen()
    pool_fen = Fen()
    order_id = Id(allow_none=True, metadata={"description": "null outside the reader's scope"})
    quantity = Quantity(allow_none=True)


class OwingSchema(Shown):
    """What a supplier owes its households now, by age in days and by mechanism."""

    total_fen = Fen()
    slips_fen = Fen()
    pools_fen = Fen()
    up_to_30_fen = Fen()
    up_to_60_fen = Fen()
    older_fen = Fen()
    by_mechanism = fields.Dict(keys=fields.String(), values=Fen())
    households = Whole()
