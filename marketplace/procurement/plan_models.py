"""Where and when a bulk order is delivered: its plan while it is filled, the order's once approved; and the scans of
the confirmation (订单确认书) that both sides stamp."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only


class RequisitionDelivery(Base):
    """One address, day and window of a bulk order's plan. Without any, everything goes where its head says."""

    __tablename__ = "requisition_delivery"

    requisition_id: Mapped[UUID] = mapped_column(ForeignKey("requisition.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    address: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(40))
    deliver_on: Mapped[date]
    window: Mapped[str] = mapped_column(String(40), default="")


class RequisitionPart(Base):
    """How much of an offer's line goes to one delivery: thousandths of the order unit."""

    __tablename__ = "requisition_part"
    __table_args__ = (
        ForeignKeyConstraint(
            ["requisition_id", "delivery_no"],
            ["requisition_delivery.requisition_id", "requisition_delivery.no"],
            name="fk_requisition_part_delivery",
        ),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    requisition_id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"), primary_key=True)
    quantity: Mapped[int]


class OrderDelivery(Base):
    """What was approved of the plan: the deliveries that an order has a part of, under the plan's own numbers."""

    __tablename__ = "order_delivery"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    address: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(40))
    deliver_on: Mapped[date]
    window: Mapped[str] = mapped_column(String(40), default="")


class OrderPart(Base):
    """How much of an order line goes to one delivery: thousandths of the order unit."""

    __tablename__ = "order_part"
    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "delivery_no"],
            ["order_delivery.order_id", "order_delivery.no"],
            name="fk_order_part_delivery",
        ),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"), primary_key=True)
    quantity: Mapped[int]


class OrderConfirmationScan(Base):
    """A stamped confirmation that one side has sent back; several may come, the newest of a side stands."""

    __tablename__ = "order_confirmation_scan"
    __table_args__ = (
        CheckConstraint("side IN ('agency', 'supplier')", name="side"),
        Index("ix_order_confirmation_scan_order_id", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    side: Mapped[str] = mapped_column(String(10))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"))
    added_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    added_at: Mapped[datetime]


for _frozen in (OrderDelivery, OrderPart, OrderConfirmationScan):
    append_only(_frozen.__table__)  # type: ignore[arg-type]
