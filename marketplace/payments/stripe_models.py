"""What we asked Stripe for, and what it told us: connected accounts, card payments, refunds, the inbox of webhooks.

No card number, holder, address or client secret has a column here; an event is kept as ids alone.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only

LIVE = "state IN ('new', 'open', 'processing')"
REPAYS = "return_id IS NOT NULL AND state NOT IN ('failed', 'cancelled')"


class StripeAccount(Base):
    """A supplier's connected account; `account` is Stripe's id once it was made. `methods`: those it may take."""

    __tablename__ = "stripe_account"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'active', 'restricted')", name="state"),
        CheckConstraint("account IS NOT NULL OR state = 'pending'", name="account"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), unique=True)
    account: Mapped[str | None] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="pending")
    methods: Mapped[list[str]] = mapped_column(JSON, default=list)
    due: Mapped[int] = mapped_column(default=0)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]


class CardPayment(Base):
    """A payment of a bill's remainder at Stripe. The row's id is the key of the call; `fen` and `account` never change.

    `refunded_fen` counts what was asked back and did not fail: the room for another refund is one conditional change.
    `url` is Stripe's payment page, gone as soon as nobody can pay there. `transfer_id`: the payment on the bill.
    `methods` were offered; `method` is what was paid with, as Stripe says.
    """

    __tablename__ = "card_payment"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint(
            "state IN ('new', 'open', 'processing', 'succeeded', 'failed', 'cancelled')",
            name="state",
        ),
        CheckConstraint("(state = 'succeeded') = (succeeded_at IS NOT NULL)", name="succeeded_at"),
        CheckConstraint("refunded_fen BETWEEN 0 AND fen", name="refunded_within"),
        CheckConstraint("refunded_fen = 0 OR state = 'succeeded'", name="refunded_state"),
        CheckConstraint("url = '' OR state = 'open'", name="url"),
        CheckConstraint("transfer_id IS NULL OR state = 'succeeded'", name="transfer"),
        # One live payment of a bill: a double click, a second tab, a second clerk find the first one's.
        Index(
            "uq_card_payment_bill_live",
            "bill_id",
            unique=True,
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
        Index("ix_card_payment_account_state", "account", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    account: Mapped[str] = mapped_column(String(60))
    fen: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3), default="cny")
    methods: Mapped[list[str]] = mapped_column(JSON)
    method: Mapped[str] = mapped_column(String(20), default="", server_default="")
    state: Mapped[str] = mapped_column(String(10), default="new")
    checkout_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    stripe_id: Mapped[str | None] = mapped_column(String(60), unique=True)
    url: Mapped[str] = mapped_column(String(2000), default="")
    error: Mapped[str] = mapped_column(String(60), default="")
    refunded_fen: Mapped[int] = mapped_column(default=0)
    transfer_id: Mapped[UUID | None] = mapped_column(ForeignKey("transfer.id"), unique=True)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    succeeded_at: Mapped[datetime | None]


class CardRefund(Base):
    """Money of a card payment that goes back. The row's id is the key of the call; one made at Stripe's own pages is
    taken over as a row with `asked_by` NULL.

    `return_id`: the return that it repays, with that return's money (`return_fen`): one refund of it stands, and is no
    more than it.
    """

    __tablename__ = "card_refund"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("state IN ('new', 'pending', 'succeeded', 'failed', 'cancelled')", name="state"),
        CheckConstraint("state IN ('new', 'failed') OR stripe_id IS NOT NULL", name="stripe_id"),
        CheckConstraint(
            "(return_id IS NULL) = (return_fen IS NULL) AND (return_id IS NULL OR fen <= return_fen)", name="return"
        ),
        ForeignKeyConstraint(
            ["return_id", "return_fen"], ["goods_return.id", "goods_return.money_fen"], name="fk_card_refund_return"
        ),
        Index("ix_card_refund_state", "state"),
        Index(
            "uq_card_refund_return",
            "return_id",
            unique=True,
            sqlite_where=text(REPAYS),
            postgresql_where=text(REPAYS),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("card_payment.id"), index=True)
    fen: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), default="new")
    stripe_id: Mapped[str | None] = mapped_column(String(60), unique=True)
    error: Mapped[str] = mapped_column(String(60), default="")
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    return_id: Mapped[UUID | None]
    return_fen: Mapped[int | None]


class StripeEvent(Base):
    """The inbox: a webhook's ids, once each. `note` is what came of it, a word of ours."""

    __tablename__ = "stripe_event"
    __table_args__ = (
        CheckConstraint("state IN ('new', 'done', 'ignored')", name="state"),
        CheckConstraint("(state = 'new') = (done_at IS NULL)", name="done_at"),
        Index("ix_stripe_event_open", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    account: Mapped[str] = mapped_column(String(60), default="")
    object_id: Mapped[str] = mapped_column(String(120))
    payment: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="new")
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(60), default="")
    done_at: Mapped[datetime | None]


class Reconciliation(Base):
    """One comparison of an account with Stripe's own list, from `since` on. `step` and `after` say how far it is, so
    that one that was broken off goes on; `found`: the differences, as they were printed. Where the account gives its
    balance's list: `gross_fen` payments less refunds, `fee_fen` Stripe's fees, `pending_fen` the net not yet available.
    """

    __tablename__ = "stripe_reconciliation"
    __table_args__ = (
        CheckConstraint("step IN ('payments', 'refunds', 'ours', 'done')", name="step"),
        CheckConstraint("(step = 'done') = (ended_at IS NOT NULL)", name="ended_at"),
        Index(
            "uq_stripe_reconciliation_open",
            "account",
            "since",
            "repairs",
            unique=True,
            sqlite_where=text("step <> 'done'"),
            postgresql_where=text("step <> 'done'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account: Mapped[str] = mapped_column(String(60))
    since: Mapped[date]
    repairs: Mapped[bool]
    step: Mapped[str] = mapped_column(String(10), default="payments")
    after: Mapped[str | None] = mapped_column(String(60))
    compared: Mapped[int] = mapped_column(default=0)
    differing: Mapped[int] = mapped_column(default=0)
    repaired: Mapped[int] = mapped_column(default=0)
    found: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    gross_fen: Mapped[int | None]
    fee_fen: Mapped[int | None]
    pending_fen: Mapped[int | None]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


append_only(
    StripeEvent.__table__,  # type: ignore[arg-type]
    columns_that_may_change=("state", "due_at", "attempts", "note", "done_at"),
)
