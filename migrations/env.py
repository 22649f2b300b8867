"""Alembic's environment: the application's database, as its owner, with the guards off for this thread alone."""

from typing import Any

from alembic import context
from flask import current_app

from marketplace.core.db import Utc
from marketplace.core.guards import migrating


def render_item(kind: str, value: Any, autogen_context: Any) -> str | bool:
    """A migration names SQLAlchemy's types, not ours: it must read the same when ours have changed."""
    if kind == "type" and isinstance(value, Utc):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    database = current_app.extensions["migrate"].db
    with migrating(), database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=render_item,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
