"""Certificates of assistance purchase: what was certified when. A figure that was certified never changes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only


class Certificate(Base):
    """Settled money of an agency between two days, or of one order, by county of origin: [code, name, fen].

    `replaces_id`: the former certificate of the same, which this one ended. One stands at a time.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("state IN ('standing', 'replaced', 'revoked')", name="state"),
        CheckConstraint("(state = 'standing') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("state <> 'revoked' OR reason <> ''", name="revoked_with_reason"),
        CheckConstraint("until_day >= from_day", name="days"),
        CheckConstraint("total_fen > 0", name="total"),
        Index(
            "uq_certificate_period_standing",
            "agency_id",
            "from_day",
            "until_day",
            unique=True,
            sqlite_where=text("state = 'standing' AND order_id IS NULL"),
            postgresql_where=text("state = 'standing' AND order_id IS NULL"),
        ),
        Index(
            "uq_certificate_order_standing",
            "order_id",
            unique=True,
            sqlite_where=text("state = 'standing' AND order_id IS NOT NULL"),
            postgresql_where=text("state = 'standing' AND order_id IS NOT NULL"),
        ),
        Index("ix_certificate_agency_id", "agency_id", "issued_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_name: Mapped[str] = mapped_column(String(80))
    agency_code: Mapped[str] = mapped_column(String(18), default="")
    agency_division: Mapped[str] = mapped_column(String(12), index=True)
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase_order.id"))
    order_number: Mapped[str] = mapped_column(String(20), default="")
    from_day: Mapped[date]
    until_day: Mapped[date]
    total_fen: Mapped[int]
    lines: Mapped[int]
    counties: Mapped[list[list[Any]]] = mapped_column(JSON)
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate.id"))
    issued_at: Mapped[datetime]
    issued_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(String(8), default="standing")
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(String(200), default="")


class CertificateAttempt(Base):
    """Looks at a certificate with a wrong code, by address and by number: the throttle reads them."""

    __tablename__ = "certificate_attempt"
    __table_args__ = (
        Index("ix_certificate_attempt_number_at", "number", "at"),
        Index("ix_certificate_attempt_address_at", "address", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime]


append_only(
    Certificate.__table__,  # type: ignore[arg-type]
    columns_that_may_change=("state", "ended_at", "ended_by", "reason"),
)
