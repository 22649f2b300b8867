"""What only these forms type, and present values as a person would type them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from ...core import money, quantity
from ...core.errors import Refused


class Percent(fields.Field[int]):
    """'2.5' → 250 basis points, up to `most`."""

    def __init__(self, most: int = 10_000, **options: Any) -> None:
        self.most = most
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        try:
            basis_points = money.parse_yuan(str(value).removesuffix("%").strip())
        except Refused:
            raise ValidationError("not_a_number") from None
        if basis_points > self.most:
            raise ValidationError("out_of_range")
        return basis_points


class SeasonDay(fields.Field[int]):
    """'7-20' or '7月20日' → 720."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        text = str(value).strip().replace("月", "-").removesuffix("日").replace("/", "-")
        month, _, day = text.partition("-")
        if not (month.isdecimal() and day.isdecimal() and 1 <= int(month) <= 12 and 1 <= int(day) <= 31):
            raise ValidationError("not_a_season_day")
        return int(month) * 100 + int(day)


def decimal(thousandths: int | None) -> str:
    """497600 → '497.6'."""
    return "" if thousandths is None else quantity.to_json(thousandths).rstrip("0").rstrip(".")


def yuan(fen: int | None) -> str:
    """1250 → '12.50'."""
    return "" if fen is None else f"{fen // 100}.{fen % 100:02d}"


def percent(basis_points: int | None) -> str:
    """250 → '2.5'."""
    return "" if basis_points is None else f"{basis_points / 100:g}"


def season(mmdd: int) -> str:
    """720 → '7-20'; 0 → ''."""
    return f"{mmdd // 100}-{mmdd % 100}" if mmdd else ""
