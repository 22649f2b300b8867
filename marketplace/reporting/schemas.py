"""What reports are asked, and how figures, the rows behind them and the trail are shown. Money in fen."""

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Flag, Id, Moment, Period, Place, Shown, Taken, Text, Whole
from .public import PUBLIC_DIMENSIONS
from .rows import FIGURES
from .sources import DIMENSIONS

PREFIX = validate.Regexp("^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$", error="not_a_prefix")


class MonthsSchema(Taken):
    first = Period(required=True, metadata={"description": "First month"})
    last = Period(required=True, metadata={"description": "Last month, at most 60 in all"})
    origin = fields.String(
        load_default=None,
        validate=PREFIX,
        metadata={"description": "A division's prefix of 2, 4, 6, 9 or 12 digits", "example": "430225"},
    )


class AskedSchema(MonthsSchema):
    buyer = Id(load_default=None)
    supplier = Id(load_default=None)
    category = Text(20, 1, load_default=None)
    channel = Text(20, 1, load_default=None)


class VolumeQuery(AskedSchema):
    by = fields.String(load_default="origin", validate=validate.OneOf(DIMENSIONS))
    shared = Flag(load_default=False, metadata={"description": "Hide cells of fewer than five households"})


class ResultsQuery(MonthsSchema):
    by = fields.String(load_default="origin", validate=validate.OneOf(PUBLIC_DIMENSIONS))


class RowsQuery(AskedSchema):
    figure = fields.String(required=True, validate=validate.OneOf(FIGURES))
    sort = fields.String(load_default="-day", validate=validate.OneOf(["day", "-day", "fen", "-fen"]))
    page = Whole(1, 100_000, load_default=1)
    size = Whole(1, 100, load_default=50)


class ReachedQuery(AskedSchema):
    page = Whole(1, 100_000, load_default=1)
    size = Whole(1, 100, load_default=50)


class FiguresSchema(Shown):
    """null: cannot be told by this dimension, or hidden where so few households are behind it."""

    ordered_fen = Fen(allow_none=True)
    accepted_fen = Fen(allow_none=True)
    settled_fen = Fen(allow_none=True)
    attributed_fen = Fen(allow_none=True)
    owed_fen = Fen(allow_none=True)
    received_fen = Fen(allow_none=True)
    to_pay_fen = Fen(
        -(10**15), allow_none=True, metadata={"description": "Owed − received of these months; may be below zero"}
    )
    before_fen = Fen(allow_none=True, metadata={"description": "Settled in the same months of the year before"})
    change_bp = Whole(-(10**15), allow_none=True)
    lines = Whole(allow_none=True)
    households = Whole(allow_none=True, metadata={"description": "Each once"})


class VolumeRowSchema(Shown):
    key = fields.String(metadata={"description": "Narrows the question to this row"})
    name = fields.String()
    whole = Flag(metadata={"description": "What lies in a division but in no finer part of it"})
    hidden = fields.String(allow_none=True, metadata={"description": "few or complement"})
    figures = fields.Nested(FiguresSchema)


class VolumeSchema(Shown):
    by = fields.String()
    first = Period()
    last = Period()
    rows = fields.List(fields.Nested(VolumeRowSchema))
    months = fields.List(fields.Nested(VolumeRowSchema))
    total = fields.Nested(FiguresSchema)


class BehindSchema(Shown):
    """One row behind a figure; `fen` is its part of the figure, `of_fen` the money that it is a part of."""

    kind = fields.String()
    id = Id()
    day = Day()
    number = fields.String()
    text = fields.String()
    order_id = Id(allow_none=True)
    lot_id = Id(allow_none=True)
    lot_number = fields.String(allow_none=True)
    supplier_id = Id()
    agency_id = Id(allow_none=True)
    household_id = Id(allow_none=True)
    division = Place()
    fen = Fen()
    of_fen = Fen()


class OpenedSchema(Shown):
    items = fields.List(fields.Nested(BehindSchema))
    total = Whole()
    page = Whole(1)
    size = Whole(1)
    fen = Fen(allow_none=True, metadata={"description": "The sum of all rows: the figure"})


class EventSchema(Shown):
    id = Id()
    at = Moment()
    user_id = Id(allow_none=True)
    organisation_id = Id(allow_none=True)
    actor_name = fields.String()
    verb = fields.String()
    object_kind = fields.String()
    object_id = fields.String()
    facts = fields.Dict(keys=fields.String())
