"""A closed month takes no posting, whoever posts; what comes later names the month that it concerns (invariant 16)."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import delete, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, new_id, transaction
from marketplace.core.errors import Conflict, Refused
from marketplace.ledger import periods
from marketplace.ledger.models import ClosedPeriod, Journal, PostedSource
from marketplace.ledger.services import AccountRef, Line, post

TODAY, OCTOBER, NOVEMBER = date(2026, 11, 3), date(2026, 10, 31), date(2026, 11, 1)
COUNTY, TOWNSHIP, VILLAGE, BESIDE = "430225000000", "430225103000", "430225103201", "430224000000"
LINES = [Line(AccountRef("sales", UUID(int=1)), AccountRef("rest", UUID(int=1)), 100)]


@pytest.fixture(autouse=True)
def _today(app):
    with clock.fixed(clock.at(TODAY)):
        yield


def close(division=COUNTY, prefix="430225", months=(202610,)):
    with transaction():
        periods.close(division, prefix, list(months), by=None)


@pytest.mark.parametrize(
    ("region", "day", "refused"),
    [
        (COUNTY, OCTOBER, True),
        (TOWNSHIP, OCTOBER, True),
        (VILLAGE, OCTOBER, True),
        (BESIDE, OCTOBER, False),
        ("430000000000", OCTOBER, False),
        (VILLAGE, NOVEMBER, False),
        (VILLAGE, date(2026, 9, 30), False),
    ],
)
def test_a_closed_month_takes_no_posting_in_the_division_and_below(region, day, refused):
    """Red when the trigger open_period_journal is dropped, or compares the whole code."""
    close()
    with transaction():
        if refused:
            with pytest.raises(Conflict, match="period_closed"):
                post("sale", "line-1", region, day, LINES)
            db.session.rollback()
        else:
            post("sale", "line-1", region, day, LINES)


@pytest.mark.parametrize("digits", [2, 4, 6, 9, 12])
def test_every_level_closes_what_lies_in_it(digits):
    """Red when a level's digits are missing from the trigger or from `posting_days`."""
    close(VILLAGE[:digits].ljust(12, "0"), VILLAGE[:digits])
    with transaction():
        assert periods.posting_day(VILLAGE, OCTOBER) == (TODAY, 202610)
        with pytest.raises(Conflict, match="period_closed"):
            post("sale", "line-1", VILLAGE, OCTOBER, LINES)


def test_a_row_written_past_the_service_is_refused_by_the_database():
    """Red when only `post_many` asks whether the month is closed."""
    close()
    id_ = new_id()
    with pytest.raises(IntegrityError, match="period closed"), transaction():
        db.session.execute(insert(PostedSource).values(kind="sale", source="x", journal_id=id_))
        values = {"kind": "sale", "source": "x", "region": VILLAGE, "period": 202610, "day": OCTOBER, "n": 1}
        db.session.execute(insert(Journal).values(id=id_, at=clock.now(), **values))


def test_the_posting_day_is_the_day_itself_while_its_month_is_open():
    close()
    with transaction(write=False):
        assert periods.posting_day(VILLAGE, OCTOBER) == (TODAY, 202610)
        assert periods.posting_day(BESIDE, OCTOBER) == (OCTOBER, None)
        assert periods.posting_day(VILLAGE, NOVEMBER) == (NOVEMBER, None)
        both = periods.posting_days([VILLAGE, BESIDE], OCTOBER)
    assert both == {VILLAGE: (TODAY, 202610), BESIDE: (OCTOBER, None)}


def test_asking_costs_one_statement_for_a_thousand_villages_and_none_for_this_month():
    """Red when each region is asked for by itself, or the present month asks the table."""
    close()
    asked: list[str] = []

    def listen(_connection, _cursor, statement, *_rest):
        if "closed_period" in statement:
            asked.append(statement)

    villages = [f"4302251{number:05d}" for number in range(1000)]
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        with transaction(write=False):
            periods.posting_days(villages, NOVEMBER)
            assert not asked
            assert set(periods.posting_days(villages, OCTOBER).values()) == {(TODAY, 202610)}
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert len(asked) == 1


def test_a_month_that_is_not_over_is_not_closed():
    with pytest.raises(Refused, match="period_not_over"):
        close(months=[202610, 202611])
    with transaction(write=False):
        assert not db.session.scalars(select(ClosedPeriod)).all()


def test_what_is_closed_is_not_closed_again_nor_below_it():
    close()
    for division, prefix in ((COUNTY, "430225"), (TOWNSHIP, "430225103")):
        with pytest.raises(Conflict, match="period_closed"):
            close(division, prefix)
    close("430200000000", "4302")  # the prefecture closes what its county had closed, and all the rest
    with transaction(write=False):
        assert periods.closed_months("430224", [202609, 202610]) == {202610}
        assert [row.prefix for row in periods.closings("4302", 202601, 202612)] == ["4302", "430225"]


@pytest.mark.parametrize(
    "change", [update(ClosedPeriod).values(period=202512), delete(ClosedPeriod), text("DELETE FROM closed_period")]
)
def test_a_closed_month_is_not_opened_again(change):
    """Red when closed_period is not append-only."""
    close()
    with pytest.raises(DBAPIError, match=r"append-only|permission denied"), transaction():
        db.session.execute(change)


@pytest.mark.parametrize(
    "row",
    [
        {"prefix": "43022", "division": COUNTY},
        {"prefix": "430224", "division": COUNTY},
        {"prefix": "430225", "division": "430225"},
        {"prefix": "430225", "division": COUNTY, "period": 1},
    ],
)
def test_the_database_refuses_a_closing_of_no_division_or_month(row):
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(insert(ClosedPeriod).values({"period": 202610, "closed_at": clock.now()} | row))
