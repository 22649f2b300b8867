"""Money is integer fen, CNY; ratios are integer basis points. Never a float.

Rounding is half up, on whole fen, and cumulative where parts must add up (DESIGN.md, Numbers).
"""

import re
from decimal import Decimal

from .errors import Refused
from .quantity import ungrouped

MAX_FEN = 10**15  # ten trillion yuan: far above any line, far below the database's integers
_YUAN = re.compile(r"^[¥￥]?\s*(\d{1,13})(?:\.(\d{1,2}))?$")


def half_up(numerator: int, denominator: int) -> int:
    """numerator ÷ denominator to the nearest integer, halves away from zero; denominator > 0."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def price_of(quantity: int, price_fen: int) -> int:
    """Fen for `quantity` thousandths of a unit at `price_fen` per unit."""
    return half_up(quantity * price_fen, 1000)


def share_of(fen: int, basis_points: int) -> int:
    """`basis_points` of `fen` (10,000 = all of it), half up."""
    return half_up(fen * basis_points, 10_000)


def parse_yuan(text: str, field: str | None = None) -> int:
    """'1,234.50' → 123450 fen. Raises Refused('not_money')."""
    found = _YUAN.match(ungrouped(text))
    if not found:
        raise Refused("not_money", field=field, value=text[:40])
    whole, cents = found.groups()
    return int(whole) * 100 + int((cents or "").ljust(2, "0") or 0)


def yuan(fen: int) -> Decimal:
    """Fen as a decimal of yuan, for sheets."""
    return Decimal(fen).scaleb(-2)


def format_yuan(fen: int, sign: str = "¥") -> str:
    """123450 → '¥1,234.50'; the minus is U+2212 and stands before the sign (LOOK.md)."""
    whole, cents = divmod(abs(fen), 100)
    return f"{'−' if fen < 0 else ''}{sign}{whole:,}.{cents:02d}"


_DIGITS, _PLACES, _GROUPS = "零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟"), ("", "万", "亿", "万亿")


def in_words(fen: int) -> str:
    """大写金额 as bills and contracts write it: 120050 → 壹仟贰佰元零伍角整. Rules: 支付结算办法, 附一."""
    jiao, cents = fen // 10 % 10, fen % 10
    text = _yuan_in_words(fen // 100) + "元" if fen >= 100 else ""
    if not jiao and not cents:
        return (text or "零元") + "整"
    if jiao:
        text += ("零" if text and fen // 100 % 10 == 0 else "") + _DIGITS[jiao] + "角"
    elif text:
        text += "零"
    return text + (_DIGITS[cents] + "分" if cents else "整")


def _yuan_in_words(yuan_: int) -> str:
    text, gap, digits = "", False, str(yuan_)
    for place, digit in enumerate(map(int, digits)):
        power = len(digits) - 1 - place
        if digit:
            text += ("零" if gap else "") + _DIGITS[digit] + _PLACES[power % 4]
            gap = False
        else:
            gap = True
        if power % 4 == 0:
            gap = False  # 壹拾万柒仟: no 零 between groups, unless the next one begins with it
            text += _GROUPS[power // 4] if int(digits[max(0, place - 3) : place + 1]) else ""
    return text
