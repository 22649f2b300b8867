"""What distributions take, and how they, payouts and statements are shown."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Id, Moment, Period, Place, Shown, Taken, Text, Whole


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
