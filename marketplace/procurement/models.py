from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..core.db import Base, new_id
from ..core.guards import append_only
from .rules import COUNTED_AS


class Requisition(Base):
    """A bulk order being filled, submitted and decided. While `hold_until` is set its lines' quantities are reserved in
    their offers' stock; `attempt` counts its submissions, each with approval steps of its own."""

    __tablename__ = "requisition"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'submitted', 'approved', 'rejected', 'withdrawn', 'expired')", name="state"
        ),
        CheckConstraint("state <> 'approved' OR decided_by <> submitted_by", name="two_persons"),
        CheckConstraint("hold_until IS NULL OR state = 'submitted'", name="hold"),
        CheckConstraint(f"counted_as IN {COUNTED_AS}", name="counted_as"),
        Index("ix_requisition_agency_id_state", "agency_id", "state"),
        Index("ix_requisition_hold_until", "hold_until"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    division: Mapped[str] = mapped_column(String(12), index=True)
    title: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10), default="draft")
    channel: Mapped[str] = mapped_column(ForeignKey("channel.code"))
    deliver_on: Mapped[date | None]
    window: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    contact: Mapped[str] = mapped_column(String(40), default="")
    budget_line: Mapped[str] = mapped_column(String(60), default="")
    counted_as: Mapped[str] = mapped_column(String(10), default="canteen")  # whose money: quota counts each apart
    total_fen: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    submitted_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    deliveries: Mapped[int] = mapped_column(default=0)  # how many its plan has: 0, it goes where the head says
    hold_until: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class RequisitionLine(Base):
    """`quantity` is thousandths of the offer's order unit; `reason` says why above the reference price."""

    __tablename__ = "requisition_line"
    __table_args__ = (UniqueConstraint("requisition_id", "offer_id"),)

    requisition_id: Mapped[UUID] = mapped_column(ForeignKey("requisition.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"))
    quantity: Mapped[int]
    counts: Mapped[bool] = mapped_column(default=True)
    agreed_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreed_price.id"))
    reason: Mapped[str] = mapped_column(String(200), default="")


class Order(Base):
    """One supplier's part of an approved bulk order. `plan_id` is the quota plan that its counting lines move."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        CheckConstraint(f"counted_as IN {COUNTED_AS}", name="counted_as"),
        Index("ix_purchase_order_supplier_id_state", "supplier_id", "state"),
        Index("ix_purchase_order_agency_id_state", "agency_id", "state"),
        Index("ix_purchase_order_period", "period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    requisition_id: Mapped[UUID] = mapped_column(ForeignKey("requisition.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("quota_plan.id"), index=True)
    division: Mapped[str] = mapped_column(String(12), index=True)  # the supplier's
    agency_division: Mapped[str] = mapped_column(String(12), index=True)
    channel: Mapped[str] = mapped_column(ForeignKey("channel.code"))
    counted_as: Mapped[str] = mapped_column(String(10), default="canteen")
    state: Mapped[str] = mapped_column(String(16), default="to_confirm")
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime]
    period: Mapped[int]
    confirm_by: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    closed_reason: Mapped[str] = mapped_column(String(300), default="")
    deliver_on: Mapped[date]
    window: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(40))
    total_fen: Mapped[int]

    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.no", lazy="select", viewonly=True)


class OrderLine(Base):
    """What was approved, frozen, and where each unit of it is. Quantities: thousandths of the order unit;
    `accepted_base`: thousandths of the base unit; `committed_fen`: what of the plan this line still holds."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "no"),
        # One quantity identity per order line (DESIGN.md): kept on every change, whatever the path.
        CheckConstraint('ordered = "open" + in_transit + accepted + rejected + cancelled', name="identity"),
        CheckConstraint(
            'ordered > 0 AND "open" >= 0 AND in_transit >= 0 AND accepted >= 0 AND rejected >= 0 AND cancelled >= 0',
            name="not_negative",
        ),
        CheckConstraint("returned BETWEEN 0 AND accepted", name="returned"),
        CheckConstraint("settled >= 0 AND settled + credited <= accepted", name="settled"),
        CheckConstraint("credited BETWEEN 0 AND returned", name="credited"),
        CheckConstraint("committed_fen >= 0", name="committed"),
        Index("ix_order_line_product_id", "product_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    no: Mapped[int]
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"), index=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    name: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(24))
    category_code: Mapped[str] = mapped_column(ForeignKey("category.code"))
    grant_id: Mapped[UUID | None] = mapped_column(ForeignKey("grant.id"))
    agreed_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreed_price.id"))
    counts: Mapped[bool]
    pricing: Mapped[str] = mapped_column(String(8))
    order_unit: Mapped[str] = mapped_column(String(6))
    price_unit: Mapped[str] = mapped_column(String(6))
    base_unit: Mapped[str] = mapped_column(String(4))
    content: Mapped[int]
    tolerance_basis_points: Mapped[int]
    price_fen: Mapped[int]
    reference_fen: Mapped[int | None]
    price_reason: Mapped[str] = mapped_column(String(200), default="")
    money_fen: Mapped[int]
    ordered: Mapped[int]
    open: Mapped[int]
    in_transit: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    # What of it came back before it was paid, and so never settles.
    credited: Mapped[int] = mapped_column(default=0, server_default="0")
    settled: Mapped[int] = mapped_column(default=0)
    accepted_base: Mapped[int] = mapped_column(default=0)
    accepted_fen: Mapped[int] = mapped_column(default=0)
    settled_fen: Mapped[int] = mapped_column(default=0)
    committed_fen: Mapped[int] = mapped_column(default=0)


class Shipment(Base):
    __tablename__ = "shipment"
    __table_args__ = (
        UniqueConstraint("order_id", "no"),
        CheckConstraint("state IN ('in_transit', 'accepted', 'cancelled')", name="state"),
        CheckConstraint("state <> 'cancelled' OR closed_reason <> ''", name="cancelled_with_reason"),
        Index("ix_shipment_state", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"))
    no: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="in_transit")
    carrier: Mapped[str] = mapped_column(String(80), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
    shipped_at: Mapped[datetime]
    shipped_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    expected_on: Mapped[date]
    delivery_no: Mapped[int] = mapped_column(default=1)  # which delivery of the order's plan this is part of
    due_on: Mapped[date | None]  # the day that was agreed for that delivery
    window: Mapped[str] = mapped_column(String(40), default="")
    plate: Mapped[str] = mapped_column(String(12), default="")
    driver: Mapped[str] = mapped_column(String(20), default="")
    temperature_tenths: Mapped[int | None]  # at loading, of a degree Celsius
    closed_reason: Mapped[str] = mapped_column(String(200), default="")

    lines: Mapped[list["ShipmentLine"]] = relationship(order_by="ShipmentLine.no", lazy="selectin", viewonly=True)


class ShipmentLine(Base):
    __tablename__ = "shipment_line"
    __table_args__ = (
        UniqueConstraint("shipment_id", "no"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("accepted >= 0 AND rejected >= 0 AND accepted + rejected <= quantity", name="within_shipped"),
        CheckConstraint("packages >= 0 AND gross >= net AND net > 0", name="weights"),
        Index("ix_shipment_line_lot_id", "lot_id"),
        Index("ix_shipment_line_order_line_id", "order_line_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"))
    no: Mapped[int]
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"))
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[int]
    packages: Mapped[int | None]
    gross: Mapped[int | None]  # as loaded, thousandths of a kilogram
    net: Mapped[int | None]
    accepted: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)


class Acceptance(Base):
    """The buyer's signed statement (验收单) of what arrived with one shipment.

    `signing`: one has signed; `signed`: two have; `deemed`: nobody came in time, which starts the clock of payment and
    makes neither quota nor volume until two have signed (RULES.md, Quota).
    """

    __tablename__ = "acceptance"
    __table_args__ = (
        CheckConstraint("state IN ('signing', 'signed', 'deemed')", name="state"),
        CheckConstraint("(state = 'signed') = (signed_at IS NOT NULL)", name="signed_at"),
        CheckConstraint("second_by IS NULL OR second_by <> accepted_by", name="two_persons"),
        CheckConstraint("state <> 'deemed' OR deemed_on IS NOT NULL", name="deemed_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id"), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    day: Mapped[date]
    period: Mapped[int]
    at: Mapped[datetime]
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(String(8), default="signing")
    second_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    signed_at: Mapped[datetime | None]
    deemed_on: Mapped[date | None]  # stays when two have signed later
    witness: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
    money_fen: Mapped[int]

    lines: Mapped[list["AcceptanceLine"]] = relationship(order_by="AcceptanceLine.no", lazy="selectin", viewonly=True)


class AcceptanceLine(Base):
    """One order line × shipment × lot: what settles. Its id is the settled line's and the ledger's source."""

    __tablename__ = "acceptance_line"
    __table_args__ = (
        CheckConstraint("accepted >= 0 AND rejected >= 0 AND accepted + rejected > 0", name="quantities"),
        CheckConstraint("money_fen >= 0 AND net >= 0", name="money"),
        CheckConstraint("rejected = 0 OR reason <> ''", name="rejected_with_reason"),
        CheckConstraint(
            "returned BETWEEN 0 AND accepted AND returned_net BETWEEN 0 AND net AND returned_fen BETWEEN 0 AND money_fen",
            name="returned",
        ),
        CheckConstraint("sensory IN ('', 'good', 'off') AND quick_test IN ('', 'pass', 'fail')", name="checks"),
        CheckConstraint("quick_test <> 'fail' OR accepted = 0", name="failed_is_rejected"),
        Index("ix_acceptance_line_acceptance_id", "acceptance_id"),
        Index("ix_acceptance_line_order_line_id", "order_line_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    acceptance_id: Mapped[UUID] = mapped_column(ForeignKey("acceptance.id"))
    no: Mapped[int]
    shipment_line_id: Mapped[UUID] = mapped_column(ForeignKey("shipment_line.id"), unique=True)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"))
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"))
    accepted: Mapped[int]
    rejected: Mapped[int]
    net: Mapped[int]  # base-unit thousandths of what was accepted: weighed, or nominal where counted
    money_fen: Mapped[int]
    reason: Mapped[str] = mapped_column(String(40), default="")
    packages: Mapped[int | None]
    temperature_tenths: Mapped[int | None]
    sensory: Mapped[str] = mapped_column(String(4), default="")
    quick_test: Mapped[str] = mapped_column(String(4), default="")
    best_before: Mapped[date | None]
    returned: Mapped[int] = mapped_column(default=0)
    returned_net: Mapped[int] = mapped_column(default=0)
    returned_fen: Mapped[int] = mapped_column(default=0)


class GoodsReturn(Base):
    """What of an accepted line came back: thousandths of the order unit, `net` of the base unit, fen.

    `restocked`: the supplier took the goods back into their lot; else they are destroyed or lost to it. `credited`:
    the line had not settled yet, so that its bill asks for less; else what it had settled is reversed.
    """

    __tablename__ = "goods_return"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND net >= 0 AND money_fen >= 0", name="amounts"),
        Index("uq_goods_return_money", "id", "money_fen", unique=True),  # what a card refund refers to
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    acceptance_line_id: Mapped[UUID] = mapped_column(ForeignKey("acceptance_line.id"), index=True)
    quantity: Mapped[int]
    net: Mapped[int]
    money_fen: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    restocked: Mapped[bool]
    credited: Mapped[bool] = mapped_column(default=False, server_default=false())
    day: Mapped[date]
    period: Mapped[int]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))


append_only(GoodsReturn.__table__)  # type: ignore[arg-type]
