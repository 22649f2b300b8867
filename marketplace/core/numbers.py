"""Readable numbers (SO-2026-000123) from counter rows: gapless, because the row's transaction is the number's."""

from typing import Any

from sqlalchemy import String, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from .db import Base, db, is_sqlite


class NumberCounter(Base):
    __tablename__ = "number_counter"

    series: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[int]


def take(series: str, count: int = 1) -> int:
    """Takes the next `count` numbers of a series and returns the first. Locks the series until the commit."""
    taken = db.session.execute(_TAKE[is_sqlite()], {"taken_of": series, "taken": count})
    return int(taken.scalar_one()) - count + 1


# Built once: whatever has a number asks it.
_TABLE: Any = NumberCounter.__table__
_TAKE = {
    is_lite: insert(_TABLE)
    .values(series=bindparam("taken_of"), value=bindparam("taken"))
    .on_conflict_do_update(index_elements=["series"], set_={"value": _TABLE.c.value + bindparam("taken")})
    .returning(_TABLE.c.value)
    for is_lite, insert in ((True, sqlite.insert), (False, postgresql.insert))
}


def numbered(prefix: str, year: int, count: int = 1, owner: str = "") -> list[str]:
    """`count` new numbers: numbered('SO', 2026, 2) → ['SO-2026-000123', 'SO-2026-000124']."""
    first = take(f"{prefix}:{owner}:{year}" if owner else f"{prefix}:{year}", count)
    return [f"{prefix}-{year}-{value:06d}" for value in range(first, first + count)]
