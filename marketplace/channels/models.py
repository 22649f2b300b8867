from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base

KINDS = ("pavilion", "zone", "counter", "online")


class Channel(Base):
    __tablename__ = "channel"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    division: Mapped[str] = mapped_column(String(12))
