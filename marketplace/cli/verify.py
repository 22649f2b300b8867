"""`flask verify`: every check of every room over the whole database, with progress; a stopped run goes on with --resume."""

import sys
import time
from datetime import timedelta

import click

from ..core.actor import SYSTEM
from ..core.db import transaction
from ..ledger import chain_checks
from ..reporting import verification
from ..settlement import checks as settlement

NEED_A_WORKER = chain_checks.NEED_A_WORKER | settlement.NEED_A_WORKER
SHOWN = 20  # faults printed for a check; the rest are counted


@click.command("verify")
@click.option("--resume", is_flag=True, help="Go on with the last run, if it was stopped.")
@click.option("--only", multiple=True, metavar="NAME", help="These checks alone; a part of the name is enough.")
@click.option("--no-worker", is_flag=True, help="Nobody seals: a stopped system, a restored backup.")
@click.option("--unsealed-minutes", default=10, show_default=True, help="How long a journal may wait for its seal.")
def verify(resume: bool, only: tuple[str, ...], no_worker: bool, unsealed_minutes: int) -> None:
    """Run every check over the whole database; exit 1 if anything is wrong."""
    chain_checks.UNSEALED_LIMIT = timedelta(minutes=unsealed_minutes)
    if run_checks(resume=resume, only=only, no_worker=no_worker):
        raise SystemExit(1)


def run_checks(
    *, resume: bool = False, only: tuple[str, ...] = (), without: tuple[str, ...] = (), no_worker: bool = False
) -> int:
    """Runs them, a line for each; returns how many faults there are."""
    unfit = {check.__name__ for check in NEED_A_WORKER} if no_worker else set()
    unfit |= set(without)
    wanted = [check for check in verification.checks() if check.__name__ not in unfit]
    chosen = [check for check in wanted if not only or any(part in check.__name__ for part in only)]
    if not chosen:
        raise click.ClickException("no check has such a name")
    with transaction():
        run_id = verification.unfinished() if resume else None
        if run_id is None:
            run_id = verification.start(SYSTEM, len(chosen)).id
    line, faults, started = Line(), 0, time.perf_counter()
    for found in verification.work(run_id, line, chosen):
        line.clear()
        word = f"{found.faults:,} WRONG" if found.faults else "ok"
        click.echo(f"{found.name:<52} {word:>9}  {found.ms:8,} ms{'  (before)' if found.known else ''}")
        for fault in found.shown[:SHOWN]:
            click.echo(f"    {fault}")
        if found.faults > SHOWN:
            click.echo(f"    … and {found.faults - min(SHOWN, len(found.shown)):,} more")
        faults += found.faults
    click.echo(f"{len(chosen)} checks, {faults:,} faults, {time.perf_counter() - started:,.1f} s")
    return faults


class Line:
    """A line on a terminal's error output, rewritten; nothing elsewhere."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()

    def __call__(self, done: int, total: int | None = None, note: str = "") -> None:
        if self.terminal:
            click.echo(f"\r\033[K{done} / {total}  {note}", nl=False, err=True)

    def clear(self) -> None:
        if self.terminal:
            click.echo("\r\033[K", nl=False, err=True)
