"""Which days goods are delivered on: the week's days within term, without holidays. Days in, days out.

Public holidays and the working weekends that make up for them come from the State Council's yearly notice, by a library
that follows it; a year that is not announced yet has neither, and says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar

ON_HOLIDAY = ("skip", "earlier")


@dataclass(frozen=True)
class Span:
    """Days from `from_day` to `until_day`, both included."""

    from_day: date
    until_day: date

    def __contains__(self, day: date) -> bool:
        return self.from_day <= day <= self.until_day


@dataclass(frozen=True)
class Rhythm:
    """`weekdays` 1 (Monday) to 7, in every `every_weeks`th week counted from `from_day`'s; `on_holiday` says what a day
    without work does: 'skip', or 'earlier' to the last working day before it (but after the delivery before)."""

    from_day: date
    until_day: date
    weekdays: frozenset[int]
    every_weeks: int = 1
    on_holiday: str = "skip"


def announced(year: int) -> bool:
    """Whether the year's holidays are known."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def holiday(day: date) -> bool:
    """A public holiday: not an ordinary weekend, which a canteen may well be open on. False while not announced."""
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return False
    return bool(off and name)


def delivery_days(rhythm: Rhythm, terms: Sequence[Span] = (), closed: Sequence[Span] = ()) -> list[date]:
    """The rhythm's delivery days in rising order, each once: within a term where there are any, never on a closed day."""

    def open_(day: date) -> bool:
        return (not terms or any(day in term for term in terms)) and not any(day in span for span in closed)

    found: list[date] = []
    for day in _weekly(rhythm):
        while rhythm.on_holiday == "earlier" and holiday(day) and day >= rhythm.from_day:
            day -= timedelta(days=1)
        after_last = not found or day > found[-1]
        if day >= rhythm.from_day and after_last and open_(day) and not holiday(day):
            found.append(day)
    return found


def _weekly(rhythm: Rhythm) -> Iterable[date]:
    monday = rhythm.from_day - timedelta(days=rhythm.from_day.isoweekday() - 1)
    day = rhythm.from_day
    while day <= rhythm.until_day:
        if day.isoweekday() in rhythm.weekdays and ((day - monday).days // 7) % rhythm.every_weeks == 0:
            yield day
        day += timedelta(days=1)
