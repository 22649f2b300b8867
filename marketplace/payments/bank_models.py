"""The supplier's bank statements (对账流水): files read, and the rows that brought money."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id

OUTCOMES = ("exact", "partial", "over", "double", "known", "differs", "several", "unmatched")
ROW_STATES = ("proposed", "queued", "confirmed", "returned", "other")


class BankStatement(Base):
    """A file read. `account`: the receiving account as the supplier calls it; `fen`: what its new rows brought."""

    __tablename__ = "bank_statement"
    __table_args__ = (Index("ix_bank_statement_supplier_id", "supplier_id", "read_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    account: Mapped[str] = mapped_column(String(40))
    template: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(200))
    rows: Mapped[int]
    fen: Mapped[int]
    same: Mapped[int]
    refused: Mapped[int]
    read_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    read_at: Mapped[datetime]


class BankRow(Base):
    """One incoming payment. Unique: a file read twice doubles nothing. `fen` above zero."""

    __tablename__ = "bank_row"
    __table_args__ = (
        UniqueConstraint("supplier_id", "account", "serial", "day", "fen"),
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        CheckConstraint(f"state IN {ROW_STATES}", name="state"),
        CheckConstraint("(state = 'confirmed') = (transfer_id IS NOT NULL)", name="confirmed"),
        CheckConstraint("state NOT IN ('proposed', 'confirmed') OR bill_id IS NOT NULL", name="bill"),
        Index("ix_bank_row_statement_id", "statement_id", "no"),
        Index("ix_bank_row_supplier_id_state", "supplier_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    statement_id: Mapped[UUID] = mapped_column(ForeignKey("bank_statement.id"))
    no: Mapped[int]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    account: Mapped[str] = mapped_column(String(40))
    serial: Mapped[str] = mapped_column(String(60))
    day: Mapped[date]
    fen: Mapped[int]
    payer: Mapped[str] = mapped_column(String(120), default="")
    remark: Mapped[str] = mapped_column(String(200), default="")
    outcome: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    bill_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill.id"), index=True)
    transfer_id: Mapped[UUID | None] = mapped_column(ForeignKey("transfer.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(200), default="")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
