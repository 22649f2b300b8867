from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only
from .flow_models import (  # noqa: F401  gathered: the room's tables
    FLOW_KINDS,
    Advance,
    AdvanceRepayment,
    Flow,
    LotRevision,
    LotRevisionShare,
    SettledUntil,
    SlipSetOff,
    SurplusShare,
    SurplusYear,
)
from .rules import BASES, KINDS, WEIGHTS


class Agreement(Base):
    """A dated agreement of one mechanism. `service_order` decides who is served first where a line's money is short."""

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"basis IS NULL OR basis IN {BASES}", name="basis"),
        CheckConstraint("(kind = 'produce') = (basis IS NOT NULL)", name="basis_of_produce"),
        CheckConstraint(
            "(kind = 'dividend' OR (basis IS NOT NULL AND basis = 'floor_plus')) = (rate_basis_points IS NOT NULL)",
            name="rate_of_share",
        ),
        CheckConstraint("rate_basis_points BETWEEN 1 AND 10000", name="rate_basis_points"),
        CheckConstraint(
            "(kind NOT IN ('premium', 'piece_wage', 'rent') OR rate_fen IS NOT NULL)"
            " AND (kind NOT IN ('produce', 'dividend', 'surplus') OR rate_fen IS NULL)",
            name="rate_of_amount",
        ),
        CheckConstraint("NOT sale_tied OR kind = 'piece_wage'", name="sale_tied"),
        CheckConstraint("rate_fen > 0", name="rate_fen"),
        CheckConstraint(f"weights IN {WEIGHTS}", name="weights"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates"),
        Index("ix_agreement_supplier_state", "supplier_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    kind: Mapped[str] = mapped_column(String(16))
    basis: Mapped[str | None] = mapped_column(String(12))
    rate_basis_points: Mapped[int | None]
    rate_fen: Mapped[int | None]
    sale_tied: Mapped[bool] = mapped_column(default=False, server_default=false())
    weights: Mapped[str] = mapped_column(String(8), default="equal")
    service_order: Mapped[int] = mapped_column(default=100)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(10), default="draft")
    terms: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]


class Consent(Base):
    """A household's yes: signature or thumbprint, two witnesses, never the supplier's clerk."""

    __tablename__ = "consent"
    __table_args__ = (
        UniqueConstraint("agreement_id", "household_id"),
        CheckConstraint("method IN ('signature', 'thumbprint')", name="method"),
        CheckConstraint("witness <> second_witness", name="two_witnesses"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"), index=True)
    day: Mapped[date]
    method: Mapped[str] = mapped_column(String(10))
    witness: Mapped[str] = mapped_column(String(40))
    second_witness: Mapped[str] = mapped_column(String(40))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))


class Roster(Base):
    """One immutable version of who shares what, from a day on, until the next version of the agreement."""

    __tablename__ = "roster"
    __table_args__ = (UniqueConstraint("agreement_id", "from_day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    from_day: Mapped[date]
    households: Mapped[int]
    created_at: Mapped[datetime]


class RosterEntry(Base):
    __tablename__ = "roster_entry"
    __table_args__ = (
        CheckConstraint("weight > 0", name="weight"),
        Index("ix_roster_entry_household_id", "household_id"),
    )

    roster_id: Mapped[UUID] = mapped_column(ForeignKey("roster.id"), primary_key=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"), primary_key=True)
    weight: Mapped[int]


class Slip(Base):
    """What a household delivered. Weights are thousandths of `unit`, `price_fen` is for one unit.

    Its value, payable and deduction together, is what is owed; the deduction repays advances at once. `lot_id` is set
    once, when the lot is made; `paid_fen` grows with payments at the farm gate and set-offs. Nothing else changes.
    """

    __tablename__ = "slip"
    __table_args__ = (
        UniqueConstraint("supplier_id", "number"),
        CheckConstraint("tare >= 0 AND gross > tare AND net = gross - tare", name="weights"),
        CheckConstraint(
            "price_fen > 0 AND deduction_fen >= 0 AND payable_fen >= 0 AND payable_fen + deduction_fen > 0",
            name="money",
        ),
        CheckConstraint("paid_fen BETWEEN 0 AND payable_fen", name="paid_within_payable"),
        CheckConstraint(f"basis IN {BASES}", name="basis"),
        Index("ix_slip_household_id_delivered_on", "household_id", "delivered_on"),
        Index("ix_slip_lot_id", "lot_id"),
        # What a report sums by place, month and supplier, answered from the index alone; so are the two like it.
        Index("ix_slip_report", "division", "basis", "period", "payable_fen", "supplier_id"),
        Index("ix_slip_supplier_id_delivered_on", "supplier_id", "delivered_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    division: Mapped[str] = mapped_column(String(12))
    basis: Mapped[str] = mapped_column(String(12))
    item: Mapped[str] = mapped_column(String(60))
    grade: Mapped[str] = mapped_column(String(20), default="")
    pieces: Mapped[int] = mapped_column(default=0)
    unit: Mapped[str] = mapped_column(String(4))
    gross: Mapped[int]
    tare: Mapped[int]
    net: Mapped[int]
    price_fen: Mapped[int]
    deduction_fen: Mapped[int] = mapped_column(default=0)
    payable_fen: Mapped[int]
    paid_fen: Mapped[int] = mapped_column(default=0)
    delivered_on: Mapped[date]
    period: Mapped[int]
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lot.id"))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]

    @hybrid_property
    def value_fen(self) -> int:
        """What the household is owed for it: what is left to pay and what repaid advances."""
        return self.payable_fen + self.deduction_fen


class FarmPayment(Base):
    __tablename__ = "farm_payment"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("method IN ('cash', 'transfer')", name="method"),
        Index("ix_farm_payment_household_id", "household_id"),
        Index("ix_farm_payment_report", "division", "period", "fen", "supplier_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slip_id: Mapped[UUID] = mapped_column(ForeignKey("slip.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    division: Mapped[str] = mapped_column(String(12))
    fen: Mapped[int]
    paid_on: Mapped[date]
    period: Mapped[int]
    method: Mapped[str] = mapped_column(String(10))
    evidence: Mapped[str] = mapped_column(String(120))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    recorded_by: Mapped[UUID | None]


class Lot(Base):
    """Made of slips and sealed by that. `size` and `taken` are thousandths of the product's base unit.

    `delivered` thousandths of `delivered_unit` went into it, one of which gives `yields` thousandths of the base unit
    as the supplier declares. `cost_fen` is the slips' value, `revised_fen` what late revisions added.
    """

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("supplier_id", "number"),
        CheckConstraint("size > 0 AND taken BETWEEN 0 AND size", name="taken_within_size"),
        CheckConstraint("cost_fen >= 0", name="cost"),
        CheckConstraint("revised_fen >= 0", name="revised"),
        CheckConstraint("delivered > 0 AND yields > 0", name="delivered"),
        Index("ix_lot_product_id", "product_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement.id"))
    basis: Mapped[str | None] = mapped_column(String(12))
    division: Mapped[str] = mapped_column(String(12))
    harvested_on: Mapped[date]
    size: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int | None]
    delivered_unit: Mapped[str | None] = mapped_column(String(4))
    yields: Mapped[int | None]
    cost_fen: Mapped[int]
    revised_fen: Mapped[int] = mapped_column(default=0, server_default="0")
    households: Mapped[int]
    blocked: Mapped[bool] = mapped_column(default=False, server_default=false())  # recalled: nothing more leaves
    created_at: Mapped[datetime]


class LotPaper(Base):
    __tablename__ = "lot_paper"
    __table_args__ = (UniqueConstraint("lot_id", "kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"))
    kind: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(60))
    issued_on: Mapped[date]
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))


for _model, _columns in (
    (Consent, ()),
    (Roster, ()),
    (RosterEntry, ()),
    (Slip, ("lot_id", "paid_fen")),
    (FarmPayment, ()),
    (Lot, ("taken", "revised_fen", "blocked")),
):
    append_only(_model.__table__, columns_that_may_change=_columns)  # type: ignore[arg-type]
