"""Pure rules of money: states, when a bill is due and how late it is, interest, what a payment does to a bill."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Protocol

from ..core.money import half_up
from ..core.states import States

BILL_KINDS = ("acceptance", "month", "prepay")
BILL_STATES = ("to_pay", "partly_paid", "paid", "credited")
DAYS_TO_PAY = 30  # from delivery (State Council order 802, from 1 June 2025; RULES.md)
MOST_DAYS = 60  # whatever a contract says
INTEREST_PPM = 500  # a day, where nothing was agreed: 0.05 %

BILL = States(
    "bill",
    {
        "pay_part": ({"to_pay", "partly_paid"}, "partly_paid"),
        "pay": ({"to_pay", "partly_paid"}, "paid"),
        "credit": ({"to_pay"}, "credited"),  # all of it, before anything was paid
        "credit_rest": ({"partly_paid"}, "paid"),
    },
)
TRANSFER = States("transfer", {"confirm": ({"recorded"}, "confirmed"), "refuse": ({"recorded"}, "refused")})
TERM = States("payment_term", {"agree": ({"proposed"}, "agreed"), "refuse": ({"proposed"}, "refused")})
ROW = States(
    "bank_row",
    {
        "confirm": ({"proposed"}, "confirmed"),
        "queue": ({"proposed"}, "queued"),
        "assign": ({"queued", "proposed"}, "proposed"),
        "return": ({"queued", "proposed"}, "returned"),
        "set_aside": ({"queued", "proposed"}, "other"),
        "take_up": ({"other"}, "queued"),
    },
)
CREDIT = States(
    "payer_credit",
    {
        "end": ({"held"}, "to_refund"),
        "use_up": ({"held", "to_refund"}, "used"),
        "grow": ({"held", "to_refund", "used"}, "held"),
        "refund": ({"to_refund"}, "refunded"),
    },
)
CLAIM = States("interest_claim", {"pay": ({"claimed"}, "paid"), "waive": ({"claimed"}, "waived")})


class Asking(Protocol):
    total_fen: int
    credited_fen: int
    paid_fen: int
    recorded_fen: int


def left_fen(bill: Asking) -> int:
    """What the bill still asks."""
    return bill.total_fen - bill.credited_fen - bill.paid_fen


def open_fen(bill: Asking) -> int:
    """What the bill still asks and nobody says to have transferred."""
    return max(0, left_fen(bill) - bill.recorded_fen)


def due_on(
    delivered_on: date, *, accepted_on: date | None = None, clock: str = "delivery", days: int = DAYS_TO_PAY
) -> date:
    """The last day to pay one acceptance: `days` from delivery, or from acceptance where the contract says so; never
    later than 60 days from delivery (RULES.md, Quota: payment clock)."""
    start = accepted_on or delivered_on if clock == "acceptance" else delivered_on
    return min(start + timedelta(days=days), delivered_on + timedelta(days=MOST_DAYS))


def month_due_on(issued_on: date, first_delivered_on: date, days: int = DAYS_TO_PAY) -> date:
    """The last day to pay a month's bill: periodic settlement counts from its bill, within 60 days of each delivery."""
    return min(issued_on + timedelta(days=days), first_delivered_on + timedelta(days=MOST_DAYS))


def clock_of(start: date, due: date, today: date) -> tuple[int, int, int]:
    """(days gone, days in all, days left; negative when overdue) of the payment clock."""
    return (today - start).days, (due - start).days, (due - today).days


def check_digit(digits: str) -> int:
    """The last digit of a payment code, against typing errors."""
    return sum((2 if place % 2 else 1) * int(digit) for place, digit in enumerate(digits)) % 10


def interest(
    asked_fen: int, paid: Iterable[tuple[date, int]], *, due: date, from_day: date, until: date, ppm: int
) -> int:
    """Simple interest of a bill from `from_day` to `until`, days beginning after `due`; half up to the fen, once.

    `asked_fen`: what the bill asked (total − credited); `paid`: (day, fen) of what paid it; `ppm`: millionths a day.
    A day's interest is on what was unpaid when the day began.
    """
    start = max(due, from_day)
    if until <= start:
        return 0
    fen_days = asked_fen * (until - start).days
    for day, fen in paid:
        fen_days -= fen * (until - max(start, min(day, until))).days
    return half_up(max(0, fen_days) * ppm, 1_000_000)


def median(days: Sequence[tuple[int, int]]) -> float:
    """The median of (value, how many), sorted or not."""
    ordered = sorted(days)
    total = sum(count for _, count in ordered)
    places = ((total - 1) // 2, total // 2)
    values, seen = [], 0
    for value, count in ordered:
        values += [value for place in places if seen <= place < seen + count]
        seen += count
    return sum(values) / len(values)
