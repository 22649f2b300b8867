"""What distributions take, and how they, payouts and statements are shown."""

from typing import Any

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Id, Moment, Period, Place, Shown, Taken, Text, Whole
from ..core.money import MAX_FEN


class AnyFen(Fen):
    """Fen that may be below zero: what a reversal took back."""

    def __init__(self, **options: Any) -> None:
        super().__init__(-MAX_FEN, MAX_FEN, **options)


class PrepareSchema(Taken):
    cut_on = Day(required=True, metadata={"description": "Everything settled or recorded up to this day"})
    notice_days = Whole(1, 60, load_default=7, metadata={"description": "How long the list is posted in the villages"})


class DistributionSchema(Shown):
    id = Id()
    number = fields.String()
    supplier_id = Id()
    cut_on = Day()
    state = fields.String(metadata={"description": "preparing, draft, approving, approved or discarded"})
    total_fen = AnyFen()
    households = Whole()
    notice_days = Whole()
    previous_id = Id(allow_none=True)
    job_id = Id(allow_none=True)
    prepared_at = Moment()
    approved_at = Moment(allow_none=True)


class PayoutSchema(Shown):
    id = Id()
    distribution_id = Id()
    supplier_id = Id()
    household_id = Id()
    division = Place()
    fen = Fen()
    state = fields.String(metadata={"description": "to_pay, held, sent, failed, paid or void"})
    reason = fields.String(metadata={"description": "Why it is held, or what the bank said"})
    part = Whole(metadata={"description": "0, and on where a household's money goes to several payees"})
    payee_id = Id(allow_none=True)
    channel = fields.String(metadata={"description": "transfer or cash"})
    account_last4 = fields.String()
    paid_on = Day(allow_none=True)
    period = Period(allow_none=True)
    method = fields.String()
    evidence = fields.String()


class ShareSchema(Shown):
    household_id = Id()
    fen = AnyFen()


class DistributionOpenedSchema(DistributionSchema):
    shares = fields.List(
        fields.Nested(ShareSchema), metadata={"description": "What is due to each household by this distribution"}
    )


class ListedSchema(Shown):
    """A household's line beside the run before; nulls where it stands in one of the two only, or is not listed yet."""

    household_id = Id()
    division = Place()
    group_name = fields.String()
    kind = fields.String(metadata={"description": "new, gone, more, less or same"})
    before_fen = AnyFen(allow_none=True)
    due_fen = AnyFen(allow_none=True)
    difference_fen = AnyFen()
    fen = Fen(allow_none=True)
    set_off_fen = AnyFen(allow_none=True)


class VillageTotalSchema(Shown):
    division = Place()
    households = Whole()
    due_fen = AnyFen()
    fen = Fen(allow_none=True)
    set_off_fen = AnyFen(allow_none=True)


class DistributionTotalsSchema(Shown):
    by_mechanism = fields.Dict(keys=fields.String(), values=AnyFen())
    by_village = fields.List(fields.Nested(VillageTotalSchema))
    changes = fields.Dict(keys=fields.String(), values=Whole())


PAYOUTS = fields.List(Id(), required=True, validate=validate.Length(1, 5000))


class MarkPaidSchema(Taken):
    payout_ids = PAYOUTS
    paid_on = Day(required=True)
    method = fields.String(required=True, validate=validate.OneOf(["cash", "transfer"]))
    evidence = Text(120, load_default="", metadata={"description": "The bank's number; needed for a transfer"})
    file_id = Id(load_default=None, allow_none=True, metadata={"description": "The signed list; needed for cash"})


class RetrySchema(Taken):
    payout_ids = PAYOUTS
    channel = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["cash", "transfer"]))


class TakeBackSchema(Taken):
    payout_ids = PAYOUTS
    reason = Text(200, 1, required=True)


class BankReasonSchema(Taken):
    reason = Text(200, 1, required=True)


class BankFileSchema(Shown):
    id = Id()
    number = fields.String()
    supplier_id = Id()
    template = fields.String()
    state = fields.String()
    lines = Whole()
    total_fen = Fen()
    made_at = Moment()


class BankLineSchema(Shown):
    no = Whole()
    reference = fields.String()
    payout_id = Id()
    account_last4 = fields.String()
    fen = Fen()
    state = fields.String(metadata={"description": "sent, unknown, paid, failed or withdrawn"})
    reason = fields.String()
    told_at = Moment(allow_none=True)


class MakeBankFileSchema(Taken):
    template = Text(30, 1, required=True)
    distribution_id = Id(load_default=None, allow_none=True)
    payout_ids = fields.List(Id(), load_default=None, allow_none=True, validate=validate.Length(1, 5000))


class BankTemplateSchema(Shown):
    code = fields.String()
    name = fields.String()
    format = fields.String()
    encoding = fields.String()
    columns = fields.List(fields.List(fields.String()))


class ResultRowSchema(Shown):
    row = Whole(allow_none=True)
    field = fields.String(allow_none=True)
    code = fields.String()


class BankResultSchema(Shown):
    """`imported` is false when bad rows kept the good ones from being booked, or the same file was read before."""

    rows = Whole()
    paid = Whole()
    failed = Whole()
    unknown = Whole()  # type: ignore[assignment]
    same = Whole()
    imported = fields.Boolean()
    read_before = Day(allow_none=True)
    errors = fields.List(fields.Nested(ResultRowSchema))


class PaidSchema(Shown):
    paid = Whole()


class OwingSchema(Shown):
    """What a supplier owes its households now, by age in days and by mechanism."""

    total_fen = Fen()
    owed_fen = Fen()
    received_fen = Fen()
    recoverable_fen = Fen()
    slips_fen = Fen()
    pools_fen = AnyFen()
    undistributed_fen = Fen()
    up_to_30_fen = Fen()
    up_to_60_fen = Fen()
    older_fen = Fen()
    over_90_fen = Fen()
    by_mechanism = fields.Dict(keys=fields.String(), values=Fen())
    households = Whole()
