"""What the household's side takes, and how confirmations, disputes and what is owed are shown."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Id, Moment, Period, Place, Quantity, Shown, Taken, Text, Whole, Year
from ..linkage.schemas import FarmPaymentSchema, SlipSchema
from .household_models import ABOUT, REMEDIES
from .schemas import PayoutSchema


class EnterSchema(Taken):
    fact = Text(4, 4, required=True)


class ConfirmSchema(Taken):
    payout_ids = fields.List(Id(), load_default=list, validate=validate.Length(0, 500))


class DisputeFormSchema(Taken):
    """A page's form: `about` is "<kind> <id>", one choice of the household's rows."""

    about = Text(60, 1, required=True)
    words = Text(500, 1, required=True)
    claimed_fen = Fen(load_default=None)


class AnswerSchema(Taken):
    words = Text(500, 1, required=True)


class ForHouseholdSchema(Taken):
    """An officer's: the household's signature, a file of the office's own."""

    file_id = Id(required=True)


class ConfirmForSchema(ForHouseholdSchema):
    payout_ids = fields.List(Id(), required=True, validate=validate.Length(1, 500))


class DisputeForSchema(ForHouseholdSchema):
    about_kind = fields.String(required=True, validate=validate.OneOf(ABOUT))
    about_id = Id(required=True, metadata={"description": "The row; of `share` the pool, of `missing` the supplier"})
    words = Text(500, 1, required=True)
    claimed_fen = Fen(load_default=None, allow_none=True)


class AnswerWithFileSchema(Taken):
    words = Text(500, 1, required=True)
    file_id = Id(load_default=None, allow_none=True)


class DecideSchema(Taken):
    decision = fields.String(required=True, validate=validate.OneOf(["uphold", "reject"]))
    words = Text(500, 1, required=True)
    remedy = fields.String(load_default=None, validate=validate.OneOf(REMEDIES), allow_none=True)


class CorrectSchema(Taken):
    kind = fields.String(required=True, validate=validate.OneOf(REMEDIES))
    source_id = Id(load_default=None, allow_none=True)
    note = Text(200, load_default="")


class TermsSchema(Taken):
    answer_days = Whole(1, 90, required=True)
    decide_days = Whole(1, 180, required=True)
    from_day = Day(required=True)


class ConfirmedSchema(Shown):
    confirmed = Whole()


class DisputeSchema(Shown):
    """`about_id` is the disputed row: of `share` the pool, of `missing` the supplier."""

    id = Id()
    number = fields.String()
    household_id = Id()
    supplier_id = Id()
    division = Place()
    about_kind = fields.String()
    about_id = Id()
    about_number = fields.String()
    shown_fen = Fen(allow_none=True, metadata={"description": "What the row said"})
    claimed_fen = Fen(allow_none=True, metadata={"description": "What the household thinks right"})
    words = fields.String()
    voice = fields.String()
    raised_at = Moment()
    answer_due_on = Day()
    decide_due_on = Day()
    state = fields.String(metadata={"description": "raised, answered, upheld, rejected, withdrawn"})
    answer = fields.String()
    answered_at = Moment(allow_none=True)
    decision = fields.String()
    decided_at = Moment(allow_none=True)
    remedy = fields.String(allow_none=True, metadata={"description": "What an upheld one asks of the supplier"})
    correction_kind = fields.String()
    correction_id = Id(allow_none=True)
    correction_note = fields.String()
    corrected_at = Moment(allow_none=True)


class MechanismSumSchema(Shown):
    """One month's figures by one mechanism; received money by how it came (payment, payout, set_off). Reversals and
    corrections make a month's figure negative."""

    period = Period()
    mechanism = fields.String()
    attributed_fen = fields.Integer()
    owed_fen = fields.Integer()
    received_fen = fields.Integer()


class CutSchema(Shown):
    """A household's fen of a pool in one cut; `distribution_id` is null for what came since the last one."""

    distribution_id = Id(allow_none=True)
    number = fields.String()
    period = Period()
    fen = fields.Integer()
    pool_fen = fields.Integer()


class PoolShareSchema(Shown):
    """`fen` of `pool_fen`, by `weight` of `weights_total`."""

    pool_id = Id()
    supplier_id = Id()
    mechanism = fields.String()
    makes_debt = fields.Boolean(metadata={"description": "Owed by the sale; else the slips made the debt before"})
    agreement_number = fields.String()
    lot_number = fields.String(allow_none=True)
    fen = fields.Integer()
    pool_fen = fields.Integer()
    weight = Whole(metadata={"description": "Of lots the cost in fen of what it delivered"})
    weights_total = Whole()
    cuts = fields.List(fields.Nested(CutSchema))


class FlowRowSchema(Shown):
    """A dated amount that was owed when recorded: wage, rent, fixed dividend, surplus; a correction is negative."""

    id = Id()
    kind = fields.String()
    supplier_id = Id()
    day = Day()
    period = Period()
    fen = fields.Integer()
    evidence = fields.String()
    corrects_id = Id(allow_none=True)


class RevisionRowSchema(Shown):
    """A late addition to a lot's cost; `owed_now`: owed with it, else as the lot is sold."""

    revision_id = Id()
    number = fields.String()
    supplier_id = Id()
    lot_id = Id()
    owed_now = fields.Boolean()
    period = Period()
    fen = fields.Integer()


class AdvanceRowSchema(Shown):
    id = Id()
    number = fields.String()
    supplier_id = Id()
    given_on = Day()
    fen = Fen()
    repaid_fen = Fen()


class StatementSchema(Shown):
    """The household's figures of some months (RULES.md), opening to what made them. Payable and recoverable are of now,
    supplier by supplier, whatever the months."""

    household_id = Id()
    sold_fen = fields.Integer(metadata={"description": "What its suppliers sold, settled, in these months"})
    attributed_fen = fields.Integer()
    owed_fen = fields.Integer()
    received_fen = fields.Integer()
    payable_fen = Fen()
    recoverable_fen = Fen()
    months = fields.List(fields.Nested(MechanismSumSchema))
    slips = fields.List(fields.Nested(SlipSchema))
    payments = fields.List(fields.Nested(FarmPaymentSchema))
    payouts = fields.List(fields.Nested(PayoutSchema))
    flows = fields.List(fields.Nested(FlowRowSchema))
    revisions = fields.List(fields.Nested(RevisionRowSchema))
    advances = fields.List(fields.Nested(AdvanceRowSchema))
    pools = fields.List(fields.Nested(PoolShareSchema))


class LineShareSchema(Shown):
    """One settled line's part (a reversal's is negative): the household's fen of what the line moved in the pool."""

    line_id = Id()
    day = Day()
    fen = fields.Integer()
    pool_fen = fields.Integer()
    reverses_id = Id(allow_none=True)
    order_id = Id(allow_none=True, metadata={"description": "null outside the reader's scope"})
    quantity = Quantity(allow_none=True)


class CardSchema(Taken):
    year = Year(load_default=None, allow_none=True)


class RevokedSchema(Shown):
    revoked = Whole()


class LineHouseholdSchema(Shown):
    household_id = Id()
    fen = fields.Integer()


class LinePoolSchema(Shown):
    """One pool that a settled line moved, and every household's fen of it: they sum to `pool_fen`."""

    pool_id = Id()
    mechanism = fields.String()
    pool_fen = fields.Integer()
    households = fields.List(fields.Nested(LineHouseholdSchema))


class LineOpenedSchema(Shown):
    line_id = Id()
    pools = fields.List(fields.Nested(LinePoolSchema))


class OwedSchema(Shown):
    """`key` is a supplier, a household or a division's code. Received money pays the oldest first."""

    key = fields.String()
    owed_fen = Fen()
    received_fen = Fen()
    payable_fen = Fen()
    recoverable_fen = Fen()
    over_30_fen = Fen(metadata={"description": "Owed for more than 30 days"})
    over_60_fen = Fen()
    over_90_fen = Fen()
    households = Whole(metadata={"description": "With something payable"})
