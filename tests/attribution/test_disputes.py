"""Confirmations and disputes: who may speak, who answers, who decides, in time, and what an upheld one leads to."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from marketplace.attribution import services as attribution
from marketplace.attribution.disputes import ANSWER_DAYS, DECIDE_DAYS
from marketplace.attribution.household_models import Confirmation, Dispute, StatementLink
from marketplace.core import clock
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Forbidden, NotFound, Refused
from marketplace.findings.models import Finding
from marketplace.identity import services as identity
from marketplace.linkage import services as linkage
from tests.factories import people
from tests.factories import world as factory
from tests.factories.world import World


def by_link(world: World, place: int = 0) -> attribution.Voice:
    attribution.issue(world.office, world.households[place])
    query = select(StatementLink).where(
        StatementLink.household_id == world.households[place], StatementLink.revoked_at.is_(None)
    )
    return attribution.by_link(db.session.scalars(query).one())


@pytest.fixture
def world(app) -> World:
    """A paid distribution, a slip and a township beside the county's office."""
    with transaction():
        world = World.build(basis="outright")
        world.extra["lot"] = world.lot()
        factory.start_agreement(
            world.manager, world.households, kind="dividend", rate_basis_points=500, service_order=20
        )
        world.settled(world.extra["lot"])
        factory.give_payees(world, "cash")
        run = attribution.prepare(world.clerk, clock.today(), notice_days=0)
        attribution.approve(world.manager, run.id)
        payouts = attribution.payouts_of(run.id)
        attribution.mark_paid(
            world.clerk,
            [row.id for row in payouts[:2]],
            paid_on=clock.today(),
            method="cash",
            evidence="花名册 1",
            file_id=factory.scan(world.clerk),
        )
        world.extra["payouts"] = {row.household_id: row.id for row in payouts}
        world.extra["paid"] = [row.household_id for row in payouts[:2]]
        world.extra["township"] = people.office(role="office_head")
        world.extra["village"] = people.office(factory.VILLAGES[0], 5, "office_head")
    return world


def slip_of(world: World, household: UUID) -> UUID:
    return linkage.slips_of_household(household)[0].id


def raised(world: World, place: int = 0) -> Dispute:
    household = world.households[place]
    return attribution.raise_dispute(
        attribution.HOUSEHOLD,
        by_link(world, place),
        about_kind="slip",
        about_id=slip_of(world, household),
        words="交了 120 斤，单子上写 102 斤",
        claimed_fen=5_000,
    )


def place_of(world: World, household: UUID) -> int:
    return world.households.index(household)


def test_a_household_says_yes_once_to_what_was_paid(world):
    household = world.extra["paid"][0]
    with transaction():
        voice = by_link(world, place_of(world, household))
        payout = world.extra["payouts"][household]
        assert attribution.confirm(attribution.HOUSEHOLD, voice, [payout]) == 1
        assert attribution.confirm(attribution.HOUSEHOLD, voice, [payout]) == 0
        assert attribution.confirmed([payout])[payout].voice == "household"
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(update(Confirmation).values(voice="officer"))


def test_what_was_not_paid_or_is_another_s_is_not_confirmed(world):
    unpaid = next(one for one in world.households if one not in world.extra["paid"])
    with transaction():
        voice = by_link(world, place_of(world, unpaid))
        with pytest.raises(Refused) as refused:
            attribution.confirm(attribution.HOUSEHOLD, voice, [world.extra["payouts"][unpaid]])
        assert refused.value.code == "payout_not_paid"
        with pytest.raises(NotFound):
            attribution.confirm(attribution.HOUSEHOLD, voice, [world.extra["payouts"][world.extra["paid"][0]]])
        with pytest.raises(Refused) as refused:
            attribution.confirm(attribution.HOUSEHOLD, voice, [])
        assert refused.value.code == "payouts_none"


def test_a_disputed_payout_is_not_confirmed(world):
    household = world.extra["paid"][0]
    with transaction():
        voice = by_link(world, place_of(world, household))
        payout = world.extra["payouts"][household]
        attribution.raise_dispute(attribution.HOUSEHOLD, voice, about_kind="payout", about_id=payout, words="没收到")
        with pytest.raises(Refused) as refused:
            attribution.confirm(attribution.HOUSEHOLD, voice, [payout])
        assert refused.value.code == "dispute_open"


def test_the_officer_speaks_for_a_household_of_the_place_with_its_signature(world):
    """Red when the signature is not asked for, or a village speaks for the next one."""
    household = world.households[0]  # lives in the first village
    village = world.extra["village"]
    with transaction():
        with pytest.raises(Refused) as refused:
            attribution.by_officer(village, household, None)
        assert refused.value.code == "evidence_needed"
        with pytest.raises(NotFound):
            attribution.by_officer(village, world.households[1], factory.scan(village))
        with pytest.raises(NotFound):  # another's paper is no signature
            attribution.by_officer(village, household, factory.scan(world.clerk))
        with pytest.raises(NotFound):
            attribution.by_officer(world.manager, household, factory.scan(world.manager))
        voice = attribution.by_officer(village, household, factory.scan(village))
        row = attribution.raise_dispute(
            village, voice, about_kind="slip", about_id=slip_of(world, household), words="少算"
        )
        assert (row.voice, row.user_id) == ("officer", village.user)
        assert row.file_id is not None


def test_a_dispute_goes_from_household_to_supplier_to_township(world):
    township = world.extra["township"]
    with transaction():
        row = raised(world)
        assert (row.state, row.shown_fen, row.claimed_fen) == (
            "raised",
            linkage.slip(SYSTEM, row.about_id).value_fen,
            5_000,
        )
        assert row.answer_due_on == clock.today() + timedelta(days=ANSWER_DAYS)
        assert row.decide_due_on == clock.today() + timedelta(days=DECIDE_DAYS)
        with pytest.raises(Refused) as refused:
            attribution.decide(township, row.id, upheld=True, words="查实", remedy="payment")
        assert refused.value.code == "answer_awaited"
        attribution.answer(world.manager, row.id, "磅单照片在此，是 102 斤")
        with pytest.raises(Conflict):
            attribution.answer(world.manager, row.id, "再答一次")
        with pytest.raises(Refused) as refused:
            attribution.decide(township, row.id, upheld=True, words="查实")
        assert refused.value.code == "remedy_needed"
        attribution.decide(township, row.id, upheld=True, words="磅单涂改，按 120 斤补", remedy="payment")
        assert (row.state, row.decided_by) == ("upheld", township.user)
        assert attribution.waiting(world.manager) == 1, "to be put right"
        attribution.correct(world.manager, row.id, kind="payment", source_id=None, note="补付 ¥12.24，收条 9")
        assert attribution.waiting(world.manager) == 0
        with pytest.raises(Conflict):
            attribution.correct(world.manager, row.id, kind="payment", source_id=None, note="又一次")


def test_the_village_sees_and_the_township_and_county_decide(world):
    """Red when the level is not asked."""
    with transaction():
        row = raised(world)
        attribution.answer(world.manager, row.id, "是 102 斤")
        assert attribution.dispute(world.extra["village"], row.id).id == row.id
        with pytest.raises(Refused) as refused:
            attribution.decide(world.extra["village"], row.id, upheld=False, words="不成立")
        assert refused.value.code == "township_decides"
        attribution.decide(world.office, row.id, upheld=False, words="照片为证")
        assert row.state == "rejected"
        assert row.remedy is None


def test_who_raised_it_for_a_household_does_not_decide_it(world):
    township = world.extra["township"]
    with transaction():
        voice = attribution.by_officer(township, world.households[0], factory.scan(township))
        row = attribution.raise_dispute(
            township, voice, about_kind="slip", about_id=slip_of(world, world.households[0]), words="少算"
        )
        attribution.answer(world.manager, row.id, "没有")
        with pytest.raises(Refused) as refused:
            attribution.decide(township, row.id, upheld=True, words="成立", remedy="other")
        assert refused.value.code == "decider_is_raiser"


def strangers() -> list[Actor]:
    place = factory.CHALING
    office = identity.add_organisation(SYSTEM, "office", "茶陵县农业农村局", place, level=3)
    supplier = identity.add_organisation(SYSTEM, "supplier", "别的合作社", place, supplier_kind="cooperative")
    return [factory.actor(office.id, {"office_head"}), factory.actor(supplier.id, {"supplier_manager"})]


def test_a_foreign_office_and_another_supplier_see_and_touch_nothing(world):
    with transaction():
        row = raised(world)
        for stranger in strangers():
            with pytest.raises(NotFound):
                attribution.dispute(stranger, row.id)
            assert attribution.disputes(stranger) == ([], 0)
            assert attribution.waiting(stranger) == 0
            if stranger.kind == "office":
                with pytest.raises(NotFound):
                    attribution.decide(stranger, row.id, upheld=False, words="不成立")
            else:
                with pytest.raises(NotFound):
                    attribution.answer(stranger, row.id, "不是")
                with pytest.raises(NotFound):
                    attribution.correct(stranger, row.id, kind="other", source_id=None, note="x")
        with pytest.raises(Forbidden):
            attribution.answer(world.clerk, row.id, "办事员不答复")


def test_another_household_s_rows_are_not_there(world):
    """Red when a row is looked up by its id alone."""
    with transaction():
        voice = by_link(world, 0)
        other = world.households[1]
        for kind, id_ in (
            ("slip", slip_of(world, other)),
            ("payout", world.extra["payouts"][other]),
            ("share", other),
            ("flow", other),
            ("payment", other),
            ("missing", world.requester.organisation),
        ):
            with pytest.raises(NotFound):
                attribution.raise_dispute(attribution.HOUSEHOLD, voice, about_kind=kind, about_id=id_, words="x")
        row = raised(world, 1)
        with pytest.raises(NotFound):
            attribution.withdraw_dispute(attribution.HOUSEHOLD, voice, row.id)


def test_one_row_has_one_open_dispute_and_may_have_another_later(world):
    with transaction():
        row = raised(world)
        with pytest.raises(Conflict) as refused:
            raised(world)
        assert refused.value.code == "dispute_open"
        attribution.withdraw_dispute(attribution.HOUSEHOLD, by_link(world), row.id)
        assert row.state == "withdrawn"
        assert raised(world).number != row.number


def test_what_is_missing_is_disputed_with_the_supplier(world):
    with transaction():
        row = attribution.raise_dispute(
            attribution.HOUSEHOLD,
            by_link(world),
            about_kind="missing",
            about_id=world.manager.organisation,
            words="8 月 3 日交的 60 斤没有单子",
        )
        assert (row.supplier_id, row.shown_fen) == (world.manager.organisation, None)


def test_an_overdue_answer_opens_a_finding_and_lets_the_township_decide(world):
    with transaction():
        row = raised(world)
        assert attribution.open_findings() == 0
    with clock.fixed(clock.now() + timedelta(days=ANSWER_DAYS + 1)), transaction():
        assert attribution.open_findings() == 1
        attribution.open_findings()
        kinds = [finding.kind for finding in db.session.scalars(select(Finding)) if finding.object_kind == "dispute"]
        assert kinds == ["dispute_unanswered"]
        rows, total = attribution.disputes(world.office, state="due")
        assert (total, rows[0].id) == (1, row.id)
        attribution.decide(world.extra["township"], row.id, upheld=False, words="供应商逾期不答，查无实据")
    with clock.fixed(clock.now() + timedelta(days=DECIDE_DAYS + 1)), transaction():
        attribution.open_findings()
        late = select(Finding).where(Finding.kind == "dispute_undecided")
        assert db.session.scalars(late).all() == []


def test_a_place_sets_its_own_days(world):
    """The nearest place's, from its day on; what was raised before keeps its own."""
    township = world.extra["township"]
    with transaction():
        before = raised(world)
        attribution.set_terms(world.office, answer_days=5, decide_days=10, from_day=clock.today())
        attribution.set_terms(township, answer_days=3, decide_days=6, from_day=clock.today())
        with pytest.raises(Refused):
            attribution.set_terms(township, answer_days=3, decide_days=6, from_day=clock.today())
        with pytest.raises(Refused):
            attribution.set_terms(township, answer_days=9, decide_days=6, from_day=clock.today() + timedelta(days=1))
        row = raised(world, 1)
        assert row.answer_due_on == clock.today() + timedelta(days=3)
        assert before.answer_due_on == clock.today() + timedelta(days=ANSWER_DAYS)
        assert attribution.terms_on(factory.CHALING, clock.today()) == (5, 10)


def test_the_raising_stays_as_it_was_written(world):
    """Red when the table's guard is taken away."""
    with transaction():
        raised(world)
    for change in ({"words": "改过"}, {"claimed_fen": 1}, {"answer_due_on": clock.today()}):
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(update(Dispute).values(**change))
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(update(Dispute).values(state="upheld"))  # decided by nobody
