from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id

FESTIVALS = ("spring", "dragon_boat", "mid_autumn", "other")


class WelfareOrder(Base):
    """A union's festival goods (工会福利) for a list of people: so much a head, at most `limit_fen` a head.

    `packages` and `handed_out` are heads: as many as were put on the list when it was ordered, and those who signed.
    """

    __tablename__ = "welfare_order"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'ordered', 'handing_out', 'done', 'cancelled')", name="state"),
        CheckConstraint(f"festival IN {FESTIVALS}", name="festival"),
        CheckConstraint("limit_fen > 0", name="limit"),
        CheckConstraint("handed_out BETWEEN 0 AND packages", name="handed_out"),
        CheckConstraint("(state IN ('draft', 'cancelled')) OR requisition_id IS NOT NULL", name="requisition"),
        Index("ix_welfare_order_agency_id_state", "agency_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(80))
    festival: Mapped[str] = mapped_column(String(12))
    year: Mapped[int]
    limit_fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="draft")
    packages: Mapped[int] = mapped_column(default=0)
    handed_out: Mapped[int] = mapped_column(default=0)
    requisition_id: Mapped[UUID | None] = mapped_column(ForeignKey("requisition.id"), unique=True)
    sheet_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class WelfareGood(Base):
    """`quantity`: thousandths of the offer's order unit for one head."""

    __tablename__ = "welfare_good"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        UniqueConstraint("welfare_order_id", "offer_id"),
    )

    welfare_order_id: Mapped[UUID] = mapped_column(ForeignKey("welfare_order.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    quantity: Mapped[int]


class WelfareHead(Base):
    """One person of the list (签领表), told apart by staff number or, without one, by name within the department."""

    __tablename__ = "welfare_head"
    __table_args__ = (
        UniqueConstraint("welfare_order_id", "department", "name", "staff_number"),
        CheckConstraint("(signed_on IS NULL) = (signed_how = '')", name="signed"),
        CheckConstraint("signed_how IN ('', 'self', 'proxy')", name="signed_how"),
        CheckConstraint("signed_how <> 'proxy' OR proxy <> ''", name="proxy"),
    )

    welfare_order_id: Mapped[UUID] = mapped_column(ForeignKey("welfare_order.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    department: Mapped[str] = mapped_column(String(60), default="")
    name: Mapped[str] = mapped_column(String(40))
    staff_number: Mapped[str] = mapped_column(String(20), default="")
    signed_on: Mapped[date | None]
    signed_how: Mapped[str] = mapped_column(String(6), default="")
    proxy: Mapped[str] = mapped_column(String(40), default="")
    signed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
