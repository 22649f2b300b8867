"""What bulk orders and orders take, and how they are shown. Quantities are of order units."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Flag, Id, Moment, Period, Quantity, Shown, Taken, Text, Whole, named_once
from .chains import MAX_HOLD_DAYS, MAX_STEPS, MAX_TIERS, STEP_ROLES
from .delivery_plans import MAX_DELIVERIES
from .requisitions import MAX_LINES
from .rules import COUNTED_AS


class RequisitionChangeSchema(Taken):
    title = Text(80, 1)
    deliver_on = Day(allow_none=True)
    window = Text(40, metadata={"description": "Hours of delivery", "example": "7:00–9:00"})
    address = Text(200)
    contact = Text(40)
    budget_line = Text(60)
    counted_as = fields.String(
        validate=validate.OneOf(COUNTED_AS), metadata={"description": "Whose money it is: the plan counts each apart"}
    )


class NewRequisitionSchema(RequisitionChangeSchema):
    title = Text(80, 1, required=True, metadata={"example": "九月食堂采购"})
    channel = Text(20, 1, load_default="online")


class RequisitionLineSchema(Taken):
    offer_id = Id(required=True)
    quantity = Quantity(required=True)
    counts = Flag(load_default=True, metadata={"description": "Whether it is to count toward the plan"})
    reason = Text(200, load_default="", metadata={"description": "Why above the reference price"})
    agreed_id = Id(load_default=None, allow_none=True, metadata={"description": "The agreed price to call off"})


class RequisitionLinesSchema(Taken):
    lines = fields.List(fields.Nested(RequisitionLineSchema), required=True, validate=validate.Length(max=MAX_LINES))


class PlannedPartSchema(Taken):
    offer_id = Id(required=True)
    quantity = Quantity(required=True)


class PlannedDeliverySchema(Taken):
    address = Text(200, 1, required=True)
    contact = Text(40, 1, required=True)
    deliver_on = Day(required=True)
    window = Text(40, load_default="")
    parts = fields.List(fields.Nested(PlannedPartSchema), load_default=list, validate=validate.Length(max=MAX_LINES))
    once = named_once("parts", "offer_id")


class DeliveryPlanSchema(Taken):
    deliveries = fields.List(
        fields.Nested(PlannedDeliverySchema), required=True, validate=validate.Length(max=MAX_DELIVERIES)
    )


class ApprovalSchema(Taken):
    step = Whole(1, load_default=None, allow_none=True, metadata={"description": "The step that was seen waiting"})
    reason = Text(300, load_default="", metadata={"description": "A remark on the step"})


class RejectionSchema(Taken):
    reason = Text(300, required=True)
    step = Whole(1, load_default=None, allow_none=True, metadata={"description": "The step that was seen waiting"})


class ChainStepSchema(Taken):
    title = Text(40, load_default="")
    role = fields.String(
        load_default="approver",
        validate=validate.OneOf(tuple(STEP_ROLES)),
        metadata={"description": "Who may decide it, where it names no person"},
    )
    user_id = Id(load_default=None, allow_none=True, metadata={"description": "The one person who decides it"})


class TierSchema(Taken):
    from_fen = Fen(required=True)
    hold_days = Whole(1, MAX_HOLD_DAYS, load_default=None, allow_none=True)
    steps = fields.List(fields.Nested(ChainStepSchema), required=True, validate=validate.Length(1, MAX_STEPS))


class NewChainSchema(Taken):
    from_day = Day(required=True)
    tiers = fields.List(fields.Nested(TierSchema), required=True, validate=validate.Length(1, MAX_TIERS))


class NewDeputySchema(Taken):
    principal_id = Id(required=True, metadata={"description": "Who is stood in for"})
    deputy_id = Id(required=True)
    from_day = Day(required=True)
    until_day = Day(required=True)
    reason = Text(200, load_default="")


class ReasonSchema(Taken):
    reason = Text(300, required=True)


class FaultSchema(Shown):
    field = fields.String(allow_none=True)
    row = Whole(allow_none=True)
    code = fields.String()
    detail = fields.String()


class CheckedLineSchema(Shown):
    """A line with what it would cost today and what stands against it."""

    no = Whole()
    offer_id = Id()
    code = fields.String()
    name = fields.String()
    supplier_id = Id()
    order_unit = fields.String()
    price_unit = fields.String()
    quantity = Quantity()
    counts = Flag()
    reason = fields.String()
    agreed_id = Id(allow_none=True)
    price_fen = Fen()
    money_fen = Fen(metadata={"description": "0 while something stands against the line"})
    reference_fen = Fen(allow_none=True)
    over_basis_points = Whole(metadata={"description": "Above the reference price by that much"})
    eligible = Flag()
    problems = fields.List(fields.Nested(FaultSchema))


class PartShownSchema(Shown):
    offer_id = Id()
    quantity = Quantity()


class DeliveryShownSchema(Shown):
    no = Whole(1)
    address = fields.String()
    contact = fields.String()
    deliver_on = Day()
    window = fields.String()
    parts = fields.List(fields.Nested(PartShownSchema))


class OrderPartSchema(Shown):
    order_line_id = Id()
    quantity = Quantity()


class OrderDeliverySchema(DeliveryShownSchema):
    parts = fields.List(fields.Nested(OrderPartSchema))


class ApprovalStepSchema(Shown):
    """A step of one attempt; `verdict` is null while it waits, `stood_for` the person whose deputy decided."""

    attempt = Whole(1)
    no = Whole(1)
    title = fields.String()
    role = fields.String()
    user_id = Id(allow_none=True)
    decided_by = Id(allow_none=True)
    stood_for = Id(allow_none=True)
    at = Moment(allow_none=True)
    verdict = fields.String(allow_none=True)
    reason = fields.String()


class ChainStepShownSchema(Shown):
    title = fields.String()
    role = fields.String()
    user_id = Id(allow_none=True)


class ApprovalRuleSchema(Shown):
    """From `from_fen` on a bulk order passes these steps, from `from_day` until a later day's rules."""

    from_day = Day()
    from_fen = Fen()
    hold_days = Whole(1)
    steps = fields.List(fields.Nested(ChainStepShownSchema))


class DeputySchema(Shown):
    id = Id()
    principal_id = Id()
    deputy_id = Id()
    from_day = Day()
    until_day = Day()
    reason = fields.String()
    ended_at = Moment(allow_none=True)


class RequisitionSchema(Shown):
    id = Id()
    number = fields.String()
    agency_id = Id()
    title = fields.String()
    state = fields.String()
    channel = fields.String()
    deliver_on = Day(allow_none=True)
    window = fields.String()
    address = fields.String()
    contact = fields.String()
    budget_line = fields.String()
    counted_as = fields.String()
    total_fen = Fen()
    created_at = Moment()
    submitted_at = Moment(allow_none=True)
    decided_at = Moment(allow_none=True)
    reason = fields.String()
    hold_until = Moment(allow_none=True, metadata={"description": "Until when its stock is held, while it is decided"})
    version = Whole(1)


class RequisitionOpenedSchema(RequisitionSchema):
    lines = fields.List(fields.Nested(CheckedLineSchema))
    deliveries = fields.List(fields.Nested(DeliveryShownSchema), metadata={"description": "Its plan, if it has one"})
    steps = fields.List(fields.Nested(ApprovalStepSchema))
    order_ids = fields.List(Id(), metadata={"description": "The orders that approval made"})


class OrderLineSchema(Shown):
    """ordered = open + in_transit + accepted + rejected + cancelled; returned ≤ accepted."""

    id = Id()
    no = Whole()
    offer_id = Id()
    product_id = Id()
    code = fields.String()
    name = fields.String()
    category_code = fields.String()
    agreed_id = Id(allow_none=True)
    counts = Flag()
    pricing = fields.String()
    order_unit = fields.String()
    price_unit = fields.String()
    base_unit = fields.String()
    content = Quantity()
    tolerance_basis_points = Whole()
    price_fen = Fen()
    money_fen = Fen()
    ordered = Quantity()
    open = Quantity()
    in_transit = Quantity()
    accepted = Quantity()
    rejected = Quantity()
    cancelled = Quantity()
    returned = Quantity()
    settled = Quantity()
    accepted_fen = Fen()
    settled_fen = Fen()


class OrderSchema(Shown):
    id = Id()
    number = fields.String()
    requisition_id = Id()
    agency_id = Id()
    agency_name = fields.String()
    supplier_id = Id()
    supplier_name = fields.String()
    plan_id = Id(allow_none=True, metadata={"description": "The quota plan that its counting lines move"})
    channel = fields.String()
    counted_as = fields.String()
    state = fields.String()
    approved_at = Moment()
    period = Period()
    confirm_by = Moment()
    confirmed_at = Moment(allow_none=True)
    closed_reason = fields.String()
    deliver_on = Day()
    window = fields.String()
    address = fields.String()
    contact = fields.String()
    total_fen = Fen()


class OrderOpenedSchema(OrderSchema):
    lines = fields.List(fields.Nested(OrderLineSchema))
    deliveries = fields.List(fields.Nested(OrderDeliverySchema))


class CancelLineSchema(Taken):
    order_line_id = Id(required=True)
    quantity = Quantity(required=True)


class CancelSchema(Taken):
    lines = fields.List(fields.Nested(CancelLineSchema), required=True, validate=validate.Length(1, MAX_LINES))
    reason = Text(300, required=True)
    once = named_once("lines", "order_line_id")


class NewConfirmationScanSchema(Taken):
    file_id = Id(required=True)


class ConfirmationScanSchema(Shown):
    """A stamped confirmation that one side has sent back."""

    id = Id()
    side = fields.String(validate=validate.OneOf(("agency", "supplier")))
    file_id = Id()
    added_at = Moment()
