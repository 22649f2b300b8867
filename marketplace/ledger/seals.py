"""The sealer: journals that are committed get their place in a chain, in short transactions of its own.

Sealing is no part of posting, whose transactions would otherwise queue for a chain's head. So a journal is unsealed for
some seconds; `window` shows it and a check bounds it. Journals are sealed in the order of their ids, which is that of
time; whoever commits late, on a clock that lags or after a long transaction, gets the next place when the sealer looks
back. One chain on SQLite, which has one writer; one per county on PostgreSQL.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text

from ..core import clock
from ..core.db import db, is_sqlite, transaction
from . import reading, rules
from .models import Journal, Seal
from .reading import Bytes
from .rules import Head

LOCK = 1612005  # PostgreSQL's advisory locks (LOCK, hash of the chain)
LOOK_BACK = timedelta(minutes=2)  # what a turn looks back on from the newest seal
LOOK_BACK_FAR = timedelta(hours=1)
BATCH = 2000
TURNS = 10  # batches that one call seals at the most: the worker has other work, too
OLDEST = 1000  # unsealed journals that `window` looks at for the oldest

_HEADS = """
WITH RECURSIVE chains (chain) AS (
    SELECT min(chain) FROM seal
    UNION ALL
    SELECT (SELECT min(seal.chain) FROM seal WHERE seal.chain > chains.chain) FROM chains WHERE chains.chain IS NOT NULL
), ends (chain, seq) AS (
    SELECT chain, (SELECT max(seal.seq) FROM seal WHERE seal.chain = chains.chain) FROM chains WHERE chain IS NOT NULL
)
SELECT seal.chain, seal.seq, seal.hash, seal.sealed_at FROM ends
JOIN seal ON seal.chain = ends.chain AND seal.seq = ends.seq ORDER BY seal.chain
"""


@dataclass(frozen=True)
class Window:
    """What is committed and not yet sealed: how many journals, and since when the oldest waits."""

    count: int
    oldest: datetime | None

    @property
    def age(self) -> timedelta:
        return clock.now() - self.oldest if self.oldest else timedelta(0)


def seal(back: timedelta | None = LOOK_BACK, turns: int = TURNS) -> int:
    """Seals what is unsealed since `back` before the newest seal, or ever (None). Returns how many.

    Opens and commits transactions itself. A second sealer at the same time does no harm: whoever finds a chain's head
    moved, or its lock taken, leaves the chain to the other.
    """
    done = 0
    for _ in range(turns):
        with transaction(write=False):
            # The ends first: what another seals meanwhile is not waiting any more, or has moved an end.
            ends = {head.chain: head for head in heads()}
            waiting = reading.bytes_of(_unsealed(back, BATCH))
        chains = _by_chain([journal for journal in waiting if not journal.wrong])
        sealed = sum(
            _append(ends.get(chain) or Head(chain, 0, rules.genesis(chain)), journals)
            for chain, journals in sorted(chains.items())
        )
        done += sealed
        if sealed < BATCH:
            break
    return done


def _by_chain(journals: Sequence[Bytes]) -> dict[str, list[Bytes]]:
    chains: dict[str, list[Bytes]] = defaultdict(list)
    for journal in journals:
        chains[rules.chain_of(journal.region, one=is_sqlite())].append(journal)
    return chains


def _append(end: Head, journals: Sequence[Bytes]) -> int:
    """Hashes outside, then adds the seals in a transaction that holds the chain, if it still ends where it did."""
    rows: list[dict[str, Any]] = []
    before, now = end.hash, clock.now()
    for seq, journal in enumerate(journals, end.seq + 1):
        before = rules.seal(before, journal.body)
        rows.append({"chain": end.chain, "seq": seq, "journal_id": journal.id, "hash": before, "sealed_at": now})
    with transaction():
        if not _holds(end.chain) or _end(end.chain) != end:
            return 0
        db.session.execute(insert(Seal.__table__), rows)  # type: ignore[arg-type]
    return len(rows)


def _holds(chain: str) -> bool:
    """The chain's lock until the transaction ends. SQLite's write transactions are alone anyway."""
    if is_sqlite():
        return True
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(LOCK, func.hashtext(chain)))))


def _end(chain: str) -> Head:
    found = db.session.execute(
        select(Seal.seq, Seal.hash).where(Seal.chain == chain).order_by(Seal.seq.desc()).limit(1)
    ).first()
    return Head(chain, found.seq, bytes(found.hash)) if found else Head(chain, 0, rules.genesis(chain))


def heads() -> list[Head]:
    """Where each chain ends, by name."""
    return [Head(row.chain, row.seq, bytes(row.hash)) for row in db.session.execute(text(_HEADS))]


def _floor(back: timedelta | None) -> UUID:
    """The smallest id that is looked at. A newest seal of the future (a clock that was wrong) does not hide the present."""
    if back is None:
        return UUID(int=0)
    newest = db.session.scalar(select(Seal.journal_id).order_by(Seal.journal_id.desc()).limit(1))
    at = rules.made_at(newest) if newest else None
    return rules.first_id(min(at, clock.now()) - back) if at else UUID(int=0)


def _open(floor: UUID) -> Any:
    """Journals without a seal, from an id on. The seal's own bound lets both indexes be read as ranges."""
    seals = select(Seal.journal_id).where(Seal.journal_id == Journal.id, Seal.journal_id >= floor)
    return (Journal.id >= floor) & ~seals.exists()


def _unsealed(back: timedelta | None, limit: int | None) -> list[UUID]:
    if back is None and not _any_open():
        return []
    return list(db.session.scalars(select(Journal.id).where(_open(_floor(back))).order_by(Journal.id).limit(limit)))


def unsealed() -> list[UUID]:
    """Every journal that has no seal yet, by id."""
    return _unsealed(None, None)


def _any_open() -> bool:
    """Counting both is quicker than looking each journal up; every seal has its journal."""
    journals = db.session.scalar(select(func.count()).select_from(Journal))
    return journals != db.session.scalar(select(func.count()).select_from(Seal))


def window(back: timedelta | None = LOOK_BACK_FAR) -> Window:
    """What is unsealed since `back` before the newest seal, or ever (None)."""
    if back is None and not _any_open():
        return Window(0, None)
    condition = _open(_floor(back))
    count = db.session.scalar(select(func.count()).select_from(Journal).where(condition)) or 0
    rows = db.session.execute(select(Journal.id, Journal.at).where(condition).order_by(Journal.id).limit(OLDEST))
    return Window(count, min((waiting_since(row.id, row.at) for row in rows), default=None))


def waiting_since(id_: UUID, at: datetime) -> datetime:
    """When the journal was posted by a real clock; `at` may be a demo's past."""
    return rules.made_at(id_) or at
