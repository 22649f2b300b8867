"""`flask ledger`: the verifier, a list of small named checks, one line each; seals, keys, checkpoints and the export."""

import json
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import current_app
from flask.cli import AppGroup
from psycopg import sql
from sqlalchemy.exc import DBAPIError

from ..core import guards, keys
from ..core.db import db, is_sqlite, transaction
from ..ledger import chain_checks, checkpoints, export, reading, seals
from ..ledger.batches import MOST, Batched
from ..ledger.checks import CHECKS as LEDGER
from ..search.checks import CHECKS as SEARCH
from ..settlement.checks import CHECKS as SETTLEMENT

ledger = AppGroup("ledger", help="The ledger, and what must agree with it.")
SHOWN = 20  # faults printed for a check; the rest are counted
_ROLE = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")


CHECKS: list[Callable[[], list[str]]] = [*LEDGER, *SETTLEMENT, *SEARCH]


@ledger.command()
@click.option("--unsealed-minutes", default=10, show_default=True, help="How long a journal may wait for its seal.")
@click.option("--no-worker", is_flag=True, help="Nobody seals: a stopped system, a restored backup.")
def verify(unsealed_minutes: int, no_worker: bool) -> None:
    """Run every check; exit 1 if anything is wrong. It changes nothing."""
    chain_checks.UNSEALED_LIMIT = timedelta(minutes=unsealed_minutes)
    chosen = [check for check in CHECKS if not (no_worker and check in chain_checks.NEED_A_WORKER)]
    faults = 0
    with transaction(write=False):
        reading.one_state()
        for check in chosen:
            faults += _run(check)
        window, last = seals.window(None), checkpoints.latest()
    click.echo(f"{len(chosen)} checks, {faults:,} faults")
    click.echo(
        f"{window.count:,} journals unsealed, the oldest for {window.age.total_seconds():,.0f} s; "
        + (f"checkpoint {last.no} of {last.at:%Y-%m-%d %H:%M} UTC" if last else "no checkpoint yet")
    )
    if faults:
        raise SystemExit(1)


def _run(check: Callable[[], list[str]]) -> int:
    started = time.perf_counter()
    wrong = _in_batches(check) if isinstance(check, Batched) else check()
    word = f"{len(wrong):,} WRONG" if wrong else "ok"
    click.echo(f"{check.__name__:<46} {word:>9}  {(time.perf_counter() - started) * 1000:8,.0f} ms")
    for fault in wrong[:SHOWN]:
        click.echo(f"    {fault}")
    if len(wrong) > SHOWN:
        click.echo(f"    … and {len(wrong) - SHOWN:,} more")
    return len(wrong)


def _in_batches(check: Batched) -> list[str]:
    found: list[str] = []
    progress = Progress()
    for batch in check.batches():
        progress(check.__name__, batch.done, batch.total)
        found += batch.faults
        if len(found) >= MOST:
            break
    progress.end()
    return found


class Progress:
    """A line on a terminal's error output, rewritten; nothing elsewhere."""

    def __init__(self) -> None:
        self.last, self.shown = time.monotonic(), False

    def __call__(self, what: str, done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() - self.last > 0.5:
            click.echo(f"\r\033[K{what} {done:,} / {total:,}", nl=False, err=True)
            self.last, self.shown = time.monotonic(), True

    def end(self) -> None:
        if self.shown:
            click.echo("\r\033[K", nl=False, err=True)


@ledger.command()
def seal() -> None:
    """Seal what is committed and has no seal, however old; the worker does it every few seconds."""
    done = 0
    while found := seals.seal(None):
        done += found
    click.echo(f"{done:,} journals sealed")


@ledger.command()
@click.option("--rotate", is_flag=True, help="Make a new key although there is one; the old file gets its key's name.")
def key(rotate: bool) -> None:
    """Make the key that signs checkpoints, if there is none, publish its public half, and print that."""
    path: Path = current_app.config["SETTINGS"].ledger_key
    try:
        if rotate and path.exists():
            old = keys.id_of(keys.public_of(keys.load(path)))
            path.rename(path.with_name(f"{path.stem}-{old[:16]}{path.suffix}"))
        made = keys.ready(path, make=True)
    except keys.SigningKeyError as reason:
        raise click.ClickException(str(reason)) from None
    with transaction():
        new = checkpoints.register(made)
    public = keys.public_of(made)
    click.echo(f"{path}: key {keys.id_of(public)}, {'signs from now on' if new else 'published before'}")
    click.echo(keys.pem_of(public), nl=False)


def _signing_key() -> Ed25519PrivateKey:
    try:
        return keys.load(current_app.config["SETTINGS"].ledger_key)
    except keys.SigningKeyError as reason:
        raise click.ClickException(f"{reason} (flask ledger key makes one)") from None


@ledger.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the newest checkpoint here as JSON."
)
def checkpoint(out: Path | None) -> None:
    """Sign where the chains end now, if they have grown; the worker does it once an hour."""
    signing = _signing_key()
    try:
        with transaction():
            made = checkpoints.sign(signing)
            last = checkpoints.latest()
            if out and last:
                out.write_text(json.dumps(checkpoints.as_json(last), indent=1) + "\n")
            said = f"checkpoint {last.no}, {len(last.heads)} chains" if last else "nothing is sealed yet"
    except keys.SigningKeyError as reason:
        raise click.ClickException(str(reason)) from None
    click.echo(said + ("" if made or not last else ": nothing was sealed since"))


@ledger.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--since", type=int, metavar="NO", help="Only what came after that checkpoint.")
def export_(folder: Path, since: int | None) -> None:
    """Write the journal into FOLDER for tools/verify_export.py (docs/ledger.md)."""
    progress = Progress()
    try:
        with transaction(write=False):
            reading.one_state()
            start = checkpoints.one(since) if since is not None else None
            if since is not None and start is None:
                raise click.ClickException(f"there is no checkpoint {since}")
            manifest = export.write(folder, progress, start)
    except OSError as reason:
        raise click.ClickException(str(reason)) from None
    progress.end()
    totals = manifest["totals"]
    click.echo(", ".join(f"{number:,} {name}" for name, number in totals.items() if name != "fen"))


@ledger.command()
@click.argument("name")
def role(name: str) -> None:
    """PostgreSQL: make or renew the role NAME that the application uses and that owns nothing.

    Run it with the owner's DATABASE_URL. A password is read from BANGFU_ROLE_PASSWORD; without it the role's is left.
    """
    if is_sqlite():
        raise click.ClickException("SQLite knows no roles; there the authorizer of every connection stands guard")
    if not _ROLE.match(name):
        raise click.ClickException("a role's name is of small letters, digits and _")
    password = os.environ.get("BANGFU_ROLE_PASSWORD", "")
    try:
        with transaction():
            there = _make_role(name, password)
    except (psycopg.Error, DBAPIError) as refused:
        raise click.ClickException(f"the database refused: {str(refused).splitlines()[0]}") from None
    click.echo(f"role {name} {'renewed' if there else 'made'}: it uses every row and owns nothing")


def _make_role(name: str, password: str) -> bool:
    """Whether the role was there. A role with more rights than it needs is refused rather than mended in silence."""
    driver: Any = db.session.connection().connection.dbapi_connection
    found = driver.execute(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR EXISTS (SELECT 1"
        " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND pg_has_role(rolname, relowner, 'MEMBER'))"
        " FROM pg_roles WHERE rolname = %s",
        [name],
    ).fetchone()
    if found and found[0]:
        raise click.ClickException(f"role {name} may do more than use rows, or owns tables: take another name")
    verb = "ALTER" if found else "CREATE"
    driver.execute(sql.SQL(verb + " ROLE {} LOGIN").format(sql.Identifier(name)))
    if password:  # hashed here: the server's log must not see it
        hashed = driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        driver.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(hashed)))
    for statement in guards.application_role_sql(name):
        driver.execute(statement)
    return bool(found)
