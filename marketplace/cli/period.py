"""`flask period`: a division's months, and one month as it was closed and as it is known now.

Closing is not here: it takes two persons, and a command has none; pages and API have them.
"""

import click
from flask.cli import AppGroup

from ..core.actor import SYSTEM
from ..core.db import transaction
from ..core.errors import DomainError
from ..core.money import format_yuan
from ..edge.messages import sentence
from ..reporting import restated
from ..settlement import closing

period = AppGroup("period", help="Closed months.")
FIGURES = ("lines", "money_fen", "attributed_fen", "owed_fen", "received_fen", "households")


@period.command("list")
@click.argument("division")
def list_(division: str) -> None:
    """The months of a division (its prefix: 2, 4, 6, 9 or 12 digits), the present one first."""
    try:
        with transaction(write=False):
            for month in closing.months(SYSTEM, division):
                row = month.closing
                how = f"  {row.first} to {row.last}, {row.state}" if row else ""
                above = f"  closed for {month.closed_above}" if month.closed_above else ""
                click.echo(f"{month.period}  {month.state:<9}{how}{above}")
    except DomainError as error:
        raise click.ClickException(f"{error.code}: {sentence(error)}") from None


@period.command("show")
@click.argument("month", type=int)
@click.argument("division")
def show(month: int, division: str) -> None:
    """One month, as 202609: as it was closed, as it is known now, and the rows between."""
    try:
        with transaction(write=False):
            found = restated.restated(SYSTEM, month, division, size=100)
    except DomainError as error:
        raise click.ClickException(f"{error.code}: {sentence(error)}") from None
    click.echo(f"{'':<15} {'closed':>16} {'difference':>14} {'now':>16}")
    for name in FIGURES:
        parts = (getattr(found.total.then, name), found.total.more(name), getattr(found.total.now, name))
        shown = ["—" if part is None else format_yuan(part) if name.endswith("_fen") else f"{part:,}" for part in parts]
        click.echo(f"{name.removesuffix('_fen'):<15} {shown[0]:>16} {shown[1]:>14} {shown[2]:>16}")
    for row in found.rows:
        moved = ", ".join(
            f"{name.removesuffix('_fen')} {format_yuan(getattr(row, name))}"
            for name in FIGURES[1:5]
            if getattr(row, name)
        )
        click.echo(f"{row.day}  in {row.period}  {row.kind:<12} {row.number}  {moved}")
    if found.rows_total > len(found.rows):
        click.echo(f"… and {found.rows_total - len(found.rows):,} more rows")
