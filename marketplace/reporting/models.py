"""Runs of the verifier: what was checked when, and what was wrong."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id


class VerifyRun(Base):
    """`checks` were to be run; `finished_at` is NULL while it runs, and for one that was stopped."""

    __tablename__ = "verify_run"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    checks: Mapped[int]
    faults: Mapped[int] = mapped_column(default=0)


class VerifyResult(Base):
    """A check of a run. `reached` is where one by batches goes on from, `shown` the first faults."""

    __tablename__ = "verify_result"
    __table_args__ = (CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("verify_run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    position: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    reached: Mapped[Any | None] = mapped_column(JSON)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    faults: Mapped[int] = mapped_column(default=0)
    shown: Mapped[list[Any]] = mapped_column(JSON, default=list)
    ms: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
