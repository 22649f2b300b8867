"""Pure rules of bills: when they are due, and how late they are."""

from datetime import date, timedelta

DAYS_TO_PAY = 30  # from delivery (State Council order 802, from 1 June 2025; RULES.md)


def due_on(delivered_on: date) -> date:
    return delivered_on + timedelta(days=DAYS_TO_PAY)


def clock_of(issued_on: date, due: date, today: date) -> tuple[int, int, int]:
    """(days gone, days in all, days left; negative when overdue) of the payment clock."""
    return (today - issued_on).days, (due - issued_on).days, (due - today).days
