"""What a closing takes, and how months, their figures and their restatement are shown. Money in fen."""

from typing import Any

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Flag, Id, Moment, Period, Place, Shown, Taken, Text, Whole
from ..core.money import MAX_FEN
from .closing_models import CLOSING_STATES

BY = ("origin", "supplier", "agency", "category", "channel")
PREFIX = validate.Regexp("^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$", error="not_a_prefix")


class ProposeSchema(Taken):
    through = Period(required=True, metadata={"description": "The last month to close; earlier open ones go with it"})
    note = Text(200, load_default="")


class RefuseSchema(Taken):
    reason = Text(200, load_default="", metadata={"description": "Needed unless one takes back one's own"})


class DivisionQuery(Taken):
    division = fields.String(
        load_default=None,
        validate=PREFIX,
        metadata={"description": "A division's prefix; one's own if not given", "example": "430225"},
    )


class MonthQuery(DivisionQuery):
    by = fields.String(load_default="origin", validate=validate.OneOf(BY))
    page = Whole(1, 100_000, load_default=1)
    size = Whole(1, 100, load_default=50)


class ClosingSchema(Shown):
    id = Id()
    division = Place()
    prefix = fields.String()
    first = Period()
    last = Period()
    state = fields.String(validate=validate.OneOf(CLOSING_STATES))
    note = fields.String()
    proposed_at = Moment()
    decided_at = Moment(allow_none=True)
    reason = fields.String()


class MonthSchema(Shown):
    period = Period()
    state = fields.String(validate=validate.OneOf(["open", "to_close", "proposed", "closed"]))
    closed_above = fields.String(
        allow_none=True, metadata={"description": "The prefix of a division above that closed it"}
    )
    closing = fields.Nested(ClosingSchema, allow_none=True)


class MonthsSchema(Shown):
    division = fields.String(metadata={"description": "The division's prefix"})
    months = fields.List(fields.Nested(MonthSchema))


def _signed(**options: Any) -> Fen:
    return Fen(least=-MAX_FEN, **options)


class SumsSchema(Shown):
    """null: cannot be told by this dimension."""

    lines = Whole(-(10**15))
    money_fen = _signed()
    attributed_fen = _signed()
    owed_fen = _signed(allow_none=True)
    received_fen = _signed(allow_none=True)
    households = Whole()


class PreviewMonthSchema(Shown):
    period = Period()
    total = fields.Nested(SumsSchema)


class PreviewSchema(Shown):
    closing = fields.Nested(ClosingSchema)
    months = fields.List(fields.Nested(PreviewMonthSchema))
    warnings = fields.Dict(keys=fields.String(), values=Whole())


class CellSchema(Shown):
    key = fields.String()
    name = fields.String()
    then = fields.Nested(SumsSchema)
    now = fields.Nested(SumsSchema)


class LateRowSchema(Shown):
    """A row of another month than it concerns: its amounts are what it changes this month by."""

    kind = fields.String()
    id = Id()
    added = Flag(
        metadata={"description": "Posted later and concerning this month; else posted in it for an earlier one"}
    )
    day = Day()
    period = Period(metadata={"description": "The month in which it was posted"})
    number = fields.String()
    text = fields.String()
    supplier_id = Id()
    division = Place()
    lines = Whole(-(10**15))
    money_fen = _signed()
    attributed_fen = _signed()
    owed_fen = _signed()
    received_fen = _signed()


class RestatedSchema(Shown):
    period = Period()
    division = fields.String()
    by = fields.String()
    month = fields.Nested(MonthSchema)
    total = fields.Nested(CellSchema)
    cells = fields.List(fields.Nested(CellSchema))
    rows = fields.List(fields.Nested(LateRowSchema))
    rows_total = Whole()
