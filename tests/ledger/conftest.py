"""A ledger of some hundred journals with checkpoints in between, its export, and the verifier as a module."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from marketplace.app import create_app
from marketplace.core import keys
from marketplace.core.db import db, transaction
from marketplace.core.guards import migrating
from marketplace.ledger import checkpoints, export, reading, seals
from marketplace.ledger.services import AccountRef, Line, Posting, post_many
from tests.conftest import Database, settings_for

VERIFIER = Path(__file__).resolve().parents[2] / "tools" / "verify_export.py"
YANLING, CHALING = "430225000000", "430224000000"
ROUNDS, EACH = 6, 20  # checkpoints, and journals before each


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_export", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules["verify_export"] = found
    spec.loader.exec_module(found)
    return found


verifier = _module()


def faults(folder: Path, olders: list[Path] | None = None, pems: list[Path] | None = None) -> list[str]:
    """What the verifier finds, in this process."""
    report = verifier.Report()
    verifier.verify(folder, olders or [], pems or [], report)
    return list(report.faults)


def run(*words: object) -> subprocess.CompletedProcess[str]:
    """The verifier as a stranger runs it: a process that knows nothing of the project."""
    return subprocess.run(
        [sys.executable, "-I", str(VERIFIER), *map(str, words)], capture_output=True, text=True, cwd="/", check=False
    )


def posting(number: int) -> Posting:
    """Three entries over some accounts, in two counties."""
    lines = [
        Line(AccountRef("sales", UUID(int=number % 5 + 1)), AccountRef("pool", UUID(int=number % 7 + 1)), 100 + number),
        Line(AccountRef("sales", UUID(int=number % 5 + 1)), AccountRef("rest", UUID(int=number % 5 + 1)), 50),
        Line(AccountRef("pool", UUID(int=number % 7 + 1)), AccountRef("rest", UUID(int=9)), 1),
    ]
    return Posting("sale", f"line-{number}", (YANLING, CHALING)[number % 2], date(2026, 11, 1 + number % 20), lines)


@dataclass
class Books:
    """The ledger under trial; `key` signs its checkpoints."""

    app: Flask
    owner: Flask
    key: Path
    tmp: Path
    exports: int = 0

    def grow(self, first: int, count: int = EACH) -> None:
        with transaction():
            post_many([posting(number) for number in range(first, first + count)])
        seals.seal()
        with transaction():
            checkpoints.sign(keys.load(self.key))

    def export(self, since: int | None = None) -> Path:
        """In the present transaction, so that it sees what a superuser is about to do."""
        self.exports += 1
        folder = self.tmp / f"export-{self.exports}"
        export.write(folder, lambda *_: None, checkpoints.one(since) if since else None)
        return folder

    def exported(self, since: int | None = None) -> Path:
        with transaction(write=False):
            reading.one_state()
            return self.export(since)

    def kept(self, no: int) -> Path:
        """A checkpoint as an auditor keeps it."""
        with transaction(write=False):
            row = checkpoints.one(no)
            assert row is not None
            path = self.tmp / f"kept-{no}.json"
            path.write_text(json.dumps(checkpoints.as_json(row)))
            return path

    def pem(self) -> Path:
        path = self.tmp / "public.pem"
        path.write_text(keys.pem_of(keys.public_of(keys.load(self.key))))
        return path

    @contextmanager
    def superuser(self) -> Iterator[Callable[..., Any]]:
        """A session of the database's owner that passes every guard; what it does is undone at the end."""
        with self.owner.app_context(), migrating():
            try:
                if db.engine.dialect.name == "sqlite":
                    _ungarded_sqlite()
                else:
                    _unguarded_postgresql()
                yield lambda statement, **values: db.session.execute(text(statement), values)
            finally:
                db.session.rollback()
                if db.engine.dialect.name == "sqlite":
                    db.session.execute(text("PRAGMA ignore_check_constraints = OFF"))
                db.session.remove()


def _ungarded_sqlite() -> None:
    for statement in ("PRAGMA defer_foreign_keys = ON", "PRAGMA ignore_check_constraints = ON"):
        db.session.execute(text(statement))
    names = db.session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
    for name in names:
        db.session.execute(text(f"DROP TRIGGER {name}"))


def _unguarded_postgresql() -> None:
    db.session.execute(text("SET LOCAL session_replication_role = replica"))
    checks = db.session.execute(
        text(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c'"
            " AND conrelid::regclass::text IN ('journal', 'entry', 'account', 'seal', 'checkpoint')"
        )
    ).all()
    for table, name in checks:
        db.session.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))


@pytest.fixture
def books(app: Flask, database: Database, tmp_path: Path) -> Iterator[Books]:
    owner = create_app(settings_for(database.owner_url, database.var))
    path = tmp_path / "keys" / "ledger.pem"
    keys.create(path)
    made = Books(app, owner, path, tmp_path)
    with transaction():
        checkpoints.register(keys.load(path))
    for number in range(ROUNDS):
        made.grow(number * EACH)
    yield made
    with owner.app_context():
        for engine in db.engines.values():
            engine.dispose()
