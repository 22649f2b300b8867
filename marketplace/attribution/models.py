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
    """A cut of a supplier's pools: prepared by one person, approved by another.

    preparing → draft → approving → approved; the -ing ones are worked in steps that a killed worker goes on with.
    """

    __tablename__ = "distribution"
    __table_args__ = (
        CheckConstraint("state IN ('preparing', 'draft', 'approving', 'approved', 'discarded')", name="state"),
        CheckConstraint(
            "state NOT IN ('approving', 'approved')"
            " OR (prepared_by IS NULL) = (approved_by IS NULL) AND COALESCE(approved_by <> prepared_by, true)",
            name="two_persons",
        ),
        CheckConstraint("notice_days BETWEEN 0 AND 60", name="notice_days"),
        Index(
            "uq_distribution_supplier_open",
            "supplier_id",
            unique=True,
            sqlite_where=text("state IN ('preparing', 'draft', 'approving')"),
            postgresql_where=text("state IN ('preparing', 'draft', 'approving')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    cut_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="draft")
    total_fen: Mapped[int]
    households: Mapped[int]
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("distribution.id"))
    notice_days: Mapped[int] = mapped_column(default=7, server_default="0")  # 0: from before notices
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id"))
    prepared_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    prepared_at: Mapped[datetime]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime | None]


class DistributionShare(Base):
    """What one household gets of one pool in one distribution, fen; below zero where a reversal took back."""

    __tablename__ = "distribution_share"
    __table_args__ = (
        CheckConstraint("fen <> 0", name="fen"),
        Index("ix_distribution_share_household_id", "household_id"),
    )

    distribution_id: Mapped[UUID] = mapped_column(ForeignKey("distribution.id"), primary_key=True)
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("pool.id"), primary_key=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"), primary_key=True)
    fen: Mapped[int]


class DistributionPool(Base):
    """The part of a pool that is divided. `posted_at`: its shares stand in the ledger and in the standings."""

    __tablename__ = "distribution_pool"

    distribution_id: Mapped[UUID] = mapped_column(ForeignKey("distribution.id"), primary_key=True)
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("pool.id"), primary_key=True)
    before_fen: Mapped[int]
    after_fen: Mapped[int]
    posted_at: Mapped[datetime | None]


class DistributionHousehold(Base):
    """A household's line of a distribution: `share_fen` of the pools that make debt, `flow_fen` of dated flows.

    Once listed: `fen` is what is paid, `set_off_fen` = due − paid: set against what it had received beyond what was
    owed, or (below zero) what came over from payouts that were taken back.
    """

    __tablename__ = "distribution_household"
    __table_args__ = (
        CheckConstraint("(fen IS NULL) = (set_off_fen IS NULL)", name="listed"),
        CheckConstraint("fen IS NULL OR fen >= 0 AND fen = share_fen + flow_fen - set_off_fen", name="fen"),
        Index("ix_distribution_household_place", "distribution_id", "division", "group_name", "household_id"),
        Index("ix_distribution_household_household_id", "household_id"),
    )

    distribution_id: Mapped[UUID] = mapped_column(ForeignKey("distribution.id"), primary_key=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"), primary_key=True)
    division: Mapped[str] = mapped_column(String(12))
    group_name: Mapped[str] = mapped_column(String(20))
    share_fen: Mapped[int]
    flow_fen: Mapped[int]
    fen: Mapped[int | None]
    set_off_fen: Mapped[int | None]

    @property
    def due_fen(self) -> int:
        return self.share_fen + self.flow_fen


PAYOUT_STATES = ("to_pay", "held", "sent", "failed", "paid", "void")


class Payout(Base):
    """What is to be paid to one payee of one household of one distribution: once.

    `division` is where the household lives. `held` has its reason (no payee in force); `sent` stands in a live bank
    file; `failed` came back from the bank; `void` was taken back and comes with the next distribution.
    """

    __tablename__ = "payout"
    __table_args__ = (
        UniqueConstraint("distribution_id", "household_id", "part"),
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint(f"state IN {PAYOUT_STATES}", name="state"),
        CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid_on"),
        CheckConstraint("state NOT IN ('held', 'failed', 'void') OR reason <> ''", name="reason"),
        CheckConstraint("channel IN ('transfer', 'cash')", name="channel"),
        Index("ix_payout_household_id", "household_id"),
        Index("ix_payout_supplier_id_state", "supplier_id", "state"),
        Index("ix_payout_report", "division", "state", "period", "fen", "supplier_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    distribution_id: Mapped[UUID] = mapped_column(ForeignKey("distribution.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    part: Mapped[int] = mapped_column(default=0, server_default="0")
    division: Mapped[str] = mapped_column(String(12))
    fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default="to_pay")
    reason: Mapped[str] = mapped_column(String(120), default="", server_default="")
    payee_id: Mapped[UUID | None] = mapped_column(ForeignKey("payee.id"))
    channel: Mapped[str] = mapped_column(String(8), default="cash", server_default="cash")
    account_last4: Mapped[str] = mapped_column(String(4), default="", server_default="")
    paid_on: Mapped[date | None]
    period: Mapped[int | None]
    method: Mapped[str] = mapped_column(String(10), default="")
    evidence: Mapped[str] = mapped_column(String(120), default="")
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    paid_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))


class BankFile(Base):
    """A list for the bank to pay. The accounts are not in it: the file is written anew from sealed columns when asked."""

    __tablename__ = "bank_file"
    __table_args__ = (
        CheckConstraint("state IN ('live', 'withdrawn')", name="state"),
        CheckConstraint("lines > 0 AND total_fen > 0", name="total"),
        Index("ix_bank_file_supplier_id", "supplier_id", "made_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    template: Mapped[str] = mapped_column(String(30))
    state: Mapped[str] = mapped_column(String(10), default="live")
    lines: Mapped[int]
    total_fen: Mapped[int]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]


class BankFileLine(Base):
    """A payout in a bank file, under a reference that the bank gives back. Live: `sent`, or `unknown` to the bank."""

    __tablename__ = "bank_file_line"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("state IN ('sent', 'unknown', 'paid', 'failed', 'withdrawn')", name="state"),
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("(state = 'sent') = (told_at IS NULL)", name="told_at"),
        # A payout is in one live bank file at a time.
        Index(
            "uq_bank_file_line_live",
            "payout_id",
            unique=True,
            sqlite_where=text("state IN ('sent', 'unknown')"),
            postgresql_where=text("state IN ('sent', 'unknown')"),
        ),
        Index("ix_bank_file_line_payout_id", "payout_id"),
    )

    bank_file_id: Mapped[UUID] = mapped_column(ForeignKey("bank_file.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reference: Mapped[str] = mapped_column(String(24))
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("payout.id"))
    payee_id: Mapped[UUID] = mapped_column(ForeignKey("payee.id"))
    account_last4: Mapped[str] = mapped_column(String(4))
    fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="sent")
    reason: Mapped[str] = mapped_column(String(120), default="")
    told_at: Mapped[datetime | None]


class BankResult(Base):
    """A result file that was read in: the same content again changes nothing and says so."""

    __tablename__ = "bank_result"
    __table_args__ = (UniqueConstraint("supplier_id", "sha256"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    rows: Mapped[int]
    paid: Mapped[int]
    failed: Mapped[int]
    unknown: Mapped[int]
    refused: Mapped[int]
    read_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    read_at: Mapped[datetime]


for _model, _columns in (
    (PoolMovement, ()),
    (DistributionShare, ()),
    (DistributionPool, ("posted_at",)),
    (DistributionHousehold, ("fen", "set_off_fen")),
    (BankFileLine, ("state", "reason", "told_at")),
    (BankResult, ()),
):
    append_only(_model.__table__, columns_that_may_change=_columns)  # type: ignore[arg-type]
