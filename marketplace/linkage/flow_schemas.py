"""What flows, advances, surplus years and revisions of a lot's cost take, and how they are shown."""

from typing import Any

from marshmallow import fields, post_load, validate

from ..core.fields import (
    MAX_PRICE_FEN,
    Day,
    Fen,
    Id,
    Moment,
    Period,
    Place,
    Quantity,
    Shown,
    Taken,
    Text,
    Whole,
    Year,
    named_once,
)
from .flow_models import FLOW_KINDS
from .flows import Entry

METHODS = validate.OneOf(["cash", "transfer"])
MOST_FEN = 10**12


class EntrySchema(Taken):
    """`quantity` (pieces, work days, 亩, shares) at `rate_fen` for one, which is the agreement's where none is named;
    or the amount by itself."""

    household_id = Id(required=True)
    member = Text(40, load_default="", metadata={"description": "Who worked"})
    quantity = Quantity(load_default=None, allow_none=True)
    rate_fen = Fen(1, MAX_PRICE_FEN, load_default=None, allow_none=True)
    fen = Fen(1, MOST_FEN, load_default=None, allow_none=True)
    evidence = Text(120, load_default="", metadata={"description": "The row's own voucher"})

    @post_load
    def value(self, data: dict[str, Any], **_options: Any) -> Entry:
        return Entry(**data)


class NewFlowsSchema(Taken):
    agreement_id = Id(required=True)
    day = Day(required=True)
    evidence = Text(120, load_default="", metadata={"description": "Voucher of the rows that name none"})
    file_id = Id(load_default=None, allow_none=True)
    entries = fields.List(fields.Nested(EntrySchema), required=True, validate=validate.Length(1, 2000))


class FlowSchema(Shown):
    id = Id()
    batch = fields.String()
    kind = fields.String(validate=validate.OneOf(FLOW_KINDS))
    supplier_id = Id()
    agreement_id = Id()
    household_id = Id()
    division = Place()
    member = fields.String()
    quantity = Quantity(allow_none=True)
    unit = fields.String()
    rate_fen = Fen(allow_none=True)
    fen = Fen(-MOST_FEN, metadata={"description": "Below zero: a correction"})
    day = Day()
    posted_on = Day()
    period = Period()
    evidence = fields.String()
    file_id = Id(allow_none=True)
    corrects_id = Id(allow_none=True)
    distribution_id = Id(allow_none=True)
    recorded_at = Moment()


class CorrectionSchema(Taken):
    reason = Text(120, 1, required=True)


class NewAdvanceSchema(Taken):
    household_id = Id(required=True)
    fen = Fen(1, MOST_FEN, required=True)
    given_on = Day(required=True)
    method = fields.String(required=True, validate=METHODS)
    evidence = Text(120, 1, required=True, metadata={"description": "Number of the signed receipt"})
    file_id = Id(load_default=None, allow_none=True)


class RepaymentSchema(Taken):
    fen = Fen(1, MOST_FEN, required=True)
    day = Day(required=True)
    evidence = Text(120, 1, required=True)


class AdvanceSchema(Shown):
    id = Id()
    number = fields.String()
    supplier_id = Id()
    household_id = Id()
    division = Place()
    fen = Fen()
    repaid_fen = Fen()
    given_on = Day()
    period = Period()
    method = fields.String()
    evidence = fields.String()
    file_id = Id(allow_none=True)
    recorded_at = Moment()


class RepaymentShownSchema(Shown):
    id = Id()
    advance_id = Id()
    slip_id = Id(allow_none=True, metadata={"description": "null: paid back in money"})
    fen = Fen()
    day = Day()
    evidence = fields.String()


class SurplusWeightSchema(Taken):
    household_id = Id(required=True)
    volume = Whole(0, 10**15, load_default=0, metadata={"description": "Transactions of the year, in one unit for all"})
    capital = Whole(0, 10**15, load_default=0, metadata={"description": "Capital, reserve and subsidy share, fen"})


class NewSurplusSchema(Taken):
    """Without any `volume`, the value of the year's slips counts."""

    agreement_id = Id(required=True)
    year = Year(required=True)
    resolution = Text(60, 1, required=True)
    resolved_on = Day(required=True)
    file_id = Id(required=True, metadata={"description": "The signed resolution of the members' meeting"})
    profit_fen = Fen(1, MOST_FEN, required=True)
    losses_fen = Fen(0, MOST_FEN, load_default=0)
    reserves_fen = Fen(0, MOST_FEN, load_default=0)
    volume_basis_points = Whole(0, 10_000, required=True, metadata={"description": "By volume: 6000 at least"})
    weights = fields.List(fields.Nested(SurplusWeightSchema), load_default=list, validate=validate.Length(max=5000))
    once = named_once("weights", "household_id")


class SurplusShareSchema(Shown):
    household_id = Id()
    volume = Whole()
    capital = Whole()
    volume_fen = Fen()
    capital_fen = Fen()


class SurplusSchema(Shown):
    id = Id()
    number = fields.String()
    supplier_id = Id()
    agreement_id = Id()
    year = Year()
    resolution = fields.String()
    resolved_on = Day()
    file_id = Id()
    profit_fen = Fen()
    losses_fen = Fen()
    reserves_fen = Fen()
    volume_basis_points = Whole()
    volume_fen = Fen()
    capital_fen = Fen()
    state = fields.String()
    prepared_at = Moment()
    approved_at = Moment(allow_none=True)


class RevisionPartSchema(Taken):
    household_id = Id(required=True)
    fen = Fen(1, MOST_FEN, required=True)


class NewRevisionSchema(Taken):
    day = Day(required=True)
    reason = Text(200, 1, required=True)
    evidence = Text(120, 1, required=True)
    file_id = Id(load_default=None, allow_none=True)
    shares = fields.List(fields.Nested(RevisionPartSchema), required=True, validate=validate.Length(1, 5000))
    once = named_once("shares", "household_id")


class RevisionSchema(Shown):
    id = Id()
    number = fields.String()
    lot_id = Id()
    fen = Fen()
    owed_now = fields.Boolean(metadata={"description": "Owed at once; else as the lot is sold"})
    day = Day()
    period = Period()
    reason = fields.String()
    evidence = fields.String()
    file_id = Id(allow_none=True)
