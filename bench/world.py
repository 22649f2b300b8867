"""The data that is measured: the demo in `var/bench`, loaded if it is not there, and the same rows on PostgreSQL."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask

from .servers import ROLE, ROOT, Postgres

VAR = ROOT / "var" / "bench"
FILE = VAR / "bangfu.sqlite"
STAMP = VAR / "schema"  # of which migrations the file is; written when it is whole
BATCH = 5000
Value = TypeVar("Value")
SERIAL_SQL = """SELECT c.table_name, c.column_name, pg_get_serial_sequence(c.table_name, c.column_name)
FROM information_schema.columns c WHERE c.table_schema = 'public'
AND pg_get_serial_sequence(quote_ident(c.table_name), c.column_name) IS NOT NULL"""


def settings(var: Path = VAR, url: str = "") -> dict[str, str]:
    """What a process needs in its environment to stand on this data."""
    return {"BANGFU_DEMO": "1", "BANGFU_VAR": str(var), "DATABASE_URL": url}


def command(*words: str, env: dict[str, str]) -> str:
    """Runs `flask …` and returns what it printed. Raises RuntimeError with its last words."""
    line = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
    done = subprocess.run(line, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"flask {' '.join(words)}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def demo() -> dict[str, float]:
    """Readies the demo; {'demo_load_s': …} if it was loaded just now: no file, or one of other migrations."""
    if FILE.exists() and STAMP.exists() and STAMP.read_text() == _schema():
        command("search", "rebuild", env=settings())
        return {}
    shutil.rmtree(VAR, ignore_errors=True)
    VAR.mkdir(parents=True)
    print("loading the demo into var/bench, some minutes …", flush=True)
    command("db", "upgrade", env=settings())
    _, seconds = timed(lambda: command("demo", "load", env=settings()))
    STAMP.write_text(_schema())
    return {"demo_load_s": round(seconds, 1)}


def _schema() -> str:
    """Names the schema by its migrations."""
    migrations = sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in migrations)).hexdigest()


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the demo that may be written to."""
    import sqlite3

    folder = VAR / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with sqlite3.connect(FILE) as source, sqlite3.connect(folder / FILE.name) as target:
        source.backup(target)  # with what still stands in the log
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def application(env: dict[str, str]) -> Flask:
    """The application on this data, in this process; its log goes to a file, as a server's would."""
    import structlog

    from marketplace.app import create_app
    from marketplace.settings import from_environment

    app = create_app(from_environment({**os.environ, **env}))
    log = (Path(env["BANGFU_VAR"]) / "bench.log").open("a", buffering=1)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(log))
    return app


def on_postgres(server: Postgres, var: Path) -> str:
    """The demo's rows in a PostgreSQL database of migrations and guards; the URL of the role that owns nothing."""
    from marketplace.core.guards import application_role_sql

    server.run("postgres", f"CREATE ROLE {ROLE} LOGIN", "CREATE DATABASE bangfu")
    owner = server.url("bangfu")
    command("db", "upgrade", env=settings(var, owner))
    server.run("bangfu", *application_role_sql(ROLE))
    app = application(settings())
    with app.app_context():
        _copy_rows(server)
    url = server.url("bangfu", ROLE)
    command("search", "rebuild", env=settings(var, url))
    server.run("bangfu", "VACUUM ANALYZE")
    return url


def _copy_rows(server: Postgres) -> None:
    """Every table by COPY, guards and foreign keys asleep: the rows were proved when they were made."""
    import psycopg
    from sqlalchemy import select

    from marketplace.core.db import db

    with psycopg.connect(server.server.get_uri("bangfu")) as target, db.engine.connect() as source:
        target.execute("SET session_replication_role = replica")
        for table in db.metadata.sorted_tables:
            if table.name.startswith("search_"):
                continue  # made anew by its own engine
            columns = [column for column in table.columns if column.computed is None]
            names = ", ".join(f'"{column.name}"' for column in columns)
            rows = source.execution_options(yield_per=BATCH).execute(select(*columns))
            target.execute(f'DELETE FROM "{table.name}"')
            with target.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(_plain(row))
        for name, column, sequence in target.execute(SERIAL_SQL).fetchall():
            target.execute(f"""SELECT setval('{sequence}', COALESCE((SELECT max({column}) FROM "{name}"), 1))""")


def _plain(row: Iterable[Any]) -> list[Any]:
    from psycopg.types.json import Json

    return [Json(value) if isinstance(value, (dict, list)) else value for value in row]


def timed(call: Callable[[], Value]) -> tuple[Value, float]:
    """What a call gives, and its seconds."""
    began = time.perf_counter()
    value = call()
    return value, time.perf_counter() - began
