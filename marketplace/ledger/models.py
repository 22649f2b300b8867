"""Tables of the ledger. All are append-only, and a journal's entries are complete or there is no journal.

A journal of n entries has n slots, numbered 1 to n, and every slot is filled in its own transaction: an entry carries
its journal's n (`fk_entry_slot`), number n exists (`fk_journal_last_entry`), and each number above 1 follows the one
before it (`fk_entry_follows`). A late entry has no slot, a missing one fails the commit.

Journals are sealed in chains after they are committed (`seals.py`); checkpoints sign where the chains ended.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    String,
    UniqueConstraint,
)
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


class Seal(Base):
    """A journal's place in its chain. `hash` is SHA-256(hash of the seal before ‖ the journal's bytes, `rules.py`)."""

    __tablename__ = "seal"
    __table_args__ = (
        ForeignKeyConstraint(["chain", "after"], ["seal.chain", "seal.seq"], name="fk_seal_follows"),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("length(hash) = 32", name="hash"),
    )

    chain: Mapped[str] = mapped_column(String(6), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    after: Mapped[int | None] = mapped_column(Computed("NULLIF(seq - 1, 0)", persisted=True))
    journal_id: Mapped[UUID] = mapped_column(ForeignKey("journal.id"), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime]


class SigningKey(Base):
    """A public key of checkpoints; it signs from `valid_from` until the next one does. `id` is its SHA-256 in hex."""

    __tablename__ = "signing_key"
    __table_args__ = (CheckConstraint("length(public) = 32", name="public"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    valid_from: Mapped[datetime] = mapped_column(unique=True)


class Checkpoint(Base):
    """Where every chain ended at a moment, signed: `heads` is [[chain, seq, hash in hex], …], sorted."""

    __tablename__ = "checkpoint"
    __table_args__ = (
        CheckConstraint("no >= 1", name="no"),
        CheckConstraint("length(signature) = 64", name="signature"),
    )

    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    heads: Mapped[list[Any]] = mapped_column(JSON)
    key_id: Mapped[str] = mapped_column(ForeignKey("signing_key.id"))
    signature: Mapped[bytes] = mapped_column(LargeBinary)


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


for _table in ("account", "posted_source", "journal", "entry", "closed_period", "seal", "signing_key", "checkpoint"):
    append_only(Base.metadata.tables[_table])
