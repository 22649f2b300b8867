"""Which plan an order moves: own, contractor's agency, shared canteen's filer, successor; and who may no longer buy."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import NotFound, Refused
from marketplace.quota import services as quota
from tests.quota import helpers as h


@pytest.fixture
def heads(app):
    with transaction():
        h.place()
        return h.office()


def found(unit: h.Unit, counted_as: str = "canteen", day: date | None = None):
    plan = quota.plan_for(unit.id, h.YEAR, counted_as, day)
    return plan.id if plan else None


def test_an_agencys_orders_move_its_plan_from_filing_on_and_without_one_nothing(heads):
    with transaction(), h.on(2, 1):
        school = h.unit()
        assert found(school) is None
        draft = quota.save_draft(school.filer, h.filing())
        assert found(school) is None
        quota.file(school.filer, draft.id)
        assert found(school) == found(school, "union") == found(school, "employee") == draft.id
        assert quota.plan_for(school.id, h.YEAR + 1) is None


def test_a_contractors_orders_move_the_plan_that_names_it_on_the_day(heads):
    """Red when the days of the naming are not looked at."""
    with transaction(), h.on(6, 1):
        cook, school = h.unit(), h.unit()
        plan = h.approved(school, heads[0], unit_case="outsourced", contractor_ids=(cook.id,))
        assert found(cook) == found(cook, "contractor") == plan
        ended = quota.propose_amendment(
            school.filer,
            plan,
            quota.Change(date(h.YEAR, 5, 1), "换了承包商", 10_000_000, 0, 1_500_000, end_contractor_id=cook.id),
        )
        quota.decide_amendment(heads[0], ended.id, approved=True)
        assert found(cook) is None
        assert found(cook, day=date(h.YEAR, 4, 30)) == plan


def test_a_contractor_with_a_plan_of_its_own_says_for_whom_it_buys(heads):
    with transaction(), h.on(2, 1):
        cook, school = h.unit(), h.unit()
        own = h.approved(cook, heads[0])
        plan = h.approved(school, heads[0], unit_case="outsourced", contractor_ids=(cook.id,))
        assert (found(cook), found(cook, "union"), found(cook, "contractor")) == (own, own, plan)


def test_a_shared_canteens_orders_move_the_filers_plan_and_so_do_its_contractors(heads):
    with transaction(), h.on(2, 1):
        runs, eats, cook = h.unit(), h.unit(), h.unit()
        plan = h.approved(runs, heads[0], unit_case="outsourced", contractor_ids=(cook.id,))
        h.approved(eats, heads[0], unit_case="shared", shared_with_id=runs.id)
        assert found(eats) == found(runs) == found(cook) == plan


def test_a_renamed_units_plan_becomes_the_successors(heads):
    with transaction(), h.on(6, 1):
        old, new = h.unit(), h.unit()
        plan = h.approved(old, heads[0])
        quota.abolish(heads[0], old.id, abolished_on=date(h.YEAR, 6, 1), document="机编办 1 号", successor_id=new.id)
        assert found(new) == found(old) == plan
        assert quota.plan_of(new.id, h.YEAR).id == plan


def test_of_a_merged_unit_each_plan_keeps_what_it_counted_and_new_orders_move_the_successors(heads):
    with transaction(), h.on(6, 1):
        old, new = h.unit(), h.unit()
        left, own = h.approved(old, heads[0]), h.approved(new, heads[0])
        quota.abolish(heads[0], old.id, abolished_on=date(h.YEAR, 5, 31), document="机编办 2 号", successor_id=new.id)
        assert quota.plan_of(old.id, h.YEAR).id == left
        assert found(old) == found(new) == own
        assert found(old, day=date(h.YEAR, 5, 30)) == left


def test_a_chain_of_successors_is_followed_to_its_end(heads):
    with transaction(), h.on(6, 1):
        first, second, third = h.unit(), h.unit(), h.unit()
        plan = h.approved(first, heads[0])
        for old, new in ((first, second), (second, third)):
            quota.abolish(heads[0], old.id, abolished_on=date(h.YEAR, 6, 1), document="x", successor_id=new.id)
        assert found(first) == found(second) == found(third) == plan


def test_an_abolished_unit_buys_and_files_no_more(heads):
    """Red when check_may_buy answers for the day before."""
    with transaction(), h.on(6, 1):
        gone = h.unit()
        plan = quota.save_draft(gone.filer, h.filing())
        quota.abolish(heads[0], gone.id, abolished_on=clock.today(), document="撤销文件")
        quota.check_may_buy(gone.id, clock.today() - timedelta(days=1))
        with pytest.raises(Refused, match="agency_abolished"):
            quota.check_may_buy(gone.id, clock.today())
        with pytest.raises(Refused, match="agency_abolished"):
            quota.file(gone.filer, plan.id)
        with pytest.raises(Refused, match="agency_abolished"):
            quota.save_draft(gone.filer, h.filing())


def test_what_cannot_follow_is_refused(heads):
    with transaction(), h.on(6, 1):
        a, b, c, outside = h.unit(), h.unit(), h.unit(), h.unit(division="110101000000")
        today = clock.today()
        tried = {"abolished_on": today, "document": "x"}
        quota.abolish(heads[0], a.id, successor_id=b.id, **tried)
        for unit, more, code in (
            (a, {}, "already_abolished"),
            (b, {"successor_id": a.id}, "succession_cycle"),
            (c, {"successor_id": c.id}, "successor_unfit"),
            (c, {"successor_id": heads[0].organisation}, "successor_unfit"),
            (c, {"successor_id": a.id}, "agency_abolished"),
            (c, {"abolished_on": today + timedelta(days=1)}, "day_in_future"),
        ):
            with pytest.raises(Refused, match=code):
                quota.abolish(heads[0], unit.id, **(tried | more))
        with pytest.raises(NotFound):
            quota.abolish(heads[0], outside.id, **tried)


def test_one_statement_says_which_plan(heads):
    """An approval asks it in its transaction: it must not cost more, whatever the unit's case."""
    with transaction(), h.on(2, 1):
        runs, eats = h.unit(), h.unit()
        plan = h.filed(runs)
        h.filed(eats, unit_case="shared", shared_with_id=runs.id)
        said = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
        assert found(eats) == plan
        assert len(said) == 1
