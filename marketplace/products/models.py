from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from .rules import BASE_UNITS


class Category(Base):
    """`tile` is the one character that stands for a product without photograph."""

    __tablename__ = "category"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("category.code"))
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(60))
    tile: Mapped[str] = mapped_column(String(1))
    papers: Mapped[list[Any]] = mapped_column(JSON, default=list)
    position: Mapped[int] = mapped_column(default=0)


class Product(Base):
    """`comparable_per_base` is how many thousandths of the comparable unit one base unit holds (1000 = the same)."""

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint(f"base_unit IN {BASE_UNITS}", name="base_unit"),
        CheckConstraint("comparable_per_base > 0", name="comparable"),
        Index("ix_product_category_code", "category_code"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    category_code: Mapped[str] = mapped_column(ForeignKey("category.code"))
    base_unit: Mapped[str] = mapped_column(String(4))
    comparable_unit: Mapped[str] = mapped_column(String(4))
    comparable_per_base: Mapped[int] = mapped_column(default=1000)
    grade: Mapped[str] = mapped_column(String(120), default="")
    storage: Mapped[str] = mapped_column(String(120), default="")
    shelf_life_days: Mapped[int | None]
    origin: Mapped[str] = mapped_column(String(12))
    certificates: Mapped[list[Any]] = mapped_column(JSON, default=list)
    description: Mapped[str] = mapped_column(String(1000), default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
