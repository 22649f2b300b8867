"""SQLite: copied by its online backup, in one step, which reads one state while others go on writing (WAL)."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from ...core.db import db
from .folder import BackupError

NAME = "database.sqlite"


def copy_out(part: Path) -> None:
    target = part / NAME
    with closing(sqlite3.connect(_file())) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy, pages=-1)
        # The copy is one file: no journal beside it that could be forgotten.
        copy.execute("PRAGMA journal_mode=DELETE")
        if (result := copy.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise BackupError(f"the database is damaged: {result}")


def _file() -> Path:
    return Path(str(db.engine.url.database))


def is_empty() -> bool:
    path = _file()
    if not path.exists() or path.stat().st_size == 0:
        return True
    with closing(sqlite3.connect(path)) as held:
        return held.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0


def clear() -> Path:
    """Puts the present database aside, under a name that says when; nothing is lost."""
    db.engine.dispose()
    path = _file()
    aside = path.with_name(f"{path.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    for ending in ("", "-wal", "-shm"):
        if (old := path.with_name(path.name + ending)).exists():
            old.rename(aside.with_name(aside.name + ending))
    return aside


def copy_in(source: Path, _revision: str) -> None:
    """The whole file at once: killed in between, the old state stands."""
    db.engine.dispose()
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".restored")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(source / NAME)) as held, closing(sqlite3.connect(fresh)) as copy:
        held.backup(copy, pages=-1)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    for ending in ("-wal", "-shm"):  # of an empty database that stood here
        path.with_name(path.name + ending).unlink(missing_ok=True)
    os.replace(fresh, path)
