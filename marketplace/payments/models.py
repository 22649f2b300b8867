from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only
from .rules import BILL_KINDS, BILL_STATES


class PaymentTerm(Base):
    """What an agency and a supplier agreed of billing and paying, from a day on: the agency proposes, the supplier agrees.

    `billing`: a bill per acceptance or per month; `terms`: on credit or prepaid; `clock`: counts from delivery, or from
    acceptance where the contract says so; `days` to pay; `interest_ppm`: millionths of the money a day.
    """

    __tablename__ = "payment_term"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'agreed', 'refused')", name="state"),
        CheckConstraint("billing IN ('acceptance', 'month')", name="billing"),
        CheckConstraint("terms IN ('credit', 'prepaid')", name="terms"),
        CheckConstraint("clock IN ('delivery', 'acceptance')", name="clock"),
        # State Council order 802: never above 60 days, and later than delivery only by contract.
        CheckConstraint("days BETWEEN 1 AND 60", name="days"),
        CheckConstraint("clock = 'delivery' OR contract <> ''", name="contract"),
        CheckConstraint("interest_ppm BETWEEN 0 AND 10000", name="interest"),
        Index(
            "uq_payment_term_agreed",
            "agency_id",
            "supplier_id",
            "from_day",
            unique=True,
            sqlite_where=text("state = 'agreed'"),
            postgresql_where=text("state = 'agreed'"),
        ),
        Index("ix_payment_term_supplier_id_state", "supplier_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    from_day: Mapped[date]
    billing: Mapped[str] = mapped_column(String(10))
    terms: Mapped[str] = mapped_column(String(8))
    clock: Mapped[str] = mapped_column(String(10))
    days: Mapped[int]
    interest_ppm: Mapped[int]
    contract: Mapped[str] = mapped_column(String(60), default="")
    state: Mapped[str] = mapped_column(String(8), default="proposed")
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]


class Bill(Base):
    """Our numbered demand: for one acceptance, for a month's acceptances, or for what an order costs before it ships.

    `account_name` and `bank_reference` are the supplier's, as of that day. To pay = total − credited − paid;
    `recorded_fen` of it the agency says it has transferred. The clock runs from `delivered_on` to `due_on`.
    """

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("supplier_id", "number"),
        CheckConstraint(
            "total_fen > 0 AND paid_fen >= 0 AND credited_fen >= 0 AND recorded_fen >= 0"
            " AND paid_fen + credited_fen <= total_fen AND paid_fen + recorded_fen <= total_fen",
            name="paid_within_total",
        ),
        CheckConstraint(
            "(state = 'paid') = (paid_fen + credited_fen = total_fen AND paid_fen > 0)", name="paid_in_full"
        ),
        CheckConstraint("(state = 'credited') = (credited_fen = total_fen)", name="credited_in_full"),
        CheckConstraint(
            "(state = 'partly_paid') = (paid_fen > 0 AND paid_fen + credited_fen < total_fen)", name="paid_in_part"
        ),
        CheckConstraint(f"state IN {BILL_STATES}", name="state"),
        CheckConstraint(f"kind IN {BILL_KINDS}", name="kind"),
        CheckConstraint("(kind = 'acceptance') = (acceptance_id IS NOT NULL)", name="acceptance"),
        CheckConstraint("(kind = 'month') = (order_id IS NULL)", name="order"),
        Index("ix_bill_agency_id_state", "agency_id", "state"),
        Index("ix_bill_supplier_id_state", "supplier_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20))
    payment_code: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str] = mapped_column(String(10), default="acceptance")
    acceptance_id: Mapped[UUID | None] = mapped_column(ForeignKey("acceptance.id"), unique=True)
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12))
    agency_division: Mapped[str] = mapped_column(String(12))
    account_name: Mapped[str] = mapped_column(String(80))
    bank_reference: Mapped[str] = mapped_column(String(120))
    total_fen: Mapped[int]
    paid_fen: Mapped[int] = mapped_column(default=0)
    recorded_fen: Mapped[int] = mapped_column(default=0)
    # Taken off because goods came back before it was paid (bill_credit), or because a prepayment is no longer asked for.
    credited_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(11), default="to_pay")
    interest_ppm: Mapped[int] = mapped_column(default=500)
    issued_on: Mapped[date]
    delivered_on: Mapped[date]
    due_on: Mapped[date]
    paid_on: Mapped[date | None]
    days_to_pay: Mapped[int | None]


class BillPart(Base):
    """An acceptance's money: billed once, by the bill it names; without one it waits for the month's."""

    __tablename__ = "bill_part"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        Index(
            "ix_bill_part_waiting",
            "agency_id",
            "supplier_id",
            sqlite_where=text("bill_id IS NULL"),
            postgresql_where=text("bill_id IS NULL"),
        ),
    )

    acceptance_id: Mapped[UUID] = mapped_column(ForeignKey("acceptance.id"), primary_key=True)
    bill_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill.id"), index=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12))
    agency_division: Mapped[str] = mapped_column(String(12))
    fen: Mapped[int]
    delivered_on: Mapped[date]
    accepted_on: Mapped[date]


class TaxInvoice(Base):
    """Issued in the tax bureau's platform; recorded here with its parts, a bill's each (invoice_models).

    `rate_basis_points` is None where exempt (免税).
    """

    __tablename__ = "tax_invoice"
    __table_args__ = (
        UniqueConstraint("supplier_id", "number"),
        CheckConstraint("amount_fen > 0", name="amount"),
        Index("uq_tax_invoice_amount", "id", "amount_fen", unique=True),  # what its parts refer to
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[str] = mapped_column(String(30))
    issued_on: Mapped[date]
    amount_fen: Mapped[int]
    rate_basis_points: Mapped[int | None]
    seller: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(200), default="")  # why its rate or seller is another than expected
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    recorded_at: Mapped[datetime]


class RedInvoice(Base):
    """A red-letter invoice (红字发票) for returned goods, and the refund that went with it. Fen, above zero."""

    __tablename__ = "red_invoice"
    __table_args__ = (
        UniqueConstraint("supplier_id", "number"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    return_id: Mapped[UUID] = mapped_column(ForeignKey("goods_return.id"), unique=True)
    number: Mapped[str] = mapped_column(String(30))
    issued_on: Mapped[date]
    amount_fen: Mapped[int]
    refund_serial: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]


class Transfer(Base):
    """A bank or treasury transfer: recorded by the agency's finance, or found in the supplier's bank statement.

    Of a confirmed one `applied_fen` paid the bill; what was above is a payer's credit.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("fen > 0 AND applied_fen BETWEEN 0 AND fen", name="fen"),
        CheckConstraint("state IN ('recorded', 'confirmed', 'refused')", name="state"),
        CheckConstraint("state = 'confirmed' OR applied_fen = 0", name="applied"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    fen: Mapped[int]
    applied_fen: Mapped[int] = mapped_column(default=0)
    paid_on: Mapped[date]
    bank_serial: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default="recorded")
    reason: Mapped[str] = mapped_column(String(200), default="")
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]


class PayerCredit(Base):
    """Money of an agency that a supplier holds beyond its bills: prepaid for an order, paid too much or twice.

    It pays bills (`used_fen`) or goes back (`refunded_fen`). `held`: its order still takes from it.
    """

    __tablename__ = "payer_credit"
    __table_args__ = (
        CheckConstraint("kind IN ('prepaid', 'overpaid')", name="kind"),
        CheckConstraint("state IN ('held', 'to_refund', 'used', 'refunded')", name="state"),
        CheckConstraint(
            "fen > 0 AND used_fen >= 0 AND refunded_fen >= 0 AND used_fen + refunded_fen <= fen", name="within"
        ),
        CheckConstraint("(state IN ('used', 'refunded')) = (used_fen + refunded_fen = fen)", name="spent"),
        CheckConstraint("(kind = 'prepaid') = (order_id IS NOT NULL)", name="order"),
        CheckConstraint("(state = 'refunded') = (refunded_fen > 0)", name="refunded"),
        Index(
            "uq_payer_credit_prepaid",
            "order_id",
            unique=True,
            sqlite_where=text("kind = 'prepaid'"),
            postgresql_where=text("kind = 'prepaid'"),
        ),
        Index("ix_payer_credit_supplier_id_state", "supplier_id", "state"),
        Index("ix_payer_credit_agency_id_state", "agency_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)  # whose payment brought it
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase_order.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12))
    agency_division: Mapped[str] = mapped_column(String(12))
    fen: Mapped[int]
    used_fen: Mapped[int] = mapped_column(default=0)
    refunded_fen: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime]
    refund_serial: Mapped[str] = mapped_column(String(60), default="")
    refunded_on: Mapped[date | None]
    refunded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))


class CreditUse(Base):
    """A payer's credit that paid a bill, or a part of one."""

    __tablename__ = "credit_use"
    __table_args__ = (CheckConstraint("fen > 0", name="fen"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    credit_id: Mapped[UUID] = mapped_column(ForeignKey("payer_credit.id"), index=True)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    fen: Mapped[int]
    day: Mapped[date]
    at: Mapped[datetime]
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))


class InterestClaim(Base):
    """Interest that a supplier claims of a late bill, from `from_day` to `until_day`: neither volume nor attributed."""

    __tablename__ = "interest_claim"
    __table_args__ = (
        UniqueConstraint("bill_id", "from_day"),
        CheckConstraint("fen > 0 AND until_day >= from_day", name="amount"),
        CheckConstraint("state IN ('claimed', 'paid', 'waived')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    bill_id: Mapped[UUID] = mapped_column(ForeignKey("bill.id"), index=True)
    from_day: Mapped[date]
    until_day: Mapped[date]
    interest_ppm: Mapped[int]
    fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default="claimed")
    reason: Mapped[str] = mapped_column(String(200), default="")
    claimed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    claimed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


append_only(RedInvoice.__table__)  # type: ignore[arg-type]
append_only(CreditUse.__table__)  # type: ignore[arg-type]
