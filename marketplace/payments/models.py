from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only


class Bill(Base):
    """Our numbered demand for one acceptance. `account_name` and `bank_reference` are the supplier's, as of that day."""

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("supplier_id", "number"),
        CheckConstraint(
            "total_fen > 0 AND paid_fen >= 0 AND credited_fen >= 0 AND paid_fen + credited_fen <= total_fen",
            name="paid_within_total",
        ),
        CheckConstraint(
            "(state = 'paid') = (paid_fen + credited_fen = total_fen AND paid_fen > 0)", name="paid_in_full"
        ),
        CheckConstraint("(state = 'credited') = (credited_fen = total_fen)", name="credited_in_full"),
        Index("ix_bill_agency_id_state", "agency_id", "state"),
        Index("ix_bill_supplier_id_state", "supplier_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20))
    payment_code: Mapped[str] = mapped_column(String(16), unique=True)
    acceptance_id: Mapped[UUID] = mapped_column(ForeignKey("acceptance.id"), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12))
    agency_division: Mapped[str] = mapped_column(String(12))
    account_name: Mapped[str] = mapped_column(String(80))
    bank_reference: Mapped[str] = mapped_column(String(120))
    total_fen: Mapped[int]
    paid_fen: Mapped[int] = mapped_column(default=0)
    # Taken off because goods came back before it was paid (bill_credit).
    credited_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(10), default="to_pay")
    issued_on: Mapped[date]
    due_on: Mapped[date]
    paid_on: Mapped[date | None]


class TaxInvoice(Base):
    """Issued in the tax bureau's platform; recorded here. `rate_basis_points` is None where exempt (免税)."""

    __tablename__ = "tax_invoice"
    __table_args__ = (
        UniqueConstraint("supplier_id", "number"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[str] = mapped_column(String(30))
    issued_on: Mapped[date]
    amount_fen: Mapped[int]
    rate_basis_points: Mapped[int | None]
    seller: Mapped[str] = mapped_column(String(80))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    recorded_at: Mapped[datetime]


class RedInvoice(Base):
    """A red-letter invoice (红字发票) for returned goods, and the refund that went with it. Fen, above zero."""

    __tablename__ = "red_invoice"
    __table_args__ = (
        UniqueConstraint("supplier_id", "number"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    return_id: Mapped[UUID] = mapped_column(ForeignKey("goods_return.id"), unique=True)
    number: Mapped[str] = mapped_column(String(30))
    issued_on: Mapped[date]
    amount_fen: Mapped[int]
    refund_serial: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]


class Transfer(Base):
    """A bank or treasury transfer: recorded by the agency's finance, confirmed by the supplier when it arrived."""

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("state IN ('recorded', 'confirmed', 'refused')", name="state"),
        # A bill is paid once: a second click or a second clerk finds the first one's transfer.
        Index(
            "uq_transfer_bill_live",
            "bill_id",
            unique=True,
            sqlite_where=text("state <> 'refused'"),
            postgresql_where=text("state <> 'refused'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    fen: Mapped[int]
    paid_on: Mapped[date]
    bank_serial: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default="recorded")
    reason: Mapped[str] = mapped_column(String(200), default="")
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]


append_only(RedInvoice.__table__)  # type: ignore[arg-type]
