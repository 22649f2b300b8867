"""`flask keys`: the keys that personal data is sealed with. The first file: `python -m marketplace.core.crypto PATH`."""

import click
from flask.cli import AppGroup
from sqlalchemy import func, select, update

from ..core import crypto
from ..core.db import Base, db, transaction
from ..core.errors import DomainError

keys = AppGroup("keys", help="The keys of personal data.")
BATCH = 500


@keys.command()
def rotate() -> None:
    """Add a key to the file and make it the active one; `reencrypt` then moves the rows to it."""
    held = crypto.keys()
    if held.path is None:
        raise click.ClickException("the keys come from BANGFU_KEYS: add one there by hand")
    ring = crypto.rotated(crypto.read(held.path))
    crypto.write(held.path, ring, replace=True)
    held.ring = ring
    click.echo(f"{ring.active} is active; restart the servers, then run `flask keys reencrypt`")


@keys.command()
def reencrypt() -> None:
    """Seal every value anew that another key than the active one sealed. May be stopped and run again at any time."""
    done = 0
    for table, columns in crypto.SEALED.items():
        for column in columns:
            while moved := reseal(table, column):
                done += moved
                click.echo(f"{table}.{column}: {done:,} in all")
    click.echo(f"{done:,} values sealed with {crypto.keys().ring.active}")


def reseal(table_name: str, column_name: str, limit: int = BATCH) -> int:
    """One batch in a transaction of its own; how many. What is done shows in the values themselves."""
    table = Base.metadata.tables[table_name]
    column, head = table.c[column_name], crypto.head_of(crypto.keys().ring.active)
    stale = column.is_not(None) & (func.substr(column, 1, len(head)) != head)
    with transaction():
        rows = db.session.execute(select(table.c.id, column).where(stale).limit(limit)).all()
        for id_, sealed in rows:
            try:
                text = crypto.unseal(table_name, column_name, id_, sealed)
            except DomainError as error:
                raise click.ClickException(f"{table_name}.{column_name} of {id_}: {error.code}") from None
            fresh = crypto.seal(table_name, column_name, id_, text)
            # Only over what was read: somebody who changed the row meanwhile is not undone.
            db.session.execute(update(table).where(table.c.id == id_, column == sealed).values({column_name: fresh}))
    return len(rows)


@keys.command("list")
def list_() -> None:
    """Print each key and how many values it sealed; one without any, and not active, may be taken out of the file."""
    ring = crypto.keys().ring
    with transaction(write=False):
        for id_ in ring.keys:
            count = sum(_sealed_with(table, column, id_) for table, names in crypto.SEALED.items() for column in names)
            click.echo(f"{id_:<6} {count:>10,}{'  active' if id_ == ring.active else ''}")


def _sealed_with(table_name: str, column_name: str, key_id: str) -> int:
    table, head = Base.metadata.tables[table_name], crypto.head_of(key_id)
    query = select(func.count()).where(func.substr(table.c[column_name], 1, len(head)) == head)
    return db.session.scalar(query) or 0
