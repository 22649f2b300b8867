"""The migrations make what the models say, on both engines, from an empty database and back."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import Migrate, downgrade, upgrade
from sqlalchemy import create_engine, inspect, text

from marketplace.app import create_app
from marketplace.cli import MIGRATIONS
from marketplace.core.db import Base, db, transaction
from marketplace.core.guards import GUARDED
from tests.conftest import settings_for
from tests.factories.world import World


def test_migrations_are_one_line_and_numbered():
    revisions = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())
    assert [revision.revision for revision in reversed(revisions)] == [
        f"{no:04d}" for no in range(1, len(revisions) + 1)
    ]


def test_a_migrated_database_equals_the_models(app, database):
    """Red when a column is added to a model without a migration."""
    with create_engine(database.owner_url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_append_only_table_is_guarded_by_the_migrations(app, database):
    """Red when a guarded table has no trigger in a migration."""
    catalogue = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if database.owner_url.startswith("postgresql"):
        catalogue = "SELECT tgname FROM pg_trigger"
    with create_engine(database.owner_url).connect() as connection:
        held = set(connection.execute(text(catalogue)).scalars())
    wanted = {f"append_only_{table}_{what}" for table in GUARDED for what in ("update", "delete")}
    assert wanted <= held


@pytest.mark.engine("sqlite")
def test_migrations_go_down_and_up_again_over_a_filled_database(app, database):
    with transaction():
        World.build()
    owner = create_app(settings_for(database.owner_url, database.var))
    with owner.app_context():
        Migrate(owner, db, directory=str(MIGRATIONS))
        downgrade(revision="0001")
        upgrade()
        assert "journal" in inspect(db.engine).get_table_names()
        db.engine.dispose()
