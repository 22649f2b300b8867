"""`flask payout`: month-end drafts, what waits for a payee, and what is owed in a division.

Approving and paying are not here: they take people, and a command has none; pages and API have them.
"""

import click
from flask.cli import AppGroup

from ..attribution import services as attribution
from ..core.db import transaction
from ..core.errors import DomainError
from ..core.money import format_yuan
from ..edge.messages import sentence
from ..identity import services as identity
from ..regions import services as regions

payout = AppGroup("payout", help="Distributions and payouts.")
COLUMNS = ("owed", "received", "payable", "recoverable", "over_30", "over_60", "over_90")


@payout.command("propose")
def propose() -> None:
    """Drafts the last month's end for every supplier that has something to divide, as the worker does each hour."""
    with transaction(write=False):
        waiting = attribution.suppliers_waiting()
    for supplier in waiting:
        try:
            with transaction():
                row = attribution.propose_month_end(supplier)
                said = (
                    row
                    and f"{row.number}  {row.state:<9} {row.households:>6,} households  {format_yuan(row.total_fen)}"
                )
        except DomainError as error:
            raise click.ClickException(f"{error.code}: {sentence(error)}") from None
        if said:
            click.echo(said)


@payout.command("release")
def release() -> None:
    """Payouts that waited for a payee can be paid where one stands by now."""
    with transaction(write=False):
        held = attribution.suppliers_with_held()
    total = 0
    for supplier in held:
        with transaction():
            total += attribution.release(supplier)
    click.echo(f"{total:,} released")


@payout.command("owing")
@click.argument("division")
@click.option("--by", type=click.Choice(["supplier", "township", "village"]), default="supplier", show_default=True)
def owing(division: str, by: str) -> None:
    """Owed, received, payable and overdue of who lives in DIVISION (its prefix: 2, 4, 6, 9 or 12 digits)."""
    if not division.isdecimal() or len(division) not in (2, 4, 6, 9, 12):
        raise click.ClickException("a division's prefix has 2, 4, 6, 9 or 12 digits")
    with transaction(write=False):
        rows = attribution.owing_in_division(division, by)
        if by == "supplier":
            names = {key: row.name for key, row in identity.named({row.key for row in rows}).items()}
        else:
            names = regions.name_paths({row.key for row in rows})
    click.echo("".join(f"{column:>16}" for column in COLUMNS) + "  households")
    for row in rows:
        figures = "".join(f"{format_yuan(getattr(row, f'{column}_fen'), ''):>16}" for column in COLUMNS)
        click.echo(f"{figures}  {row.households:>10,}  {names.get(row.key, row.key)}")
