"""What a settled line owes each mechanism, in the agreements' order, never more than its money: against an oracle."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from marketplace.attribution import services as attribution
from marketplace.attribution.models import Pool
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.findings.models import Finding
from marketplace.ledger import checks as ledger_checks
from marketplace.linkage import rules
from marketplace.linkage import services as linkage
from marketplace.settlement import checks
from marketplace.settlement.models import SettledLine
from tests.counts import count
from tests.factories.world import World, start_agreement
from tests.linkage.helpers import standing
from tests.settlement import oracle


def build(basis: str, **offer: Any) -> World:
    """A world whose produce agreement has that basis; World's own is of another mechanism and stays unused."""
    world = World.build(families=3, basis="outright", **offer)
    if basis != "outright":
        rate = {"rate_basis_points": 1_500} if basis == "floor_plus" else {}
        world.agreement = start_agreement(
            world.manager, world.households, kind="produce", basis=basis, service_order=10, **rate
        )
    return world


def entries() -> list[dict[str, int]]:
    return list(oracle.posted().values())


def pools(kind: str) -> list[Pool]:
    return list(db.session.scalars(select(Pool).where(Pool.kind == kind).order_by(Pool.id)))


def test_floor_plus_owes_the_floor_at_the_slip_and_a_supplement_at_the_sale(app):
    """Red when the supplement is reckoned on the line's whole money instead of what is above its floor cost."""
    with transaction():
        world = build("floor_plus")
        lot = world.lot(1_000_000, price_fen=680)
        cost = linkage.by_ids([lot])[lot].cost_fen
        assert sum(standing(world, household)[0] for household in world.households) == cost
        world.settled(lot, 200_000)
    with transaction(write=False):
        [trace], [supplement] = pools("lot"), pools("supplement")
        # 200 of 1,000.003 kilograms sold for 2,400.00; floor traced 1,360.00; 15 % of the rest
        assert (trace.total_fen, trace.makes_debt) == (136_000, False)
        assert (supplement.total_fen, supplement.makes_debt) == ((240_000 - 136_000) * 15 // 100, True)
        assert entries()[0]["remainder"] == 240_000 - 136_000 - 15_600
        shares = attribution.shares_of_pool(supplement)
        assert sum(shares.values()) == 15_600
        assert set(shares) == set(world.households)
        assert db.session.scalars(select(SettledLine)).one().owed_fen == 15_600


def test_a_supplement_is_nothing_where_the_sale_brings_less_than_the_floor(app):
    with transaction():
        world = build("floor_plus")
        world.settled(world.lot(1_000_000, price_fen=1_500), 200_000)  # costs 15.00, sold for 12.00
    with transaction(write=False):
        assert pools("supplement")[0].total_fen == 0
        assert pools("lot")[0].total_fen == 240_000
        written_off = db.session.scalars(select(Finding).where(Finding.kind == "line_money_short")).one()
        assert written_off.facts["written_off_fen"] == 60_000


def test_a_sale_tied_piece_wage_is_owed_per_price_unit_and_one_that_is_not_takes_nothing(app):
    with transaction():
        world = World.build(families=3)
        start_agreement(
            world.manager, world.households, kind="piece_wage", rate_fen=30, sale_tied=True, service_order=20
        )
        start_agreement(world.manager, world.households, kind="piece_wage", rate_fen=99)
        start_agreement(world.manager, world.households, kind="wage", rate_fen=99)
        world.settled(world.lot(), 200_000)
    with transaction(write=False):
        [pool] = pools("roster")
        assert (pool.mechanism, pool.total_fen, pool.makes_debt) == ("piece_wage", 6_000, True)


def test_claims_beyond_the_lines_money_are_served_in_order_and_the_rest_is_written_off_with_a_finding(app):
    """Red when Claim.order does not begin with the service order, or rules.fit grants beyond what is left."""
    with transaction():
        world = World.build(families=3)  # produce is served first, by order 10
        last = start_agreement(world.manager, world.households, kind="premium", rate_fen=900, service_order=30)
        first = start_agreement(
            world.manager, world.households, kind="dividend", rate_basis_points=5_000, service_order=5
        )
        world.settled(world.lot(1_000_000, price_fen=680), 200_000)
    with transaction(write=False):
        [shares] = entries()
        # 2,400.00: half to the dividend, the lot asks 1,360.00 of the rest, nothing is left for the premium's 1,800.00
        assert {UUID(key): fen for key, fen in shares.items()} == {first: 120_000, world.agreement: 120_000}
        lost = {
            row.object_id.split(":")[1]: row.facts["written_off_fen"]
            for row in db.session.scalars(select(Finding).where(Finding.kind == "line_money_short"))
        }
        assert lost == {str(world.agreement): 16_000, str(last): 180_000}


def test_what_a_lot_could_not_post_comes_with_its_next_line_as_far_as_that_ones_money_goes(app):
    with transaction():
        world = World.build(families=3)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=5_000, service_order=5)
        lot = world.lot(1_000_000, price_fen=680)
        world.settled(lot, 200_000)
        world.settled(lot, 100_000)
    with transaction(write=False):
        # cost 2,040.00 for 300 kilograms; half of 3,600.00 was there for it
        assert pools("lot")[0].total_fen == 180_000


def revise(world: World, lot: UUID, fen: int, households: int = 3) -> linkage.LotRevision:
    return attribution.revise_lot(
        world.manager,
        lot,
        dict.fromkeys(world.households[:households], fen),
        day=clock.today(),
        reason="行情补差",
        evidence="补差协议 1",
    )


def sell(world: World, lot: UUID, *parts: int) -> None:
    for part in parts:
        world.settled(lot, part)


EXACT = {"minimum": 1_000, "pack": 1_000, "breaks": [(1_000, 3_000)]}


def exact_lot(world: World) -> UUID:
    """300 kilograms that three households brought."""
    slips = linkage.record_slips(
        world.clerk,
        world.agreement,
        clock.today(),
        [
            linkage.Delivery(
                household_id=household, item="黄桃", unit="千克", gross=101_000, tare=1_000, price_fen=700 + place
            )
            for place, household in enumerate(world.households)
        ],
    )
    lot = linkage.make_lot(
        world.clerk,
        product_id=world.product,
        harvested_on=clock.today(),
        size=300_000,
        slip_ids=[slip.id for slip in slips],
    )
    linkage.add_paper(world.clerk, lot.id, "conformity", "HGZ-001", clock.today())
    return lot.id


@pytest.mark.parametrize("basis", rules.BASES)
def test_a_lot_sold_out_has_posted_its_cost_and_its_late_costs_exactly(app, basis):
    """Red when a revision's target does not follow what is sold, or is posted once only."""
    with transaction():
        world = build(basis, **EXACT)
        lot = exact_lot(world)
        first = revise(world, lot, 1_111)
        sell(world, lot, 70_000)
        second = revise(world, lot, 777, households=2)
        sell(world, lot, 31_000, 199_000)
    with transaction(write=False):
        assert pools("lot")[0].total_fen == linkage.by_ids([lot])[lot].cost_fen == 210_300
        assert {pool.source_id: pool.total_fen for pool in pools("revision")} == {first.id: 3_333, second.id: 1_554}
        consigned = basis == "consignment"
        assert {pool.makes_debt for pool in pools("revision")} == {consigned}
        assert {row.owed_now for row in linkage.revisions_of([lot])[lot]} == {not consigned}
        owed = [standing(world, household)[0] for household in world.households]
        slips = [70_000, 70_100, 70_200]
        assert owed == ([0, 0, 0] if consigned else [slip + 1_111 + 777 * (n < 2) for n, slip in enumerate(slips)])
        assert linkage.by_ids([lot])[lot].revised_fen == 4_887
        assert oracle.posted() == oracle.expected()


def test_a_late_cost_of_a_consigned_lot_that_is_sold_out_is_owed_at_once(app):
    """No sale is left to carry it. Red when revise_lot does not look at what is sold."""
    with transaction():
        world = build("consignment", **EXACT)
        lot = exact_lot(world)
        sell(world, lot, 300_000)
        row = revise(world, lot, 500)
        assert row.owed_now
        assert [standing(world, household)[0] for household in world.households] == [500] * 3


def test_sales_follow_the_agreement_of_the_day_that_the_lot_was_accepted(app):
    with transaction():
        world = World.build(families=3)
        ended = start_agreement(world.manager, world.households, kind="premium", rate_fen=40)
        linkage.end(world.manager, ended, clock.today())
        lot = world.lot()
        sell(world, lot, 100_000)
    with clock.fixed(clock.at(clock.today() + timedelta(days=1))), transaction():
        sell(world, lot, 100_000)
    with transaction(write=False):
        assert [pool.total_fen for pool in pools("roster")] == [4_000]


rates = st.sampled_from([1, 37, 250, 3_333, 6_000, 10_000])
amounts = st.sampled_from([1, 17, 199, 1_205, 3_001])
orders = st.integers(1, 4)


@settings(max_examples=count(400), phases=[Phase.generate])
@given(
    basis=st.sampled_from(rules.BASES),
    price=st.integers(50, 4_000),
    produce=st.tuples(orders, rates),
    dividends=st.lists(st.tuples(orders, rates), max_size=1),
    premiums=st.lists(st.tuples(orders, amounts), max_size=1),
    tied=st.lists(st.tuples(orders, amounts), max_size=1),
    steps=st.lists(
        st.one_of(st.integers(1, 90), st.tuples(st.integers(1, 40_000), st.integers(1, 3))), min_size=1, max_size=6
    ),
)
def test_any_agreements_and_sales_post_what_the_oracle_expects(
    app, database, basis, price, produce, dividends, premiums, tied, steps
):
    """Every line's shares sum to its money; no pool gives more than it holds; the checks find nothing."""
    database.fresh()
    with transaction():
        world = World.build(families=3, **EXACT)
        place, rate = produce
        terms = {"rate_basis_points": rate} if basis == "floor_plus" else {}
        row = linkage.own(world.manager, world.agreement)
        row.state = "ended"  # only the drawn one takes part
        db.session.flush()
        world.agreement = start_agreement(
            world.manager, world.households, kind="produce", basis=basis, service_order=place, **terms
        )
        for kind, drawn, name, more in (
            ("dividend", dividends, "rate_basis_points", {}),
            ("premium", premiums, "rate_fen", {}),
            ("piece_wage", tied, "rate_fen", {"sale_tied": True}),
        ):
            for order, value in drawn:
                start_agreement(
                    world.manager, world.households, kind=kind, service_order=order, **{name: value}, **more
                )
        lot = world.lot(300_000, price_fen=price)
    left, revised = 300_000, 0
    for step in steps:
        with transaction():
            if isinstance(step, int):
                quantity = min(step * 1_000, left)
                if quantity:
                    world.settled(lot, quantity)
                    left -= quantity
            else:
                revise(world, lot, *step)
                revised += step[0] * step[1]
    with transaction(write=False):
        assert oracle.posted() == oracle.expected()
        lines = {str(line.id).replace("-", ""): line for line in db.session.scalars(select(SettledLine))}
        for source, shares in oracle.posted().items():
            assert sum(shares.values()) == lines[source].money_fen
        assert db.session.scalar(select(func.count()).select_from(Pool).where(Pool.total_fen < 0)) == 0
        assert linkage.by_ids([lot])[lot].revised_fen == revised
        for check in (*checks.CHECKS, *ledger_checks.CHECKS):
            assert check() == [], check.__name__
