"""Chains of approval: by amount, step by step, each by another person, stand-ins on their days."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, transaction
from marketplace.core.errors import DomainError, Many
from marketplace.notices.models import Message
from marketplace.procurement import services as procurement
from marketplace.procurement.chain_models import ApprovalStep
from tests.factories.world import World, actor

TWO_STEPS = [{"title": "科室", "role": "approver"}, {"title": "单位负责人", "role": "leader"}]


def built(**offer: object) -> tuple[World, object]:
    """A world whose agency asks for two steps from ¥1,000 on, and its leader."""
    world = World.build(**offer)
    leader = actor(world.requester.organisation, {"leader"})
    procurement.set_chain(
        leader,
        clock.today(),
        [
            {"from_fen": 0, "steps": TWO_STEPS[:1], "hold_days": 2},
            {"from_fen": 100_000, "steps": TWO_STEPS, "hold_days": 9},
        ],
    )
    return world, leader


def submitted(world: World, quantity: int = 200_000) -> UUID:
    return procurement.submit(world.requester, world.draft(quantity)).id


def codes(act) -> list[str]:
    with pytest.raises(DomainError) as refused, transaction():
        act()
    error = refused.value
    return [one.code for one in error.errors] if isinstance(error, Many) else [error.code]


def test_a_small_amount_passes_one_step_and_a_large_one_two(app):
    """Red when `begin` takes another tier."""
    with transaction():
        world, leader = built(breaks=[(20_000, 500)], minimum=20_000)
        small, large = submitted(world, 20_000), submitted(world, 300_000)
        assert len(procurement.approve(world.approver, small)) == 1
        assert procurement.approve(world.approver, large) == []
        assert procurement.requisition(world.requester, large).state == "submitted"
        assert len(procurement.approve(leader, large)) == 1
        steps = procurement.steps_of(large)
        assert [(step.decided_by, step.verdict) for step in steps] == [
            (world.approver.user, "approved"),
            (leader.user, "approved"),
        ]


def test_the_tier_says_how_long_stock_is_held(app):
    """Red when `begin` returns the same days for every tier."""
    with transaction():
        world, _leader = built()
        row = procurement.requisition(world.requester, submitted(world))
        assert (row.hold_until - row.submitted_at).days == 9


def test_the_leader_decides_after_the_department(app):
    """A step that is not the one that waits is refused. Red when `may_decide` does not compare the numbers."""
    with transaction():
        world, leader = built()
        draft = submitted(world)
    assert codes(lambda: procurement.approve(leader, draft, step=2)) == ["approval_out_of_order"]
    with transaction():
        procurement.approve(world.approver, draft, step=1)
    assert codes(lambda: procurement.approve(leader, draft, step=1)) == ["approval_out_of_order"]


def test_whose_step_comes_later_does_not_decide_the_one_that_waits(app):
    """Red when `may_decide` asks whether any step that is open is the actor's."""
    with transaction():
        world = World.build()
        leader = actor(world.requester.organisation, {"leader"})
        tier = {"from_fen": 0, "steps": [TWO_STEPS[1], TWO_STEPS[0]], "hold_days": 2}
        procurement.set_chain(leader, clock.today(), [tier])
        draft = submitted(world)
    assert codes(lambda: procurement.approve(world.approver, draft)) == ["approval_out_of_order"]
    assert codes(lambda: procurement.reject(world.approver, draft, "不要")) == ["approval_out_of_order"]


def test_nobody_approves_two_steps(app):
    """Red when `may_decide` does not look at who decided, and the unique key of approval_step is dropped."""
    with transaction():
        world, leader = built()
        draft = submitted(world)
        procurement.approve(leader, draft)  # a leader may do the department's step, and then not its own
    assert codes(lambda: procurement.approve(leader, draft)) == ["approver_twice"]
    second = {"decided_by": leader.user, "at": clock.now(), "verdict": "approved"}
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(update(ApprovalStep).where(ApprovalStep.no == 2).values(second))


def test_who_filled_or_submitted_it_decides_none_of_its_steps(app):
    """Red when `may_decide` forgets the submitter, and ck_approval_step_not_the_maker is dropped."""
    with transaction():
        world = World.build()
        both = actor(world.requester.organisation, {"requester", "approver"})
        world.requester = both
        draft = submitted(world)
    assert codes(lambda: procurement.approve(both, draft)) == ["approver_is_submitter"]
    assert codes(lambda: procurement.reject(both, draft, "不要")) == ["approver_is_submitter"]
    decided = {"decided_by": both.user, "at": clock.now(), "verdict": "approved"}
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(update(ApprovalStep).values(decided))


def test_any_step_sends_it_back_with_a_reason_and_the_next_attempt_begins_anew(app):
    """Red when `reject` keeps the verdicts of the attempt before."""
    with transaction():
        world, leader = built()
        draft = submitted(world)
        procurement.approve(world.approver, draft)
        procurement.reject(leader, draft, "先用库存")
        assert procurement.requisition(world.requester, draft).reason == "先用库存"
        procurement.submit(world.requester, draft)
    assert codes(lambda: procurement.approve(leader, draft, step=2)) == ["approval_out_of_order"]
    with transaction():
        procurement.approve(world.approver, draft)
        assert len(procurement.approve(leader, draft)) == 1
        assert [(step.attempt, step.no, step.verdict) for step in procurement.steps_of(draft)] == [
            (1, 1, "approved"),
            (1, 2, "rejected"),
            (2, 1, "approved"),
            (2, 2, "approved"),
        ]


def test_a_price_that_rose_meanwhile_is_not_approved_by_a_shorter_chain(app):
    """Red when `approve` does not compare the total with the submitted one."""
    with transaction():
        world, _leader = built(breaks=[(20_000, 500)], minimum=20_000)
        draft = submitted(world, 20_000)
        offer = catalogue.one(world.offer)
        catalogue.edit_offer(world.manager, world.offer, offer.version, breaks=[(20_000, 90_000)])
    assert codes(lambda: procurement.approve(world.approver, draft)) == ["total_risen"]


def named(world: World, leader, second, *, from_in: int = 0, days: int = 5):
    today = clock.today()
    return procurement.name_deputy(
        leader,
        principal_id=leader.user,
        deputy_id=second.user,
        from_day=today + timedelta(days=from_in),
        until_day=today + timedelta(days=from_in + days),
        reason="出差",
    )


def test_a_deputy_decides_for_another_on_its_days_and_the_trail_shows_both(app):
    """Red when `stands_in_for` asks no days, or the step does not keep whom it was for."""
    with transaction():
        world, leader = built()
        second = actor(world.requester.organisation, {"approver"})
        draft = submitted(world)
        procurement.approve(world.approver, draft)
    assert codes(lambda: procurement.approve(second, draft)) == ["approval_not_yours"]
    with transaction():
        named(world, leader, second, from_in=1)
    assert codes(lambda: procurement.approve(second, draft)) == ["approval_not_yours"]
    with transaction(), clock.fixed(clock.now() + timedelta(days=1)):
        assert len(procurement.approve(second, draft)) == 1
        step = procurement.steps_of(draft)[1]
        assert (step.decided_by, step.stood_for) == (second.user, leader.user)
        events = db.session.scalars(select(AuditEvent).where(AuditEvent.verb == "requisition.approve"))
        assert [one.facts.get("stood_for") for one in events] == [None, str(leader.user)]


def test_a_deputy_does_not_decide_what_its_principal_submitted(app):
    """Red when `may_decide` lets the maker be stood in for."""
    with transaction():
        world = World.build()
        world.requester = both = actor(world.requester.organisation, {"requester", "leader"})
        tier = {"from_fen": 0, "steps": TWO_STEPS[1:], "hold_days": 2}
        procurement.set_chain(both, clock.today(), [tier])
        second = actor(both.organisation, {"approver"})
        named(world, both, second)
        draft = submitted(world)
    assert codes(lambda: procurement.approve(second, draft)) == ["approval_not_yours"]


@pytest.mark.parametrize("when", ["ended", "over"])
def test_a_deputy_that_ended_decides_nothing(app, when):
    """Red when `_in_force` does not look at the end."""
    with transaction():
        world, leader = built()
        second = actor(world.requester.organisation, {"approver"})
        draft = submitted(world)
        procurement.approve(world.approver, draft)
        row = named(world, leader, second)
        if when == "ended":
            procurement.end_deputy(leader, row.id)
    with clock.fixed(clock.now() + timedelta(days=0 if when == "ended" else 6)):
        assert codes(lambda: procurement.approve(second, draft)) == ["approval_not_yours"]


def test_a_deputy_of_who_decided_already_is_not_a_second_person(app):
    """Red when `may_decide` does not count whom a decision stood for."""
    with transaction():
        world, leader = built()
        second = actor(world.requester.organisation, {"approver"})
        named(world, leader, second)
        draft = submitted(world)
        procurement.approve(leader, draft)
    assert codes(lambda: procurement.approve(second, draft)) == ["approval_not_yours"]


def test_only_approvers_stand_in_and_on_days_that_come(app):
    """Red when `name_deputy` does not ask who the people are."""
    with transaction():
        world, leader = built()
    assert codes(lambda: named(world, leader, world.requester)) == ["deputy_person"]
    assert codes(lambda: named(world, leader, leader)) == ["deputy_person"]
    assert codes(lambda: named(world, leader, world.approver, from_in=-9, days=3)) == ["deputy_days"]
    with transaction():
        named(world, leader, world.approver)
    assert codes(lambda: named(world, leader, world.approver)) == ["deputy_exists"]


def test_nobody_makes_themselves_or_another_the_leaders_stand_in(app):
    """Red when who may set a chain may name a stand-in for anybody: an approver would decide the leader's step."""
    with transaction():
        world, leader = built()
        second = actor(world.requester.organisation, {"approver"})
        day = {"from_day": clock.today(), "until_day": clock.today()}
    for whom in (second, world.approver):
        people = {"principal_id": leader.user, "deputy_id": whom.user}
        assert codes(lambda people=people: procurement.name_deputy(second, **people, **day)) == ["deputy_by_leader"]
    for_approver = {"principal_id": second.user, "deputy_id": leader.user}
    assert codes(lambda: procurement.name_deputy(leader, **for_approver, **day)) == ["deputy_self"]
    with transaction():
        procurement.name_deputy(leader, principal_id=second.user, deputy_id=world.approver.user, **day)


def test_where_there_is_no_leader_approvers_name_each_other_and_never_themselves(app):
    with transaction():
        world = World.build()
        second, third = (actor(world.requester.organisation, {"approver"}) for _ in range(2))
        day = {"from_day": clock.today(), "until_day": clock.today()}
        procurement.name_deputy(world.approver, principal_id=second.user, deputy_id=third.user, **day)
    by_oneself = {"principal_id": third.user, "deputy_id": world.approver.user}
    assert codes(lambda: procurement.name_deputy(world.approver, **by_oneself, **day)) == ["deputy_self"]


def test_a_step_may_ask_for_one_person_who_is_told(app):
    """Red when `tell_next` tells everybody, or `_is_for` lets another decide."""
    with transaction():
        world, leader = built()
        person = actor(world.requester.organisation, {"approver"})
        tomorrow = clock.today() + timedelta(days=1)
        procurement.set_chain(leader, tomorrow, [{"from_fen": 0, "steps": [{"title": "总务", "user_id": person.user}]}])
    with clock.fixed(clock.now() + timedelta(days=1)):
        with transaction():
            draft = submitted(world)
            [told] = db.session.scalars(select(Message).where(Message.about_id == draft))
            assert told.user_id == person.user
        assert codes(lambda: procurement.approve(world.approver, draft)) == ["approval_not_yours"]
        with transaction():
            assert len(procurement.approve(person, draft)) == 1


@pytest.mark.parametrize(
    ("tiers", "code"),
    [
        ([], "chain_from_zero"),
        ([{"from_fen": 5, "steps": TWO_STEPS}], "chain_from_zero"),
        ([{"from_fen": 0, "steps": TWO_STEPS}, {"from_fen": 0, "steps": TWO_STEPS}], "chain_amount_twice"),
        ([{"from_fen": 0, "steps": []}], "chain_steps"),
        ([{"from_fen": 0, "steps": [{"title": "", "role": "receiver"}]}], "step_person"),
        ([{"from_fen": 0, "steps": [{"title": "", "user_id": UUID(int=1)}]}], "step_person"),
    ],
)
def test_a_chain_that_cannot_work_is_refused(app, tiers, code):
    """Red when `_check_tiers` lets it through."""
    with transaction():
        world = World.build()
    assert codes(lambda: procurement.set_chain(world.approver, clock.today(), tiers)) == [code]


def test_the_chain_of_today_is_not_changed_and_an_approver_does_not_shorten_the_leaders(app):
    """Red when `set_chain` replaces the rules that hold, or does not ask whether there is a leader."""
    with transaction():
        world, leader = built()
    one = [{"from_fen": 0, "steps": TWO_STEPS[:1]}]
    tomorrow = clock.today() + timedelta(days=1)
    assert codes(lambda: procurement.set_chain(leader, clock.today(), one)) == ["chain_day"]
    assert codes(lambda: procurement.set_chain(world.approver, tomorrow, one)) == ["chain_leader_sets"]
    with transaction():
        procurement.set_chain(leader, tomorrow, one)
        assert [len(rules) for rules in procurement.chain(leader).values()] == [2, 1]
        draft = submitted(world)  # today's chain still holds
        assert len(procurement.steps_of(draft)) == 2
