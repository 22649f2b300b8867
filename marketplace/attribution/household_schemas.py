"""What the household's side takes, and how confirmations, disputes and what is owed are shown."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Id, Moment, Period, Place, Shown, Taken, Text, Whole
from .household_models import ABOUT, REMEDIES


class EnterSchema(Taken):
    fact = Text(4, 4, required=True)


class ConfirmSchema(Taken):
    payout_ids = fields.List(Id(), load_default=list, validate=validate.Length(0, 500))


class DisputeTakenSchema(Taken):
    about_kind = fields.String(required=True, validate=validate.OneOf(ABOUT))
    about_id = Id(required=True)
    words = Text(500, 1, required=True)
    claimed_fen = Fen(load_default=None)


class DisputeFormSchema(Taken):
    """A page's form: `about` is "<kind> <id>", one choice of the household's rows."""

    about = Text(60, 1, required=True)
    words = Text(500, 1, required=True)
    claimed_fen = Fen(load_default=None)


class AnswerSchema(Taken):
    words = Text(500, 1, required=True)


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


class ConfirmationSchema(Shown):
    payout_id = Id()
    voice = fields.String(metadata={"description": "household, proxy or officer"})
    at = Moment()


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
    """One month's figures by one mechanism; received money by how it came (payment, payout, set_off)."""

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
