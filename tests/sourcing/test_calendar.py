"""Which days goods come on."""

from datetime import date

import pytest

from marketplace.sourcing.calendar import Rhythm, Span, announced, delivery_days

pytestmark = pytest.mark.unit
AUTUMN = date(2026, 9, 21), date(2026, 10, 20)


def days(*weekdays: int, spans: tuple = (), closed: tuple = (), **how: object) -> list[str]:
    rhythm = Rhythm(*AUTUMN, frozenset(weekdays), **how)  # type: ignore[arg-type]
    return [day.strftime("%m-%d") for day in delivery_days(rhythm, spans, closed)]


def test_a_holiday_has_no_delivery() -> None:
    assert days(1, 4) == ["09-21", "09-24", "09-28", "10-08", "10-12", "10-15", "10-19"]


def test_what_a_holiday_takes_comes_earlier_and_never_twice() -> None:
    """Thursday 1 October comes on 30 September; Monday 5 October would too, and is left out."""
    assert days(1, 4, on_holiday="earlier") == ["09-21", "09-24", "09-28", "09-30", "10-08", "10-12", "10-15", "10-19"]


def test_every_second_week_counts_from_the_first_one() -> None:
    assert days(1, 4, every_weeks=2) == ["09-21", "09-24", "10-08", "10-19"]


def test_only_within_term_and_never_on_closed_days() -> None:
    term = Span(date(2026, 9, 25), date(2026, 10, 14))
    sports = Span(date(2026, 10, 12), date(2026, 10, 12))
    assert days(1, 4, spans=(term,), closed=(sports,)) == ["09-28", "10-08"]


def test_an_ordinary_weekend_is_a_day_like_another_where_it_was_asked_for() -> None:
    """Saturday 26 September 2026 is Mid-Autumn; 10 October works for the National Day."""
    assert days(6) == ["10-10", "10-17"]


def test_a_year_without_its_notice_is_told_and_its_days_are_kept() -> None:
    assert announced(2026)
    assert not announced(2035)
    rhythm = Rhythm(date(2035, 10, 1), date(2035, 10, 7), frozenset({1}))
    assert delivery_days(rhythm) == [date(2035, 10, 1)]
