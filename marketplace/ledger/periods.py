"""Closed months. Posting and closing are decided by locks: a journal shares its period's lock, the closer takes it alone.

A month is closed for a division and all that lies in it; a trigger on `journal` refuses what would be posted there.
What comes later is posted on the day it comes, and names the period that it concerns.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from ..core import clock
from ..core.db import db, is_sqlite
from ..core.errors import Conflict, Refused
from .models import ClosedPeriod

LOCK = 1612010  # PostgreSQL's advisory locks (LOCK, period); the triggers of migration 0010 take the same
_DIGITS = (2, 4, 6, 9, 12)  # a division's code to its level
_CHUNK = 5000


def posting_day(region: str, day: date) -> tuple[date, int | None]:
    """The day to post on, and the period concerned: (`day`, None) while its month is open there, else today's."""
    return posting_days([region], day)[region]


def posting_days(regions: Iterable[str], day: date) -> dict[str, tuple[date, int | None]]:
    """Region → (day to post on, period concerned), in one statement however many; none for a month not yet over."""
    asked = set(regions)
    period, today = clock.period(day), clock.today()
    closed = closed_among(asked, period) if period < clock.period(today) else frozenset()
    return {region: (today, period) if region in closed else (day, None) for region in asked}


def closed_among(regions: Iterable[str], period: int) -> frozenset[str]:
    """The regions (12 digits) for which a month is closed."""
    asked = set(regions)
    prefixes = sorted({region[:digits] for region in asked for digits in _DIGITS})
    found: set[str] = set()
    for start in range(0, len(prefixes), _CHUNK):  # SQLite bounds a statement's parameters
        chunk = prefixes[start : start + _CHUNK]
        found.update(
            db.session.scalars(
                select(ClosedPeriod.prefix).where(ClosedPeriod.period == period, ClosedPeriod.prefix.in_(chunk))
            )
        )
    return frozenset(region for region in asked if any(region[:digits] in found for digits in _DIGITS))


def is_refusal(error: IntegrityError) -> bool:
    """Whether the trigger refused a journal because its month is closed."""
    return "period closed" in str(error.orig)


def lock(periods: Sequence[int]) -> None:
    """Waits until nobody is posting into these months, and keeps posters out until the transaction ends.

    SQLite needs nothing: a write transaction is alone. Months are locked in order, so that two closers do not deadlock.
    """
    if not is_sqlite():
        for period in sorted(set(periods)):
            db.session.execute(select(func.pg_advisory_xact_lock(LOCK, period)))


def close(division: str, prefix: str, periods: Sequence[int], *, by: UUID | None) -> None:
    """Closes months of a division; call `lock` before what is to be frozen is read.

    Raises Refused('period_not_over'), Conflict('period_closed') where one is closed already.
    """
    if any(period >= clock.period(clock.today()) for period in periods):
        raise Refused("period_not_over", field="period")
    lock(periods)
    if closed_months(prefix, periods):
        raise Conflict("period_closed")
    db.session.execute(
        insert(ClosedPeriod),
        [
            {"period": period, "prefix": prefix, "division": division, "closed_at": clock.now(), "closed_by": by}
            for period in sorted(set(periods))
        ],
    )


def closed_months(prefix: str, periods: Sequence[int]) -> set[int]:
    """Those of the months that are closed for all of a division: by itself or by one above it."""
    above = [prefix[:digits] for digits in _DIGITS if digits <= len(prefix)]
    query = select(ClosedPeriod.period).where(ClosedPeriod.period.in_(set(periods)), ClosedPeriod.prefix.in_(above))
    return set(db.session.scalars(query))


def closings(prefix: str, first: int, last: int) -> list[ClosedPeriod]:
    """What is closed of a division in these months: by itself, by one above it, or for a part of it."""
    above = [prefix[:digits] for digits in _DIGITS if digits <= len(prefix)]
    query = select(ClosedPeriod).where(
        ClosedPeriod.period.between(first, last),
        or_(ClosedPeriod.prefix.in_(above), ClosedPeriod.prefix.startswith(prefix, autoescape=True)),
    )
    return list(db.session.scalars(query.order_by(ClosedPeriod.period, ClosedPeriod.prefix)))
