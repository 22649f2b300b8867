from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.crypto import sealed_columns
from ..core.db import Base, new_id
from ..core.guards import append_only

# When messages go to a user's mail: each at once, all of a day in one at eight, or never.
WISHES = ("at_once", "daily", "none")


class Notice(Base):
    """`lines`: [no, group, masked name, last digits, fen, household id]; the id is never shown.

    It runs from `from_day` to `until_day`, both included. `number` is the list's own.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "division"),
        CheckConstraint("kind IN ('distribution')", name="kind"),
        CheckConstraint("until_day >= from_day", name="days"),
        CheckConstraint("length(division) = 12", name="division"),
        Index("ix_notice_division", "division", "until_day"),
        Index("ix_notice_until_day", "until_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[UUID]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[str] = mapped_column(String(24))
    division: Mapped[str] = mapped_column(String(12))
    from_day: Mapped[date]
    until_day: Mapped[date]
    lines: Mapped[list[list[Any]]] = mapped_column(JSON)
    households: Mapped[int]
    total_fen: Mapped[int]
    posted_at: Mapped[datetime]


class Objection(Base):
    """Against one line, or (None) the whole list. `hold` says what waits once it is upheld."""

    __tablename__ = "objection"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'answered', 'upheld', 'dismissed', 'settled')", name="state"),
        CheckConstraint("voice IN ('public', 'officer')", name="voice"),
        CheckConstraint("(voice = 'officer') = (recorded_by IS NOT NULL)", name="recorded_by"),
        CheckConstraint("hold IN ('household', 'list')", name="hold"),
        CheckConstraint("line_no IS NOT NULL OR hold = 'list'", name="whole_list"),
        CheckConstraint("(state IN ('upheld', 'dismissed', 'settled')) = (decided_at IS NOT NULL)", name="decided_at"),
        Index("ix_objection_notice_id", "notice_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"))
    line_no: Mapped[int | None]
    voice: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(40), default="")
    contact_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    words: Mapped[str] = mapped_column(String(500))
    hold: Mapped[str] = mapped_column(String(10), default="household")
    state: Mapped[str] = mapped_column(String(10), default="open")
    raised_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answer: Mapped[str] = mapped_column(String(500), default="")
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(String(500), default="")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    settled: Mapped[str] = mapped_column(String(500), default="")
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    settled_at: Mapped[datetime | None]


class Message(Base):
    """To an organisation's holders of `permission` ('' all of them), or to `user_id` alone. `about_id` is what it opens."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("once"),
        Index("ix_message_organisation_id_done_at", "organisation_id", "done_at"),
        Index("ix_message_about_id", "about_id"),
        Index(
            "ix_message_spread_at",
            "at",
            sqlite_where=text("spread_at IS NULL"),
            postgresql_where=text("spread_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    permission: Mapped[str] = mapped_column(String(40), default="")
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    about_kind: Mapped[str] = mapped_column(String(20))
    about_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(String(40), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime]
    act_by: Mapped[date | None]
    once: Mapped[str | None] = mapped_column(String(120))
    done_at: Mapped[datetime | None]
    spread_at: Mapped[datetime | None]  # when the worker made mails of it: the row is its own outbox event


class MessageRead(Base):
    """Who has read which message."""

    __tablename__ = "message_read"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), primary_key=True)
    at: Mapped[datetime]


class MailSetting(Base):
    """A user's work e-mail, sealed, and when messages go there. Nothing is sent to an address that is not confirmed."""

    __tablename__ = "mail_setting"
    __table_args__ = (CheckConstraint(f"wish IN {WISHES}", name="wish"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), unique=True)
    address_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    wish: Mapped[str] = mapped_column(String(8), default="at_once")
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class MailDelivery(Base):
    """One message to one user by mail, or (no message) the mail that asks to confirm an address.

    `sending` is a claim: one that its worker never gave back is claimed again, so a mail is sent at least once.
    """

    __tablename__ = "mail_delivery"
    __table_args__ = (
        UniqueConstraint("message_id", "user_id"),
        CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'dropped')", name="state"),
        CheckConstraint("(state = 'sending') = (claimed_at IS NOT NULL)", name="claimed_at"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        Index(
            "ix_mail_delivery_due",
            "due_at",
            sqlite_where=text("state IN ('queued', 'sending')"),
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
        Index("ix_mail_delivery_user_id", "user_id", "due_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("message.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(String(8), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(60), default="")
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]


append_only(Notice.metadata.tables["notice"])
append_only(
    Objection.metadata.tables["objection"],
    columns_that_may_change=(
        "contact_sealed", "hold", "state", "answer", "answered_by", "answered_at",
        "decision", "decided_by", "decided_at", "settled", "settled_by", "settled_at",
    ),
)  # fmt: skip
sealed_columns(Objection.metadata.tables["objection"], "contact_sealed")
sealed_columns(MailSetting.metadata.tables["mail_setting"], "address_sealed")
