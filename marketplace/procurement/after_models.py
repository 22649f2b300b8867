"""After delivery: requests to return goods, disputes of two sides, recalls of a lot, reviews, and the days for each.

Quantities are thousandths: of the order unit on an order's line, of the product's base unit in a recall.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from .after_rules import ABOUT, HAZARDS, INSTRUCTIONS, RETURN_OPEN, RETURN_REASONS, TERMS


class AfterTerm(Base):
    """Days of one kind for disputes and returns that begin from `from_day` on in a division ('' is everywhere)."""

    __tablename__ = "after_term"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(TERMS)}", name="kind"),
        CheckConstraint("days BETWEEN 1 AND 180", name="days"),
    )

    prefix: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    from_day: Mapped[date] = mapped_column(primary_key=True)
    days: Mapped[int]


class ReturnRequest(Base):
    """The buyer asks to give back part of an accepted line (退货申请). Done, it names the return that moved the money."""

    __tablename__ = "return_request"
    __table_args__ = (
        CheckConstraint(
            "state IN ('asked', 'agreed', 'refused', 'withdrawn', 'sent_back', 'received', 'done')", name="state"
        ),
        CheckConstraint("quantity > 0 AND (net IS NULL OR net > 0)", name="amounts"),
        CheckConstraint(f"reason IN {RETURN_REASONS}", name="reason"),
        CheckConstraint("(state = 'done') = (return_id IS NOT NULL)", name="done_with_return"),
        # One request at a time asks for a line's goods: two at once cannot ask for more than there is.
        Index(
            "uq_return_request_line_open",
            "acceptance_line_id",
            unique=True,
            sqlite_where=text(f"state IN {RETURN_OPEN}"),
            postgresql_where=text(f"state IN {RETURN_OPEN}"),
        ),
        Index("ix_return_request_supplier_id_state", "supplier_id", "state"),
        Index("ix_return_request_agency_id_state", "agency_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    acceptance_line_id: Mapped[UUID] = mapped_column(ForeignKey("acceptance_line.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12))
    agency_division: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10), default="asked")
    quantity: Mapped[int]
    net: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(String(300))
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    answer_by: Mapped[date]
    answer: Mapped[str] = mapped_column(String(300), default="")
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    sent_note: Mapped[str] = mapped_column(String(120), default="")
    sent_at: Mapped[datetime | None]
    restocked: Mapped[bool | None]
    received_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    return_id: Mapped[UUID | None] = mapped_column(ForeignKey("goods_return.id"), unique=True)


class ReturnPhoto(Base):
    __tablename__ = "return_photo"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("return_request.id"), primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"), primary_key=True)


class OrderDispute(Base):
    """What one side of an order says is wrong, the other's answer, and the office's decision (订单争议).

    `decided_in` is the division whose office decides: it and those above it, never below. It widens when overdue.
    """

    __tablename__ = "order_dispute"
    __table_args__ = (
        CheckConstraint("state IN ('raised', 'answered', 'upheld', 'dismissed', 'withdrawn')", name="state"),
        CheckConstraint(f"about_kind IN {ABOUT}", name="about_kind"),
        CheckConstraint("side IN ('agency', 'supplier')", name="side"),
        CheckConstraint("(state IN ('upheld', 'dismissed')) = (decided_at IS NOT NULL)", name="decided"),
        CheckConstraint("decided_by <> raised_by AND decided_by <> answered_by", name="not_ones_own"),
        CheckConstraint("remedy IS NULL OR state = 'upheld'", name="remedy"),
        Index(
            "uq_order_dispute_about_open",
            "about_id",
            unique=True,
            sqlite_where=text("state IN ('raised', 'answered')"),
            postgresql_where=text("state IN ('raised', 'answered')"),
        ),
        Index("ix_order_dispute_supplier_id", "supplier_id"),
        Index("ix_order_dispute_agency_id", "agency_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    about_kind: Mapped[str] = mapped_column(String(12))
    about_id: Mapped[UUID]
    about_number: Mapped[str] = mapped_column(String(24))
    side: Mapped[str] = mapped_column(String(8))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12), index=True)
    agency_division: Mapped[str] = mapped_column(String(12), index=True)
    decided_in: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10), default="raised")
    words: Mapped[str] = mapped_column(String(600))
    raised_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    raised_at: Mapped[datetime]
    answer_by: Mapped[date]
    decide_by: Mapped[date]
    answer: Mapped[str] = mapped_column(String(600), default="")
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(String(600), default="")
    remedy: Mapped[str | None] = mapped_column(String(10))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class OrderDisputeFile(Base):
    __tablename__ = "order_dispute_file"

    dispute_id: Mapped[UUID] = mapped_column(ForeignKey("order_dispute.id"), primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"), primary_key=True)
    side: Mapped[str] = mapped_column(String(8))


class Recall(Base):
    """A lot called back from everybody who got it (召回). While it is open nothing of the lot is shipped or accepted."""

    __tablename__ = "recall"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'ended')", name="state"),
        CheckConstraint(f"hazard IN {HAZARDS}", name="hazard"),
        CheckConstraint(f"instruction IN {INSTRUCTIONS}", name="instruction"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        Index(
            "uq_recall_lot_open",
            "lot_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_recall_supplier_id", "supplier_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"))
    lot_number: Mapped[str] = mapped_column(String(24))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12), index=True)
    by_office: Mapped[bool]
    hazard: Mapped[str] = mapped_column(String(10))
    instruction: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(String(600))
    act_by: Mapped[date]
    state: Mapped[str] = mapped_column(String(6), default="open")
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    opened_at: Mapped[datetime]
    result: Mapped[str] = mapped_column(String(600), default="")
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]


class RecallRecipient(Base):
    """An agency that got, or is about to get, goods of a recalled lot: base-unit thousandths, and what it says of them."""

    __tablename__ = "recall_recipient"
    __table_args__ = (
        CheckConstraint("accepted >= 0 AND in_transit >= 0 AND accepted + in_transit > 0", name="got"),
        CheckConstraint(
            "held >= 0 AND returned >= 0 AND destroyed >= 0 AND held + returned + destroyed <= accepted", name="within"
        ),
        Index("ix_recall_recipient_agency_id", "agency_id"),
    )

    recall_id: Mapped[UUID] = mapped_column(ForeignKey("recall.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    accepted: Mapped[int]
    in_transit: Mapped[int]
    held: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    destroyed: Mapped[int] = mapped_column(default=0)
    words: Mapped[str] = mapped_column(String(300), default="")
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]


class Review(Base):
    """What an agency says of one order line after accepting it (评价): three marks of 1 to 5, and words."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint(
            "quality BETWEEN 1 AND 5 AND packing BETWEEN 1 AND 5 AND punctuality BETWEEN 1 AND 5", name="marks"
        ),
        CheckConstraint("(hidden_at IS NULL) = (hidden_reason = '')", name="hidden_with_reason"),
        Index("ix_review_product_id", "product_id"),
        Index("ix_review_supplier_id", "supplier_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12))
    quality: Mapped[int]
    packing: Mapped[int]
    punctuality: Mapped[int]
    words: Mapped[str] = mapped_column(String(300), default="")
    written_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    written_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(String(300), default="")
    replied_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    replied_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(String(200), default="")
    hidden_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    hidden_at: Mapped[datetime | None]
