"""Tables of the ledger. All are append-only, and a journal's entries are complete or there is no journal.

A journal of n entries has n slots, numbered 1 to n, and every slot is filled in its own transaction: an entry carries
its journal's n (`fk_entry_slot`), number n exists (`fk_journal_last_entry`), and each number above 1 follows the one
before it (`fk_entry_follows`). A late entry has no slot, a missing one fails the commit.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only

# Nobody, where an account has no owner or no party: NULLs would be distinct to the unique key.
NOBODY = UUID(int=0)


class Account(Base):
    """`id` is derived from kind, owner and party (`AccountRef.id`), so that posting needs no look-up."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("kind", "owner_id", "party_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[UUID] = mapped_column(default=NOBODY, index=True)
    party_id: Mapped[UUID] = mapped_column(default=NOBODY, index=True)


class PostedSource(Base):
    """A source posts once ever: its key is unique over all regions and periods."""

    __tablename__ = "posted_source"
    # What a journal names, so that none can stand without the source that made it.
    __table_args__ = (UniqueConstraint("journal_id", "kind", "source", name="uq_posted_source_journal"),)

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    journal_id: Mapped[UUID]


class Journal(Base):
    __tablename__ = "journal"
    __table_args__ = (
        UniqueConstraint("id", "n", name="uq_journal_slots"),
        ForeignKeyConstraint(
            ["id", "kind", "source"],
            ["posted_source.journal_id", "posted_source.kind", "posted_source.source"],
            name="fk_journal_posted_source",
        ),
        ForeignKeyConstraint(
            ["id", "n"],
            ["entry.journal_id", "entry.no"],
            name="fk_journal_last_entry",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        CheckConstraint("n >= 1", name="n"),
        CheckConstraint("length(region) = 12", name="region"),
        # A period is its day's month; both engines write a day as 2026-11-03.
        CheckConstraint(
            "period = CAST(substr(CAST(day AS VARCHAR(10)), 1, 4) AS INTEGER) * 100"
            " + CAST(substr(CAST(day AS VARCHAR(10)), 6, 2) AS INTEGER)",
            name="period",
        ),
        CheckConstraint("concerns_period IS NULL OR concerns_period <= period", name="concerns_period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    region: Mapped[str] = mapped_column(String(12))
    period: Mapped[int] = mapped_column(index=True)
    day: Mapped[date]
    source: Mapped[str] = mapped_column(String(60))
    concerns_period: Mapped[int | None]
    n: Mapped[int]
    at: Mapped[datetime]


class Entry(Base):
    """`amount` fen from the debit to the credit account: a journal balances by construction."""

    __tablename__ = "entry"
    __table_args__ = (
        ForeignKeyConstraint(
            ["journal_id", "n"],
            ["journal.id", "journal.n"],
            name="fk_entry_slot",
            deferrable=True,
            initially="DEFERRED",
        ),
        ForeignKeyConstraint(["journal_id", "after"], ["entry.journal_id", "entry.no"], name="fk_entry_follows"),
        CheckConstraint("no BETWEEN 1 AND n", name="no"),
        CheckConstraint("debit_id <> credit_id", name="sides"),
        CheckConstraint("amount > 0", name="amount"),
    )

    journal_id: Mapped[UUID] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]
    after: Mapped[int | None] = mapped_column(Computed("NULLIF(no - 1, 0)", persisted=True))
    debit_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    credit_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    amount: Mapped[int]


class ClosedPeriod(Base):
    """A month that takes no posting any more in a division: `prefix` is its code to its level's digits.

    A trigger on `journal` (`open_period_journal`) looks here; another takes the period's lock for whoever inserts.
    """

    __tablename__ = "closed_period"
    __table_args__ = (
        CheckConstraint("length(prefix) IN (2, 4, 6, 9, 12)", name="prefix"),
        CheckConstraint("length(division) = 12 AND substr(division, 1, length(prefix)) = prefix", name="division"),
        CheckConstraint("period BETWEEN 200001 AND 999912", name="period"),
    )

    period: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    prefix: Mapped[str] = mapped_column(String(12), primary_key=True, index=True)
    division: Mapped[str] = mapped_column(String(12))
    closed_at: Mapped[datetime]
    closed_by: Mapped[UUID | None]


for _table in ("account", "posted_source", "journal", "entry", "closed_period"):
    append_only(Base.metadata.tables[_table])
