"""Who decides a bulk order, in which order: an agency's rules by amount, a bulk order's own steps, and stand-ins."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only


class ApprovalRule(Base):
    """From `from_fen` on a bulk order passes `steps`, in their order, from `from_day` until a later day's rules.

    A step is {"title", "role" or "user_id"}. `hold_days`: how long stock is held while it is decided.
    """

    __tablename__ = "approval_rule"
    __table_args__ = (
        UniqueConstraint("agency_id", "from_day", "from_fen"),
        CheckConstraint("from_fen >= 0", name="from_fen"),
        CheckConstraint("hold_days BETWEEN 1 AND 60", name="hold_days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    from_day: Mapped[date]
    from_fen: Mapped[int]
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    hold_days: Mapped[int]
    set_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    set_at: Mapped[datetime]


class ApprovalStep(Base):
    """One step of one attempt to have a bulk order approved: frozen when submitted, decided once.

    `maker_id` submitted it and can decide no step; nobody decides two steps of an attempt. `stood_for`: the person
    whose deputy `decided_by` was.
    """

    __tablename__ = "approval_step"
    __table_args__ = (
        UniqueConstraint("requisition_id", "attempt", "decided_by"),
        CheckConstraint("verdict IN ('approved', 'rejected')", name="verdict"),
        CheckConstraint(
            "(verdict IS NULL) = (decided_by IS NULL) AND (verdict IS NULL) = (at IS NULL)", name="decided"
        ),
        CheckConstraint("decided_by <> maker_id AND stood_for <> maker_id", name="not_the_maker"),
        CheckConstraint("verdict <> 'rejected' OR reason <> ''", name="rejected_with_reason"),
    )

    requisition_id: Mapped[UUID] = mapped_column(ForeignKey("requisition.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(20), default="")
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    maker_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    stood_for: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime | None]
    verdict: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(300), default="")


append_only(
    ApprovalStep.__table__,  # type: ignore[arg-type]
    columns_that_may_change=("decided_by", "stood_for", "at", "verdict", "reason"),
)


class Deputy(Base):
    """`deputy_id` stands in for `principal_id` from one day until another, both included; `ended_at` ends it early."""

    __tablename__ = "deputy"
    __table_args__ = (
        CheckConstraint("deputy_id <> principal_id", name="another"),
        CheckConstraint("until_day >= from_day", name="days"),
        Index("ix_deputy_deputy_id", "deputy_id"),
        Index("ix_deputy_agency_id", "agency_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    principal_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    deputy_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    from_day: Mapped[date]
    until_day: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200), default="")
    named_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    named_at: Mapped[datetime]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
