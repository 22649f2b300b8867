"""Pure rules of agreements, slips and lots (RULES.md, Linkage and income)."""

from collections.abc import Iterable
from datetime import date

from ..core.errors import Refused
from ..core.money import price_of

KINDS = ("produce", "dividend", "premium")
BASES = ("outright", "consignment")
WEIGHTS = ("share", "volume", "equal")


def check_agreement(
    kind: str,
    basis: str | None,
    rate_basis_points: int | None,
    rate_fen: int | None,
    starts_on: date,
    ends_on: date | None,
) -> None:
    """Each mechanism has its own terms. Raises Refused naming the field."""
    if kind not in KINDS:
        raise Refused("mechanism_unknown", field="kind", value=kind)
    if kind == "produce" and basis not in BASES:
        raise Refused("basis_needed", field="basis")
    if kind == "dividend" and not (rate_basis_points and 1 <= rate_basis_points <= 10_000):
        raise Refused("rate_out_of_range", field="rate_basis_points")
    if kind == "premium" and not (rate_fen and rate_fen > 0):
        raise Refused("rate_out_of_range", field="rate_fen")
    if ends_on and ends_on < starts_on:
        raise Refused("ends_before_start", field="ends_on")


def payable(net: int, price_fen: int, deduction_fen: int) -> int:
    """Fen owed for `net` thousandths at `price_fen` a unit, less deductions. Raises Refused('nothing_payable')."""
    fen = price_of(net, price_fen) - deduction_fen
    if fen <= 0:
        raise Refused("nothing_payable", field="deduction_fen")
    return fen


def check_weights(gross: int, tare: int) -> int:
    """Net of gross and tare, thousandths. Raises Refused('tare_above_gross')."""
    if gross <= tare:
        raise Refused("tare_above_gross", field="tare")
    return gross - tare


def common_division(codes: Iterable[str]) -> str:
    """The finest division that all villages lie in, down from the county: a lot's declared origin.

    Only county, township and village prefixes count (6, 9, 12 digits).
    """
    codes = sorted(codes)
    first, last = codes[0], codes[-1]
    length = next((length for length in (12, 9, 6) if first[:length] == last[:length]), 0)
    return first[:length].ljust(12, "0")
