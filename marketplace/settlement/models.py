from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base
from ..core.guards import append_only

DIMENSIONS = ("origin", "supplier", "agency", "category", "channel")


class SettledLine(Base):
    """Money in fen; `quantity` thousandths of the order unit, `net` of the base unit. `origin` is the lot's division."""

    __tablename__ = "settled_line"
    __table_args__ = (
        CheckConstraint("money_fen > 0 AND attributed_fen BETWEEN 0 AND money_fen", name="attributed_within_money"),
        CheckConstraint("owed_fen BETWEEN 0 AND attributed_fen", name="owed_within_attributed"),
        Index("ix_settled_line_period_origin", "period", "origin"),
        Index("ix_settled_line_supplier_id_period", "supplier_id", "period"),
        Index("ix_settled_line_agency_id_period", "agency_id", "period"),
        Index("ix_settled_line_plan_id", "plan_id"),
        Index("ix_settled_line_product_id", "product_id"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("acceptance_line.id"), primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"), index=True)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("quota_plan.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    category_code: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str] = mapped_column(String(12), index=True)
    agency_division: Mapped[str] = mapped_column(String(12), index=True)
    eligible: Mapped[bool]
    day: Mapped[date]
    period: Mapped[int]
    quantity: Mapped[int]
    net: Mapped[int]
    money_fen: Mapped[int]
    attributed_fen: Mapped[int]
    owed_fen: Mapped[int]


class Figure(Base):
    """Sums of settled lines by month and one dimension's key; recomputed, they come out equal. Each serves the volume
    report of its dimension; households have theirs from pools, because a household is counted once."""

    __tablename__ = "figure"

    dimension: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    period: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lines: Mapped[int]
    money_fen: Mapped[int]
    attributed_fen: Mapped[int]
    owed_fen: Mapped[int]


append_only(SettledLine.__table__)  # type: ignore[arg-type]
