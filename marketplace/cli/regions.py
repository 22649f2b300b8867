"""`flask regions`: loads divisions."""

from typing import IO

import click
from flask.cli import AppGroup

from ..core.actor import SYSTEM
from ..core.db import transaction
from ..core.errors import DomainError, Many
from ..edge.messages import sentence
from ..regions import defaults, imports

regions = AppGroup("regions", help="Divisions and programmes.")
SHOWN = 50  # faults printed; the rest are counted


def _progress(done: int, total: int) -> None:
    click.echo(f"  {done:,} / {total:,}", err=True)


def _tell(result: imports.Loaded) -> None:
    click.echo(
        f"{result.rows:,} rows: {result.added:,} added, {result.changed:,} changed, {result.same:,} as they were."
    )


def _tell_faults(errors: list[DomainError]) -> None:
    for error in errors[:SHOWN]:
        click.echo(f"row {error.row}, {error.field or 'file'}: {error.code}: {sentence(error)}", err=True)
    if len(errors) > SHOWN:
        click.echo(f"… and {len(errors) - SHOWN:,} more.", err=True)


@regions.command()
@click.argument("file", type=click.File("rb"))
@click.option("--good-rows", is_flag=True, help="Load the good rows although others are bad.")
def load(file: IO[bytes], good_rows: bool) -> None:
    """Load divisions from FILE (code,name,level,parent_code; CSV or CSV.GZ). May be repeated."""
    try:
        with transaction():
            result = imports.load(SYSTEM, file, good_rows=good_rows, progress=_progress)
    except DomainError as error:
        faults = error.errors if isinstance(error, Many) else [error]
        _tell_faults(faults)
        raise click.ClickException(f"{len(faults):,} faults; nothing was loaded.") from None
    _tell(result)
    if result.errors:
        _tell_faults(result.errors)
        click.echo(f"{len(result.errors):,} rows were left out.")


@regions.command("load-default")
def load_default() -> None:
    """Load what the product ships: divisions to the township, the demo's villages, the list of 832 counties."""
    with transaction():
        result = defaults.load(SYSTEM, progress=_progress)
    _tell(result)
