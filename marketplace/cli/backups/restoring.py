"""Making a backup, putting one into an empty place, and proving that the restored ledger is what was backed up."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import text

from ...core import clock, guards
from ...core.db import db, is_sqlite, transaction
from ...ledger import checkpoints, seals
from ...search import gather
from .. import MIGRATIONS
from . import folder, postgresql, sqlite
from .folder import BackupError

Say = Callable[[str], None]


@dataclass
class Told:
    """What was backed up, for whoever reads the manifest."""

    engine: str
    revision: str
    at: str
    heads: list[list[Any]] = field(default_factory=list)
    checkpoint: dict[str, Any] | None = None


def _engine() -> ModuleType:
    return sqlite if is_sqlite() else postgresql


def back_up(target: Path, say: Say) -> dict[str, Any]:
    """Writes a backup. What the ledger holds is read first: it is a prefix of what the copy holds then."""
    started = time.perf_counter()
    told = _told()
    with folder.new(target) as part:
        _engine().copy_out(part)
        count, size = folder.copy_files(Path(current_app.config["FILES"]), part / "files")
        folder.write_manifest(part, {**vars(told), "files": count})
    about = folder.read(target)
    whole = sum(part["bytes"] for part in about["parts"].values())
    say(
        f"{target}: {whole:,} bytes, {count:,} files of evidence ({size:,} bytes), {time.perf_counter() - started:.1f} s"
    )
    say(_ledger_line(about))
    say("Not in it: the keys of personal data and of the ledger. Keep them elsewhere, and keep them.")
    return about


def _ledger_line(about: dict[str, Any]) -> str:
    sealed = sum(seq for _, seq, _ in about["heads"])
    checkpoint = about["checkpoint"]
    return f"ledger: {sealed:,} sealed journals in {len(about['heads'])} chains, " + (
        f"checkpoint {checkpoint['no']}" if checkpoint else "no checkpoint yet"
    )


def _told() -> Told:
    with transaction(write=False):
        revision = db.session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        heads = [[head.chain, head.seq, head.hash.hex()] for head in seals.heads()]
        last = checkpoints.latest()
        return Told(
            "sqlite" if is_sqlite() else "postgresql",
            revision,
            clock.now().isoformat(),
            heads,
            checkpoints.as_json(last) if last else None,
        )


def put_back(source: Path, say: Say, *, over: bool = False) -> dict[str, Any]:
    """Restores a backup into this installation's database and folder, and brings it to the present schema.

    Raises BackupError: no whole backup, another engine's, newer than the program, or something is there already.
    """
    about = folder.read(source)
    engine = _engine()
    own = "sqlite" if is_sqlite() else "postgresql"
    if about["engine"] != own:
        raise BackupError(f"the backup is of {about['engine']}, this installation runs on {own}")
    known = {row.revision for row in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if about["revision"] not in known:
        raise BackupError(f"the backup is of revision {about['revision']}, which this program does not know yet")
    if not engine.is_empty():
        if not over:
            raise BackupError("the database is not empty; --over puts the backup in its place")
        aside = engine.clear()
        if aside:
            say(f"the database that was here is now {aside}")
    engine.copy_in(source, about["revision"])
    upgrade()
    folder.copy_files(source / "files", Path(current_app.config["FILES"]))
    with transaction():
        gather.rebuild()
    say(f"{source} restored, revision {about['revision']}")
    return about


def prefix_faults(about: dict[str, Any]) -> list[str]:
    """Where the restored ledger does not begin with what the backup says it held: the chains' ends and the checkpoint."""
    ends = [*about["heads"], *((about["checkpoint"] or {}).get("heads") or [])]
    wrong = []
    query = text("SELECT hash FROM seal WHERE chain = :chain AND seq = :seq")
    with transaction(write=False):
        for end in ends:
            chain, seq, hash_ = (end["chain"], end["seq"], end["hash"]) if isinstance(end, dict) else end
            held = db.session.execute(query, {"chain": chain, "seq": seq}).scalar()
            if held is None or bytes(held).hex() != hash_:
                wrong.append(f"chain {chain}: seal {seq} is {'missing' if held is None else 'another one'}")
        last = about["checkpoint"]
        if last and checkpoints.one(last["no"]) is None:
            wrong.append(f"checkpoint {last['no']} is missing")
    return wrong


def guard_faults() -> list[str]:
    """Triggers that are missing or changed, whoever asks."""
    with transaction(write=False):
        return [fault for fault in guards.faults(db.session.connection()) if fault.startswith("table ")]


def missing_files() -> list[str]:
    """Evidence that a row names and the folder does not hold."""
    root = Path(current_app.config["FILES"])
    with transaction(write=False):
        hashes = db.session.execute(text("SELECT DISTINCT sha256 FROM file")).scalars().all()
    return [digest for digest in hashes if not (root / digest[:2] / digest).exists()]
