"""Long work that a person starts, watches, may leave and finds again: a row each, worked by any worker.

The row is the truth. A worker claims it by one conditional statement and keeps it by a heartbeat; a killed worker's job
is claimed anew once its heartbeat is stale, and its handler goes on from what the data says is done. So a handler runs
at least once, works in short transactions of its own, and must not repeat what it finds done.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, String, and_, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from . import clock
from .actor import Actor
from .db import Base, by_id, db, new_id, transaction
from .errors import DomainError

STALE = timedelta(seconds=60)  # a worker that has not been heard of for so long is taken for dead
BEAT = 2.0  # seconds between two heartbeats, at the least
ATTEMPTS = 5

log = logging.getLogger("bangfu.jobs")


class Job(Base):
    """`done` of `total` steps; `payload` and `result` are JSON without personal data. `note` is shown to who waits."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("done >= 0 AND (total IS NULL OR total >= 0)", name="progress"),
        Index("ix_job_state", "state", "id"),
        Index("ix_job_organisation_id", "organisation_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(8), default="queued")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    attempts: Mapped[int] = mapped_column(default=0)
    organisation_id: Mapped[UUID | None]
    started_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    beat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


Progress = Callable[..., None]
# Returns the job's result. A DomainError it raises fails the job for good and its code is the note.
Handler = Callable[[Job, Progress], dict[str, Any] | None]


def start(actor: Actor, kind: str, **payload: Any) -> Job:
    """Queues a job in the present transaction, for the actor's organisation."""
    row = Job(
        id=new_id(),
        kind=kind,
        payload=payload,
        organisation_id=actor.organisation,
        started_by=actor.user,
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def one(actor: Actor, job_id: UUID) -> Job:
    """A job of the actor's own organisation. Raises NotFound."""
    return by_id(Job, job_id, Job.organisation_id == actor.organisation, "job")


def latest(organisation_id: UUID | None, kind: str, limit: int = 20) -> list[Job]:
    """An organisation's jobs of a kind, newest first."""
    query = select(Job).where(Job.organisation_id == organisation_id, Job.kind == kind)
    return list(db.session.scalars(query.order_by(Job.id.desc()).limit(limit)))


def work(handlers: dict[str, Handler]) -> bool:
    """Claims one job that waits, or whose worker died, and works it to its end. Returns whether there was one."""
    job_id = _claim(list(handlers))
    if job_id is None:
        return False
    with transaction(write=False):
        job = db.session.get_one(Job, job_id)
        db.session.expunge(job)
    try:
        result = handlers[job.kind](job, _progress(job_id))
    except DomainError as refused:
        db.session.rollback()
        _finish(job_id, "failed", refused.code, {})
    except Exception as failure:  # the job waits for another try; the log says what it was
        log.exception("job failed", extra={"job": str(job_id), "kind": job.kind})
        db.session.rollback()
        _finish(job_id, "failed" if job.attempts >= ATTEMPTS else "queued", type(failure).__name__, {})
    else:
        _finish(job_id, "done", "", result or {})
    return True


def _claim(kinds: list[str]) -> UUID | None:
    stale = and_(Job.state == "running", Job.beat_at < clock.now() - STALE)
    free = and_(Job.kind.in_(kinds), or_(Job.state == "queued", stale))
    with transaction(write=False):
        if db.session.scalar(select(Job.id).where(free).limit(1)) is None:
            return None
    with transaction():
        first = select(Job.id).where(free).order_by(Job.id).limit(1).with_for_update(skip_locked=True)
        return db.session.scalar(
            update(Job)
            .where(Job.id == first.scalar_subquery(), free)
            .values(state="running", beat_at=clock.now(), attempts=Job.attempts + 1)
            .returning(Job.id),
            execution_options={"synchronize_session": False},
        )


def _progress(job_id: UUID) -> Progress:
    last = -BEAT

    def progress(done: int, total: int | None = None, note: str = "") -> None:
        """Tells how far the work is, in a transaction of its own, at most every BEAT seconds."""
        nonlocal last
        if time.monotonic() - last < BEAT:
            return
        last = time.monotonic()
        values = {"done": done, "beat_at": clock.now()} | ({} if total is None else {"total": total})
        with transaction():
            db.session.execute(update(Job).where(Job.id == job_id).values(values | ({"note": note} if note else {})))

    return progress


def _finish(job_id: UUID, state: str, note: str, result: dict[str, Any]) -> None:
    ended = None if state == "queued" else clock.now()
    with transaction():
        db.session.execute(
            update(Job).where(Job.id == job_id).values(state=state, note=note, result=result, finished_at=ended)
        )
