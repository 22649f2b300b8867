from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id

# Classes of the regime to 2025, kept as dated history; from 2026 the object is any household at risk (RULES.md).
CLASSES = ("none", "registered", "unstable", "marginal", "sudden")


class Household(Base):
    """`division` is the registered village, `present_division` where it lives; figures go where it lives."""

    __tablename__ = "household"
    __table_args__ = (
        CheckConstraint("size BETWEEN 1 AND 30", name="size"),
        CheckConstraint(f"class IN {CLASSES}", name="class"),
        Index("ix_household_present_division", "present_division", "group_name"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    pseudonym: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    head_name: Mapped[str] = mapped_column(String(40))
    division: Mapped[str] = mapped_column(String(12))
    present_division: Mapped[str] = mapped_column(String(12))
    group_name: Mapped[str] = mapped_column(String(20), default="")
    size: Mapped[int]
    class_: Mapped[str] = mapped_column("class", String(12), default="none")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
