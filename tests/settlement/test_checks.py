"""The verifier finds each kind of disagreement, and finds none after the whole path."""

import pytest
from sqlalchemy import text

from marketplace.cli import ledger as command
from marketplace.core.db import db, transaction
from marketplace.settlement import checks
from tests.factories.world import World, start_agreement


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=3)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        lot = world.lot()
        world.settled(lot, 200_000)
        world.accepted(world.shipped(lot, 50_000))
        world.approved(20_000)
    return world


def test_after_the_whole_path_nothing_is_wrong(world: World) -> None:
    with transaction(write=False):
        assert {check.__name__: check() for check in checks.CHECKS if check()} == {}


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("UPDATE figure SET money_fen = money_fen + 1", checks.figures_are_their_settled_lines),
        ("UPDATE quota_plan SET settled_fen = settled_fen - 1", checks.settled_money_of_a_plan_is_its_lines),
        ("UPDATE quota_plan SET committed_fen = 0", checks.committed_money_of_a_plan_is_its_open_lines),
        ("UPDATE pool SET total_fen = total_fen + 1", checks.pool_totals_are_their_movements),
        ("UPDATE pool SET makes_debt = NOT makes_debt", checks.movements_of_a_line_are_what_it_attributed),
        ("UPDATE lot SET taken = taken - 1", checks.lots_gave_what_was_shipped),
        ("UPDATE order_line SET settled_fen = settled_fen + 1", checks.settled_quantities_are_their_lines),
        (
            "UPDATE bill SET state = 'to_pay', paid_fen = 0 WHERE state = 'paid'",
            checks.accepted_and_paid_is_settled,
        ),
        (
            "UPDATE bill SET state = 'paid', paid_fen = total_fen WHERE state = 'to_pay'",
            checks.accepted_and_paid_is_settled,
        ),
    ],
)
def test_a_changed_row_is_found_by_its_check(world: World, change: str, check) -> None:
    with transaction():
        db.session.execute(text(change))
        assert check()
        db.session.rollback()


def test_the_verifier_prints_a_line_for_each_check_and_fails_when_one_does(app, world: World) -> None:
    answer = app.test_cli_runner().invoke(args=["ledger", "verify"])
    for check in command.CHECKS:
        assert check.__name__ in answer.output
    with transaction():
        db.session.execute(text("UPDATE quota_plan SET settled_fen = settled_fen - 1"))
    answer = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert answer.exit_code == 1
    assert "settled_money_of_a_plan_is_its_lines" in answer.output
    assert "1 WRONG" in answer.output
