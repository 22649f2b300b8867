from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only
from ..products.rules import BASE_UNITS

OPEN_AMENDMENT = text("state IN ('draft', 'proposed')")


class Request(Base):
    """A request for quotation (`rfq`: addressed suppliers) or a posted demand (`demand`: every eligible supplier).

    `join_by`: until when other agencies may join a pooled demand. `until_day`: the last day on which what is awarded
    may be ordered at its price. `county`: the county all of whose suppliers were addressed, if one was asked as a whole.
    """

    __tablename__ = "sourcing_request"
    __table_args__ = (
        CheckConstraint("kind IN ('rfq', 'demand')", name="kind"),
        CheckConstraint("state IN ('draft', 'open', 'closed', 'awarded', 'cancelled')", name="state"),
        CheckConstraint("join_by IS NULL OR kind = 'demand' AND join_by < answer_by", name="join_by"),
        CheckConstraint("(state = 'awarded') = (awarded_at IS NOT NULL)", name="awarded_at"),
        CheckConstraint("state <> 'awarded' OR awarded_by <> created_by", name="two_persons"),
        CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_at"),
        CheckConstraint("state <> 'cancelled' OR reason <> ''", name="reason"),
        Index("ix_sourcing_request_agency_id_state", "agency_id", "state"),
        Index("ix_sourcing_request_state_answer_by", "state", "answer_by"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(500), default="")
    county: Mapped[str] = mapped_column(String(12), default="")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    answer_by: Mapped[datetime]
    join_by: Mapped[datetime | None]
    until_day: Mapped[date]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    awarded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    awarded_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class RequestLine(Base):
    """What is wanted: a category and a description, perhaps "such as" a product; to be delivered within two days."""

    __tablename__ = "request_line"
    __table_args__ = (
        CheckConstraint(f"unit IN {BASE_UNITS}", name="unit"),
        CheckConstraint("until_day >= from_day", name="days"),
        UniqueConstraint("request_id", "no"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("sourcing_request.id"))
    no: Mapped[int]
    category_code: Mapped[str] = mapped_column(ForeignKey("category.code"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    name: Mapped[str] = mapped_column(String(80))
    spec: Mapped[str] = mapped_column(String(300), default="")
    unit: Mapped[str] = mapped_column(String(4))
    from_day: Mapped[date]
    until_day: Mapped[date]


class RequestParty(Base):
    """An agency that buys under a request, the leading one too. `requisition_id`: the draft that the award made."""

    __tablename__ = "request_party"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("sourcing_request.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True, index=True)
    address: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(40), default="")
    joined_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    joined_at: Mapped[datetime]
    requisition_id: Mapped[UUID | None] = mapped_column(ForeignKey("requisition.id"))


class RequestWant(Base):
    """How much of a line an agency wants: thousandths of the line's comparable unit."""

    __tablename__ = "request_want"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    line_id: Mapped[UUID] = mapped_column(ForeignKey("request_line.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    quantity: Mapped[int]


class Invitation(Base):
    """A supplier that a request for quotation is addressed to."""

    __tablename__ = "invitation"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("sourcing_request.id"), primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True, index=True)


class Quotation(Base):
    """A supplier's answer. `revision` counts how often it was sent."""

    __tablename__ = "quotation"
    __table_args__ = (
        CheckConstraint("state IN ('sent', 'withdrawn', 'awarded', 'lost')", name="state"),
        CheckConstraint("revision > 0", name="revision"),
        UniqueConstraint("request_id", "supplier_id"),
        Index("ix_quotation_supplier_id_state", "supplier_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("sourcing_request.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[str] = mapped_column(String(10))
    valid_until: Mapped[date]
    note: Mapped[str] = mapped_column(String(500), default="")
    revision: Mapped[int] = mapped_column(default=1)
    sent_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    sent_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class QuotationLine(Base):
    """One line answered by one offer: fen per price unit, at most `most` thousandths of the comparable unit.

    `per_unit` is millionths of the comparable unit in one order unit; with `comparable_fen` it is frozen as quoted.
    """

    __tablename__ = "quotation_line"
    __table_args__ = (
        CheckConstraint("price_fen > 0 AND comparable_fen >= 0", name="price"),
        CheckConstraint("most > 0 AND per_unit > 0", name="positive"),
        CheckConstraint("lead_days BETWEEN 0 AND 365", name="lead_days"),
        UniqueConstraint("quotation_id", "offer_id"),
    )

    quotation_id: Mapped[UUID] = mapped_column(ForeignKey("quotation.id"), primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("request_line.id"), primary_key=True, index=True)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    price_fen: Mapped[int]
    most: Mapped[int]
    lead_days: Mapped[int]
    note: Mapped[str] = mapped_column(String(200), default="")
    comparable_fen: Mapped[int]
    per_unit: Mapped[int]


class Award(Base):
    """What of a line was awarded to a quotation, as it was judged: thousandths of the comparable unit."""

    __tablename__ = "award"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("(cheapest AND over_basis_points = 0) OR reason <> ''", name="reason"),
        UniqueConstraint("line_id", "quotation_id"),
        Index("ix_award_request_id", "request_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("sourcing_request.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("request_line.id"))
    quotation_id: Mapped[UUID] = mapped_column(ForeignKey("quotation.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    quantity: Mapped[int]
    price_fen: Mapped[int]
    comparable_fen: Mapped[int]
    reference_fen: Mapped[int | None]
    over_basis_points: Mapped[int]
    cheapest: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200))


append_only(Award.__table__)  # type: ignore[arg-type]


class Framework(Base):
    """A framework agreement of one supplier with one or several agencies; `previous_id`: the one that it amends."""

    __tablename__ = "framework"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'proposed', 'in_force', 'declined', 'withdrawn', 'replaced', 'ended')", name="state"
        ),
        CheckConstraint("until_day >= from_day", name="days"),
        CheckConstraint("proposed_by IS NULL OR proposed_by <> created_by", name="two_persons"),
        CheckConstraint("(state IN ('in_force', 'replaced', 'ended')) = (signed_at IS NOT NULL)", name="signed_at"),
        CheckConstraint("state NOT IN ('declined', 'ended') OR reason <> ''", name="reason"),
        Index("ix_framework_supplier_id_state", "supplier_id", "state"),
        Index("ix_framework_agency_id", "agency_id"),
        Index(
            "uq_framework_open_amendment",
            "previous_id",
            unique=True,
            sqlite_where=OPEN_AMENDMENT,
            postgresql_where=OPEN_AMENDMENT,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("sourcing_request.id"))
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("framework.id"))
    title: Mapped[str] = mapped_column(String(80))
    terms: Mapped[str] = mapped_column(String(1000), default="")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    from_day: Mapped[date]
    until_day: Mapped[date]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime | None]
    signed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    signed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class FrameworkParty(Base):
    """An agency that may call off."""

    __tablename__ = "framework_party"

    framework_id: Mapped[UUID] = mapped_column(ForeignKey("framework.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True, index=True)


class FrameworkLine(Base):
    """An offer at a price; `ceiling`: what each agency may call off, thousandths of the order unit, None without limit."""

    __tablename__ = "framework_line"
    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price"),
        CheckConstraint("ceiling IS NULL OR ceiling > 0", name="ceiling"),
        UniqueConstraint("framework_id", "offer_id"),
    )

    framework_id: Mapped[UUID] = mapped_column(ForeignKey("framework.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    price_fen: Mapped[int]
    ceiling: Mapped[int | None]
