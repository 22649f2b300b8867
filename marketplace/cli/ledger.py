"""`flask ledger`: the verifier, a list of small named checks, one line each. It changes nothing."""

import time
from collections.abc import Callable

import click
from flask.cli import AppGroup

from ..core.db import transaction
from ..core.errors import DomainError
from ..ledger.checks import CHECKS as LEDGER
from ..search import gather
from ..search import services as search
from ..settlement.checks import CHECKS as SETTLEMENT

ledger = AppGroup("ledger", help="The ledger, and what must agree with it.")
SHOWN = 20  # faults printed for a check; the rest are counted


def the_index_is_the_catalogue() -> list[str]:
    """The search index holds as many offers as the catalogue shows."""
    try:
        held, wanted = search.count(), gather.on_sale()
    except DomainError as error:
        return [f"the index does not answer: {error.code}"]
    return [] if held == wanted else [f"the index holds {held} offers, the catalogue {wanted}"]


CHECKS: list[Callable[[], list[str]]] = [*LEDGER, *SETTLEMENT, the_index_is_the_catalogue]


@ledger.command()
def verify() -> None:
    """Run every check; exit 1 if anything is wrong."""
    faults = 0
    with transaction(write=False):  # one snapshot for all of them
        for check in CHECKS:
            faults += _run(check)
    click.echo(f"{len(CHECKS)} checks, {faults:,} faults")
    if faults:
        raise SystemExit(1)


def _run(check: Callable[[], list[str]]) -> int:
    started = time.perf_counter()
    wrong = check()
    word = f"{len(wrong):,} WRONG" if wrong else "ok"
    click.echo(f"{check.__name__:<46} {word:>9}  {(time.perf_counter() - started) * 1000:8,.0f} ms")
    for fault in wrong[:SHOWN]:
        click.echo(f"    {fault}")
    if len(wrong) > SHOWN:
        click.echo(f"    … and {len(wrong) - SHOWN:,} more")
    return len(wrong)
