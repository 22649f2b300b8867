"""What was taken off a bill before it was paid."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only


class BillCredit(Base):
    """A credit note: goods came back before their bill was paid, and the bill asks for so much less. Fen, above zero."""

    __tablename__ = "bill_credit"
    __table_args__ = (CheckConstraint("fen > 0", name="fen"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    return_id: Mapped[UUID] = mapped_column(ForeignKey("goods_return.id"), unique=True)
    fen: Mapped[int]
    day: Mapped[date]
    recorded_at: Mapped[datetime]


append_only(BillCredit.__table__)  # type: ignore[arg-type]
