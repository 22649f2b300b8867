"""Readable numbers (SO-2026-000123) from counter rows: gapless, because the row's transaction is the number's."""

from sqlalchemy import String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from .db import Base, db, is_sqlite


class NumberCounter(Base):
    __tablename__ = "number_counter"

    series: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[int]


def take(series: str, count: int = 1) -> int:
    """Takes the next `count` numbers of a series and returns the first. Locks the series until the commit."""
    insert = sqlite.insert if is_sqlite() else postgresql.insert
    statement = (
        insert(NumberCounter)
        .values(series=series, value=count)
        .on_conflict_do_update(index_elements=["series"], set_={"value": NumberCounter.value + count})
        .returning(NumberCounter.value)
    )
    return db.session.execute(statement).scalar_one() - count + 1


def numbered(prefix: str, year: int, count: int = 1, owner: str = "") -> list[str]:
    """`count` new numbers: numbered('SO', 2026, 2) → ['SO-2026-000123', 'SO-2026-000124']."""
    first = take(f"{prefix}:{owner}:{year}" if owner else f"{prefix}:{year}", count)
    return [f"{prefix}-{year}-{value:06d}" for value in range(first, first + count)]
