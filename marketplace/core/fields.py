"""marshmallow fields for what every body and form carries: quantities, fen, days, ids, texts. Each is bounded.

The same schema reads a JSON body and a page's form: in JSON a type is what it is (`"12"` is no integer, a quantity is a
decimal string); a form has only text, so there money is yuan ("1,234.50"), a quantity may carry a unit (斤, 吨) and a
tick is "on". `reading(FORM)` says which; a query's text is `QUERY`: integers as digits, money in fen.
A refusal is one of our errors with its facts, which the edge puts into words.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from . import money, quantity
from .errors import DomainError, Refused

JSON, QUERY, FORM = "json", "query", "form"
_source: ContextVar[str] = ContextVar("source", default=JSON)

MAX_QUANTITY = 10**10  # ten million units: a line's money stays far below the database's integers
MAX_PRICE_FEN = 10**8
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
_QUANTITY = r"^[0-9]{1,9}(\.[0-9]{1,3}0*)?$"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_LINES = "\n\t\r"
# Marks that turn the writing round for what follows: a payee or a number would read as another than it is.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@contextmanager
def reading(source: str) -> Iterator[None]:
    """Within it, schemas read what came as JSON, QUERY or FORM."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def _refused(code: str, **facts: Any) -> ValidationError:
    return ValidationError([Refused(code, **facts)])  # type: ignore[list-item]


def legible(text: str) -> bool:
    """Without control characters and halves of pairs, which no database and no reader takes, and without marks that
    show it in another order."""
    return _TURNING.isdisjoint(text) and all(
        char in _LINES or unicodedata.category(char) not in ("Cc", "Cs") for char in text
    )


class Taken(Schema):
    """What a body or form may hold: nothing else."""

    class Meta:
        unknown = RAISE


class Shown(Schema):
    """What an answer holds: every field, always."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        field_obj.required = True


class Text(fields.String):
    """Text without spaces around it; `most` characters at most."""

    def __init__(self, most: int, least: int = 0, **options: Any) -> None:
        check = options.pop("validate", None)
        checks = [validate.Length(least or None, most), *([check] if check else [])]
        super().__init__(validate=checks, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str) or not legible(value):
            raise _refused("not_text")
        return value.strip()


class Quantity(fields.String):
    """Thousandths of a unit in code, a decimal string in JSON ("497.600"): never a number, which may lose a digit.

    `unit`: the base unit that a form's 斤, 公斤 or 吨 is converted to.
    """

    def __init__(self, unit: str | None = None, most: int = MAX_QUANTITY, **options: Any) -> None:
        self.unit, self.most = unit, most
        about = {"description": "Decimal string, at most three decimals", "pattern": _QUANTITY, "example": "497.600"}
        super().__init__(metadata=about | options.pop("metadata", {}), **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else quantity.to_json(int(value))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        form = _source.get() == FORM
        if not isinstance(value, str) or not (form or re.fullmatch(r"[0-9.]{1,40}", value)):
            raise _refused("not_a_quantity", value=str(value)[:40])
        try:
            thousandths = quantity.parse(value, unit=self.unit if form else None)
        except DomainError as refusal:
            raise ValidationError([refusal]) from None  # type: ignore[list-item]
        if thousandths > self.most:
            raise _refused("quantity_too_large", value=value[:40])
        return thousandths


class Whole(fields.Integer):
    """An integer within bounds; in JSON a number (12.0 is one), never text."""

    def __init__(self, least: int = 0, most: int = 10**15, **options: Any) -> None:
        check = options.pop("validate", None)
        super().__init__(validate=[validate.Range(least, most), *([check] if check else [])], **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if _source.get() == JSON:
            whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
            if not whole or abs(value) > 2**63:
                raise _refused("not_a_number")
        elif not isinstance(value, str) or not _WHOLE.fullmatch(value.strip()):
            raise _refused("not_a_number")
        return int(value)


class Fen(Whole):
    """Integer fen, CNY; in a form yuan as people type it."""

    def __init__(self, least: int = 0, most: int = money.MAX_FEN, **options: Any) -> None:
        about = {"description": "Fen, CNY (100 = one yuan)", "example": 240000}
        super().__init__(least, most, metadata=about | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if _source.get() != FORM:
            return super()._deserialize(value, attr, data, **kwargs)
        try:
            return money.parse_yuan(str(value))
        except DomainError as refusal:
            raise ValidationError([refusal]) from None  # type: ignore[list-item]


class Day(fields.Date):
    """An ISO day of this century."""

    def __init__(self, **options: Any) -> None:
        about = {"description": "Day in Asia/Shanghai", "example": "2026-08-18"}
        super().__init__(format="iso", metadata=about | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _DAY.fullmatch(value.strip() if _source.get() == FORM else value):
            raise _refused("not_a_day")
        day: date = super()._deserialize(value.strip(), attr, data, **kwargs)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise _refused("out_of_range")
        return day


class Id(fields.UUID):
    """A UUID in its usual form of 36 characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> UUID:
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise _refused("not_an_id")
        return UUID(value)


class Flag(fields.Boolean):
    """True or false; in a query "true" or "1", in a form also a ticked box's "on"."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if _source.get() == JSON:
            if not isinstance(value, bool):
                raise _refused("not_a_choice")
            return value
        if value not in ("true", "false", "1", "0", "on"):
            raise _refused("not_a_choice")
        return value in ("true", "1", "on")


class Period(Whole):
    """A month as an integer: 202611."""

    def __init__(self, **options: Any) -> None:
        about = {"description": "Month as YYYYMM", "example": 202611}
        super().__init__(200001, 210012, metadata=about | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        period: int = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= period % 100 <= 12:
            raise _refused("out_of_range")
        return period


class Year(Whole):
    def __init__(self, **options: Any) -> None:
        super().__init__(2000, 2100, metadata={"example": 2026} | options.pop("metadata", {}), **options)


class MonthDay(Whole):
    """A day of the year as MMDD: 720 is 20 July; 0 where it does not matter."""

    def __init__(self, **options: Any) -> None:
        about = {"description": "Day of the year as MMDD, 0: none", "example": 720}
        super().__init__(0, 1231, metadata=about | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        number: int = super()._deserialize(value, attr, data, **kwargs)
        if number:
            try:
                date(2000, number // 100, number % 100)
            except ValueError:
                raise _refused("out_of_range") from None
        return number


class Place(fields.String):
    """A division's 12-digit code."""

    def __init__(self, **options: Any) -> None:
        about = {"description": "Division code, 12 digits", "pattern": "^[0-9]{12}$", "example": "430225000000"}
        super().__init__(metadata=about | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch("[0-9]{12}", value):
            raise _refused("division_code", value=str(value)[:40])
        return value


class Moment(fields.AwareDateTime):
    """A moment with its zone, answered in UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)


def above_zero(value: int) -> None:
    """A validator: quantities that must not be zero."""
    if value <= 0:
        raise _refused("quantity_zero")


def named_once(listed: str, key: str) -> Any:
    """A schema's validator: no two rows of a list name the same thing; the second is refused with its row."""

    def check(_schema: Any, data: Mapping[str, Any], **_options: Any) -> None:
        seen: set[Any] = set()
        for row, item in enumerate(data.get(listed, [])):
            if item[key] in seen:
                raise ValidationError({listed: {row: {key: [Refused("named_twice")]}}})
            seen.add(item[key])

    return validates_schema(check)
