"""The index on PostgreSQL. On SQLite these tables stay empty: the index is a folder there."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base


class SearchDocument(Base):
    """`number` grows with every change, so a reader takes only what is new to it; a removed row stays, `gone`."""

    __tablename__ = "search_document"
    __table_args__ = (
        Index("ix_search_document_tokens", "tokens", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    offer_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    gone: Mapped[bool] = mapped_column(default=False)
    columns: Mapped[list[Any]] = mapped_column(JSON)
    tokens: Mapped[Any] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))


class SearchCounter(Base):
    """The last number given. Writers lock its row, so numbers commit in their order and no reader skips one."""

    __tablename__ = "search_counter"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
