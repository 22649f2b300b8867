"""Pure rules of quota: which parameter rules, what it asks, when the year ends for an order, where a plan is counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from ..core.errors import Refused
from ..core.money import share_of
from ..core.states import States

BASES = ("canteen", "canteen_union")
# Own canteen; none (union funds); run by a contractor; shared with another unit, which files.
UNIT_CASES = ("own", "none", "outsourced", "shared")

PLAN = States(
    "plan",
    {
        "file": ({"draft", "returned"}, "filed"),
        "send_back": ({"filed"}, "returned"),
        "approve": ({"filed"}, "approved"),
    },
)
RULE = States("quota_rule", {"confirm": ({"unconfirmed"}, "confirmed")})
AMENDMENT = States(
    "amendment",
    {
        "approve": ({"proposed"}, "approved"),
        "refuse": ({"proposed"}, "refused"),
        "withdraw": ({"proposed"}, "withdrawn"),
    },
)
# A plan counts orders from the day it is filed: the year's first purchases come before the superior's word.
COUNTING = ("filed", "returned", "approved")


class Ruled(Protocol):
    """What of a parameter's row these rules read."""

    prefix: Any
    status: Any


Row = TypeVar("Row", bound=Ruled)


def finest(rows: Iterable[Row], division: str) -> Row | None:
    """The confirmed parameter of the finest division that covers the agency, the whole country's last; where none is
    confirmed, the finest unconfirmed one, which asks nothing yet."""
    covering = [row for row in rows if division.startswith(row.prefix)]
    return max(covering, key=lambda row: (row.status == "confirmed", len(row.prefix)), default=None)


@dataclass(frozen=True)
class Asked:
    """What a rule asks of a unit's year. `rate_bp` and `minimum_fen` are None where no rule is published for its case."""

    base_fen: int
    rate_bp: int | None
    minimum_fen: int | None


def asked(rule: Any | None, unit_case: str, canteen_fen: int, union_fen: int, last_target_fen: int | None) -> Asked:
    """A unit without canteen answers with its share of union funds, the others with the rate of the rule's base; where
    the rule says "not below last year", last year's target is a minimum too."""
    if unit_case == "none":
        base, rate = union_fen, rule.union_share_bp if rule else None
    else:
        both = rule is not None and rule.base == "canteen_union"
        base, rate = canteen_fen + (union_fen if both else 0), rule.minimum_bp if rule else None
    if rule is None or rule.status != "confirmed" or rate is None:
        return Asked(base, None, None)
    minimum = share_of(base, rate)
    if rule.not_below_last_year:
        minimum = max(minimum, last_target_fen or 0)
    return Asked(base, rate, minimum)


def figures_fault(asks: Asked, target_fen: int, ceiling_fen: int | None) -> Refused | None:
    """Why these figures cannot be filed, or None."""
    if asks.base_fen <= 0:
        return Refused("base_not_positive", field="canteen_fen")
    if target_fen <= 0:
        return Refused("target_not_positive", field="target_fen")
    if asks.minimum_fen is not None and target_fen < asks.minimum_fen:
        return Refused("target_below_minimum", field="target_fen", minimum_fen=asks.minimum_fen)
    if ceiling_fen is not None and ceiling_fen < target_fen:
        return Refused("ceiling_below_target", field="ceiling_fen")
    return None


def day_of(year: int, month_day: int) -> date:
    """The day of a year that MMDD names; 29 February of a common year is the 28th."""
    month, day = divmod(month_day, 100)
    if (month, day) == (2, 29):
        return date(year, 3, 1) - timedelta(days=1)
    return date(year, month, day)


def reviewed_only(rule: Any | None) -> bool:
    """Whether a region counts an order only once it has been reviewed (评价); an unconfirmed parameter asks nothing."""
    return rule is not None and rule.status == "confirmed" and bool(rule.needs_review)


@dataclass(frozen=True)
class Calendar:
    """The days of a plan's year. `pay_by`: the last day to pay what should still count; `order_by`: the last day to order
    what is paid at its term's end; `order_at_once_by`: the same when it is paid on delivery."""

    filing: date | None
    warn_from: date
    counting: date
    pay_by: date
    order_by: date
    order_at_once_by: date
    pay_days: int


def calendar(rule: Any | None, year: int) -> Calendar:
    """Without a published rule the year ends on 31 December and warns from 1 November; nothing is to be filed by a day."""
    counting = day_of(year, rule.counting_md if rule else 1231)
    lead, pay, confirm = (rule.lead_days, rule.pay_days, rule.confirm_days) if rule else (14, 30, 11)
    pay_by = counting - timedelta(days=confirm)
    published = rule is not None and rule.status == "confirmed" and rule.filing_md
    return Calendar(
        filing=day_of(year, rule.filing_md) if rule and published else None,
        warn_from=day_of(year, rule.warn_md if rule else 1101),
        counting=counting,
        pay_by=pay_by,
        order_by=pay_by - timedelta(days=pay + lead),
        order_at_once_by=pay_by - timedelta(days=lead),
        pay_days=pay,
    )


def due_day(days: Calendar, deliver_on: date, accepted_on: date | None, today: date) -> date:
    """When an open order's term of payment ends: from its acceptance, else from its delivery, which is not yesterday's."""
    return (accepted_on or max(deliver_on, today)) + timedelta(days=days.pay_days)


@dataclass(frozen=True)
class Outlook:
    """What a plan comes to when everything under way settles. `to_order_fen`: what is still to be ordered.
    `unreviewed_fen`: of what is settled, what counts only once it is reviewed."""

    target_fen: int
    settled_fen: int
    committed_fen: int
    submitted_fen: int
    unreviewed_fen: int = 0

    @property
    def counted_fen(self) -> int:
        return self.settled_fen - self.unreviewed_fen

    @property
    def to_order_fen(self) -> int:
        return max(0, self.target_fen - self.settled_fen - self.committed_fen - self.submitted_fen)

    @property
    def to_settle_fen(self) -> int:
        """What is still to be paid and settled, ordered already or not."""
        return max(0, self.target_fen - self.settled_fen)


def seats(agencies: Iterable[UUID], successors: Mapping[UUID, UUID | None]) -> dict[UUID, UUID]:
    """Where each unit is counted today: at itself, or at the last of those that follow it. A circle ends where it began."""
    found = {}
    for agency in agencies:
        seat, seen = agency, {agency}
        while (following := successors.get(seat)) is not None and following not in seen:
            seat = following
            seen.add(seat)
        found[agency] = seat
    return found


def below(parents: Mapping[UUID, UUID | None]) -> list[tuple[UUID, int]]:
    """The units of a forest from the top down, each before its own, with its depth; unit → its superior, which may lie
    outside. A circle is entered at its first unit, so that each unit stands once."""
    children: dict[UUID | None, list[UUID]] = {}
    for unit, parent in parents.items():
        children.setdefault(parent if parent in parents else None, []).append(unit)
    order: list[tuple[UUID, int]] = []
    seen: set[UUID] = set()
    for root in [*children.get(None, []), *parents]:
        stack = [(root, 0)]
        while stack:
            unit, depth = stack.pop()
            if unit not in seen:
                seen.add(unit)
                order.append((unit, depth))
                stack += [(child, depth + 1) for child in reversed(children.get(unit, []))]
    return order


def subtree_sums(
    order: Sequence[tuple[UUID, int]], own: Mapping[UUID, Sequence[int]], width: int
) -> dict[UUID, list[int]]:
    """Unit → sums of its own figures and of all below it, from `below`'s order: each unit's figures are added once."""
    sums = {unit: list(own.get(unit, [0] * width)) for unit, _ in order}
    path: list[UUID] = []
    for unit, depth in order:
        del path[depth:]
        for above in path:
            for place, value in enumerate(own.get(unit, [])):
                sums[above][place] += value
        path.append(unit)
    return sums
