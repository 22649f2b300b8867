"""The verifier of a whole database: every check of every room, one after the other, each with what is wrong.

It stands in reporting because it reads all rooms' tables below; what rooms beside and above check (`search`, `edge`) is
handed in by the composition root (`also`). A run's finished checks are rows, so a run that was stopped goes on where it
was: at the next check, and within a long one after its last batch. Every check reads one snapshot.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..core import audit, clock, jobs
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, transaction, writing
from ..ledger import reading
from ..ledger.batches import Batch, Batched
from ..ledger.checks import CHECKS as LEDGER
from ..settlement.checks import CHECKS as SETTLEMENT
from .certificate_checks import CHECKS as CERTIFICATES
from .models import VerifyResult, VerifyRun

Check = Callable[[], list[str]]
Progress = Callable[..., None]
SHOWN = 50  # faults kept of a check; the rest are counted
GIVEN_UP = timedelta(hours=1)  # a run that has not ended since is taken for stopped
EVERY = 2.0  # seconds between two notes of how far a long check is

_more: list[Check] = []


def also(checks: Iterable[Check]) -> None:
    """Adds the checks of a room that this one may not import; each once."""
    _more.extend(check for check in checks if check not in _more)


def checks() -> list[Check]:
    return [*LEDGER, *SETTLEMENT, *CERTIFICATES, *_more]


def start(actor: Actor, count: int | None = None) -> VerifyRun:
    """A new run of `count` checks (all of them), to be worked by `work`. Raises Forbidden."""
    actor.require("verify.run")
    wanted = len(checks()) if count is None else count
    row = VerifyRun(id=new_id(), started_by=actor.user, started_at=clock.now(), checks=wanted, faults=0)
    db.session.add(row)
    audit.record(actor, "verify.start", "verify_run", row.id)
    db.session.flush()
    return row


def begin(actor: Actor) -> VerifyRun:
    """Starts a run as a job, or gives the one that is under way. Raises Forbidden."""
    actor.require("verify.run")
    last = _latest()
    if last is not None and last.finished_at is None and last.started_at > clock.now() - GIVEN_UP:
        return last
    row = start(actor)
    jobs.start(actor, "verify", run=str(row.id))
    return row


def unfinished() -> UUID | None:
    """The last run, if it did not come to its end."""
    row = _latest()
    return row.id if row is not None and row.finished_at is None else None


@dataclass(frozen=True)
class Done:
    """A check that has come to its end: `known` if an earlier attempt at the run had done it."""

    name: str
    position: int
    faults: int
    shown: list[str]
    ms: int
    known: bool = False


def work(run_id: UUID, progress: Progress | None = None, only: Iterable[Check] | None = None) -> Iterator[Done]:
    """Works a run, or what is left of it, and yields each check as it ends. What is done is committed as it goes."""
    asked = list(only) if only is not None else checks()

    def tell(position: int, note: str) -> None:
        if progress:
            progress(position, len(asked), note)

    for position, check in enumerate(asked):
        before = _result(run_id, check.__name__)
        known = before is not None and before.state == "done"
        if not known:
            tell(position, check.__name__)
            _work(run_id, check, position, before, partial(tell, position))
        found = _result(run_id, check.__name__)
        assert found is not None
        yield Done(found.name, position, found.faults, found.shown, found.ms, known)
    _finish(run_id)


def _work(run_id: UUID, check: Check, position: int, before: VerifyResult | None, tell: Callable[[str], None]) -> None:
    """One check in one snapshot. Of one that goes by batches, how far it is is kept every few seconds."""
    with Bookkeeping(run_id, check.__name__, position) as book, transaction(write=False):
        reading.one_state()
        if not isinstance(check, Batched):
            book.end(check())
            return
        for batch in check.batches(before.reached if before else None):
            book.add(batch)
            if book.due():
                book.keep()
                tell(f"{check.__name__} {batch.done:,} / {batch.total:,}")
        book.end()


class Bookkeeping:
    """A check's row, written over a connection of its own: the check's own one keeps its snapshot."""

    def __init__(self, run_id: UUID, name: str, position: int) -> None:
        self.key = (run_id, name)
        self.position = position
        self.faults: list[str] = []
        self.found, self.batch = 0, Batch(0, 0)
        self.started = self.kept = time.perf_counter()
        self.ended = False

    def __enter__(self) -> "Bookkeeping":
        return self

    def __exit__(self, *_: object) -> None:
        if self.ended:
            self.keep(last=True)

    def add(self, batch: Batch) -> None:
        self.batch = batch
        self._found(batch.faults)

    def end(self, wrong: Sequence[str] = ()) -> None:
        """The check came to its end: the row is written once its snapshot is let go."""
        self._found(wrong)
        self.ended = True

    def due(self) -> bool:
        return time.perf_counter() - self.kept > EVERY

    def _found(self, wrong: Sequence[str]) -> None:
        self.found += len(wrong)
        self.faults += list(wrong)[: SHOWN - len(self.faults)]

    def keep(self, *, last: bool = False) -> None:
        now = time.perf_counter()
        with writing(True), Session(db.engine) as session, session.begin():
            row = session.get(VerifyResult, self.key)
            if row is None:
                run_id, name = self.key
                row = VerifyResult(run_id=run_id, name=name, position=self.position, faults=0, shown=[], ms=0)
                session.add(row)
            row.state, row.at = ("done" if last else "running"), clock.now()
            row.reached, row.done, row.total = self.batch.state, self.batch.done, self.batch.total
            row.faults += self.found
            row.shown = (row.shown + [fault[:300] for fault in self.faults])[:SHOWN]
            row.ms += round((now - self.kept) * 1000)
        self.found, self.faults, self.kept = 0, [], now


def _result(run_id: UUID, name: str) -> VerifyResult | None:
    with transaction(write=False):
        row = db.session.get(VerifyResult, (run_id, name), populate_existing=True)
        if row is not None:
            db.session.expunge(row)
        return row


def _finish(run_id: UUID) -> None:
    with transaction():
        row = db.session.get_one(VerifyRun, run_id)
        query = select(VerifyResult.faults).where(VerifyResult.run_id == run_id)
        row.faults, row.finished_at = sum(db.session.scalars(query)), clock.now()


def _latest() -> VerifyRun | None:
    return db.session.scalars(select(VerifyRun).order_by(VerifyRun.id.desc()).limit(1)).one_or_none()


def latest(actor: Actor, limit: int = 10) -> list[VerifyRun]:
    """The last runs, newest first. Raises Forbidden."""
    actor.require("verify.read")
    return list(db.session.scalars(select(VerifyRun).order_by(VerifyRun.id.desc()).limit(limit)))


def run(actor: Actor, run_id: UUID) -> VerifyRun:
    """Raises Forbidden, NotFound."""
    actor.require("verify.read")
    return by_id(VerifyRun, run_id, what="verify_run")


@dataclass(frozen=True)
class Result:
    """A check's answer. `shown` is None for whoever does not see the whole database: faults name rows of everybody."""

    name: str
    state: str
    faults: int
    shown: list[str] | None
    ms: int
    at: Any
    done: int
    total: int | None


def results(actor: Actor, run_id: UUID) -> list[Result]:
    """A run's checks in order; what is not begun is not there. Raises Forbidden."""
    actor.require("verify.read")
    query = select(VerifyResult).where(VerifyResult.run_id == run_id).order_by(VerifyResult.position)
    whole = actor.scope.everything
    return [
        Result(row.name, row.state, row.faults, list(row.shown) if whole else None, row.ms, row.at, row.done, row.total)
        for row in db.session.scalars(query)
    ]


def warnings() -> dict[str, int]:
    """What the last finished run found: for whoever closes a month."""
    row = db.session.scalars(
        select(VerifyRun).where(VerifyRun.finished_at.is_not(None)).order_by(VerifyRun.id.desc()).limit(1)
    ).one_or_none()
    return {"verify_faults": row.faults} if row is not None and row.faults else {}


def job(job: Any, progress: Progress) -> dict[str, Any]:
    """The worker's handler: `payload.run` is the run's id; a killed worker's run goes on where it was."""
    faults = sum(found.faults for found in work(UUID(job.payload["run"]), progress))
    return {"faults": faults}
