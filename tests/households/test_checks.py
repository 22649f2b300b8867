"""Each check finds what was planted past the database's own guards."""

import pytest
from sqlalchemy import create_engine, text

from marketplace.core import clock, guards
from marketplace.core.db import transaction
from marketplace.households import checks
from marketplace.households import services as households
from tests.households.conftest import Village


@pytest.fixture
def filled(village: Village) -> Village:
    with transaction():
        village.paid(0)
        village.paid(0, 70)
        village.paid(1)
        change = households.NewChange("merged", clock.today(), "村委证明 1 号", parts=[(village.homes[1], 10_000)])
        row = households.record_change(village.clerk, village.homes[2], change)
        households.approve_change(village.city, row.id)
    return village


def found() -> dict[str, int]:
    with transaction(write=False):
        return {check.__name__: len(wrong) for check in checks.CHECKS if (wrong := check())}


def plant(database, *statements: str) -> None:
    """As the database's owner, with guards and constraints out of the way."""
    engine = create_engine(database.owner_url)
    with guards.migrating(), engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
            query = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND conrelid::regclass::text IN ('payee', 'member', 'household_change', 'household_change_part')"
            for table, name in connection.execute(text(query)).all():
                connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_a_sound_village_has_no_fault(filled: Village) -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("parts_are_the_whole", "UPDATE household_change_part SET basis_points = 9000"),
        ("parts_are_the_whole", "DELETE FROM household_change_part"),
        ("payees_are_named_by_two", "UPDATE payee SET approved_by = proposed_by"),
        ("payees_are_named_by_two", "UPDATE payee SET proposed_side = 'supplier', approved_side = 'supplier'"),
        ("changes_of_payees_cooled_off", "UPDATE payee SET in_force_from = '2020-01-01'"),
        ("payees_are_of_their_household", "UPDATE member SET left_on = joined_on"),
        ("heads_have_the_households_name", "UPDATE household SET head_name = '别人'"),
    ],
)
def test_what_was_planted_is_found(filled: Village, database, check: str, statement: str) -> None:
    plant(database, statement)
    assert check in found()
