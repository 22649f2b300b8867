"""What quota takes, and how it is shown."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Flag, Id, Moment, MonthDay, Place, Shown, Taken, Text, Whole, Year
from .rules import BASES, UNIT_CASES

NULL = "null: none was published"
PREFIX = {"pattern": "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$", "example": "4302"}
BP = {"description": "Basis points: 1000 is 10 %"}


class NewPlanSchema(Taken):
    agency_id = Id(required=True)
    year = Year(required=True)
    base_fen = Fen(required=True, metadata={"description": "The year's budget that the rate is taken of"})
    target_fen = Fen(required=True, metadata={"description": "A minimum to reach"})
    ceiling_fen = Fen(load_default=None, allow_none=True, metadata={"description": "null: no limit"})


class FilingSchema(Taken):
    """An agency's plan of a year. Of a shared canteen only the unit that files states figures."""

    year = Year(required=True)
    unit_case = fields.String(required=True, validate=validate.OneOf(UNIT_CASES))
    canteen_fen = Fen(load_default=0, metadata={"description": "The year's purchases of ingredients"})
    union_fen = Fen(load_default=0, metadata={"description": "The year's union funds for purchases"})
    target_fen = Fen(load_default=0, metadata={"description": "What is reserved, a minimum to reach"})
    ceiling_fen = Fen(load_default=None, allow_none=True, metadata={"description": "null: no limit"})
    shared_with_id = Id(load_default=None, allow_none=True, metadata={"description": "Who files for a shared canteen"})
    contractor_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=20))
    note = Text(300, load_default="")


class AmendSchema(Taken):
    from_day = Day(required=True)
    reason = Text(300, 1, required=True)
    canteen_fen = Fen(required=True)
    union_fen = Fen(load_default=0)
    target_fen = Fen(required=True)
    ceiling_fen = Fen(load_default=None, allow_none=True, metadata={"description": "null: no limit"})
    add_contractor_id = Id(load_default=None, allow_none=True)
    end_contractor_id = Id(load_default=None, allow_none=True)


class PlanReturnSchema(Taken):
    reason = Text(300, 1, required=True)


class PlanAnswerSchema(Taken):
    approved = Flag(required=True)
    answer = Text(300, load_default="", metadata={"description": "Needed to refuse"})


class NewRuleSchema(Taken):
    """A region's parameter of a year. Without `minimum_bp` it says that nothing is published yet."""

    year = Year(required=True)
    prefix = fields.String(
        load_default="",
        validate=validate.Regexp(PREFIX["pattern"], error="not_a_prefix"),
        metadata=PREFIX | {"description": "Division prefix; '': the whole country"},
    )
    base = fields.String(load_default="canteen", validate=validate.OneOf(BASES))
    minimum_bp = Whole(1, 10_000, load_default=None, allow_none=True, metadata=BP)
    encouraged_bp = Whole(1, 10_000, load_default=None, allow_none=True, metadata=BP)
    not_below_last_year = Flag(load_default=False)
    union_share_bp = Whole(1, 10_000, load_default=None, allow_none=True, metadata=BP)
    filing_md = MonthDay(load_default=None, allow_none=True)
    counting_md = MonthDay(load_default=1231)
    warn_md = MonthDay(load_default=1101)
    needs_review = Flag(load_default=False)
    lead_days = Whole(0, 180, load_default=14)
    pay_days = Whole(0, 60, load_default=30)
    confirm_days = Whole(0, 60, load_default=11)
    source = Text(300, load_default="")


class NewSuccessionSchema(Taken):
    organisation_id = Id(required=True, metadata={"description": "The unit that was abolished, merged or renamed"})
    abolished_on = Day(required=True)
    successor_id = Id(load_default=None, allow_none=True)
    document = Text(120, 1, required=True)


class ContractorSchema(Shown):
    contractor_id = Id()
    name = fields.String()
    from_day = Day()
    until_day = Day(allow_none=True)


class PlanSchema(Shown):
    id = Id()
    agency_id = Id()
    agency_name = fields.String()
    year = Year()
    division = Place()
    unit_case = fields.String()
    covered_by_id = Id(allow_none=True, metadata={"description": "The plan that counts for this unit"})
    canteen_fen = Fen()
    union_fen = Fen()
    base_fen = Fen(metadata={"description": "What the rate is taken of"})
    minimum_basis_points = Whole(allow_none=True, metadata={"description": NULL})
    minimum_fen = Fen(allow_none=True, metadata={"description": NULL})
    target_fen = Fen()
    ceiling_fen = Fen(allow_none=True)
    committed_fen = Fen(metadata={"description": "Open approved orders"})
    settled_fen = Fen(metadata={"description": "Settled; what of it waits for a review: the outlook"})
    state = fields.String()
    late = Flag()
    note = fields.String()
    reason = fields.String()
    filed_at = Moment()
    decided_at = Moment(allow_none=True)
    contractors = fields.List(fields.Nested(ContractorSchema))


class AmendmentSchema(Shown):
    id = Id()
    plan_id = Id()
    no = Whole()
    state = fields.String()
    from_day = Day()
    reason = fields.String()
    old_base_fen = Fen()
    old_target_fen = Fen()
    old_ceiling_fen = Fen(allow_none=True)
    canteen_fen = Fen()
    union_fen = Fen()
    base_fen = Fen()
    target_fen = Fen()
    ceiling_fen = Fen(allow_none=True)
    minimum_fen = Fen(allow_none=True, metadata={"description": NULL})
    add_contractor_id = Id(allow_none=True)
    end_contractor_id = Id(allow_none=True)
    answer = fields.String()
    proposed_at = Moment()
    decided_at = Moment(allow_none=True)


class QuotaRuleSchema(Shown):
    id = Id()
    year = Year()
    prefix = fields.String()
    base = fields.String()
    minimum_bp = Whole(allow_none=True)
    encouraged_bp = Whole(allow_none=True)
    not_below_last_year = Flag()
    union_share_bp = Whole(allow_none=True)
    filing_md = MonthDay(allow_none=True)
    counting_md = MonthDay()
    warn_md = MonthDay()
    needs_review = Flag()
    lead_days = Whole()
    pay_days = Whole()
    confirm_days = Whole()
    status = fields.String()
    source = fields.String()


class SuccessionSchema(Shown):
    organisation_id = Id()
    abolished_on = Day()
    successor_id = Id(allow_none=True)
    document = fields.String()


class MayMissSchema(Shown):
    order_id = Id()
    number = fields.String()
    committed_fen = Fen()
    due_on = Day(metadata={"description": "When its term of payment ends"})


class PlanOutlookSchema(Shown):
    """A plan with everything under way: `to_order_fen` is still to be ordered, `to_settle_fen` still to be paid."""

    target_fen = Fen()
    settled_fen = Fen()
    committed_fen = Fen()
    submitted_fen = Fen()
    unreviewed_fen = Fen(metadata={"description": "Settled, and counting only once its orders are reviewed"})
    counted_fen = Fen(metadata={"description": "Settled and counting"})
    to_order_fen = Fen()
    to_settle_fen = Fen()
    counting_on = Day()
    pay_by = Day(metadata={"description": "The last day to pay what should still count"})
    order_by = Day(metadata={"description": "The last day to order what is paid at its term's end"})
    order_at_once_by = Day(metadata={"description": "The last day to order what is paid on delivery"})
    may_miss = fields.List(fields.Nested(MayMissSchema), metadata={"description": "From the region's warning day on"})


class QuotaFiguresSchema(Shown):
    plans = Whole()
    canteen_fen = Fen()
    base_fen = Fen()
    target_fen = Fen()
    canteen_done_fen = Fen(-(10**15), metadata={"description": "Settled, of the canteen's money"})
    union_done_fen = Fen(-(10**15))
    contractor_done_fen = Fen(-(10**15))
    employee_done_fen = Fen(-(10**15))
    settled_fen = Fen(-(10**15), metadata={"description": "The four together"})
    unreviewed_fen = Fen(-(10**15), metadata={"description": "Settled besides, and counting once it is reviewed"})
    committed_fen = Fen()
    overdue_fen = Fen()
    uncounted_fen = Fen(-(10**15), metadata={"description": "Settled, and moving no plan"})


class QuotaUnitSchema(Shown):
    """A unit's own figures and those of its subtree."""

    id = Id()
    name = fields.String()
    parent_id = Id(allow_none=True)
    depth = Whole()
    counted_at = Id(allow_none=True, metadata={"description": "The unit whose plan counts what this one buys"})
    own = fields.Nested(QuotaFiguresSchema)
    whole = fields.Nested(QuotaFiguresSchema)
