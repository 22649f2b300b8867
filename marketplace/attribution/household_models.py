"""Tables of the household's side: its links, its confirmations, its disputes and the days that each step may take."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only

# Who speaks: the household or its 代领人 through a link, the village officer with the household's signature.
VOICES = ("household", "proxy", "officer")
ABOUT = ("payout", "slip", "payment", "flow", "share", "missing")
REMEDIES = ("payment", "flow", "revision", "reversal", "other")
OPEN = ("raised", "answered")  # states of a dispute that waits for somebody
_SPOKEN = (
    "(voice = 'officer') = (user_id IS NOT NULL) AND (voice = 'officer') = (link_id IS NULL)"
    " AND (voice <> 'officer' OR file_id IS NOT NULL) AND (voice = 'proxy') = (voice_name <> '')"
)


class StatementLink(Base):
    """A card's QR code: SHA-256 of a random token, never the token. One of an organisation lives per household.

    `supplier_id`: the link shows that supplier's part only, because its own people printed the card.
    """

    __tablename__ = "statement_link"
    __table_args__ = (
        UniqueConstraint("digest"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_why = '')", name="revoked"),
        CheckConstraint("revoked_why IN ('', 'asked', 'reissued', 'guessed')", name="revoked_why"),
        Index(
            "uq_statement_link_live",
            "household_id",
            "organisation_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    digest: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime]
    issued_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    revoked_why: Mapped[str] = mapped_column(String(10), default="")


class LinkAttempt(Base):
    """Failures by what was typed as a token, known or not, and by address: the throttle reads them."""

    __tablename__ = "link_attempt"
    __table_args__ = (
        Index("ix_link_attempt_digest_at", "digest", "at"),
        Index("ix_link_attempt_address_at", "address", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime]
    ok: Mapped[bool] = mapped_column(default=False)


class Confirmation(Base):
    """The household's yes to one payout: once."""

    __tablename__ = "confirmation"
    __table_args__ = (
        UniqueConstraint("payout_id"),
        CheckConstraint(f"voice IN {VOICES}", name="voice"),
        CheckConstraint(_SPOKEN, name="spoken"),
        Index("ix_confirmation_household_id", "household_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("payout.id"))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    voice: Mapped[str] = mapped_column(String(10))
    voice_name: Mapped[str] = mapped_column(String(40), default="")
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("statement_link.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    at: Mapped[datetime]


class Dispute(Base):
    """What a household says is wrong: raised, answered by the supplier, decided by the township. The raising stays as
    it was written. `about_id` is the row (of `share` the pool, of `missing` the supplier); one open per row."""

    __tablename__ = "dispute"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint(f"about_kind IN {ABOUT}", name="about_kind"),
        CheckConstraint(f"voice IN {VOICES}", name="voice"),
        CheckConstraint(_SPOKEN, name="spoken"),
        CheckConstraint("state IN ('raised', 'answered', 'upheld', 'rejected', 'withdrawn')", name="state"),
        CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name="answered"),
        CheckConstraint("(state IN ('upheld', 'rejected')) = (decided_at IS NOT NULL)", name="decided"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
        CheckConstraint("(state = 'upheld') = (remedy IS NOT NULL)", name="remedy_of_upheld"),
        CheckConstraint(f"remedy IN {REMEDIES}", name="remedy"),
        CheckConstraint("corrected_at IS NULL OR state = 'upheld'", name="corrected"),
        CheckConstraint("decide_due_on >= answer_due_on", name="deadlines"),
        CheckConstraint("claimed_fen >= 0", name="claimed_fen"),
        Index(
            "uq_dispute_open",
            "household_id",
            "about_kind",
            "about_id",
            unique=True,
            sqlite_where=text("state IN ('raised', 'answered')"),
            postgresql_where=text("state IN ('raised', 'answered')"),
        ),
        Index("ix_dispute_supplier_id_state", "supplier_id", "state"),
        Index("ix_dispute_division_state", "division", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12))
    about_kind: Mapped[str] = mapped_column(String(10))
    about_id: Mapped[UUID]
    about_number: Mapped[str] = mapped_column(String(40), default="")
    shown_fen: Mapped[int | None]
    claimed_fen: Mapped[int | None]
    words: Mapped[str] = mapped_column(String(500))
    voice: Mapped[str] = mapped_column(String(10))
    voice_name: Mapped[str] = mapped_column(String(40), default="")
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("statement_link.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    raised_at: Mapped[datetime]
    answer_due_on: Mapped[date]
    decide_due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="raised")
    answer: Mapped[str] = mapped_column(String(500), default="")
    answer_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(String(500), default="")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    remedy: Mapped[str | None] = mapped_column(String(10))
    correction_kind: Mapped[str] = mapped_column(String(10), default="")
    correction_id: Mapped[UUID | None]
    correction_note: Mapped[str] = mapped_column(String(200), default="")
    corrected_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    corrected_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class DisputeTerm(Base):
    """How many days a supplier and a township have, in the divisions of a prefix, from a day on."""

    __tablename__ = "dispute_term"
    __table_args__ = (
        CheckConstraint("answer_days BETWEEN 1 AND 90 AND decide_days BETWEEN answer_days AND 180", name="days"),
    )

    prefix: Mapped[str] = mapped_column(String(12), primary_key=True)
    from_day: Mapped[date] = mapped_column(primary_key=True)
    answer_days: Mapped[int]
    decide_days: Mapped[int]


_LATER = (
    *("state", "answer", "answer_file_id", "answered_by", "answered_at", "decision", "decided_by", "decided_at"),
    *("remedy", "correction_kind", "correction_id", "correction_note", "corrected_by", "corrected_at", "withdrawn_at"),
)
append_only(StatementLink.__table__, columns_that_may_change=("revoked_at", "revoked_by", "revoked_why"))  # type: ignore[arg-type]
append_only(Confirmation.__table__)  # type: ignore[arg-type]
append_only(Dispute.__table__, columns_that_may_change=_LATER)  # type: ignore[arg-type]
append_only(DisputeTerm.__table__)  # type: ignore[arg-type]
