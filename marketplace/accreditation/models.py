from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id


class Grant(Base):
    """`ended_on` is the last day before a revocation or suspension: sales after it are not eligible, those before stay so.

    `used_fen` is the settled money sold under it, beside the committed value (商品价值量).
    """

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint("valid_to >= valid_from", name="dates"),
        CheckConstraint("committed_value_fen >= 0", name="committed_value"),
        CheckConstraint("state IN ('in_force', 'suspended', 'revoked')", name="state"),
        Index("ix_grant_product_id_programme", "product_id", "programme"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    programme: Mapped[str] = mapped_column(String(20))
    office_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    ended_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(10), default="in_force")
    reason: Mapped[str] = mapped_column(String(300), default="")
    committed_value_fen: Mapped[int]
    used_fen: Mapped[int] = mapped_column(default=0)
    given_at: Mapped[datetime]
