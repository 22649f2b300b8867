"""Quantities are integer thousandths of a unit in code and database, decimal strings in JSON ("497.600")."""

import re

from .errors import Refused

MAX = 10**12  # a billion units
_GROUPED = re.compile(r"^[^\d,]*\d{1,3}(,\d{3})+(\.\d*)?[^\d,]*$")
_DECIMAL = re.compile(r"^(\d{1,9})(?:\.(\d+))?$")

# What people type, as thousandths of the base unit it is converted to: 1 斤 is half a 千克, 1 吨 a thousand.
INPUT_UNITS = {
    "千克": {"千克": 1000, "公斤": 1000, "kg": 1000, "斤": 500, "吨": 1_000_000, "t": 1_000_000, "克": 1, "g": 1}
}


def parse(text: str, field: str | None = None, row: int | None = None, unit: str | None = None) -> int:
    """'497.6' → 497600; with `unit` ('千克') a suffix as 斤, 公斤 or 吨 is converted. At most three decimals, not negative.

    Raises Refused: not_a_quantity, too_many_decimals, quantity_too_large.
    """
    typed = ungrouped(text)
    factor = 1000
    for suffix, thousandths in sorted(INPUT_UNITS.get(unit or "", {}).items(), key=lambda item: -len(item[0])):
        if typed.endswith(suffix):
            typed, factor = typed.removesuffix(suffix).strip(), thousandths
            break
    found = _DECIMAL.match(typed)
    if not found:
        raise Refused("not_a_quantity", field=field, row=row, value=text[:40])
    whole, decimals = found.group(1), (found.group(2) or "").rstrip("0")
    scaled = int(whole + decimals) * factor
    thousandths, rest = divmod(scaled, 10 ** len(decimals))
    if rest:
        raise Refused("too_many_decimals", field=field, row=row, value=text[:40])
    if thousandths > MAX:
        raise Refused("quantity_too_large", field=field, row=row, value=text[:40])
    return thousandths


def ungrouped(text: str) -> str:
    """'1,234.5' → '1234.5'. A comma that parts no thousands stays, so that '1,5' is refused and is not fifteen."""
    typed = text.strip().replace("，", ",")
    return typed.replace(",", "") if _GROUPED.match(typed) else typed


def to_json(thousandths: int) -> str:
    """497600 → '497.600'."""
    whole, rest = divmod(abs(thousandths), 1000)
    return f"{'-' if thousandths < 0 else ''}{whole}.{rest:03d}"


def format_quantity(thousandths: int) -> str:
    """497600 → '497.600', thousands grouped, minus U+2212 (LOOK.md)."""
    whole, rest = divmod(abs(thousandths), 1000)
    return f"{'−' if thousandths < 0 else ''}{whole:,}.{rest:03d}"
