"""Tables of divisions and programmes. Codes are the 12 digits of the statistical table, padded with zeros."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base


class Division(Base):
    __tablename__ = "division"
    __table_args__ = (
        CheckConstraint("length(code) = 12", name="code_has_twelve_digits"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level_is_known"),
        # Only a province stands under nothing; a township may stand under a prefecture (Dongguan).
        CheckConstraint("(level = 1) = (parent_code IS NULL)", name="only_a_province_has_no_parent"),
        CheckConstraint("ends IS NULL OR starts IS NULL OR ends >= starts", name="ends_after_it_starts"),
    )

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    level: Mapped[int] = mapped_column(SmallInteger)
    parent_code: Mapped[str | None] = mapped_column(String(12), index=True)
    starts: Mapped[date | None]  # first day; null: since before we count
    ends: Mapped[date | None]  # last day; null: still in force
    has_households: Mapped[bool] = mapped_column(default=True)


class DivisionSuccessor(Base):
    """From `day` on, `successor_code` is (a part of) what `code` was. Neither needs to be a present division."""

    __tablename__ = "division_successor"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    successor_code: Mapped[str] = mapped_column(String(12), primary_key=True, index=True)
    day: Mapped[date]


class Programme(Base):
    __tablename__ = "programme"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class ProgrammeCounty(Base):
    """A county's membership, under the code and name that the list gives it (perhaps no longer a division's)."""

    __tablename__ = "programme_county"
    __table_args__ = (CheckConstraint("ends IS NULL OR ends >= starts", name="ends_after_it_starts"),)

    programme: Mapped[str] = mapped_column(ForeignKey("programme.code"), primary_key=True)
    county_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    starts: Mapped[date] = mapped_column(primary_key=True)
    ends: Mapped[date | None]
    name: Mapped[str] = mapped_column(String(80))
