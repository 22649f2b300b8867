"""Checks of guards, chains and checkpoints; part of `checks.CHECKS`."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from ..core import guards
from ..core.db import db, is_sqlite
from . import checkpoints, reading, rules, seals
from .batches import Batch, Batched
from .models import Checkpoint, Seal

# How long a journal may wait for its seal while a worker runs; it takes seconds.
UNSEALED_LIMIT = timedelta(minutes=10)


def guards_stand() -> list[str]:
    """Every append-only table has its triggers, switched on, and this connection's role could not take them away."""
    return guards.faults(db.session.connection())


@Batched
def seals_are_their_journals(state: Any) -> Iterator[Batch]:
    """A chain's seals follow each other without a gap, and each hash is that of its journal as it stands now."""
    total = db.session.scalar(select(func.count()).select_from(Seal)) or 0
    chain, seq, done = state or ["", 0, 0]
    one = is_sqlite()
    before = _hash(chain, seq) if seq else b""
    for head in seals.heads():
        if head.chain < chain:
            continue
        if head.chain > chain:
            chain, seq, before = head.chain, 0, rules.genesis(head.chain)
        for batch in reading.sealed(chain, seq):
            wrong = []
            for sealed in batch:
                wrong += _seal_faults(chain, seq, before, sealed, one)
                seq, before = sealed.seq, sealed.hash
            done += len(batch)
            yield Batch(done, total, wrong, [chain, seq, done])


def _hash(chain: str, seq: int) -> bytes:
    return bytes(db.session.scalar(select(Seal.hash).where(Seal.chain == chain, Seal.seq == seq)) or b"")


def _seal_faults(chain: str, seq: int, before: bytes, sealed: reading.Sealed, one: bool) -> list[str]:
    """The true one has none, and is told so at once."""
    journal = sealed.journal
    if (
        sealed.seq == seq + 1
        and not journal.wrong
        and rules.seal(before, journal.body) == sealed.hash
        and rules.chain_of(journal.region, one=one) == chain
    ):
        return []
    place = f"chain {chain}, seal {sealed.seq}, journal {journal.id}"
    wrong = [] if sealed.seq == seq + 1 else [f"chain {chain}: seals {seq + 1} to {sealed.seq - 1} are missing"]
    if journal.wrong:
        return [*wrong, f"{place}: {journal.wrong}"]
    if rules.chain_of(journal.region, one=one) != chain:
        wrong.append(f"{place}: it belongs to another chain")
    if rules.seal(before, journal.body) != sealed.hash:
        wrong.append(f"{place}: it is not what was sealed")
    return wrong


def journals_are_sealed_in_time() -> list[str]:
    """While a worker runs, no journal waits longer for its seal than UNSEALED_LIMIT."""
    window = seals.window(None)
    if window.age <= UNSEALED_LIMIT:
        return []
    return [f"{window.count:,} journals have no seal, the oldest since {window.oldest}: does the worker run?"]


@Batched
def checkpoints_are_signed_prefixes(_state: Any) -> Iterator[Batch]:
    """Every checkpoint carries its key's signature, and the chains still hold what it says."""
    total = db.session.scalar(select(func.count()).select_from(Checkpoint)) or 0
    for done, (no, wrong) in enumerate(checkpoints.faults(), 1):
        yield Batch(done, total, wrong, no)


CHECKS: list[Callable[[], list[str]]] = [
    guards_stand,
    journals_are_sealed_in_time,  # before what takes long: a run sees one state, and the clock goes on
    seals_are_their_journals,
    checkpoints_are_signed_prefixes,
]
# What fails by itself once nobody seals any more: a stopped system, a restored backup.
NEED_A_WORKER = {journals_are_sealed_in_time}
