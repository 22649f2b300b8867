"""Tables of a delivery: crates on deposit, substitutes, scale entries, papers seen, photographs, drafts, terms."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only

CRATE_KINDS = ("basket", "crate", "foam_box", "pallet")
LIVE = text("state = 'proposed'")
OF_ALL = text("agency_id IS NULL")


class ShipmentCrate(Base):
    """Crates (周转筐) that leave with a shipment: `deposit_fen` stands for each."""

    __tablename__ = "shipment_crate"
    __table_args__ = (
        CheckConstraint(f"kind IN {CRATE_KINDS}", name="kind"),
        CheckConstraint("count > 0 AND deposit_fen >= 0", name="amounts"),
    )

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    deposit_fen: Mapped[int]
    count: Mapped[int]


class CrateMovement(Base):
    """Crates that came to an agency with a delivery (`count` above zero) or went back to the supplier (below)."""

    __tablename__ = "crate_movement"
    __table_args__ = (
        CheckConstraint(f"kind IN {CRATE_KINDS}", name="kind"),
        CheckConstraint("count <> 0 AND deposit_fen >= 0", name="amounts"),
        Index("ix_crate_movement_supplier_id_agency_id", "supplier_id", "agency_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(10))
    deposit_fen: Mapped[int]
    count: Mapped[int]
    shipment_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipment.id"), index=True)
    note: Mapped[str] = mapped_column(String(200), default="")
    day: Mapped[date]
    at: Mapped[datetime]
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))


class CrateBalance(Base):
    """Crates that an agency holds of a supplier, by kind and deposit: the sum of their movements, never below zero."""

    __tablename__ = "crate_balance"
    __table_args__ = (
        UniqueConstraint("supplier_id", "agency_id", "kind", "deposit_fen"),
        CheckConstraint("count >= 0", name="never_below_zero"),
        Index("ix_crate_balance_agency_id", "agency_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(10))
    deposit_fen: Mapped[int]
    count: Mapped[int]


class Substitute(Base):
    """Another offer of the supplier instead of an open quantity of a line, at no higher price, if the agency agrees."""

    __tablename__ = "substitute"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'consented', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("quantity > 0 AND instead > 0 AND price_fen > 0", name="amounts"),
        CheckConstraint("(state = 'consented') = (new_line_id IS NOT NULL)", name="new_line"),
        Index("ix_substitute_order_id", "order_id"),
        Index(
            "uq_substitute_order_line_id_live", "order_line_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    quantity: Mapped[int]  # thousandths of the line's order unit that are given up
    instead: Mapped[int]  # thousandths of the other offer's order unit that come instead
    price_fen: Mapped[int]  # of the other offer, by its price unit
    reason: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(200), default="")
    new_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("order_line.id"))


class Weighing(Base):
    """One crate on the scale at the door, thousandths of the base unit: the line's net is the sum of its entries."""

    __tablename__ = "weighing_entry"
    __table_args__ = (CheckConstraint("tare >= 0 AND net > 0 AND net = gross - tare", name="net"),)

    acceptance_line_id: Mapped[UUID] = mapped_column(ForeignKey("acceptance_line.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    gross: Mapped[int]
    tare: Mapped[int]
    net: Mapped[int]


class SeenPaper(Base):
    """A paper of the lot that the inspector held in hand, as it read: number, and the day it is valid until, if any."""

    __tablename__ = "seen_paper"

    acceptance_line_id: Mapped[UUID] = mapped_column(ForeignKey("acceptance_line.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[str] = mapped_column(String(60))
    issued_on: Mapped[date]
    valid_until: Mapped[date | None]


class DeliveryPhoto(Base):
    """A photograph taken at the door, of a whole shipment or of one of its lines."""

    __tablename__ = "delivery_photo"
    __table_args__ = (Index("ix_delivery_photo_shipment_id", "shipment_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    shipment_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipment_line.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"))
    at: Mapped[datetime]
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))


class AcceptanceDraft(Base):
    """What has been typed at the door so far, as the form's fields: one for a shipment, gone with its acceptance."""

    __tablename__ = "acceptance_draft"

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int]
    saved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    saved_at: Mapped[datetime]


class DeemingTerm(Base):
    """Days after the expected arrival until a delivery counts as accepted, from a day on; of an agency, or of all."""

    __tablename__ = "deeming_term"
    __table_args__ = (
        UniqueConstraint("agency_id", "from_day"),
        Index("uq_deeming_term_all", "from_day", unique=True, sqlite_where=OF_ALL, postgresql_where=OF_ALL),
        CheckConstraint("days BETWEEN 1 AND 60", name="days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    from_day: Mapped[date]
    days: Mapped[int]
    basis: Mapped[str] = mapped_column(String(200), default="")


for _table in (CrateMovement, Weighing, SeenPaper, DeliveryPhoto, DeemingTerm):
    append_only(_table.__table__)  # type: ignore[arg-type]
