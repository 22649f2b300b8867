"""A closing of months for a division, by two persons, and the figures that it froze."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only

CLOSING_STATES = ("proposed", "approved", "refused", "withdrawn")


class Closing(Base):
    """Months `first` to `last` of a division that were open when it was proposed. `prefix` as in closed_period."""

    __tablename__ = "closing"
    __table_args__ = (
        CheckConstraint(f"state IN {CLOSING_STATES}", name="state"),
        CheckConstraint("first <= last", name="months"),
        CheckConstraint(
            "state <> 'approved' OR (decided_by IS NOT NULL AND proposed_by IS NOT NULL AND decided_by <> proposed_by)",
            name="two_persons",
        ),
        Index("ix_closing_prefix_last", "prefix", "last"),
        Index(
            "uq_closing_prefix_proposed",
            "prefix",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    division: Mapped[str] = mapped_column(String(12))
    prefix: Mapped[str] = mapped_column(String(12))
    first: Mapped[int]
    last: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    note: Mapped[str] = mapped_column(String(200), default="")
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
    warnings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class FrozenFigure(Base):
    """A figure as it stood when its month was closed; `dimension` 'total' has one key, ''. Owed and received are NULL
    where they cannot be told: they belong to a household and a supplier, not to a buyer, category or channel."""

    __tablename__ = "frozen_figure"

    closing_id: Mapped[UUID] = mapped_column(ForeignKey("closing.id"), primary_key=True)
    period: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dimension: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    lines: Mapped[int]
    money_fen: Mapped[int]
    attributed_fen: Mapped[int]
    owed_fen: Mapped[int | None]
    received_fen: Mapped[int | None]
    households: Mapped[int]


append_only(FrozenFigure.__table__)  # type: ignore[arg-type]
append_only(
    Closing.__table__,  # type: ignore[arg-type]
    columns_that_may_change=("state", "decided_by", "decided_at", "reason", "warnings"),
)
