"""Only a dated amendment changes an approved plan: proposed by the agency, decided by its superior."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, NotFound, Refused
from marketplace.quota import services as quota
from marketplace.quota.services import Change
from tests.counts import count
from tests.quota import helpers as h

DAY = date(h.YEAR, 6, 1)


@pytest.fixture
def heads(app):
    with transaction():
        h.place()
        return h.office()


def change(**figures: object) -> Change:
    values = {"canteen_fen": 12_000_000, "union_fen": 0, "target_fen": 1_800_000, "from_day": DAY, "reason": "扩招"}
    return Change(**(values | figures))  # type: ignore[arg-type]


def test_an_amendment_keeps_old_and_new_and_takes_effect_when_another_decides(heads):
    with transaction(), h.on(6, 2):
        school = h.unit()
        h.rule(heads)
        plan = h.approved(school, heads[0], ceiling_fen=2_000_000)
        asked = quota.propose_amendment(school.filer, plan, change(ceiling_fen=3_000_000))
        assert quota.plan(school.filer, plan).target_fen == 1_500_000
        quota.decide_amendment(heads[1], asked.id, approved=True)
        row = quota.plan(school.filer, plan)
        db.session.refresh(row)
        assert (row.base_fen, row.target_fen, row.ceiling_fen, row.minimum_fen) == (
            12_000_000,
            1_800_000,
            3_000_000,
            1_200_000,
        )
        (kept,) = quota.amendments_of(heads[0], plan)
        assert (kept.no, kept.old_target_fen, kept.target_fen, kept.old_ceiling_fen, kept.state) == (
            1,
            1_500_000,
            1_800_000,
            2_000_000,
            "approved",
        )


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ({"target_fen": 1_199_999}, "target_below_minimum"),
        ({"target_fen": 0}, "target_not_positive"),
        ({"reason": " "}, "reason_needed"),
        ({"from_day": date(2025, 12, 31)}, "day_outside_year"),
        ({"from_day": date(h.YEAR, 6, 3)}, "day_in_future"),
        ({"ceiling_fen": 1_799_999}, "ceiling_below_target"),
    ],
)
def test_what_the_rule_does_not_allow_is_refused(heads, figures, code):
    with transaction(), h.on(6, 2):
        school = h.unit()
        h.rule(heads)
        plan = h.approved(school, heads[0])
        with pytest.raises(Refused, match=code):
            quota.propose_amendment(school.filer, plan, change(**figures))


def test_a_closed_year_is_not_amended(heads):
    with transaction(), h.on(6, 2):
        school = h.unit()
        h.rule(heads, counting_md=1215)
        plan = h.approved(school, heads[0])
        asked = quota.propose_amendment(school.filer, plan, change()).id
    with pytest.raises(Refused, match="year_closed"), transaction(), h.on(12, 16):
        quota.decide_amendment(heads[0], asked, approved=True)
    with transaction(), h.on(12, 16):
        quota.withdraw_amendment(school.filer, asked)
        with pytest.raises(Refused, match="year_closed"):
            quota.propose_amendment(school.filer, plan, change())


def test_one_at_a_time_and_only_an_approved_plan(heads):
    """Red when the open proposal is not looked for; the partial unique index refuses it as well."""
    with transaction(), h.on(6, 2):
        school = h.unit()
        plan = h.filed(school)
        with pytest.raises(Conflict, match="wrong_state"):
            quota.propose_amendment(school.filer, plan, change())
        quota.approve(heads[0], plan)
        first = quota.propose_amendment(school.filer, plan, change())
        with pytest.raises(Refused, match="plan_amendment_open"):
            quota.propose_amendment(school.filer, plan, change())
        quota.withdraw_amendment(school.filer, first.id)
        second = quota.propose_amendment(school.filer, plan, change())
        with pytest.raises(Refused, match="reason_needed"):
            quota.decide_amendment(heads[0], second.id, approved=False)
        db.session.expire_all()
        assert quota.decide_amendment(heads[0], second.id, approved=False, answer="依据不足").state == "refused"
        with pytest.raises(Conflict, match="wrong_state"):
            quota.decide_amendment(heads[0], second.id, approved=True)
        assert [row.no for row in quota.amendments_of(school.filer, plan)] == [2, 1]
        with pytest.raises(IntegrityError):
            db.session.execute(text("UPDATE quota_amendment SET state = 'proposed'"))
        db.session.rollback()


def test_others_neither_propose_nor_decide_it(heads):
    with transaction(), h.on(6, 2):
        bureau = h.unit()
        school = h.unit(bureau)
        plan = h.approved(school, heads[0])
        asked = quota.propose_amendment(school.filer, plan, change())
        bureau = h.seen_again(bureau)
        with pytest.raises(NotFound):
            quota.propose_amendment(bureau.filer, plan, change())
        with pytest.raises(NotFound):
            quota.withdraw_amendment(bureau.filer, asked.id)
        with pytest.raises(NotFound):
            quota.decide_amendment(h.unit().checker, asked.id, approved=True)
        with pytest.raises(Refused, match="not_superior"):
            quota.decide_amendment(school.checker, asked.id, approved=True)
        assert quota.decide_amendment(bureau.checker, asked.id, approved=True).state == "approved"


def test_a_covered_plan_is_amended_where_it_is_filed(heads):
    with transaction(), h.on(6, 2):
        runs, eats = h.unit(), h.unit()
        h.approved(runs, heads[0])
        plan = h.approved(eats, heads[0], unit_case="shared", shared_with_id=runs.id)
        with pytest.raises(Refused, match="plan_covered"):
            quota.propose_amendment(eats.filer, plan, change())


def test_a_contractor_joins_by_amendment_and_is_counted_once(heads):
    with transaction(), h.on(6, 2):
        cook, mate, school, other = h.unit(), h.unit(), h.unit(), h.unit()
        plan = h.approved(school, heads[0])
        asked = quota.propose_amendment(school.filer, plan, change(add_contractor_id=cook.id)).id
        h.approved(other, heads[0], unit_case="outsourced", contractor_ids=(cook.id,))
    with pytest.raises(Refused, match="contractor_named_twice"), transaction(), h.on(6, 2):
        quota.decide_amendment(heads[0], asked, approved=True)
    with transaction(), h.on(6, 2):
        quota.withdraw_amendment(school.filer, asked)
        with pytest.raises(Refused, match="contractor_unknown"):
            quota.propose_amendment(school.filer, plan, change(end_contractor_id=mate.id))
        asked = quota.propose_amendment(school.filer, plan, change(add_contractor_id=mate.id)).id
        quota.decide_amendment(heads[0], asked, approved=True)
        assert quota.plan_for(mate.id, h.YEAR, day=DAY).id == plan
        assert quota.plan_for(mate.id, h.YEAR, day=date(h.YEAR, 5, 31)) is None


def test_a_ceiling_is_never_set_below_what_orders_hold_whoever_comes_first(app, heads):
    """An amendment lowers the ceiling while orders commit beside it: whatever won, committed money stays below the
    ceiling in force. Red when _apply writes without its condition and the CHECK is dropped."""
    with transaction(), h.on(6, 2):
        school = h.unit()
        plan = h.approved(school, heads[0], ceiling_fen=3_000_000)
    won = {"order": 0, "amendment": 0}
    for _ in range(count(200)):
        with transaction(), h.on(6, 2):
            db.session.execute(text("UPDATE quota_plan SET committed_fen = 0, ceiling_fen = 3000000"))
            db.session.expire_all()
            asked = quota.propose_amendment(school.filer, plan, change(ceiling_fen=1_800_000)).id

        def order() -> bool:
            with app.app_context():
                try:
                    with transaction():
                        quota.commit(plan, 2_000_000)
                    return True
                except Refused:
                    return False

        def amend(asked=asked) -> bool:
            with app.app_context(), clock.fixed(clock.at(date(h.YEAR, 6, 2))):
                try:
                    with transaction():
                        quota.decide_amendment(heads[0], asked, approved=True)
                    return True
                except Refused:
                    with transaction():
                        quota.withdraw_amendment(school.filer, asked)
                    return False

        with ThreadPoolExecutor(2) as pool:
            ordered, amended = (done.result() for done in [pool.submit(order), pool.submit(amend)])
        assert ordered != amended
        won["order" if ordered else "amendment"] += 1
        with transaction(write=False):
            row = quota.plan_of(school.id, h.YEAR)
            assert row.committed_fen <= row.ceiling_fen
    assert sum(won.values()) == count(200)
