from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id


class QuotaPlan(Base):
    """`target_fen` is a minimum to reach, `ceiling_fen` an optional limit; `base_fen` the year's budget it is taken of;
    `rate_basis_points` the rate that `target_fen` was filed with and `minimum_basis_points` the legal line."""

    __tablename__ = "quota_plan"
    __table_args__ = (
        UniqueConstraint("agency_id", "year"),
        CheckConstraint("target_fen > 0 AND base_fen >= 0", name="target"),
        CheckConstraint("committed_fen >= 0 AND settled_fen >= 0", name="counters"),
        CheckConstraint("ceiling_fen IS NULL OR committed_fen + settled_fen <= ceiling_fen", name="ceiling"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    year: Mapped[int]
    division: Mapped[str] = mapped_column(String(12), index=True)
    base_fen: Mapped[int]
    minimum_basis_points: Mapped[int] = mapped_column(default=1000)
    target_fen: Mapped[int]
    ceiling_fen: Mapped[int | None]
    committed_fen: Mapped[int] = mapped_column(default=0)
    settled_fen: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="approved")
    filed_at: Mapped[datetime]
