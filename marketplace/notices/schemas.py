"""What objections take, and how notices are shown: masked, without ids of households."""

from typing import Any

from marshmallow import fields, validate

from ..core.fields import Day, Fen, Flag, Id, Moment, Place, Shown, Taken, Text, Whole


class NoticeLineSchema(Shown):
    no = Whole()
    group = fields.String()
    name = fields.String(metadata={"description": "Masked", "example": "张*三"})
    number = fields.String(metadata={"description": "The last digits of the household's number"})
    fen = Fen()


class NoticeSchema(Shown):
    id = Id()
    kind = fields.String()
    number = fields.String()
    supplier_id = Id()
    division = Place()
    from_day = Day()
    until_day = Day()
    households = Whole()
    total_fen = Fen()


def shown_lines(row: Any) -> list[dict[str, Any]]:
    """A notice's lines as anybody may see them."""
    names = ("no", "group", "name", "number", "fen")
    return [dict(zip(names, line[:5], strict=True)) for line in row.lines]


class ObjectSchema(Taken):
    line_no = Whole(1, 100_000, load_default=None, allow_none=True)
    words = Text(500, 1, required=True)
    name = Text(40, load_default="")
    contact = Text(60, load_default="")


class ObjectionAnswerSchema(Taken):
    words = Text(500, 1, required=True)


class ObjectionDecisionSchema(Taken):
    upheld = Flag(required=True)
    whole_list = Flag(load_default=False)
    words = Text(500, 1, required=True)


class ObjectionSchema(Shown):
    """Without the name and the contact of who objects."""

    id = Id()
    number = fields.String()
    notice_id = Id()
    line_no = Whole(allow_none=True)
    voice = fields.String(validate=validate.OneOf(["public", "officer"]))
    words = fields.String()
    hold = fields.String()
    state = fields.String()
    raised_at = Moment()
    answer = fields.String()
    answered_at = Moment(allow_none=True)
    decision = fields.String()
    decided_at = Moment(allow_none=True)
    settled = fields.String()
    settled_at = Moment(allow_none=True)
