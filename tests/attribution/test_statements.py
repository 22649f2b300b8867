"""Statements: months from the cuts, the open tail, figures that are never mixed, and what a reversal does to a fen."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from marketplace.attribution import services as attribution
from marketplace.attribution import shares
from marketplace.attribution.models import Pool
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.linkage import flows, standing
from marketplace.linkage import services as linkage
from tests.attribution.test_reversals_and_payouts import back
from tests.factories.world import World, start_agreement


def build(basis: str = "consignment", families: int = 3) -> World:
    """A lot, a dividend and a rent; one line of 200 千克 settled."""
    world = World.build(basis=basis, families=families)
    start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=333, service_order=20)
    world.extra["rent"] = start_agreement(
        world.manager, world.households, kind="rent", rate_fen=80_000, service_order=90
    )
    world.extra["lot"] = world.lot()
    world.extra["bill"] = world.settled(world.extra["lot"])
    return world


@pytest.fixture
def world(app) -> World:
    with transaction():
        return build()


def rent(world: World) -> None:
    flows.record_flows(
        world.manager,
        world.extra["rent"],
        clock.today(),
        [flows.Entry(household, quantity=1_500, rate_fen=80_000) for household in world.households],
        evidence="租金表 1",
    )


def equals_the_books(household) -> None:
    """All entries sum to the standing, and what the pools hold beyond the last cut."""
    found = attribution.statement(household)
    held = standing.of_household(household).values()
    tail = sum(
        cut.fen for share in found.pools for cut in share.cuts if not cut.distribution_id and share.pool.makes_debt
    )
    assert found.owed_fen == sum(row.owed_fen for row in held) + tail
    assert found.received_fen == sum(row.received_fen for row in held)
    assert found.payable_fen - found.recoverable_fen == found.owed_fen - found.received_fen
    for share in found.pools:  # cuts and tail together are the household's part of all that the pool holds
        assert share.fen == attribution.shares_of_pool(share.pool)[household]


def test_what_is_settled_and_not_cut_stands_in_the_open_tail(world):
    with transaction(write=False):
        for household in world.households:
            found = attribution.statement(household)
            assert {cut.distribution_id for share in found.pools for cut in share.cuts} == {None}
            assert found.owed_fen == found.attributed_fen > 0
            equals_the_books(household)
        pools = list(db.session.scalars(select(Pool)))
        everybody = [attribution.statement(household) for household in world.households]
        assert sum(one.attributed_fen for one in everybody) == sum(pool.total_fen for pool in pools)


def test_a_cut_gives_its_month_and_leaves_no_tail(world):
    """Red when a statement takes draft cuts, or counts what was cut once more in the tail."""
    household = world.households[0]
    with transaction(write=False):
        before = attribution.statement(household)
    with transaction():
        draft = attribution.prepare(world.clerk, clock.today())
        assert attribution.statement(household).owed_fen == before.owed_fen
        attribution.approve(world.manager, draft.id)
    with transaction(write=False):
        after = attribution.statement(household)
        assert {cut.distribution_id for share in after.pools for cut in share.cuts} == {draft.id}
        assert (after.owed_fen, after.attributed_fen) == (before.owed_fen, before.attributed_fen)
        month = clock.period(clock.today())
        assert set(after.by_month()) == {month}
        assert sum(sums.owed_fen for sums in after.by_month()[month].values()) == after.owed_fen
        nothing = attribution.statement(household, periods=(200001, 200012))
        assert nothing.owed_fen == 0
        assert nothing.payable_fen == after.payable_fen, "payable is of now, whatever the months"
        equals_the_books(household)


def test_slips_flows_and_set_offs_stand_beside_what_sales_brought(app):
    with transaction():
        world = build("outright")
        rent(world)
        household = world.households[0]
        linkage.give_advance(
            world.manager, household_id=household, fen=5_000, given_on=clock.today(), method="cash", evidence="预支单 1"
        )
        linkage.record_slips(
            world.clerk,
            world.agreement,
            clock.today(),
            [linkage.Delivery(household, "黄桃", "千克", 21_000, 1_000, 680, deduction_fen=5_000)],
        )
        found = attribution.statement(household)
        kinds = found.by_mechanism()
        assert kinds["rent"].owed_fen == 120_000
        assert kinds["set_off"].received_fen == 5_000
        slips = sum(slip.payable_fen + slip.deduction_fen for slip in found.slips)
        assert kinds["outright"].owed_fen == slips
        assert kinds["outright"].attributed_fen > 0, "the lot traces what its slips made owed"
        assert kinds["dividend"].owed_fen == kinds["dividend"].attributed_fen > 0
        assert found.owed_fen == slips + 120_000 + kinds["dividend"].owed_fen
        assert [row.repaid_fen for row in found.advances] == [5_000]
        equals_the_books(household)


def test_a_reversal_lowers_the_tail_and_its_lines_still_sum_to_it(world):
    """Red when a span is taken from least and most instead of first and last."""
    with transaction():
        back(world, world.extra["bill"], 130_000, "H1")
        world.settled(world.extra["lot"], 70_000)
    with transaction(write=False):
        for household in world.households:
            found = attribution.statement(household)
            for share in found.pools:
                (cut,) = share.cuts
                rows, total = attribution.lines_of_cut(cut, household)
                assert total == len(rows) == 3
                assert sum(row.fen for row in rows) == cut.fen == share.fen
                assert sum(row.pool_fen for row in rows) == share.pool.total_fen
                assert any(row.pool_fen < 0 for row in rows)
            equals_the_books(household)


def test_the_lines_of_every_cut_sum_to_its_fen_after_returns(world):
    """A line sold, cut, sent back, cut again: each cut opens to its own lines. Red when the tail's start is forgotten."""
    with transaction():
        first = world.distributed()
    later = clock.now() + timedelta(days=20)
    with clock.fixed(later), transaction():
        back(world, world.extra["bill"], 200_000, "H1")
        world.settled(world.extra["lot"], 90_000)
        second = attribution.prepare(world.clerk, clock.today())
        attribution.approve(world.manager, second.id)
        world.settled(world.extra["lot"], 40_000)
    with clock.fixed(later + timedelta(hours=1)), transaction(write=False):
        for household in world.households:
            found = attribution.statement(household)
            cuts = [cut for share in found.pools for cut in share.cuts]
            assert {cut.distribution_id for cut in cuts} == {first, second.id, None}
            for cut in cuts:
                rows, total = attribution.lines_of_cut(cut, household, size=100)
                assert total == len(rows)
                assert sum(row.fen for row in rows) == cut.fen, cut
            equals_the_books(household)


def test_what_a_return_takes_may_differ_by_a_fen_and_the_pool_by_none(world):
    """The statement shows both: the sale's share and the reversal's, and that the pool's amounts cancel."""
    with transaction():
        back(world, world.extra["bill"], 200_000, "H1")
    with transaction(write=False):
        for household in world.households:
            for pool in attribution.pools_of(household):
                rows, _ = attribution.lines_of(pool, household)
                assert [row.pool_fen for row in rows] == [-rows[1].pool_fen, rows[1].pool_fen]
                assert abs(rows[0].fen + rows[1].fen) <= 2
                assert sum(row.fen for row in rows) == 0  # of the whole of it nothing remains


def test_a_line_opens_to_every_household_to_the_fen(world):
    with transaction(write=False):
        pool = attribution.pools_of(world.households[0])[0]
        line = attribution.lines_of(pool, world.households[0])[0][0].line_id
        opened = attribution.households_of_line(line)
        assert {pool.mechanism for pool, _, _ in opened} == {"produce", "dividend"}
        for _pool, fen, households in opened:
            assert sum(households.values()) == fen
            assert set(households) == set(world.households)


def test_a_statement_of_one_supplier_shows_nothing_of_another(world):
    with transaction(write=False):
        household = world.households[0]
        assert attribution.statement(household, world.requester.organisation).entries == []
        mine = attribution.statement(household, world.manager.organisation)
        assert mine.entries == attribution.statement(household).entries


def test_weights_stand_beside_the_fen_and_are_read_only_when_shown(world):
    """Red when an overview reads the weights of every pool it lists."""
    household = world.households[0]
    with transaction():
        world.distributed()
    shares._weights.forget()
    asked: list[str] = []
    with transaction(write=False):
        event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        found = attribution.statement(household)
        found.by_month()
        assert not [statement for statement in asked if "pseudonym" in statement.split("FROM")[0]]
        dividend = next(share for share in found.pools if share.mechanism == "dividend")
        assert (dividend.weight, dividend.weights_total) == (1, 3)


def test_what_is_kept_of_weights_and_shares_is_bounded():
    """Red when what a worker remembers grows with the pools it has seen."""
    kept: shares.Kept[list[int]] = shares.Kept(100)
    for number in range(50):
        assert kept.get(number, lambda number=number: [number] * 9, len) == [number] * 9
        assert kept.held <= 100
    assert kept.get("large", lambda: [0] * 500, len) == [0] * 500
    assert kept.held <= 100
    made = []
    kept.get(49, lambda: made.append(1) or [0], len)
    assert made == [], "what was asked for last is still there"


def test_an_overview_is_the_statement_s_figures_without_its_rows(app):
    """Red when a figure is summed in one of the two only."""
    with transaction():
        world = build("outright")
        rent(world)
        household = world.households[0]
        linkage.give_advance(
            world.manager, household_id=household, fen=5_000, given_on=clock.today(), method="cash", evidence="预支单 1"
        )
        linkage.record_slips(
            world.clerk,
            world.agreement,
            clock.today(),
            [linkage.Delivery(household, "黄桃", "千克", 21_000, 1_000, 680, deduction_fen=5_000)],
        )
        world.paid_out(world.distributed())
    with clock.fixed(clock.now() + timedelta(days=20)), transaction():
        back(world, world.extra["bill"], 130_000, "H1")
        world.settled(world.extra["lot"], 70_000)
    for moment in (clock.now(), clock.now() + timedelta(days=20)):
        month = clock.period(clock.local(moment).date())
        with clock.fixed(moment), transaction(write=False):
            for household in world.households:
                for periods in (None, (month, month), (200001, 200012)):
                    rows = attribution.statement(household, periods=periods)
                    sums = attribution.overview(household, periods=periods)
                    assert sums.by_month() == rows.by_month(), periods
                    assert (sums.payable_fen, sums.recoverable_fen) == (rows.payable_fen, rows.recoverable_fen)
                    assert sums.suppliers == rows.suppliers
