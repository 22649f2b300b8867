"""Filing: the agency writes and files, its superior approves or returns, never the same person; every unit case."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Forbidden, NotFound, Refused
from marketplace.identity import services as identity
from marketplace.identity.models import User, UserRole
from marketplace.notices.models import Message
from marketplace.quota import services as quota
from tests.quota import helpers as h


@pytest.fixture
def heads(app):
    with transaction():
        h.place()
        return h.office()


def kinds() -> list[str]:
    return sorted(db.session.scalars(select(Message.kind).where(Message.done_at.is_(None))))


def test_a_plan_goes_from_draft_over_filing_to_approval_and_tells_who_must_act(heads):
    with transaction(), h.on(2, 1):
        school = h.unit()
        h.rule(heads)
        draft = quota.save_draft(school.filer, h.filing())
        assert (draft.state, draft.minimum_fen, draft.minimum_basis_points) == ("draft", 1_000_000, 1000)
        filed = quota.file(school.filer, draft.id)
        assert (filed.state, filed.late, filed.filed_by) == ("filed", False, school.filer.user)
        assert kinds() == ["plan_to_check"]
        assert quota.send_back(heads[0], draft.id, "采购额漏了食堂二部").state == "returned"
        assert kinds() == ["plan_returned"]
        quota.save_draft(school.filer, h.filing(canteen_fen=12_000_000, target_fen=1_800_000))
        assert quota.file(school.filer, draft.id).reason == ""
        assert quota.approve(heads[0], draft.id).state == "approved"
        assert kinds() == ["plan_approved"]


def test_the_superior_agency_checks_its_units_and_not_itself(heads):
    """Red when superior_of does not look at whose plan it is."""
    with transaction(), h.on(2, 1):
        bureau = h.unit()
        school = h.unit(bureau)
        bureau = h.seen_again(bureau)
        plan, own = h.filed(school), h.filed(bureau)
        with pytest.raises(Refused, match="not_superior"):
            quota.approve(bureau.checker, own)
        assert quota.approve(bureau.checker, plan).decided_by == bureau.checker.user
        with pytest.raises(NotFound):
            quota.approve(h.unit().checker, own)  # beside, not above
        with pytest.raises(Forbidden):
            quota.approve(school.filer, own)


def test_who_filed_never_approves(heads):
    """Red when the comparison with filed_by is taken out; the database refuses it as well."""
    with transaction(), h.on(2, 1):
        bureau = h.unit()
        school = h.unit(bureau)
        plan = h.filed(school)
        user = db.session.get_one(User, school.filer.user)  # moves to the bureau and becomes its approver
        user.organisation_id = bureau.id
        user.role_rows = [UserRole(role="approver")]
        db.session.flush()
        db.session.expire(user)
        moved = identity.actor_by_id(user.id)
        with pytest.raises(Refused, match="checker_is_filer"):
            quota.approve(moved, plan)
        with pytest.raises(IntegrityError):
            db.session.execute(text("UPDATE quota_plan SET decided_by = filed_by"))
        db.session.rollback()


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ({"target_fen": 999_999}, "target_below_minimum"),
        ({"target_fen": 0}, "target_not_positive"),
        ({"canteen_fen": 0}, "base_not_positive"),
        ({"ceiling_fen": 1_499_999}, "ceiling_below_target"),
        ({"unit_case": "outsourced"}, "contractor_needed"),
        ({"unit_case": "shared"}, "filer_needed"),
        ({"year": 2025}, "year_closed"),
    ],
)
def test_what_the_rule_does_not_allow_is_refused(heads, figures, code):
    with transaction(), h.on(2, 1):
        school = h.unit()
        h.rule(heads)
        with pytest.raises(Refused, match=code):
            quota.save_draft(school.filer, h.filing(**figures))


def test_filing_after_the_deadline_is_allowed_and_marked(heads):
    with transaction():
        school, prompt = h.unit(), h.unit()
        with h.on(2, 20):
            h.rule(heads)
            assert not quota.plan(prompt.filer, h.filed(prompt)).late
        with h.on(2, 21):
            assert quota.plan(school.filer, h.filed(school)).late


def test_where_no_rule_is_published_nothing_of_last_year_is_asked(heads):
    """The national rate of 2024 stands in the table; a plan of 2026 is asked nothing by it."""
    with transaction(), h.on(2, 21):
        school = h.unit()
        plan = quota.plan(school.filer, h.filed(school, target_fen=1))
        assert (plan.minimum_fen, plan.minimum_basis_points, plan.rule_id, plan.late) == (None, None, None, False)


def test_not_below_last_year_takes_the_year_before(heads):
    with transaction():
        school = h.unit()
        with h.on(2, 1, 2025):
            h.approved(school, heads[0], year=2025, target_fen=1_700_000)
        with h.on(2, 1):
            h.rule(heads, minimum_bp=1500, encouraged_bp=2000, not_below_last_year=True)
            with pytest.raises(Refused, match="target_below_minimum") as refused:
                h.filed(school, target_fen=1_600_000)
            assert refused.value.facts["minimum_fen"] == 1_700_000


def test_a_unit_without_canteen_answers_with_its_union_funds(heads):
    with transaction(), h.on(2, 1):
        h.rule(heads, union_share_bp=2000)
        plan = quota.plan(
            (union := h.unit()).filer,
            h.filed(union, unit_case="none", canteen_fen=5, union_fen=1_000_000, target_fen=200_000),
        )
        assert (plan.base_fen, plan.canteen_fen, plan.minimum_fen) == (1_000_000, 0, 200_000)


def test_canteen_and_union_together_where_the_rule_says_so(heads):
    with transaction(), h.on(2, 1):
        h.rule(heads, base="canteen_union", minimum_bp=1500, encouraged_bp=None)
        plan = quota.plan((unit := h.unit()).filer, h.filed(unit, union_fen=2_000_000, target_fen=1_800_000))
        assert (plan.base_fen, plan.minimum_fen) == (12_000_000, 1_800_000)


def test_a_contractor_is_named_by_one_unit(heads):
    """Red when name_contractor does not look for others; the partial unique index refuses it as well."""
    with transaction(), h.on(2, 1):
        cook, first, second = h.unit(), h.unit(), h.unit()
        plan = h.filed(first, unit_case="outsourced", contractor_ids=(cook.id,))
        assert [row.contractor_id for row in quota.contractors_of([plan])[plan]] == [cook.id]
        for ids, code in (
            ((cook.id,), "contractor_named_twice"),
            ((h.unit().id,) * 2, "contractor_named_twice"),
            ((second.id,), "contractor_unfit"),
            ((heads[0].organisation,), "contractor_unfit"),
        ):
            with pytest.raises(Refused, match=code):
                quota.save_draft(second.filer, h.filing(unit_case="outsourced", contractor_ids=ids))
            db.session.expunge_all()
        with pytest.raises(IntegrityError):
            db.session.execute(
                text(
                    "INSERT INTO quota_contractor (id, plan_id, year, contractor_id, from_day)"
                    " SELECT plan_id, plan_id, year, contractor_id, from_day FROM quota_contractor"
                )
            )
        db.session.rollback()


def test_a_shared_canteens_other_unit_is_covered_and_nobody_in_a_circle(heads):
    """Red when _filer_of does not look whether the filer is covered, or covers."""
    with transaction(), h.on(2, 1):
        runs, eats, third = h.unit(), h.unit(), h.unit()
        with pytest.raises(Refused, match="filer_has_no_plan"):
            h.filed(eats, unit_case="shared", shared_with_id=runs.id)
        db.session.expunge_all()
        with pytest.raises(Refused, match="shared_cycle"):
            h.filed(eats, unit_case="shared", shared_with_id=eats.id)
        plan = h.filed(runs)
        covered = quota.plan(eats.filer, h.filed(eats, unit_case="shared", shared_with_id=runs.id))
        assert (covered.covered_by_id, covered.base_fen, covered.target_fen) == (plan, 0, 0)
        with pytest.raises(Refused, match="shared_cycle"):  # named a covered one
            h.filed(third, unit_case="shared", shared_with_id=eats.id)
        db.session.expunge_all()
        quota.send_back(heads[0], plan, "再核")
        with pytest.raises(Refused, match="shared_cycle"):  # covers somebody already
            h.filed(third)
            quota.save_draft(runs.filer, h.filing(unit_case="shared", shared_with_id=third.id))
        db.session.rollback()


def test_a_covered_plan_goes_back_to_its_own(heads):
    with transaction(), h.on(2, 1):
        runs, eats = h.unit(), h.unit()
        h.filed(runs)
        plan = h.filed(eats, unit_case="shared", shared_with_id=runs.id)
        quota.send_back(heads[0], plan, "各报各的")
        row = quota.save_draft(eats.filer, h.filing())
        assert (row.covered_by_id, row.target_fen, row.state) == (None, 1_500_000, "returned")


def test_a_filed_plan_is_not_rewritten_and_a_draft_is_nobody_elses(heads):
    with transaction(), h.on(2, 1):
        school = h.unit()
        draft = quota.save_draft(school.filer, h.filing())
        with pytest.raises(NotFound):
            quota.plan(heads[0], draft.id)
        with pytest.raises(NotFound):
            quota.approve(heads[0], draft.id)
        quota.file(school.filer, draft.id)
        with pytest.raises(Conflict, match="wrong_state"):
            quota.save_draft(school.filer, h.filing())
        with pytest.raises(NotFound):
            quota.file(h.unit().filer, draft.id)
        quota.approve(heads[0], draft.id)
        with pytest.raises(Conflict, match="wrong_state"):
            quota.send_back(heads[0], draft.id, "晚了")


def test_an_office_registers_an_approved_plan_at_once(heads):
    with transaction(), h.on(2, 1):
        h.rule(heads)
        school = h.unit()
        with pytest.raises(Refused, match="target_below_minimum"):
            quota.file_plan(heads[0], school.id, h.YEAR, base_fen=10_000_000, target_fen=1)
        plan = quota.file_plan(heads[0], school.id, h.YEAR, base_fen=10_000_000, target_fen=1_000_000)
        assert (plan.state, plan.canteen_fen, plan.minimum_basis_points) == ("approved", 10_000_000, 1000)
