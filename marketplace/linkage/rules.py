"""Pure rules of agreements, slips, lots, flows and surplus (RULES.md, Linkage and income)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from ..core.errors import Refused
from ..core.money import half_up, price_of, share_of

KINDS = ("produce", "dividend", "premium", "piece_wage", "wage", "rent", "fixed_dividend", "surplus")
BASES = ("outright", "consignment", "floor_plus")
WEIGHTS = ("share", "volume", "equal")
# Owed at the slip, sold or not; a consigned slip is owed when its line settles.
OWED_AT_SLIP = ("outright", "floor_plus")
# What a dated flow counts in; a fixed dividend counts shares where it counts.
FLOW_UNITS = {"piece_wage": "件", "wage": "工日", "rent": "亩", "fixed_dividend": "股"}
FEN_RATE_NEEDED = ("premium", "piece_wage", "rent")
FEN_RATE_ALLOWED = (*FEN_RATE_NEEDED, "wage", "fixed_dividend")
# At least this part of what a cooperative distributes goes by members' transactions (RULES.md, Linkage and income).
LEAST_BY_VOLUME = 6_000


def is_sale_tied(kind: str, sale_tied: bool) -> bool:
    """Whether a settled line feeds the agreement's roster."""
    return kind in ("dividend", "premium") or (kind == "piece_wage" and sale_tied)


def is_flow(kind: str, sale_tied: bool) -> bool:
    """Whether the agreement's income is recorded as dated flows."""
    return kind in FLOW_UNITS and not sale_tied


def check_agreement(
    kind: str,
    basis: str | None,
    rate_basis_points: int | None,
    rate_fen: int | None,
    starts_on: date,
    ends_on: date | None,
    sale_tied: bool = False,
) -> None:
    """Each mechanism has its own terms. Raises Refused naming the field."""
    if kind not in KINDS:
        raise Refused("mechanism_unknown", field="kind", value=kind)
    if kind == "produce" and basis not in BASES:
        raise Refused("basis_needed", field="basis")
    by_share = kind == "dividend" or (kind == "produce" and basis == "floor_plus")
    if by_share and not (rate_basis_points and 1 <= rate_basis_points <= 10_000):
        raise Refused("rate_out_of_range", field="rate_basis_points")
    if kind in FEN_RATE_NEEDED and not (rate_fen and rate_fen > 0):
        raise Refused("rate_out_of_range", field="rate_fen")
    if sale_tied and kind != "piece_wage":
        raise Refused("sale_tied_piece_wage", field="sale_tied")
    if ends_on and ends_on < starts_on:
        raise Refused("ends_before_start", field="ends_on")


@dataclass(frozen=True)
class Span:
    """A household's time under an agreement: from a day to another, both within; `last` None is without end."""

    first: date
    last: date | None

    def meets(self, other: "Span") -> bool:
        return (other.last is None or self.first <= other.last) and (self.last is None or other.first <= self.last)


def span_of(starts_on: date, ends_on: date | None, from_day: date, until: date | None) -> Span | None:
    """The days that a roster version counts: from its day to the next version's eve, within its agreement's dates."""
    lasts = [day for day in (ends_on, until - timedelta(days=1) if until else None) if day is not None]
    span = Span(max(from_day, starts_on), min(lasts) if lasts else None)
    return span if span.last is None or span.first <= span.last else None


def value(net: int, price_fen: int) -> int:
    """Fen that `net` thousandths are worth at `price_fen` a unit. Raises Refused('nothing_payable')."""
    fen = price_of(net, price_fen)
    if fen <= 0:
        raise Refused("nothing_payable", field="price_fen")
    return fen


def payable(net: int, price_fen: int, deduction_fen: int) -> int:
    """Fen left to pay on a slip, its value less the deduction: zero at least. Raises Refused('nothing_payable')."""
    fen = value(net, price_fen) - deduction_fen
    if fen < 0:
        raise Refused("nothing_payable", field="deduction_fen")
    return fen


# More than one household brings at once, thousandths of a unit: a slipped decimal point rather than a harvest.
_MOST_AT_ONCE = {"千克": 100_000_000, "升": 100_000_000, "枚": 1_000_000_000, "只": 100_000_000}


def check_weights(gross: int, tare: int, unit: str = "千克") -> int:
    """Net of gross and tare, thousandths. Raises Refused: tare_above_gross, weight_absurd."""
    if gross <= tare:
        raise Refused("tare_above_gross", field="tare")
    most = _MOST_AT_ONCE.get(unit, 100_000_000)
    if gross - tare > most:
        raise Refused("weight_absurd", field="gross", most=most, unit=unit)
    return gross - tare


def common_division(codes: Iterable[str]) -> str:
    """The finest division that all villages lie in, down from the county: a lot's declared origin.

    Only county, township and village prefixes count (6, 9, 12 digits).
    """
    codes = sorted(codes)
    first, last = codes[0], codes[-1]
    length = next((length for length in (12, 9, 6) if first[:length] == last[:length]), 0)
    return first[:length].ljust(12, "0")


# The most that nature gives, thousandths of the saleable unit out of one delivered unit, and generously: oil of 0.91
# kilograms a litre, eggs of 25 grams, birds of half a kilogram. Above it a lot holds what its households did not bring.
_MOST = {
    ("千克", "千克"): 1000,
    ("千克", "升"): 1100,
    ("千克", "枚"): 40_000,
    ("千克", "只"): 2000,
    ("升", "升"): 1000,
    ("升", "千克"): 1500,
    ("枚", "枚"): 1000,
    ("枚", "千克"): 250,
    ("枚", "只"): 1000,
    ("只", "只"): 1000,
    ("只", "千克"): 30_000,
}
# So much more than the product's earlier lots gave is worth a look.
_ABOVE_USUAL = 12_500


def most_saleable(delivered: int, delivered_unit: str, unit: str) -> int | None:
    """Thousandths of `unit` that `delivered` thousandths can give at most; None where nobody can tell."""
    most = _MOST.get((delivered_unit, unit))
    return None if most is None else delivered * most // 1000


def check_yield(size: int, delivered: int, delivered_unit: str, unit: str, yields: int | None) -> None:
    """A lot's saleable size against what was delivered. Raises Refused: size_beyond_delivered, yield_needed.

    `yields`: thousandths of the saleable unit out of one delivered unit, as the supplier declares it; the same unit
    needs none. What it declares is checked against nature and usage by `yield_is_high`.
    """
    if delivered_unit != unit and not yields:
        raise Refused("yield_needed", field="yields", delivered_unit=delivered_unit, unit=unit)
    most = delivered if not yields else delivered * yields // 1000
    if size > most:
        raise Refused("size_beyond_delivered", field="size", most=most)


def yield_is_high(size: int, delivered: int, delivered_unit: str, unit: str, usual: int | None) -> bool:
    """Whether a lot gives more than nature, or a quarter more than usual: `usual` thousandths a delivered unit."""
    most = most_saleable(delivered, delivered_unit, unit)
    if most is not None and size > most:
        return True
    return usual is not None and size * 1000 * 10_000 > delivered * usual * _ABOVE_USUAL


def supplement_of(money_fen: int, traced_fen: int, rate_basis_points: int) -> int:
    """The later supplement (二次返利) of a line under `floor_plus`, fen, half up.

    supplement = rate × max(0, the line's net money − what the line traced of its floor cost)
    """
    return share_of(max(0, money_fen - traced_fen), rate_basis_points)


def flow_money(
    kind: str, agreed_fen: int | None, quantity: int | None, rate_fen: int | None, fen: int | None
) -> tuple[int | None, int | None, int]:
    """(quantity in thousandths, fen for one, fen) of a flow: quantity × rate where it counts, else the amount given.

    Pieces and rent always count, at the agreed rate. Raises Refused: quantity_zero, rate_differs, rate_out_of_range,
    fen_differs, not_money.
    """
    counted = kind in FEN_RATE_NEEDED or quantity is not None
    if not counted:
        if not fen or fen <= 0:
            raise Refused("not_money", field="fen", value="")
        return None, None, fen
    if not quantity or quantity <= 0:
        raise Refused("quantity_zero", field="quantity")
    rate = agreed_fen if rate_fen is None else rate_fen
    if not rate or rate <= 0:
        raise Refused("rate_out_of_range", field="rate_fen")
    if kind in FEN_RATE_NEEDED and rate != agreed_fen:
        raise Refused("rate_differs", field="rate_fen", agreed_fen=agreed_fen)
    due = price_of(quantity, rate)
    if due <= 0 or (fen is not None and fen != due):
        raise Refused("fen_differs", field="fen", due_fen=due)
    return quantity, rate, due


def surplus_parts(profit_fen: int, losses_fen: int, reserves_fen: int, volume_basis_points: int) -> tuple[int, int]:
    """(by transaction volume, by capital and shares) of what a year distributes, fen.

    distributable = profit − past losses − reserves. Raises Refused: nothing_to_distribute, volume_part_low.
    """
    distributable = profit_fen - losses_fen - reserves_fen
    if distributable <= 0:
        raise Refused("surplus_nothing", field="profit_fen")
    if not LEAST_BY_VOLUME <= volume_basis_points <= 10_000:
        raise Refused("volume_part_low", field="volume_basis_points", least_bp=LEAST_BY_VOLUME)
    by_volume = half_up(distributable * volume_basis_points, 10_000)
    return by_volume, distributable - by_volume
