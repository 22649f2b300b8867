"""`flask search`: the index."""

import click
from flask.cli import AppGroup

from ..core.db import transaction
from ..search import gather
from ..search import services as search

group = AppGroup("search", help="The search index.")


@group.command("rebuild")
def rebuild() -> None:
    """Make the whole index anew from the catalogue."""
    with transaction():
        held = gather.rebuild()
    click.echo(f"{held} offers indexed")


@group.command("status")
def status() -> None:
    """Compare the index with the catalogue."""
    with transaction(write=False):
        held, wanted = search.count(), gather.on_sale()
    click.echo(f"index {held}, catalogue {wanted}")
    if held != wanted:
        raise SystemExit(1)
