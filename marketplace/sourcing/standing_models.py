from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..procurement.rules import COUNTED_AS


class AgencySpan(Base):
    """A school term (学期), or days on which an agency takes no delivery. Both days are included."""

    __tablename__ = "agency_span"
    __table_args__ = (
        CheckConstraint("kind IN ('term', 'closed')", name="kind"),
        CheckConstraint("until_day >= from_day", name="days"),
        UniqueConstraint("agency_id", "kind", "from_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(40))
    from_day: Mapped[date]
    until_day: Mapped[date]


class StandingOrder(Base):
    """The same lines again and again: a draft bulk order `ahead_days` before each delivery day. `weekdays`: '135'."""

    __tablename__ = "standing_order"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'paused', 'ended')", name="state"),
        CheckConstraint("until_day >= from_day", name="days"),
        CheckConstraint("every_weeks BETWEEN 1 AND 8 AND ahead_days BETWEEN 1 AND 60", name="rhythm"),
        CheckConstraint("on_holiday IN ('skip', 'earlier')", name="on_holiday"),
        CheckConstraint(f"counted_as IN {COUNTED_AS}", name="counted_as"),
        Index("ix_standing_order_agency_id_state", "agency_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(8), default="active")
    from_day: Mapped[date]
    until_day: Mapped[date]
    weekdays: Mapped[str] = mapped_column(String(7))
    every_weeks: Mapped[int] = mapped_column(default=1)
    on_holiday: Mapped[str] = mapped_column(String(8), default="skip")
    in_term: Mapped[bool] = mapped_column(default=True)
    ahead_days: Mapped[int] = mapped_column(default=5)
    window: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    contact: Mapped[str] = mapped_column(String(40), default="")
    budget_line: Mapped[str] = mapped_column(String(60), default="")
    counted_as: Mapped[str] = mapped_column(String(10), default="canteen")
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class StandingLine(Base):
    """`quantity` thousandths of the offer's order unit at each delivery."""

    __tablename__ = "standing_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        UniqueConstraint("standing_order_id", "offer_id"),
    )

    standing_order_id: Mapped[UUID] = mapped_column(ForeignKey("standing_order.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    quantity: Mapped[int]
    counts: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(String(200), default="")


class StandingRun(Base):
    """What became of one delivery day: the bulk order that was drafted for it, or why it was left out. Once per day."""

    __tablename__ = "standing_run"
    __table_args__ = (CheckConstraint("(requisition_id IS NULL) = (skipped <> '')", name="outcome"),)

    standing_order_id: Mapped[UUID] = mapped_column(ForeignKey("standing_order.id"), primary_key=True)
    deliver_on: Mapped[date] = mapped_column(primary_key=True)
    requisition_id: Mapped[UUID | None] = mapped_column(ForeignKey("requisition.id"), index=True)
    skipped: Mapped[str] = mapped_column(String(40), default="")
    at: Mapped[datetime]
