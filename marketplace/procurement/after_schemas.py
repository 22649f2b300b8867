"""What returns, disputes, recalls and reviews take, and how they are shown. Quantities as in after_models."""

from typing import Any

from marshmallow import fields, post_load, validate

from ..core.fields import Day, Flag, Id, Moment, Quantity, Shown, Taken, Text, Whole
from .after_rules import ABOUT, HAZARDS, INSTRUCTIONS, REMEDIES, RETURN_REASONS, TERMS
from .disputes import MAX_FILES, Remedy
from .return_requests import MAX_PHOTOS


class AskReturnSchema(Taken):
    quantity = Quantity(required=True, metadata={"description": "Of the order unit"})
    net = Quantity(
        load_default=None, allow_none=True, metadata={"description": "Of the base unit; where the line is weighed"}
    )
    reason = fields.String(required=True, validate=validate.OneOf(RETURN_REASONS))
    words = Text(300, 1, required=True)
    photo_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=MAX_PHOTOS))


class AskReturnFormSchema(AskReturnSchema):
    """A page's form: its photographs come as files."""

    class Meta(Taken.Meta):
        exclude = ("photo_ids",)


class AnswerReturnSchema(Taken):
    agreed = fields.Boolean(required=True)
    words = Text(300, load_default="", metadata={"description": "Why not, where it is refused"})


class SendBackSchema(Taken):
    note = Text(120, load_default="", metadata={"description": "Carrier and number, or who fetches it"})


class ReceiveReturnSchema(Taken):
    restocked = fields.Boolean(required=True, metadata={"description": "Back into the lot; false: destroyed"})


class FinishReturnSchema(Taken):
    red_invoice_number = Text(
        30, load_default="", metadata={"description": "Where the line settled, or its bill has a tax invoice"}
    )
    issued_on = Day(load_default=None, allow_none=True)
    refund_serial = Text(60, load_default="", metadata={"description": "The bank's serial, where the line settled"})


class ReturnRequestSchema(Shown):
    id = Id()
    number = fields.String()
    order_id = Id()
    acceptance_line_id = Id()
    supplier_id = Id()
    agency_id = Id()
    state = fields.String()
    quantity = Quantity()
    net = Quantity(allow_none=True)
    reason = fields.String()
    words = fields.String()
    asked_at = Moment()
    answer_by = Day()
    answer = fields.String()
    answered_at = Moment(allow_none=True)
    sent_note = fields.String()
    sent_at = Moment(allow_none=True)
    restocked = fields.Boolean(allow_none=True)
    received_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    return_id = Id(allow_none=True, metadata={"description": "The return that moved the money, once it is done"})


class RaiseDisputeSchema(Taken):
    about_kind = fields.String(required=True, validate=validate.OneOf(ABOUT))
    about_id = Id(required=True)
    words = Text(600, 1, required=True)
    file_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=MAX_FILES))


class RaiseDisputeFormSchema(Taken):
    """A page's form: `about` is "<kind> <id>", one choice of what the order has."""

    about = Text(60, 1, required=True)
    words = Text(600, 1, required=True)


class AnswerDisputeSchema(Taken):
    words = Text(600, 1, required=True)
    file_ids = fields.List(Id(), load_default=list, validate=validate.Length(max=MAX_FILES))


class AnswerDisputeFormSchema(Taken):
    words = Text(600, 1, required=True)


class DecideDisputeSchema(Taken):
    """Upheld: `remedy` says what follows; a return of the line named, or of the return request it is about."""

    decision = fields.String(required=True, validate=validate.OneOf(["uphold", "dismiss"]))
    words = Text(600, 1, required=True)
    remedy = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(REMEDIES))
    line_id = Id(load_default=None, allow_none=True)
    quantity = Quantity(load_default=None, allow_none=True)
    net = Quantity(load_default=None, allow_none=True)

    @post_load
    def value(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        kind, line = data.pop("remedy"), data.pop("line_id")
        quantity, net = data.pop("quantity"), data.pop("net")
        return {
            "upheld": data["decision"] == "uphold",
            "words": data["words"],
            "remedy": Remedy(kind, line, quantity, net) if kind else None,
        }


class DisputeFileSchema(Shown):
    file_id = Id()
    side = fields.String()


class OrderDisputeSchema(Shown):
    id = Id()
    number = fields.String()
    order_id = Id()
    about_kind = fields.String()
    about_id = Id()
    about_number = fields.String()
    side = fields.String(metadata={"description": "Who raised it: agency or supplier"})
    supplier_id = Id()
    agency_id = Id()
    decided_in = fields.String(metadata={"description": "Division prefix whose office decides"})
    state = fields.String()
    words = fields.String()
    raised_at = Moment()
    answer_by = Day()
    decide_by = Day()
    answer = fields.String()
    answered_at = Moment(allow_none=True)
    escalated_at = Moment(allow_none=True)
    decision = fields.String()
    remedy = fields.String(allow_none=True)
    decided_at = Moment(allow_none=True)
    withdrawn_at = Moment(allow_none=True)


class OrderDisputeOpenedSchema(OrderDisputeSchema):
    files = fields.List(fields.Nested(DisputeFileSchema))


class TermDaysSchema(Taken):
    kind = fields.String(required=True, validate=validate.OneOf(list(TERMS)))
    days = Whole(1, 180, required=True)
    from_day = Day(required=True)


class TermDaysShownSchema(Shown):
    kind = fields.String()
    days = Whole()


class AfterTermsSchema(Shown):
    terms = fields.List(fields.Nested(TermDaysShownSchema))


class NewRecallSchema(Taken):
    hazard = fields.String(required=True, validate=validate.OneOf(HAZARDS))
    instruction = fields.String(required=True, validate=validate.OneOf(INSTRUCTIONS))
    words = Text(600, 1, required=True)
    act_by = Day(required=True)


class AnswerRecallSchema(Taken):
    held = Quantity(required=True, metadata={"description": "Of the base unit, as all three"})
    returned = Quantity(required=True)
    destroyed = Quantity(required=True)
    words = Text(300, load_default="")


class EndRecallSchema(Taken):
    result = Text(600, 1, required=True)
    release = Flag(load_default=False, metadata={"description": "The lot may be sold again"})


class PublicRecallSchema(Shown):
    number = fields.String()
    lot_number = fields.String()
    product_id = Id()
    supplier_id = Id()
    hazard = fields.String()
    instruction = fields.String()
    words = fields.String()
    state = fields.String()
    opened_at = Moment()
    result = fields.String()
    ended_at = Moment(allow_none=True)


class RecallSchema(PublicRecallSchema):
    id = Id()
    lot_id = Id()
    by_office = fields.Boolean()
    act_by = Day()


class RecallRecipientSchema(Shown):
    agency_id = Id()
    accepted = Quantity()
    in_transit = Quantity()
    held = Quantity()
    returned = Quantity()
    destroyed = Quantity()
    words = fields.String()
    answered_at = Moment(allow_none=True)


class RecallOpenedSchema(RecallSchema):
    recipients = fields.List(fields.Nested(RecallRecipientSchema))


class NewReviewSchema(Taken):
    quality = Whole(1, 5, required=True)
    packing = Whole(1, 5, required=True)
    punctuality = Whole(1, 5, required=True)
    words = Text(300, load_default="")


class ReplySchema(Taken):
    words = Text(300, 1, required=True)


class HideSchema(Taken):
    reason = Text(200, 1, required=True)


class PublicReviewSchema(Shown):
    quality = Whole()
    packing = Whole()
    punctuality = Whole()
    words = fields.String()
    written_at = Moment()
    reply = fields.String()
    replied_at = Moment(allow_none=True)


class ReviewSchema(PublicReviewSchema):
    id = Id()
    order_line_id = Id()
    order_id = Id()
    product_id = Id()
    supplier_id = Id()
    agency_id = Id()
    edited_at = Moment(allow_none=True)
    hidden_at = Moment(allow_none=True)
    hidden_reason = fields.String()


class RatingSchema(Shown):
    """Averages in hundredths of a mark."""

    count = Whole()
    quality = Whole()
    packing = Whole()
    punctuality = Whole()


class ProductReviewsSchema(Shown):
    rating = fields.Nested(RatingSchema, allow_none=True, metadata={"description": "null: too few to show"})
    reviews = fields.List(fields.Nested(PublicReviewSchema))
