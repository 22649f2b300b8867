from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only


class Pool(Base):
    """A lot, its supplement or revision, or a roster version. `makes_debt`: what flows in is owed to its households; else the weighing slips made
    the debt and the pool only traces. `sold` is base-unit thousandths of a lot settled so far."""

    __tablename__ = "pool"
    __table_args__ = (
        UniqueConstraint("kind", "source_id"),
        CheckConstraint("kind IN ('lot', 'roster', 'supplement', 'revision')", name="kind"),
        # After a reversal more may be distributed than the pool holds: the next distribution takes it back.
        CheckConstraint("total_fen >= 0 AND distributed_fen >= 0 AND sold >= 0", name="not_negative"),
        Index("ix_pool_supplier_id", "supplier_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    source_id: Mapped[UUID]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), index=True)
    mechanism: Mapped[str] = mapped_column(String(12))
    makes_debt: Mapped[bool]
    total_fen: Mapped[int] = mapped_column(default=0)
    distributed_fen: Mapped[int] = mapped_column(default=0)
    sold: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int] = mapped_column(default=0)


class PoolMovement(Base):
    """`source_id` is the settled line; `before` and `after` make its interval of the pool, downwards for a reversal."""

    __tablename__ = "pool_movement"
    __table_args__ = (
        UniqueConstraint("source_id", "pool_id"),
        CheckConstraint("before_fen >= 0 AND after_fen >= 0 AND after_fen <> before_fen", name="moves"),
        Index("ix_pool_movement_period", "period"),
    )

    pool_id: Mapped[UUID] = mapped_column(ForeignKey("pool.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    before_fen: Mapped[int]
    after_fen: Mapped[int]
    source_id: Mapped[UUID]
    day: Mapped[date]
    period: Mapped[int]


class Distribution(Base):
    """A cut of a supplier's pools: prepared by one person, approved by another."""

    __tablename__ = "distribution"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'approved', 'discarded')", name="state"),
        CheckConstraint("state <> 'approved' OR approved_by <> prepared_by", name="two_persons"),
        Index(
            "uq_distribution_supplier_draft",
            "supplier_id",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    cut_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="draft")
    total_fen: Mapped[int]
    households: Mapped[int]
    prepared_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    prepared_at: Mapped[datetime]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime | None]


class DistributionShare(Base):
    """What one household gets of one pool in one distribution: its interval (before, after) of the pool, fen."""

    __tablename__ = "distribution_share"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        Index("ix_distribution_share_household_id", "household_id"),
    )

    distribution_id: Mapped[UUID] = mapped_column(ForeignKey("distribution.id"), primary_key=True)
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("pool.id"), primary_key=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"), primary_key=True)
    fen: Mapped[int]


class DistributionPool(Base):
    __tablename__ = "distribution_pool"

    distribution_id: Mapped[UUID] = mapped_column(ForeignKey("distribution.id"), primary_key=True)
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("pool.id"), primary_key=True)
    before_fen: Mapped[int]
    after_fen: Mapped[int]


class Payout(Base):
    """What is to be paid to one household of one distribution: once."""

    __tablename__ = "payout"
    __table_args__ = (
        UniqueConstraint("distribution_id", "household_id"),
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("state IN ('to_pay', 'paid')", name="state"),
        CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid_on"),
        Index("ix_payout_household_id", "household_id"),
        Index("ix_payout_supplier_id_state", "supplier_id", "state"),
        Index("ix_payout_report", "division", "state", "period", "fen", "supplier_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    distribution_id: Mapped[UUID] = mapped_column(ForeignKey("distribution.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    division: Mapped[str] = mapped_column(String(12))
    fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default="to_pay")
    paid_on: Mapped[date | None]
    period: Mapped[int | None]
    method: Mapped[str] = mapped_column(String(10), default="")
    evidence: Mapped[str] = mapped_column(String(120), default="")
    paid_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))


append_only(PoolMovement.__table__)  # type: ignore[arg-type]
append_only(DistributionShare.__table__)  # type: ignore[arg-type]
append_only(DistributionPool.__table__)  # type: ignore[arg-type]
