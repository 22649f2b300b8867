from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..core.db import Base, new_id


class PriceBreak(Base):
    """From `from_quantity` (thousandths of the order unit) on, the whole line costs `price_fen` per price unit."""

    __tablename__ = "price_break"
    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price"),
        CheckConstraint("from_quantity > 0", name="from_quantity"),
    )

    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"), primary_key=True)
    from_quantity: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    price_fen: Mapped[int]


class Offer(Base):
    """Quantities are thousandths of `order_unit`; `content` is thousandths of the product's base unit in one of it.

    Counted: `price_fen` is for one order unit. Weighed: for one base unit of the net weight accepted, within
    `tolerance_basis_points` of nominal. Season is MMDD, 0 for the whole year.
    """

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("pricing IN ('counted', 'weighed')", name="pricing"),
        CheckConstraint("content > 0 AND step > 0 AND pack > 0 AND minimum > 0", name="positive"),
        CheckConstraint("reserved >= 0 AND reserved <= stock", name="reserved_within_stock"),
        CheckConstraint("tolerance_basis_points BETWEEN 0 AND 2000", name="tolerance"),
        CheckConstraint("state IN ('on_sale', 'withdrawn')", name="state"),
        Index("ix_offer_state_listed_at", "state", "listed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    order_unit: Mapped[str] = mapped_column(String(6))
    price_unit: Mapped[str] = mapped_column(String(6))
    pricing: Mapped[str] = mapped_column(String(8))
    content: Mapped[int]
    step: Mapped[int] = mapped_column(default=1000)
    pack: Mapped[int] = mapped_column(default=1000)
    minimum: Mapped[int]
    tolerance_basis_points: Mapped[int] = mapped_column(default=0)
    stock: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    season_from: Mapped[int] = mapped_column(default=0)
    season_to: Mapped[int] = mapped_column(default=0)
    lead_days: Mapped[int] = mapped_column(default=2)
    comparable_fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="on_sale")
    listed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    breaks: Mapped[list[PriceBreak]] = relationship(
        order_by=PriceBreak.from_quantity, lazy="selectin", cascade="all, delete-orphan"
    )
    __mapper_args__ = {"version_id_col": version}

    @property
    def available(self) -> int:
        return self.stock - self.reserved


class AgreedPrice(Base):
    """A price that a supplier owes one agency: fen per price unit of the offer, within days and up to a ceiling
    (thousandths of the order unit, None without limit); `used` is what approved order lines have drawn."""

    __tablename__ = "agreed_price"
    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price"),
        CheckConstraint("until_day >= from_day", name="days"),
        CheckConstraint("used >= 0 AND (ceiling IS NULL OR used <= ceiling)", name="ceiling"),
        CheckConstraint("source_kind IN ('framework', 'quotation')", name="source_kind"),
        Index("ix_agreed_price_agency_id_offer_id", "agency_id", "offer_id"),
        Index("ix_agreed_price_source_id", "source_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    price_fen: Mapped[int]
    from_day: Mapped[date]
    until_day: Mapped[date]
    ceiling: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    source_kind: Mapped[str] = mapped_column(String(10))
    source_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(String(24))
    ended: Mapped[bool] = mapped_column(default=False)


class ReferencePrice(Base):
    """The median comparable price of a category's offers, fen per comparable unit; the worker refreshes it daily."""

    __tablename__ = "reference_price"

    category_code: Mapped[str] = mapped_column(ForeignKey("category.code"), primary_key=True)
    comparable_unit: Mapped[str] = mapped_column(String(4), primary_key=True)
    price_fen: Mapped[int]
    offers: Mapped[int]
    day: Mapped[date]
