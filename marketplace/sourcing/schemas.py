"""What requests, quotations, awards and frameworks take, and how they are shown. Quantities of requests, quotations and
awards are of a line's comparable unit, those of frameworks of the offer's order unit."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Flag, Id, Moment, Place, Quantity, Shown, Taken, Text, Whole
from ..products.rules import BASE_UNITS
from .frameworks import MOST_LINES as MOST_FRAMEWORK_LINES
from .rules import MOST_LINES, MOST_SUPPLIERS

UNITS = validate.OneOf(BASE_UNITS)
KINDS = validate.OneOf(["rfq", "demand"])


class NewRequestLineSchema(Taken):
    category_code = Text(20, load_default=None, allow_none=True)
    product_id = Id(load_default=None, allow_none=True, metadata={"description": "Such as this product"})
    name = Text(80, load_default="")
    spec = Text(300, load_default="")
    unit = fields.String(load_default=None, allow_none=True, validate=UNITS)
    quantity = Quantity(required=True, metadata={"description": "In the comparable unit"})
    from_day = Day(required=True)
    until_day = Day(required=True)


class RequestChangeSchema(Taken):
    title = Text(80, 1, required=True)
    note = Text(500, load_default="")
    answer_on = Day(required=True, metadata={"description": "Quotations are taken until 17:00 of that day"})
    join_on = Day(
        load_default=None,
        allow_none=True,
        metadata={"description": "A pooled demand: other agencies join until 17:00 of that day"},
    )
    until_day = Day(required=True, metadata={"description": "What is awarded may be ordered until that day"})
    address = Text(200, load_default="")
    contact = Text(40, load_default="")
    county = Text(12, load_default="", metadata={"description": "All suppliers of this listed county are asked"})
    supplier_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=MOST_SUPPLIERS))
    lines = fields.List(
        fields.Nested(NewRequestLineSchema), load_default=list, validate=validate.Length(max=MOST_LINES)
    )


class NewRequestSchema(RequestChangeSchema):
    kind = fields.String(load_default="rfq", validate=KINDS)


class CancelRequestSchema(Taken):
    reason = Text(300, required=True)


class WantSchema(Taken):
    line_id = Id(required=True)
    quantity = Quantity(required=True)


class JoinSchema(Taken):
    lines = fields.List(fields.Nested(WantSchema), required=True, validate=validate.Length(max=MOST_LINES))
    address = Text(200, load_default="")
    contact = Text(40, load_default="")


class NewQuotationLineSchema(Taken):
    line_id = Id(required=True)
    offer_id = Id(required=True)
    price_fen = Fen(most=10**8, required=True, metadata={"description": "Per price unit of the offer"})
    most = Quantity(required=True, metadata={"description": "At most, in the line's unit"})
    lead_days = Whole(0, 365, load_default=2)
    note = Text(200, load_default="")


class NewQuotationSchema(Taken):
    lines = fields.List(fields.Nested(NewQuotationLineSchema), required=True, validate=validate.Length(max=MOST_LINES))
    valid_until = Day(required=True)
    note = Text(500, load_default="")


class AwardPartSchema(Taken):
    line_id = Id(required=True)
    quotation_id = Id(required=True)
    quantity = Quantity(required=True)
    reason = Text(200, load_default="", metadata={"description": "Why not the cheapest, or why above the guard"})


class NewAwardSchema(Taken):
    parts = fields.List(fields.Nested(AwardPartSchema), required=True, validate=validate.Length(max=500))


class NewFrameworkLineSchema(Taken):
    offer_id = Id(required=True)
    price_fen = Fen(most=10**8, required=True, metadata={"description": "Per price unit of the offer"})
    ceiling = Quantity(
        load_default=None,
        allow_none=True,
        metadata={"description": "For each agency, in the order unit; null without limit"},
    )


class FrameworkChangeSchema(Taken):
    title = Text(80, 1, required=True)
    terms = Text(1000, load_default="")
    from_day = Day(required=True)
    until_day = Day(required=True)
    agency_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=200))
    lines = fields.List(
        fields.Nested(NewFrameworkLineSchema), load_default=list, validate=validate.Length(max=MOST_FRAMEWORK_LINES)
    )


class NewFrameworkSchema(FrameworkChangeSchema):
    supplier_id = Id(required=True)


class FrameworkFromAwardSchema(Taken):
    supplier_id = Id(required=True)


class CallOffLineSchema(Taken):
    offer_id = Id(required=True)
    quantity = Quantity(required=True)


class CallOffSchema(Taken):
    lines = fields.List(
        fields.Nested(CallOffLineSchema), required=True, validate=validate.Length(max=MOST_FRAMEWORK_LINES)
    )
    deliver_on = Day(load_default=None, allow_none=True)


class RequestSchema(Shown):
    id = Id()
    number = fields.String()
    kind = fields.String(metadata={"description": "rfq: addressed suppliers; demand: every eligible supplier"})
    agency_id = Id()
    agency_name = fields.String()
    title = fields.String()
    note = fields.String()
    county = fields.String()
    state = fields.String()
    answer_by = Moment()
    join_by = Moment(allow_none=True)
    until_day = Day()
    created_at = Moment()
    opened_at = Moment(allow_none=True)
    awarded_at = Moment(allow_none=True)
    reason = fields.String()
    version = Whole(1)


class RequestLineSchema(Shown):
    id = Id()
    no = Whole()
    category_code = fields.String()
    product_id = Id(allow_none=True)
    name = fields.String()
    spec = fields.String()
    unit = fields.String()
    quantity = Quantity(metadata={"description": "Of all agencies together"})
    from_day = Day()
    until_day = Day()


class ShownWantSchema(Shown):
    line_id = Id()
    quantity = Quantity()


class RequestPartySchema(Shown):
    agency_id = Id()
    agency_name = fields.String()
    address = fields.String()
    wants = fields.List(fields.Nested(ShownWantSchema))
    requisition_id = Id(allow_none=True, metadata={"description": "The draft that the award made, for its own agency"})


class AwardSchema(Shown):
    id = Id()
    line_id = Id()
    quotation_id = Id()
    supplier_id = Id()
    offer_id = Id()
    quantity = Quantity()
    price_fen = Fen()
    comparable_fen = Fen()
    reference_fen = Fen(allow_none=True)
    over_basis_points = Whole()
    cheapest = Flag()
    reason = fields.String()


class RequestOpenedSchema(RequestSchema):
    lines = fields.List(fields.Nested(RequestLineSchema))
    parties = fields.List(fields.Nested(RequestPartySchema))
    supplier_ids = fields.List(Id(), metadata={"description": "Whom it is addressed to; empty for suppliers"})
    awards = fields.List(fields.Nested(AwardSchema), metadata={"description": "A supplier's own, a buyer's all"})


class AddresseeSchema(Shown):
    id = Id()
    name = fields.String()
    division = Place()


class DemandPartySchema(Shown):
    agency_id = Id()
    agency_name = fields.String()
    division = Place()


class DemandSchema(Shown):
    id = Id()
    number = fields.String()
    agency_id = Id()
    agency_name = fields.String()
    division = Place()
    title = fields.String()
    note = fields.String()
    state = fields.String()
    answer_by = Moment()
    join_by = Moment(allow_none=True)
    until_day = Day()


class DemandOpenedSchema(DemandSchema):
    lines = fields.List(fields.Nested(RequestLineSchema))
    parties = fields.List(fields.Nested(DemandPartySchema))


class QuotationLineSchema(Shown):
    line_id = Id()
    offer_id = Id()
    price_fen = Fen()
    most = Quantity()
    lead_days = Whole()
    note = fields.String()
    comparable_fen = Fen(metadata={"description": "Fen per comparable unit, as quoted"})


class QuotationSchema(Shown):
    id = Id()
    number = fields.String()
    request_id = Id()
    supplier_id = Id()
    state = fields.String()
    valid_until = Day()
    note = fields.String()
    revision = Whole(1, metadata={"description": "How often it was sent"})
    sent_at = Moment()


class QuotationOpenedSchema(QuotationSchema):
    lines = fields.List(fields.Nested(QuotationLineSchema))


class ComparedAnswerSchema(Shown):
    quotation_id = Id()
    number = fields.String()
    supplier_id = Id()
    supplier_name = fields.String()
    offer_id = Id()
    code = fields.String()
    price_fen = Fen()
    price_unit = fields.String()
    comparable_fen = Fen()
    over_basis_points = Whole(metadata={"description": "Above the reference price, where that needs a reason"})
    most = Quantity()
    first = Quantity(metadata={"description": "What it would get if the cheapest are served first"})
    lead_days = Whole()
    note = fields.String()
    valid_until = Day()
    eligible = Flag()
    changed = Flag(metadata={"description": "Packed otherwise since it was quoted: cannot be awarded"})
    delivered_lines = Whole(metadata={"description": "Order lines that its supplier has delivered"})
    rejected_lines = Whole(metadata={"description": "Those of them of which something was rejected"})


class ComparedLineSchema(Shown):
    line_id = Id()
    unit = fields.String()
    wanted = Quantity()
    reference_fen = Fen(allow_none=True)
    answers = fields.List(fields.Nested(ComparedAnswerSchema))


class ComparisonSchema(Shown):
    sealed = Flag(metadata={"description": "Before the deadline nothing is told, not even how many there are"})
    lines = fields.List(fields.Nested(ComparedLineSchema))


class FrameworkSchema(Shown):
    id = Id()
    number = fields.String()
    agency_id = Id()
    agency_name = fields.String()
    supplier_id = Id()
    supplier_name = fields.String()
    request_id = Id(allow_none=True)
    previous_id = Id(allow_none=True)
    title = fields.String()
    terms = fields.String()
    state = fields.String()
    from_day = Day()
    until_day = Day()
    created_at = Moment()
    proposed_at = Moment(allow_none=True)
    signed_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    reason = fields.String()
    version = Whole(1)


class FrameworkLineSchema(Shown):
    no = Whole()
    offer_id = Id()
    price_fen = Fen()
    ceiling = Quantity(allow_none=True)


class DrawnSchema(Shown):
    id = Id(metadata={"description": "As `agreed_id` of a bulk order's line"})
    agency_id = Id()
    offer_id = Id()
    ceiling = Quantity(allow_none=True)
    used = Quantity()


class FrameworkOpenedSchema(FrameworkSchema):
    agency_ids = fields.List(Id())
    lines = fields.List(fields.Nested(FrameworkLineSchema))
    drawn = fields.List(fields.Nested(DrawnSchema))
