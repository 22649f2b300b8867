from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id


class Finding(Base):
    """`kind` with `object_id` is unique: looking twice opens no second one."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("kind", "object_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(80))
    division: Mapped[str] = mapped_column(String(12), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(12), default="open")
    opened_at: Mapped[datetime]
