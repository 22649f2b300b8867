"""Who has not filed is told a month and a week before the deadline, and once it has passed; each time once."""

import pytest
from sqlalchemy import func, select

from marketplace.core.db import db, transaction
from marketplace.notices.models import Message
from marketplace.quota import services as quota
from tests.quota import helpers as h


@pytest.fixture
def heads(app):
    with transaction():
        h.place()
        return h.office()


def told(kind: str | None = None) -> int:
    query = select(func.count()).select_from(Message).where(Message.kind.in_(["plan_due", "plan_overdue"]))
    return db.session.scalar(query.where(Message.kind == kind) if kind else query)


def test_each_is_told_once_at_each_turn_and_no_more_when_it_has_filed(heads):
    """Red when the key of `once` lacks the turn, or filing does not close what asked for it."""
    with transaction():
        school, cook = h.unit(), h.unit()
        with h.on(1, 10):
            h.rule(heads)
            assert quota.remind_to_file() == 0
        for month, day, sum_ in ((1, 21, 2), (2, 1, 2), (2, 13, 4), (2, 20, 4), (2, 21, 6), (3, 1, 6)):
            with h.on(month, day):
                quota.remind_to_file()
                quota.remind_to_file()
                assert told() == sum_, (month, day)
        assert told("plan_overdue") == 2
        with h.on(3, 1):
            h.filed(school, unit_case="outsourced", contractor_ids=(cook.id,))
            open_ = select(Message.organisation_id).where(Message.done_at.is_(None), Message.kind.like("plan_%due"))
            assert set(db.session.scalars(open_)) == {cook.id}
            assert quota.remind_to_file() == 0  # one has filed, the other buys under its plan


def test_nobody_is_told_of_a_deadline_that_is_not_published(heads):
    with transaction(), h.on(2, 19):
        h.unit()
        assert quota.remind_to_file() == 0
        quota.set_rule(heads[0], h.YEAR, "4302", minimum_bp=1000, filing_md=220, source="x")
        assert quota.remind_to_file() == 0
        assert told() == 0


def test_an_abolished_unit_is_not_told(heads):
    with transaction(), h.on(2, 19):
        gone = h.unit()
        h.rule(heads)
        quota.abolish(heads[0], gone.id, abolished_on=h.clock.today(), document="x")
        assert quota.remind_to_file() == 0
