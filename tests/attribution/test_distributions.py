"""Distributions: two persons, cut at a day, shares that may go back, set-off, what comes again, the month's end."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from marketplace.attribution import services as attribution
from marketplace.attribution.models import Distribution, Payout
from marketplace.core import clock, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, Forbidden, NotFound, Refused
from marketplace.identity import services as identity
from marketplace.identity.models import User
from marketplace.ledger import services as ledger
from marketplace.linkage import services as linkage
from marketplace.linkage import standing
from marketplace.linkage.accounts import owed
from marketplace.notices import services as notices
from tests.factories.world import TOWNSHIP, VILLAGES, YANLING, World, actor, give_payees, start_agreement


def dividends(families: int = 3, rate: int = 200, premium: int = 0) -> World:
    """A world whose sale of ¥2,400 owes its households two per cent: ¥48.00."""
    world = World.build(families=families)
    if premium:
        start_agreement(world.manager, world.households, kind="premium", rate_fen=premium, service_order=30)
    start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=rate, service_order=20)
    world.settled(world.lot(), 200_000)
    return world


def move_pool(world: World, fen: int, day: date | None = None) -> UUID:
    """Moves the dividend pool as a sale or (below zero) a reversal would; the ledger's other side is left alone."""
    pool = next(row for row in attribution.pools_of(world.households[0]) if row.mechanism == "dividend")
    pool.seq += 1
    before, pool.total_fen = pool.total_fen, pool.total_fen + fen
    from marketplace.attribution.models import PoolMovement
    from marketplace.core.db import new_id

    at = day or clock.today()
    db.session.add(
        PoolMovement(
            pool_id=pool.id,
            seq=pool.seq,
            before_fen=before,
            after_fen=pool.total_fen,
            source_id=new_id(),
            day=at,
            period=clock.period(at),
        )
    )
    db.session.flush()
    return pool.id


def test_one_person_prepares_and_another_approves(app):
    """Red when `approve` does not compare the two, and when the CHECK two_persons is dropped."""
    with transaction():
        world = dividends()
        row = attribution.prepare(world.manager, clock.today())
        assert (row.state, row.total_fen, row.households) == ("draft", 4_800, 3)
        with pytest.raises(Refused) as refused:
            attribution.approve(world.manager, row.id)
        assert refused.value.code == "approver_is_preparer"
        with pytest.raises(Forbidden):
            attribution.approve(world.clerk, row.id)
        id_ = row.id
    with pytest.raises(IntegrityError), transaction():
        held = db.session.get_one(Distribution, id_)
        db.session.execute(
            text("UPDATE distribution SET state = 'approved', approved_by = prepared_by WHERE id = :id"),
            {"id": id_.hex if db.engine.dialect.name == "sqlite" else id_},
        )
        db.session.refresh(held)


def test_approving_posts_shares_standings_and_payouts_once(app):
    with transaction():
        world = dividends()
        give_payees(world)
        row = attribution.prepare(world.clerk, clock.today())
        slips = {home: standing.of_household(home)[row.supplier_id].owed_fen for home in world.households}
        attribution.approve(world.manager, row.id)
        assert row.state == "approved"
        payouts = attribution.payouts_of(row.id)
        assert [payout.fen for payout in payouts] == [1_600] * 3
        assert {payout.state for payout in payouts} == {"to_pay"}
        for home in world.households:
            held = standing.of_household(home)[row.supplier_id]
            assert held.owed_fen == slips[home] + 1_600 == ledger.balance(owed(home, row.supplier_id))
        with pytest.raises(Conflict):
            attribution.approve(world.manager, row.id)


def test_one_draft_at_a_time_and_a_discarded_one_leaves_no_trace_in_the_ledger(app):
    with transaction():
        world = dividends()
        row = attribution.prepare(world.clerk, clock.today())
        with pytest.raises(Conflict) as conflict:
            attribution.prepare(world.clerk, clock.today())
        assert conflict.value.code == "distribution_open"
        attribution.discard(world.clerk, row.id)
        with pytest.raises(Conflict):
            attribution.approve(world.manager, row.id)
        again = attribution.prepare(world.clerk, clock.today())
        assert again.total_fen == 4_800


def test_a_day_in_the_future_and_nothing_to_divide_are_refused(app):
    with transaction():
        world = World.build()
        for day, code in (
            (clock.today() + timedelta(days=1), "day_in_future"),
            (clock.today(), "nothing_to_distribute"),
        ):
            with pytest.raises(Refused) as refused:
                attribution.prepare(world.clerk, day)
            assert (refused.value.code, refused.value.field) == (code, "cut_on")


def test_what_moved_after_the_day_stays_for_the_next_cut(app):
    with transaction():
        world = dividends()
        with clock.fixed(clock.at(clock.today() + timedelta(days=3))):
            move_pool(world, 900)
            first = attribution.prepare(world.clerk, clock.today() - timedelta(days=1))
            assert first.total_fen == 4_800
            attribution.approve(world.manager, first.id)
            second = attribution.prepare(world.clerk, clock.today())
            assert second.total_fen == 900
            assert second.previous_id == first.id


def test_a_reversal_comes_back_as_negative_shares_and_is_set_off(app):
    """Received 1,600 each; 300 of the pool are taken back; then 900 come: 600 are paid, 300 set off."""
    with transaction():
        world = dividends()
        unpaid = {slip.id: slip.payable_fen for slip in linkage.unpaid_slips(world.manager.organisation)}
        linkage.pay_slips(world.manager, unpaid, day=clock.today(), method="transfer", evidence="转账 1")
        first = world.distributed()
        world.paid_out(first)
        with world.after_notice(first):
            move_pool(world, -900)
            row = attribution.prepare(world.clerk, clock.today())
            assert row.total_fen == -900
            attribution.approve(world.manager, row.id)
            assert attribution.payouts_of(row.id) == []
            supplier = row.supplier_id
            held = standing.of_household(world.households[0])[supplier]
            slips = sum(slip.payable_fen for slip in attribution.statement(world.households[0]).slips)
            assert held.owed_fen == slips + 1_300
            lines, _ = attribution.preview(row)
            assert [(line.due_fen, line.fen, line.set_off_fen) for line in lines] == [(-300, 0, -300)] * 3
            assert ledger.balance(owed(world.households[0], supplier)) == held.owed_fen - held.received_fen

            move_pool(world, 2_700)
            last = attribution.prepare(world.clerk, clock.today())
            attribution.approve(world.manager, last.id)
            assert [payout.fen for payout in attribution.payouts_of(last.id)] == [600] * 3
            lines, _ = attribution.preview(last)
            assert [(line.due_fen, line.set_off_fen) for line in lines] == [(900, 300)] * 3


def test_an_open_payout_above_what_is_owed_comes_anew_with_the_next_list(app):
    with transaction():
        world = dividends()
        first = world.distributed()
        move_pool(world, -900)
        row = attribution.prepare(world.clerk, clock.today())
        attribution.approve(world.manager, row.id)
        before, after = attribution.payouts_of(first), attribution.payouts_of(row.id)
        assert {payout.state for payout in before} == {"void"}
        assert [payout.fen for payout in after] == [1_300] * 3
        lines, _ = attribution.preview(row)
        assert [(line.due_fen, line.fen, line.set_off_fen) for line in lines] == [(-300, 1_300, -1_600)] * 3


def test_a_payout_that_waits_is_not_listed_again(app):
    """Red when other open payouts are not taken off what is payable."""
    with transaction():
        world = dividends()
        first = world.distributed()
        move_pool(world, 900)
        row = attribution.prepare(world.clerk, clock.today())
        attribution.approve(world.manager, row.id)
        assert [payout.fen for payout in attribution.payouts_of(row.id)] == [300] * 3
        assert [payout.fen for payout in attribution.payouts_of(first)] == [1_600] * 3


def test_a_payout_taken_back_comes_with_the_next_list_though_nothing_new_was_sold(app):
    with transaction():
        world = dividends()
        first = world.distributed()
        chosen = attribution.payouts_of(first)[0]
        attribution.take_back(world.manager, [chosen.id], reason="村里反映错户")
        row = attribution.prepare(world.clerk, clock.today())
        attribution.approve(world.manager, row.id)
        [payout] = attribution.payouts_of(row.id)
        assert (payout.household_id, payout.fen) == (chosen.household_id, chosen.fen)
        with pytest.raises(Refused) as refused:
            attribution.prepare(world.clerk, clock.today())
        assert refused.value.code == "nothing_to_distribute"


def test_a_household_without_a_payee_is_held_until_one_stands(app):
    with transaction():
        world = dividends()
        row = attribution.prepare(world.clerk, clock.today())
        attribution.approve(world.manager, row.id)
        assert {(payout.state, payout.reason) for payout in attribution.payouts_of(row.id)} == {("held", "payee_none")}
        give_payees(world)
        assert attribution.release(row.supplier_id) == 3
        db.session.expire_all()
        payouts = attribution.payouts_of(row.id)
        assert {(payout.state, payout.channel) for payout in payouts} == {("to_pay", "transfer")}
        assert all(len(payout.account_last4) == 4 for payout in payouts)


def test_the_preview_says_who_is_new_gone_or_gets_more(app):
    with transaction():
        world = dividends(families=4)
        first = world.distributed()
        move_pool(world, 401)
        row = attribution.prepare(world.clerk, clock.today())
        lines, total = attribution.preview(row)
        assert total == 4
        assert sum(line.due_fen for line in lines) == 401
        assert {line.kind for line in lines} == {"less"}
        assert all(line.before_fen == 1_200 and line.difference_fen == line.due_fen - 1_200 for line in lines)
        assert attribution.changes_of(row) == {"new": 0, "gone": 0, "more": 0, "less": 4, "same": 0}
        assert attribution.by_mechanism(row) == {"dividend": 401}
        assert sum(village.due_fen for village in attribution.by_village(row.id)) == 401
        assert {village.division for village in attribution.by_village(row.id)} == set(VILLAGES)
        newest = db.session.get_one(Distribution, first)
        assert attribution.changes_of(newest)["new"] == 4


def test_who_is_gone_is_listed_by_village(app):
    """Red when the village narrows another alias of the run before than the one that is read: a statement that no
    engine takes."""
    with transaction():
        world = dividends(families=4)
        world.distributed()
        move_pool(world, 1)
        row = attribution.prepare(world.clerk, clock.today())
        assert attribution.changes_of(row)["gone"] == 3  # of four, one gets the fen
        found = [attribution.preview(row, only="gone", division=village) for village in VILLAGES]
        assert sum(total for _, total in found) == 3
        assert all(
            line.division == village for (lines, _), village in zip(found, VILLAGES, strict=True) for line in lines
        )
        assert {line.kind for lines, _ in found for line in lines} == {"gone"}


def test_the_villages_officer_is_the_second_person_of_a_one_person_supplier(app):
    """An office of the township in which all live, or of the county; nobody elsewhere, and only for who is alone."""
    with transaction():
        world = dividends()
        row = attribution.prepare(world.manager, clock.today())
        township = identity.add_organisation(SYSTEM, "office", "中村瑶族乡乡村振兴办", TOWNSHIP, level=4)
        officer = actor(township.id, {"office_clerk"})
        county = actor(identity.add_organisation(SYSTEM, "office", "炎陵县局", YANLING, level=3).id, {"office_head"})
        village = actor(
            identity.add_organisation(SYSTEM, "office", "道任村", VILLAGES[0], level=5).id, {"office_clerk"}
        )
        with pytest.raises(Forbidden):  # the clerk is a second person
            attribution.approve(officer, row.id)
        db.session.get_one(User, world.clerk.user).active = False
        db.session.flush()
        with pytest.raises(NotFound):  # only some of the households live there
            attribution.approve(village, row.id)
        with pytest.raises(NotFound):  # the city is neither
            attribution.approve(world.office, row.id)
        assert [one.id for one in attribution.to_witness(officer)] == [row.id]
        assert [one.id for one in attribution.to_witness(county)] == [row.id]
        attribution.approve(officer, row.id)
        assert (row.state, row.approved_by) == ("approved", officer.user)


def test_the_month_end_is_proposed_once_and_never_approved_by_itself(app):
    with transaction():
        world = dividends()
        supplier = world.manager.organisation
    following = (clock.today().replace(day=1) + timedelta(days=32)).replace(day=2)
    with clock.fixed(clock.at(following)), transaction():
        assert attribution.suppliers_waiting() == [supplier]
        row = attribution.propose_month_end(supplier)
        assert (row.state, row.cut_on, row.prepared_by) == ("draft", following - timedelta(days=2), None)
        assert attribution.propose_month_end(supplier) is None
        with pytest.raises(Refused) as refused:
            attribution.approve(world.manager, row.id)
        assert refused.value.code == "draft_not_checked"
        attribution.adopt(world.manager, row.id)
        with pytest.raises(Refused) as refused:
            attribution.approve(world.manager, row.id)
        assert refused.value.code == "approver_is_preparer"
        attribution.discard(world.clerk, row.id)
        assert attribution.propose_month_end(supplier) is None  # somebody said no to this cut


def test_a_large_list_is_a_job_that_goes_on_where_a_killed_worker_stopped(app):
    """Red when a step does not look at what is done: shares twice break their key, journals twice theirs."""
    from marketplace.attribution import filling, listing

    handlers = {"distribution_prepare": attribution.fill_job, "distribution_approve": attribution.list_job}
    with transaction():
        world = dividends(families=6, premium=10)
        row = attribution.prepare(world.clerk, clock.today(), at_once=False)
        assert row.state == "preparing"
        id_ = row.id
    with transaction():  # a worker that died after its first step
        filling.fill_step(db.session.get_one(Distribution, id_))
    assert jobs.work(handlers)
    with transaction():
        row = db.session.get_one(Distribution, id_)
        assert row.state == "draft"
        total = row.total_fen
        assert sum(attribution.shares_of(id_).values()) == total
        attribution.approve(world.manager, id_, at_once=False)
    with transaction():
        listing._step(db.session.get_one(Distribution, id_))
    assert jobs.work(handlers)
    with transaction():
        assert db.session.get_one(Distribution, id_).state == "approved"
        assert sum(payout.fen for payout in attribution.payouts_of(id_)) == total
        assert len(notices.of_subject("distribution", id_)) == 2
    assert not jobs.work(handlers)


def test_a_cut_into_a_closed_month_is_posted_today_and_names_the_month(app):
    from marketplace.ledger import periods
    from marketplace.ledger.models import Journal

    with transaction():
        world = dividends()
        cut = clock.today()
    with clock.fixed(clock.at(cut.replace(day=1) + timedelta(days=40))), transaction():
        periods.close(YANLING, YANLING[:6], [clock.period(cut)], by=None)
        row = attribution.prepare(world.clerk, cut)
        attribution.approve(world.manager, row.id)
        posted = db.session.execute(
            select(Journal.period, Journal.concerns_period).where(Journal.kind == "distribution")
        ).all()
        assert {tuple(one) for one in posted} == {(clock.period(clock.today()), clock.period(cut))}


def test_a_foreign_distribution_is_unknown(app):
    with transaction():
        world = dividends()
        row = attribution.prepare(world.clerk, clock.today())
        stranger = replace(world.manager, organisation=world.requester.organisation)
        for verb in (attribution.approve, attribution.discard, attribution.adopt):
            with pytest.raises(NotFound):
                verb(stranger, row.id)


def test_payouts_of_a_household_are_unique_in_the_database(app):
    with transaction():
        world = dividends()
        id_ = world.distributed()
    with pytest.raises(IntegrityError), transaction():
        held = attribution.payouts_of(id_)[0]
        db.session.add(
            Payout(
                distribution_id=id_,
                supplier_id=held.supplier_id,
                household_id=held.household_id,
                division=held.division,
                fen=1,
                channel="cash",
            )
        )
        db.session.flush()
