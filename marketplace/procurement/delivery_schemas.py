"""What shipments, crates and acceptances take, and how they are shown. Quantities are of order units, weights of 千克."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, post_load, validate

from ..core.errors import Refused
from ..core.fields import MAX_PRICE_FEN, Day, Fen, Flag, Id, Moment, Period, Quantity, Shown, Taken, Text, Whole
from ..products.rules import PAPERS
from .acceptances import Count
from .crates import MOST as MOST_CRATES
from .crates import Crates
from .delivery_models import CRATE_KINDS
from .evidence import Seen
from .rules import REJECT_REASONS
from .shipments import Part
from .weighings import Scale

_CELSIUS = r"^-?[0-9]{1,2}(\.[0-9])?$"
WEIGHT = {"description": "Kilograms"}


class Celsius(fields.String):
    """Tenths of a degree in code, a decimal string in JSON ("4.5", "-18.0")."""

    def __init__(self, **options: Any) -> None:
        about = {"description": "Degrees Celsius, one decimal", "pattern": _CELSIUS, "example": "4.5"}
        super().__init__(metadata=about | options.pop("metadata", {}), **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else shown_celsius(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = value.strip().replace("−", "-").removesuffix("℃").strip() if isinstance(value, str) else ""
        if not re.fullmatch(_CELSIUS, text, re.ASCII):
            raise ValidationError([Refused("not_a_temperature")])  # type: ignore[list-item]
        whole, _point, tenth = text.partition(".")
        tenths = abs(int(whole)) * 10 + int(tenth or 0)
        return -tenths if text.startswith("-") else tenths


def shown_celsius(tenths: int) -> str:
    return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"


class PartSchema(Taken):
    order_line_id = Id(required=True)
    lot_id = Id(required=True)
    quantity = Quantity(required=True)
    packages = Whole(1, 100_000, load_default=None, allow_none=True)
    gross = Quantity(unit="千克", load_default=None, allow_none=True, metadata=WEIGHT)
    net = Quantity(unit="千克", load_default=None, allow_none=True, metadata=WEIGHT)

    @post_load
    def value(self, data: dict[str, Any], **_options: Any) -> Part:
        return Part(**data)


class CratesSchema(Taken):
    kind = fields.String(required=True, validate=validate.OneOf(CRATE_KINDS))
    count = Whole(1, MOST_CRATES, required=True)
    deposit_fen = Fen(0, 10**7, load_default=0, metadata={"description": "Deposit of each"})

    @post_load
    def value(self, data: dict[str, Any], **_options: Any) -> Crates:
        return Crates(**data)


class ShipmentNoticeSchema(Taken):
    """What a shipment notice says beside the goods."""

    expected_on = Day(required=True)
    window = Text(40, metadata={"description": "Hours of arrival", "example": "6:30–7:30"})
    carrier = Text(80, load_default="")
    plate = Text(12, load_default="")
    driver = Text(20, load_default="", metadata={"description": "Name, no telephone"})
    temperature_tenths = Celsius(
        load_default=None, allow_none=True, data_key="temperature", metadata={"description": "At loading, °C"}
    )
    note = Text(200, load_default="")


class NewShipmentSchema(ShipmentNoticeSchema):
    parts = fields.List(fields.Nested(PartSchema), required=True, validate=validate.Length(1, 2000))
    delivery_no = Whole(1, 1000, load_default=1, metadata={"description": "Which delivery of the order's plan"})
    sent_crates = fields.List(
        fields.Nested(CratesSchema),
        load_default=list,
        data_key="crates",
        validate=validate.Length(max=len(CRATE_KINDS)),
    )


class CancelShipmentSchema(Taken):
    reason = Text(200, 1, required=True)


class ShipmentLineSchema(Shown):
    id = Id()
    no = Whole()
    order_line_id = Id()
    lot_id = Id()
    quantity = Quantity()
    packages = Whole(allow_none=True)
    gross = Quantity(allow_none=True, metadata=WEIGHT)
    net = Quantity(allow_none=True, metadata=WEIGHT)
    accepted = Quantity()
    rejected = Quantity()


class ShipmentSchema(Shown):
    id = Id()
    number = fields.String()
    order_id = Id()
    no = Whole()
    delivery_no = Whole()
    state = fields.String()
    carrier = fields.String()
    plate = fields.String()
    driver = fields.String()
    temperature_tenths = Celsius(allow_none=True, data_key="temperature")
    note = fields.String()
    closed_reason = fields.String()
    shipped_at = Moment()
    expected_on = Day()
    due_on = Day(allow_none=True, metadata={"description": "The day that was agreed; a later one is late"})
    window = fields.String()
    lines = fields.List(fields.Nested(ShipmentLineSchema))


class CrateBalanceSchema(Shown):
    id = Id()
    supplier_id = Id()
    agency_id = Id()
    kind = fields.String()
    deposit_fen = Fen()
    count = Whole()


class CratesBackSchema(Taken):
    balance_id = Id(required=True)
    count = Whole(1, MOST_CRATES, required=True)


class TakeCratesBackSchema(Taken):
    agency_id = Id(required=True)
    crates = fields.List(fields.Nested(CratesBackSchema), required=True, validate=validate.Length(1, 100))
    shipment_id = Id(load_default=None, allow_none=True, metadata={"description": "The delivery that brought them"})
    note = Text(200, load_default="")


class CountSchema(Taken):
    shipment_line_id = Id(required=True)
    accepted = Quantity(required=True)
    net = Quantity(unit="千克", load_default=None, allow_none=True, metadata={"description": "Of weighed lines"})
    reason = fields.String(
        load_default="",
        validate=validate.OneOf(["", *REJECT_REASONS]),
        metadata={"description": "Where less was accepted than shipped"},
    )
    packages = Whole(0, 100_000, load_default=None, allow_none=True)
    temperature_tenths = Celsius(load_default=None, allow_none=True, data_key="temperature")
    sensory = fields.String(load_default="", validate=validate.OneOf(["", "good", "off"]))
    quick_test = fields.String(load_default="", validate=validate.OneOf(["", "pass", "fail"]))
    best_before = Day(load_default=None, allow_none=True)

    @post_load
    def value(self, data: dict[str, Any], **_options: Any) -> Count:
        return Count(**data)


class ScaleSchema(Taken):
    shipment_line_id = Id(required=True)
    gross = Quantity(unit="千克", required=True, metadata=WEIGHT)
    tare = Quantity(unit="千克", load_default=0, metadata=WEIGHT)


class SeenSchema(Taken):
    shipment_line_id = Id(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(PAPERS))
    valid_until = Day(load_default=None, allow_none=True)
    seen = Flag(load_default=True)


class NewAcceptanceSchema(Taken):
    """Every line counted; `scales` one entry per crate, `papers` those held in hand. With `checklist` none may lack."""

    lines = fields.List(fields.Nested(CountSchema), required=True, validate=validate.Length(1, 2000))
    scales = fields.List(fields.Nested(ScaleSchema), load_default=list, validate=validate.Length(max=4000))
    papers = fields.List(fields.Nested(SeenSchema), load_default=list, validate=validate.Length(max=4000))
    checklist = Flag(load_default=False)
    witness = Text(
        40, load_default="", metadata={"description": "A second inspector who was present: the second signature"}
    )
    note = Text(200, load_default="")

    @post_load
    def value(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        """Entries and papers go to their lines; one of another line is refused."""
        checklist = data.pop("checklist")
        found: dict[str, dict[UUID, list[Any]]] = {"scales": {}, "papers": {}}
        counted = {count.shipment_line_id for count in data["lines"]}
        for name, by_line in found.items():
            for place, row in enumerate(data.pop(name)):
                if row["shipment_line_id"] not in counted:
                    raise ValidationError({name: {place: {"shipment_line_id": [Refused("not_an_id")]}}})  # type: ignore[dict-item]
                by_line.setdefault(row["shipment_line_id"], []).append(row)
        data["lines"] = [
            replace(
                count,
                scales=tuple(
                    Scale(row["gross"], row["tare"]) for row in found["scales"].get(count.shipment_line_id, [])
                ),
                papers=_seen(found["papers"].get(count.shipment_line_id, [])) if checklist else None,
            )
            for count in data["lines"]
        ]
        return data


def _seen(rows: list[dict[str, Any]]) -> tuple[Seen, ...]:
    return tuple(Seen(row["kind"], row["valid_until"]) for row in rows if row["seen"])


class DraftSchema(Taken):
    version = Whole(required=True, metadata={"description": "The draft's version that this replaces; 0: there is none"})
    typed = fields.Dict(
        fields.String(validate=validate.Length(1, 80)),
        fields.String(validate=validate.Length(max=500)),
        required=True,
        data_key="fields",
    )


class DraftShownSchema(Shown):
    shipment_id = Id()
    version = Whole()
    saved_at = Moment()
    typed = fields.Dict(fields.String(), fields.String(), attribute="fields", data_key="fields")


class WeighingSchema(Shown):
    no = Whole()
    gross = Quantity()
    tare = Quantity()
    net = Quantity()


class SeenPaperSchema(Shown):
    kind = fields.String()
    number = fields.String()
    issued_on = Day()
    valid_until = Day(allow_none=True)


class AcceptanceLineSchema(Shown):
    id = Id()
    no = Whole()
    shipment_line_id = Id()
    order_line_id = Id()
    lot_id = Id()
    accepted = Quantity()
    rejected = Quantity()
    net = Quantity(metadata={"description": "Base units of what was accepted"})
    money_fen = Fen()
    reason = fields.String()
    packages = Whole(allow_none=True)
    temperature_tenths = Celsius(allow_none=True, data_key="temperature")
    sensory = fields.String()
    quick_test = fields.String()
    best_before = Day(allow_none=True)


class AcceptanceSchema(Shown):
    id = Id()
    number = fields.String()
    shipment_id = Id()
    order_id = Id()
    day = Day()
    period = Period()
    at = Moment()
    state = fields.String()
    signed_at = Moment(allow_none=True)
    deemed_on = Day(allow_none=True, metadata={"description": "Nobody accepted in time"})
    witness = fields.String()
    note = fields.String()
    money_fen = Fen()
    lines = fields.List(fields.Nested(AcceptanceLineSchema))


class AcceptedSchema(AcceptanceSchema):
    bill_id = Id(
        allow_none=True, metadata={"description": "null where nothing was accepted, one has signed, or it was deemed"}
    )


class NewTermSchema(Taken):
    agency_id = Id(load_default=None, allow_none=True, metadata={"description": "null: all that have no own"})
    from_day = Day(required=True)
    days = Whole(1, 60, required=True, metadata={"description": "After the expected arrival"})
    basis = Text(200, 1, required=True)


class TermSchema(Shown):
    id = Id()
    agency_id = Id(allow_none=True)
    from_day = Day()
    days = Whole()
    basis = fields.String()


class NewSubstituteSchema(Taken):
    order_line_id = Id(required=True)
    offer_id = Id(required=True)
    quantity = Quantity(required=True, metadata={"description": "Given up, of the line's order unit"})
    instead = Quantity(required=True, metadata={"description": "That comes instead, of the other offer's order unit"})
    price_fen = Fen(1, MAX_PRICE_FEN, required=True, metadata={"description": "Of the other offer, by its price unit"})
    reason = Text(200, 1, required=True)


class SubstituteAnswerSchema(Taken):
    answer = Text(200, 1, required=True)


class SubstituteSchema(Shown):
    id = Id()
    order_id = Id()
    order_line_id = Id()
    offer_id = Id()
    quantity = Quantity()
    instead = Quantity()
    price_fen = Fen()
    reason = fields.String()
    state = fields.String()
    proposed_at = Moment()
    answered_at = Moment(allow_none=True)
    answer = fields.String()
    new_line_id = Id(allow_none=True)
