"""Which bills a tax invoice is for, and with how much of its money."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..core.db import Base
from ..core.guards import append_only
from .models import TaxInvoice


class InvoicePart(Base):
    """A bill's part of a tax invoice.

    The parts of an invoice lie one behind the other within its money: each begins where one ends (`after_fen`; the first
    at NULL), and no two begin at the same place. So they never sum to more than the invoice, whoever writes them.
    """

    __tablename__ = "invoice_part"
    __table_args__ = (
        ForeignKeyConstraint(
            ["invoice_id", "amount_fen"], ["tax_invoice.id", "tax_invoice.amount_fen"], name="fk_invoice_part_of"
        ),
        ForeignKeyConstraint(
            ["invoice_id", "after_fen"],
            ["invoice_part.invoice_id", "invoice_part.upto_fen"],
            name="fk_invoice_part_follows",
        ),
        UniqueConstraint("invoice_id", "after_fen"),
        UniqueConstraint("invoice_id", "upto_fen"),
        Index(
            "uq_invoice_part_first",
            "invoice_id",
            unique=True,
            sqlite_where=text("after_fen IS NULL"),
            postgresql_where=text("after_fen IS NULL"),
        ),
        CheckConstraint("fen > 0 AND upto_fen = COALESCE(after_fen, 0) + fen", name="fen"),
        CheckConstraint("upto_fen <= amount_fen", name="within"),
    )

    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), primary_key=True, index=True)
    fen: Mapped[int]
    after_fen: Mapped[int | None]
    upto_fen: Mapped[int]
    amount_fen: Mapped[int]  # the invoice's
    invoice: Mapped[TaxInvoice] = relationship(lazy="joined", viewonly=True)


append_only(InvoicePart.__table__)  # type: ignore[arg-type]
