"""Pure rules of finding an offer: states, deadlines, what a quotation comes to, who is cheapest, shares of an award."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ..core.apportion import apportion
from ..core.errors import DomainError, Refused
from ..core.states import States

REQUEST = States(
    "request",
    {
        "edit": ({"draft"}, "draft"),
        "open": ({"draft"}, "open"),
        "join": ({"open"}, "open"),
        "close": ({"open"}, "closed"),
        "award": ({"closed"}, "awarded"),
        "cancel": ({"draft", "open", "closed"}, "cancelled"),
    },
)
QUOTATION = States(
    "quotation",
    {
        "send": ({"sent", "withdrawn"}, "sent"),
        "withdraw": ({"sent"}, "withdrawn"),
        "award": ({"sent"}, "awarded"),
        "lose": ({"sent"}, "lost"),
    },
)
FRAMEWORK = States(
    "framework",
    {
        "edit": ({"draft"}, "draft"),
        "propose": ({"draft"}, "proposed"),
        "sign": ({"proposed"}, "in_force"),
        "decline": ({"proposed"}, "declined"),
        "withdraw": ({"draft", "proposed"}, "withdrawn"),
        "replace": ({"in_force"}, "replaced"),
        "end": ({"in_force"}, "ended"),
    },
)
SHOWN_REQUEST = ("draft", "open", "closed", "awarded", "cancelled")
SHOWN_FRAMEWORK = ("draft", "proposed", "in_force", "expired", "declined", "withdrawn", "replaced", "ended")
CLOSING_HOUR = 17  # deadlines are days; they end when offices close
MOST_LINES = 50
MOST_SUPPLIERS = 500
MILLION = 1_000_000


def state_at(state: str, answer_by: datetime, now: datetime) -> str:
    """A request's state at a moment: the deadline closes it, whether or not the worker has written so."""
    return "closed" if state == "open" and now >= answer_by else state


def sealed(answer_by: datetime, cancelled_at: datetime | None, now: datetime) -> bool:
    """Whether nobody but its supplier may know of a quotation: until the deadline, and for good where the request was
    cancelled before it."""
    return now < answer_by or (cancelled_at is not None and cancelled_at < answer_by)


def framework_state(state: str, until_day: date, day: date) -> str:
    """A framework's state on a day: one in force whose days are over has expired."""
    return "expired" if state == "in_force" and day > until_day else state


def check_deadlines(
    *, answer_by: datetime, join_by: datetime | None, until_day: date, now: datetime, today: date
) -> list[DomainError]:
    """deadline_past, join_after_deadline, ends_before_start: what is wrong with a request's days."""
    wrong: list[DomainError] = []
    if answer_by <= now:
        wrong.append(Refused("deadline_past", field="answer_on"))
    if join_by is not None:
        if join_by <= now:
            wrong.append(Refused("deadline_past", field="join_on"))
        if join_by >= answer_by:
            wrong.append(Refused("join_after_deadline", field="join_on"))
    if until_day < max(today, answer_by.date()):
        wrong.append(Refused("price_ends_before_award", field="until_day"))
    return wrong


def per_unit(content: int, comparable_per_base: int) -> int:
    """Millionths of the comparable unit in one order unit."""
    return content * comparable_per_base


def order_quantity(quantity: int, per_unit: int, pack: int) -> int:
    """Thousandths of the order unit that hold `quantity` thousandths of the comparable unit, up to the next whole pack."""
    exact = -(-quantity * MILLION // per_unit)
    return -(-exact // pack) * pack


def comparable_quantity(quantity: int, per_unit: int) -> int:
    """Thousandths of the comparable unit in `quantity` thousandths of the order unit."""
    return quantity * per_unit // MILLION


@dataclass(frozen=True)
class Asked:
    """A quotation's answer to a line, for judging: price per comparable unit and how much at most."""

    quotation_id: UUID
    comparable_fen: int
    most: int


def not_cheapest(asked: Sequence[Asked], given: Mapping[UUID, int]) -> set[UUID]:
    """The awarded quotations of a line beside which a cheaper one still had goods: these need a reason."""
    return {
        one.quotation_id
        for one in asked
        if given.get(one.quotation_id)
        and any(
            other.comparable_fen < one.comparable_fen and given.get(other.quotation_id, 0) < other.most
            for other in asked
        )
    }


def shares(wanted: Mapping[UUID, int], awarded: Sequence[int], line: UUID) -> list[dict[UUID, int]]:
    """Each award of a line divided among the agencies by what they want: agency → thousandths, in the awards' order.

    All agencies get the same part of every supplier, hence the same price; cumulative and house-monotone, so that an
    agency never gets more than it wants when no more is awarded than is wanted.
    """
    weights = [(agency.bytes, quantity) for agency, quantity in wanted.items()]
    found, before, total = [], [0] * len(weights), 0
    for quantity in awarded:
        total += quantity
        now = apportion(total, weights, line.bytes)
        found.append(dict(zip(wanted, (up - down for up, down in zip(now, before, strict=True)), strict=True)))
        before = now
    return found
