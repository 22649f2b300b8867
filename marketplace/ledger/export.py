"""The export: the journal's bytes as they were hashed, with what a stranger needs to prove them. See docs/ledger.md.

Written in one read transaction, in batches, so that memory does not grow with the ledger; the manifest comes last and
is missing in an export that was broken off.
"""

import json
import struct
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from ..core import clock
from ..core.db import db
from . import checkpoints, reading, rules, seals
from .models import Account, Checkpoint, Entry
from .rules import Head

FORMAT = "bangfu-ledger-export/1"
# seq, 0 for a journal's bytes and 1 for what is wrong with it, the seal's hash, length of what follows
RECORD = struct.Struct(">QB32sI")
Progress = Callable[[str, int, int], None]


def record(seq: int, hash_: bytes, body: bytes, *, wrong: bool = False) -> bytes:
    return RECORD.pack(seq, wrong, hash_, len(body)) + body


def write(folder: Path, progress: Progress, since: Checkpoint | None = None) -> dict[str, Any]:
    """Writes the export into an empty or new folder and returns its manifest; all of it, or what came after a checkpoint.

    Raises FileExistsError if the folder holds anything. Call it in a read transaction that sees one state throughout.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    starts = {head.chain: head for head in checkpoints.heads_of(since)} if since else {}
    heads = seals.heads()
    totals = {"journals": 0, "entries": 0, "fen": 0, "accounts": 0, "checkpoints": 0}
    total = sum(head.seq - _start(head, starts) for head in heads)
    chains = []
    for head in heads:
        name = f"chain-{head.chain}.bin"
        with (folder / name).open("wb") as file:
            for written in _chain(file, head, _start(head, starts)):
                _count(written, totals)
                progress("journals", totals["journals"], total)
        chains.append({"chain": head.chain, "file": name, "first": _start(head, starts) + 1, "last": head.seq})
    with (folder / "unsealed.bin").open("wb") as file:
        for written in _unsealed(file):
            _count(written, totals)
    totals["accounts"] = _accounts(folder / "accounts.tsv", progress, balances=since is None)
    totals["checkpoints"] = _checkpoints(folder / "checkpoints.jsonl")
    keys = [key.as_json() for key in checkpoints.public_keys()]
    (folder / "keys.json").write_text(json.dumps(keys, indent=1) + "\n")
    manifest = {
        "format": FORMAT,
        "made_at": clock.now().astimezone(UTC).isoformat(),
        "since": checkpoints.as_json(since) if since else None,
        "chains": chains,
        "totals": totals,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def _start(head: Head, starts: dict[str, Head]) -> int:
    return starts[head.chain].seq if head.chain in starts else 0


def _count(written: list[reading.Bytes], totals: dict[str, int]) -> None:
    for journal in written:
        if not journal.wrong:
            totals["journals"] += 1
            entries = rules.entries_of(journal.body)
            totals["entries"] += len(entries)
            totals["fen"] += sum(entry[4] for entry in entries)


def _chain(file: IO[bytes], head: Head, start: int) -> Iterator[list[reading.Bytes]]:
    for batch in reading.sealed(head.chain, start, head.seq):
        for sealed in batch:
            file.write(_record(sealed.seq, sealed.hash, sealed.journal))
        yield [sealed.journal for sealed in batch]


def _unsealed(file: IO[bytes]) -> Iterator[list[reading.Bytes]]:
    """What no seal covers yet: the tail of the last seconds."""
    ids = seals.unsealed()
    for start in range(0, len(ids), reading.BATCH):
        journals = reading.bytes_of(ids[start : start + reading.BATCH])
        for journal in journals:
            file.write(_record(0, bytes(rules.HASH), journal))
        yield journals


def _record(seq: int, hash_: bytes, journal: reading.Bytes) -> bytes:
    """A journal that cannot be written as bytes is told instead, behind its id."""
    if journal.wrong:
        return record(seq, hash_, journal.id.bytes + journal.wrong.encode(), wrong=True)
    return record(seq, hash_, journal.body)


def _accounts(path: Path, progress: Progress, *, balances: bool) -> int:
    """id, kind, owner, party, balance (credits − debits, fen; nothing where the export holds a part of the entries)."""
    total = db.session.scalar(select(func.count()).select_from(Account)) or 0
    done, last = 0, UUID(int=0)
    side, other = aliased(Entry), aliased(Entry)
    credits = select(func.coalesce(func.sum(side.amount), 0)).where(side.credit_id == Account.id).scalar_subquery()
    debits = select(func.coalesce(func.sum(other.amount), 0)).where(other.debit_id == Account.id).scalar_subquery()
    query = select(Account.id, Account.kind, Account.owner_id, Account.party_id)
    if balances:
        query = query.add_columns((credits - debits).label("fen"))
    with path.open("w", encoding="utf-8") as file:
        while rows := db.session.execute(
            query.where(Account.id > last).order_by(Account.id).limit(reading.BATCH)
        ).all():
            for row in rows:
                fen = int(row[4]) if balances else ""
                file.write(f"{row.id}\t{row.kind}\t{row.owner_id}\t{row.party_id}\t{fen}\n")
            done, last = done + len(rows), rows[-1].id
            progress("accounts", done, total)
    return done


def _checkpoints(path: Path) -> int:
    done = 0
    with path.open("w", encoding="utf-8") as file:
        for no in db.session.scalars(select(Checkpoint.no).order_by(Checkpoint.no)).all():
            row = db.session.get_one(Checkpoint, no)
            file.write(json.dumps(checkpoints.as_json(row)) + "\n")
            db.session.expunge(row)
            done += 1
    return done
