"""The one clock. Times are UTC in the database; days, months and years are those of Asia/Shanghai."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_fixed: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present, aware, UTC."""
    return _fixed.get() or datetime.now(UTC)


def today() -> date:
    """The present day in China."""
    return now().astimezone(SHANGHAI).date()


def local(moment: datetime) -> datetime:
    """The moment as a wall clock in China shows it."""
    return moment.astimezone(SHANGHAI)


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """The moment, UTC, of a wall-clock time in China."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def period(day: date) -> int:
    """A day's month as an integer: 2026-11-03 → 202611."""
    return day.year * 100 + day.month


@contextmanager
def fixed(moment: datetime) -> Iterator[None]:
    """Within it the clock stands at `moment` (the demo's past, tests)."""
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
