"""`flask backup DEST`, `flask restore SRC`, `flask backup-drill`: see `backups/`."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import click
from flask import current_app
from sqlalchemy import text

from ..core.db import db
from ..settings import Settings
from .backups import restoring
from .backups.folder import BackupError
from .verify import run_checks


class Backup(click.Group):
    """`flask backup DEST` makes one; `flask backup drill` is the one word that is no folder."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["make", *args]
        return super().resolve_command(ctx, args)


@click.group(
    cls=Backup,
    help="flask backup DEST: a backup of database and evidence. flask backup drill: prove that one restores.",
)
def backup() -> None:
    pass


@backup.command("make", hidden=True)
@click.argument("dest", type=click.Path(path_type=Path))
def make(dest: Path) -> None:
    """Back up database and evidence into a new folder, while the system runs."""
    with _refusals():
        restoring.back_up(dest.resolve(), click.echo)


@click.command("restore")
@click.argument("src", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--over", is_flag=True, help="Something is there already: put the backup in its place.")
def restore(src: Path, over: bool) -> None:
    """Restore a backup (as the database's owner), bring it to the present schema, and verify it. Stop the system first."""
    with _refusals():
        about = restoring.put_back(src.resolve(), click.echo, over=over)
        faults = prove(about, click.echo)
    if faults:
        raise SystemExit(1)
    if not current_app.config["SETTINGS"].sqlite:
        click.echo("Now give the application's role its rights again: flask ledger role")


def prove(about: dict[str, object], say: Callable[[str], None]) -> int:
    """Every check, the backup's ledger as a prefix of the restored one, and every file; returns how many faults."""
    # On PostgreSQL whoever restores owns the tables, which guards_stand would tell: the triggers alone are asked for.
    own = () if current_app.config["SETTINGS"].sqlite else ("guards_stand",)
    faults = run_checks(no_worker=True, without=own)
    wrong = restoring.guard_faults() + restoring.prefix_faults(about)
    wrong += [f"evidence {digest} is missing" for digest in restoring.missing_files()]
    for fault in wrong:
        say(f"    {fault}")
    say("the ledger begins with what was backed up, and every file is there" if not wrong else f"{len(wrong)} WRONG")
    return faults + len(wrong)


@backup.command("drill")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the backup that the drill made, here.")
@click.option("--scratch-url", help="PostgreSQL: an empty database to restore into; else one is created and dropped.")
def drill(keep: Path | None, scratch_url: str | None) -> None:
    """Back up, restore into a scratch database, verify, report. The running system is only read."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bangfu-drill-") as folder, _refusals():
        target = (keep or Path(folder) / "backup").resolve()
        restoring.back_up(target, click.echo)
        scratch = _scratch(Path(folder) / "var", scratch_url)
        with scratch as settings, current_app.extensions["another"](settings).app_context():
            about = restoring.put_back(target, click.echo)
            faults = prove(about, click.echo)
            db.session.remove()
            db.engine.dispose()
    click.echo(f"drill: {'FAILED' if faults else 'passed'}, {time.perf_counter() - started:.1f} s")
    if faults:
        raise SystemExit(1)


@contextmanager
def _scratch(var: Path, url: str | None) -> Iterator[Settings]:
    """Settings of a place of its own, which is gone afterwards; the keys are this installation's."""
    own: Settings = current_app.config["SETTINGS"]
    made_by_demo = own.var / "keys" / "keys.json"
    place = replace(
        own,
        var=var,
        keys_file=own.keys_file or (made_by_demo if made_by_demo.exists() else None),
        ledger_key_file=own.ledger_key,
    )
    if own.sqlite:
        yield replace(place, database_url=f"sqlite:///{var / 'scratch.sqlite'}")
        return
    if url:
        yield replace(place, database_url=url.replace("postgresql://", "postgresql+psycopg://", 1))
        return
    name = f"bangfu_drill_{uuid4().hex[:12]}"
    here = db.engine.url
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
        try:
            admin.execute(text(f"CREATE DATABASE {name}"))
        except Exception as refused:
            raise BackupError(
                f"no scratch database can be created ({type(refused).__name__}): use --scratch-url"
            ) from None
        try:
            made = here.set(database=name).render_as_string(hide_password=False)
            yield replace(place, database_url=made)
        finally:
            admin.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except BackupError as reason:
        raise click.ClickException(str(reason)) from None
