from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base
from ..core.guards import append_only

DIMENSIONS = ("origin", "supplier", "agency", "category", "channel")


class SettledLine(Base):
    """Money in fen; `quantity` thousandths of the order unit, `net` of the base unit. `origin` is the lot's division.

    A sale's id is its acceptance line's. A reversal is a row of its own with negative money and quantities, in the
    open period, naming the sale it `reverses_id` and the period it `concerns_period`: every sum over rows follows.
    """

    __tablename__ = "settled_line"
    __table_args__ = (
        CheckConstraint(
            "reverses_id IS NOT NULL OR (id = line_id AND money_fen > 0 AND attributed_fen BETWEEN 0 AND money_fen"
            " AND owed_fen BETWEEN 0 AND attributed_fen)",
            name="sale",
        ),
        CheckConstraint(
            "reverses_id IS NULL OR (reverses_id = line_id AND id <> line_id AND money_fen <= 0 AND quantity < 0"
            " AND attributed_fen BETWEEN money_fen AND 0 AND owed_fen BETWEEN attributed_fen AND 0)",
            name="reversal",
        ),
        Index(
            "ix_settled_line_reverses_id",
            "reverses_id",
            sqlite_where=text("reverses_id IS NOT NULL"),
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
        Index("ix_settled_line_period_origin", "period", "origin"),
        Index("ix_settled_line_supplier_id_period", "supplier_id", "period"),
        Index("ix_settled_line_agency_id_period", "agency_id", "period"),
        Index("ix_settled_line_plan_id", "plan_id"),
        Index("ix_settled_line_product_id", "product_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("acceptance_line.id"))
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("settled_line.id"))
    concerns_period: Mapped[int | None]
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
    counted_as: Mapped[str] = mapped_column(String(10), default="canteen")
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
