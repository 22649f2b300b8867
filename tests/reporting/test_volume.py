"""The volume report equals the rows that it opens to, keeps to the actor's scope and counts a household once."""

from dataclasses import replace

import pytest
from sqlalchemy import event, func, select

from marketplace.attribution import services as attribution
from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.identity import services as identity
from marketplace.linkage import services as linkage
from marketplace.reporting import services as reporting
from marketplace.reporting import sources
from marketplace.settlement.models import SettledLine
from tests.factories.world import CHALING, YANLING, World, actor, start_agreement

FIGURES = ("ordered", "accepted", "settled", "attributed", "owed", "received")


def this_month(**filters: object) -> reporting.Asked:
    month = clock.period(clock.today())
    return reporting.Asked(month, month, **filters)


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=6)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        lot = world.lot(1_000_000, price_fen=680)
        slips = linkage.slips_of_lot(lot)
        linkage.pay_slips(
            world.clerk,
            {slips[0].id: slips[0].payable_fen, slips[1].id: 500},
            day=clock.today(),
            method="cash",
            evidence="收条 1",
        )
        bill = world.settled(lot, 200_000)
        world.settled(lot, 75_000)
        world.accepted(world.shipped(lot, 50_000))
        world.approved(20_000)
        run = world.distributed(bill.issued_on)
        world.paid_out(run, [attribution.payouts_of(run)[0].id])
    return world


@pytest.mark.parametrize("by", reporting.DIMENSIONS)
def test_every_figure_equals_the_sum_of_its_rows(world: World, by: str) -> None:
    with transaction(write=False):
        report = reporting.volume(SYSTEM, this_month(), by)
        settled = db.session.scalar(select(func.sum(SettledLine.money_fen)))
        assert report.total.settled_fen == settled == 330_000
        assert sum(row.figures.settled_fen for row in report.rows) == settled
        for row in report.rows:
            for figure in FIGURES:
                opened = reporting.rows(SYSTEM, report.asked.narrowed(by, row.key), figure)
                assert opened.fen == getattr(row.figures, f"{figure}_fen"), (row.name, figure)
                if opened.fen is not None:
                    assert sum(line.fen for line in opened.rows) == opened.fen


def test_a_drill_reaches_the_village_and_each_level_keeps_the_sum(world: World) -> None:
    with transaction(write=False):
        for prefix, keys in (
            (None, {"43"}),
            ("43", {"4302"}),
            ("4302", {"430225"}),
            # orders lie in the supplier's county, no finer
            ("430225", {"430225103", "430225000000"}),
        ):
            report = reporting.volume(SYSTEM, this_month(origin=prefix), "origin")
            assert {row.key for row in report.rows} == keys
            assert report.total.settled_fen == 330_000
        villages = reporting.volume(SYSTEM, this_month(origin="430225103"), "origin")
        # the lot came of both villages and lies in their township; slips lie where each household lives
        assert {row.key for row in villages.rows} == {"430225103000", "430225103201", "430225103202"}
        assert villages.total.owed_fen == sum(row.figures.owed_fen for row in villages.rows)


def test_owed_and_received_are_not_told_by_buyer(world: World) -> None:
    with transaction(write=False):
        for by in ("buyer", "category", "channel"):
            total = reporting.volume(SYSTEM, this_month(), by).total
            assert (total.owed_fen, total.received_fen, total.to_pay_fen) == (None, None, None)
            assert total.attributed_fen > 0
        assert reporting.volume(SYSTEM, this_month(category="peach"), "origin").total.owed_fen is None


def test_a_household_counts_once_in_the_total(world: World) -> None:
    with transaction():
        lot = world.lot(500_000)
        world.settled(lot, 100_000)
    with transaction(write=False):
        report = reporting.volume(SYSTEM, this_month(), "supplier")
        assert report.total.households == len(world.households) == 6
        assert reporting.households_reached(world.office, this_month()).total == 6


def test_figures_and_settled_lines_answer_alike(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(write=False):
        for by in reporting.DIMENSIONS:
            assert sources.figure_dimension(SYSTEM, this_month(), by)
            by_figures = sources.settled(SYSTEM, this_month(), by)
            with monkeypatch.context() as patch:
                patch.setattr(sources, "figure_dimension", lambda *_: None)
                assert sources.settled(SYSTEM, this_month(), by) == by_figures


def test_an_office_sees_its_division_on_either_side_and_nothing_beside(world: World) -> None:
    with transaction():
        seller = identity.add_organisation(SYSTEM, "office", "炎陵县农业农村局", YANLING, level=3)
        buyer = identity.add_organisation(SYSTEM, "office", "茶陵县农业农村局", CHALING, level=3)
        beside = identity.add_organisation(SYSTEM, "office", "攸县农业农村局", "430223000000", level=3)
        offices = [actor(row.id, {"office_clerk"}) for row in (seller, buyer, beside)]
    with transaction(write=False):
        totals = [reporting.volume(office, this_month(), "supplier").total for office in offices]
        assert [total.settled_fen for total in totals] == [330_000, 330_000, 0]
        # households live with the seller: the buyer's office is told of no debt to them
        assert totals[0].owed_fen > totals[1].owed_fen > 0 == totals[2].owed_fen
        assert [reporting.rows(office, this_month(), "settled").total for office in offices] == [2, 2, 0]
        seen = reporting.households_reached(offices[1], this_month())
        assert (seen.total, seen.elsewhere, seen.rows) == (6, 6, [])
        filtered = replace(this_month(), origin="430225")
        assert reporting.volume(offices[2], filtered, "origin").total.settled_fen == 0


def test_an_agency_sees_its_own_purchases(world: World) -> None:
    with transaction():
        other = identity.add_organisation(SYSTEM, "agency", "茶陵县中医院", CHALING, agency_kind="budget_unit")
        stranger = actor(other.id, {"requester"})
    with transaction(write=False):
        assert reporting.volume(world.requester, this_month(), "month").total.settled_fen == 330_000
        assert reporting.volume(stranger, this_month(), "month").total.settled_fen == 0
        assert reporting.volume(stranger, this_month(buyer=world.requester.organisation)).total.settled_fen == 0


def test_a_shared_report_hides_cells_of_fewer_than_five_households(world: World) -> None:
    with transaction(write=False):
        shared = reporting.results(this_month(origin="430225103"), "origin")
        hidden = {row.key: row.hide for row in shared.rows}
        # three households in each village; the township's own row holds all six and could be subtracted
        assert hidden["430225103201"] == hidden["430225103202"] == "few"
        assert not shared.hide_total
        inside = reporting.volume(world.office, this_month(origin="430225103"), "origin")
        assert not any(row.hide for row in inside.rows)


def test_statements_of_a_report_do_not_grow_with_its_lines(world: World) -> None:
    def statements() -> int:
        reporting.volume(SYSTEM, this_month(), "origin")
        count = [0]

        def one_more(*_: object) -> None:
            count[0] += 1

        event.listen(db.engine, "before_cursor_execute", one_more)
        reporting.volume(SYSTEM, this_month(), "origin")
        event.remove(db.engine, "before_cursor_execute", one_more)
        return count[0]

    with transaction():
        before = statements()
        lot = world.lot(500_000)
        for _ in range(3):
            world.settled(lot, 50_000)
        assert statements() == before
