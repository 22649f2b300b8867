"""Reversal (DESIGN.md, Attribution): what a line posted goes back, pro rata and all of it at the end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace.attribution import services as attribution
from marketplace.attribution.models import Pool
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, NotFound, Refused
from marketplace.ledger import services as ledger
from marketplace.linkage.models import Lot
from marketplace.procurement.models import AcceptanceLine, OrderLine
from marketplace.quota import services as quota
from marketplace.settlement import figures
from marketplace.settlement import services as settlement
from marketplace.settlement.checks import CHECKS
from marketplace.settlement.models import SettledLine
from tests.counts import count
from tests.factories.world import World, start_agreement


def line_of(bill) -> SettledLine:
    query = select(SettledLine).where(SettledLine.bill_id == bill.id, SettledLine.reverses_id.is_(None))
    return db.session.scalars(query).one()


def back(world: World, line, quantity: int, number: str, **more):
    return settlement.reverse(
        world.manager,
        line.id,
        quantity=quantity,
        reason="质量不符",
        red_invoice_number=number,
        refund_serial="R1",
        **more,
    )


def faults() -> list[str]:
    return [fault for check in CHECKS for fault in check()]


@pytest.fixture
def traded(app):
    """A world with a dividend beside its outright lot, and one settled line of 200 千克."""
    with transaction():
        world = World.build()
        start_agreement(world.manager, world.households[:2], kind="dividend", rate_basis_points=333, service_order=20)
        world.extra["lot"] = world.lot()
        world.extra["bill"] = world.settled(world.extra["lot"])
    return world


def test_a_part_that_comes_back_takes_its_part_of_everything(app, traded):
    with transaction():
        line = line_of(traded.extra["bill"])
        reversal = back(traded, line, 50_000, "H1")
        assert (reversal.quantity, reversal.money_fen) == (-50_000, -line.money_fen // 4)
        plan = quota.plan_of(traded.requester.organisation, line.day.year)
        assert plan.settled_fen == line.money_fen + reversal.money_fen
        assert db.session.get_one(OrderLine, line.order_line_id).returned == 50_000
        assert figures.wrong() == []
        assert faults() == []


def test_a_line_that_comes_back_in_parts_ends_at_zero(app, traded):
    """Red when a part is rounded on its own instead of cumulatively."""
    with transaction():
        line = line_of(traded.extra["bill"])
        for number, quantity in enumerate((1_334, 1_334, 1_334, 195_998)):
            back(traded, line, quantity, f"H{number}")
        sums = select(
            func.sum(SettledLine.money_fen), func.sum(SettledLine.attributed_fen), func.sum(SettledLine.owed_fen)
        )
        assert tuple(map(int, db.session.execute(sums).one())) == (0, 0, 0)
        assert {pool.total_fen for pool in db.session.scalars(select(Pool))} == {0}
        assert set(ledger.balances("pool").values()) == {0}
        assert set(ledger.balances("sold").values()) | set(ledger.balances("remainder").values()) == {0}
        assert faults() == []


def test_more_than_was_accepted_never_comes_back(app, traded):
    """Red when record_return does not look at what is left; below it stands the CHECK of acceptance_line."""
    with transaction():
        line = line_of(traded.extra["bill"])
        back(traded, line, 150_000, "H1")
        with pytest.raises(Refused) as refused:
            back(traded, line, 51_000, "H2")
        assert refused.value.code == "return_beyond_accepted"
        assert db.session.get_one(AcceptanceLine, line.id).returned == 150_000


def test_a_red_letter_invoice_is_used_once(app, traded):
    with transaction():
        line = line_of(traded.extra["bill"])
        back(traded, line, 10_000, "H1")
    with pytest.raises(Refused) as refused, transaction():
        back(traded, line, 10_000, "H1")
    assert refused.value.code == "invoice_exists"
    with transaction(write=False):
        assert faults() == []
        assert db.session.get_one(AcceptanceLine, line.id).returned == 10_000


def test_a_reversal_is_not_reversed_and_a_foreign_line_is_unknown(app, traded):
    with transaction():
        line = line_of(traded.extra["bill"])
        reversal = back(traded, line, 10_000, "H1")
        with pytest.raises(NotFound):
            back(traded, reversal, 1_000, "H2")
        with pytest.raises(NotFound):
            settlement.reverse(
                _stranger(traded),
                line.id,
                quantity=1_000,
                reason="x",
                red_invoice_number="H3",
            )


def _stranger(world: World):
    from dataclasses import replace
    from uuid import uuid4

    return replace(world.manager, organisation=uuid4())


def test_goods_taken_back_can_be_sold_again_and_the_lot_posts_exactly_its_cost(app, traded):
    """Invariant 4. Red when a return leaves `sold` of the lot's pool as it was."""
    lot_id = traded.extra["lot"]
    with transaction():
        back(traded, line_of(traded.extra["bill"]), 80_000, "H1", restocked=True)
        lot = db.session.get_one(Lot, lot_id)
        assert lot.taken == 120_000
    while True:
        with transaction():
            lot = db.session.get_one(Lot, lot_id)
            left = (lot.size - lot.taken) // 5_000 * 5_000
            if not left:
                break
            traded.settled(lot_id, min(left, 400_000))
    with transaction(write=False):
        pool = attribution.pool_of("lot", lot_id)
        rest = lot.size - pool.sold  # what is too little for a pack
        assert pool.total_fen == (lot.cost_fen * pool.sold * 2 + lot.size) // (2 * lot.size)
        assert rest < 5_000
        assert faults() == []


def test_what_was_distributed_already_becomes_recoverable_and_is_not_taken_back(app, traded):
    """Nothing that a household received is taken back silently."""
    from marketplace.linkage import standing

    with transaction():
        line = line_of(traded.extra["bill"])
        run = attribution.prepare(traded.manager, line.day)
    with transaction():
        second = _second_manager(traded)
        attribution.approve(second, run.id)
        before = {key: row.received_fen for key, row in standing.of_supplier(traded.manager.organisation).items()}
        back(traded, line, 200_000, "H1")
        after = {key: row.received_fen for key, row in standing.of_supplier(traded.manager.organisation).items()}
        assert after == before
        for pool in db.session.scalars(select(Pool)):
            assert pool.total_fen == 0
            assert pool.distributed_fen > 0
        assert faults() == []


def _second_manager(world: World):
    from tests.factories.world import actor

    return actor(world.manager.organisation, {"supplier_manager"})


def test_the_same_return_posts_once(app, traded):
    """Invariant 5 for reversals: the return's id is the ledger's source."""
    with transaction():
        reversal = back(traded, line_of(traded.extra["bill"]), 10_000, "H1")
    with pytest.raises((Conflict, IntegrityError)), transaction():
        attribution.reverse(
            attribution.Taken(
                reversal.id,
                reversal.line_id,
                reversal.supplier_id,
                reversal.lot_id,
                reversal.origin,
                240_000,
                0,
                100,
                1,
                202601,
            ),
            reversal.day,
        )
    with transaction(write=False):
        assert faults() == []


@settings(max_examples=count(50_000))
@given(
    money=st.integers(1, 10**9),
    parts=st.lists(st.integers(0, 10**6), min_size=0, max_size=4),
    steps=st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
)
@pytest.mark.unit
def test_any_chain_of_returns_takes_back_each_share_exactly_and_never_gives_back(money, parts, steps):
    """Invariant 4 on the split alone: monotone, summing to what is reversed, exact at the end."""
    from uuid import UUID

    from marketplace.attribution.reversals import Taken, _parts

    fed, left = {}, money
    for place, part in enumerate(parts):
        fen = min(part, left)
        if fen:
            fed[UUID(int=place + 1)] = fen
            left -= fen
    total, done, taken = sum(steps), 0, {}
    for step in steps:
        before = (2 * money * done + total) // (2 * total)
        done += step
        after = (2 * money * done + total) // (2 * total)
        got = _parts(Taken(UUID(int=9), UUID(int=8), UUID(int=7), UUID(int=6), "", money, before, after, 0, 0), fed)
        assert min(got.values()) >= 0
        assert sum(got.values()) == after - before
        for pool, fen in got.items():
            taken[pool] = taken.get(pool, 0) + fen
    assert {pool: fen for pool, fen in taken.items() if pool} == fed
    assert taken.get(None, 0) == left
