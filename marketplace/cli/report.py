"""`flask report`: the volume report on a terminal or as CSV."""

import unicodedata

import click
from flask.cli import AppGroup

from ..core import clock
from ..core.actor import SYSTEM
from ..core.db import transaction
from ..core.errors import DomainError
from ..edge.messages import sentence
from ..reporting import services as reporting
from ..reporting import sheets

report = AppGroup("report", help="Reports.")
HEADS = {
    "ordered": "ordered",
    "accepted": "accepted",
    "settled": "settled",
    "change": "change %",
    "attributed": "attributed",
    "owed": "owed",
    "received": "received",
    "to_pay": "to pay",
    "households": "households",
}


@report.command()
@click.option("--by", type=click.Choice(reporting.DIMENSIONS), default="origin", show_default=True)
@click.option("--from", "first", type=int, help="First month, as 202601; January of this year if not given.")
@click.option("--to", "last", type=int, help="Last month; the present one if not given.")
@click.option("--origin", help="A division's code: 2, 4, 6, 9 or 12 digits.")
@click.option("--depth", type=click.IntRange(1, 5), default=4, show_default=True, help="Levels of divisions.")
@click.option("--shared", is_flag=True, help="Hide cells of fewer than 5 households, as what leaves the house must.")
@click.option("--format", "format_", type=click.Choice(["text", "csv"]), default="text", show_default=True)
def volume(
    by: str, first: int | None, last: int | None, origin: str | None, depth: int, shared: bool, format_: str
) -> None:
    """Ordered, accepted and settled money, what of it reached households, and how many of them; in yuan."""
    today = clock.today()
    asked = reporting.Asked(first or today.year * 100 + 1, last or clock.period(today), origin)
    try:
        with transaction(write=False):
            found = reporting.volume(SYSTEM, asked, by, shared=shared, depth=depth)
    except DomainError as error:
        raise click.ClickException(f"{error.code}: {sentence(error)}") from None
    if format_ == "csv":
        click.echo(sheets.volume_sheet(found, by, HEADS, "total"), nl=False)
    else:
        _print(found)


def _print(found: reporting.Report) -> None:
    lines = [[found.by, *HEADS.values()]]
    for depth, row, cells in sheets.table(found):
        lines.append(["  " * depth + row.name, *(_text(cells[name]) for name in sheets.COLUMNS)])
    cells = sheets.values(found.total, "few" if found.hide_total else "")
    lines.append(["total", *(_text(cells[name]) for name in sheets.COLUMNS)])
    widths = [max(_width(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        first, *rest = line
        cells_ = [" " * (width - _width(text)) + text for text, width in zip(rest, widths[1:], strict=True)]
        click.echo("  ".join([first + " " * (widths[0] - _width(first)), *cells_]))


def _text(value: sheets.Value) -> str:
    return "—" if value is None else value if isinstance(value, str) else f"{value:,}"


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
