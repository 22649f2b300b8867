"""`flask demo`: a year of an invented Zhuzhou."""

import sys
import time

import click
from flask.cli import AppGroup

from ..core.errors import DomainError

demo = AppGroup("demo", help="The demo's data.")


@demo.command("load")
@click.option("--if-empty", is_flag=True, help="Do nothing if the database holds anything.")
@click.option("--seed", default=20260818, show_default=True)
def load(if_empty: bool, seed: int) -> None:
    """Load the demo into an empty database, about two minutes."""
    from .demo import load as loader

    if if_empty and not loader.is_empty():
        return
    progress = _Progress()
    try:
        seconds = loader.load(progress, seed)
    except DomainError as error:
        raise click.ClickException(f"{error.code}: the demo goes into an empty database") from error
    progress.end()
    click.echo(f"demo loaded in {seconds:.0f} s")


@demo.command("sign-ins")
def sign_ins() -> None:
    """Print one sign-in per role."""
    from .demo.sign_ins import PASSWORD, SIGN_INS

    for who, name in SIGN_INS:
        click.echo(f"  {name:<16} {PASSWORD}  {who}")


class _Progress:
    """A line per step, rewritten on a terminal."""

    def __init__(self) -> None:
        self.step, self.last = "", 0.0

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if step == self.step and done < total and now - self.last < 0.5:
            return
        if sys.stdout.isatty():
            click.echo(f"\r\033[K{step} {done}/{total}", nl=False)
        elif step != self.step or done >= total or now - self.last > 10:
            click.echo(f"{step} {done}/{total}")
        self.step, self.last = step, now

    def end(self) -> None:
        if sys.stdout.isatty():
            click.echo()
