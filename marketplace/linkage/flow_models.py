"""Tables of dated income and what stands around it: flows, advances, a year's surplus, late revisions of a lot's cost."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from ..core.guards import append_only
from .rules import LEAST_BY_VOLUME

FLOW_KINDS = ("piece_wage", "wage", "rent", "fixed_dividend", "surplus")


class Flow(Base):
    """Income of a day, owed from when it is recorded. `quantity` is thousandths of `unit`, `rate_fen` for one of it.

    `day` is the day that it is for, `posted_on` the ledger's, `period` that day's month. A correction is a row of its
    own, as much below zero as the flow it corrects. Only `distribution_id` changes: once, by the payout list.
    """

    __tablename__ = "flow"
    __table_args__ = (
        CheckConstraint(f"kind IN {FLOW_KINDS}", name="kind"),
        CheckConstraint("(corrects_id IS NULL AND fen > 0) OR (corrects_id IS NOT NULL AND fen < 0)", name="fen"),
        CheckConstraint("(quantity IS NULL) = (rate_fen IS NULL)", name="counted"),
        CheckConstraint("quantity > 0 AND rate_fen > 0", name="quantity"),
        CheckConstraint(
            "quantity IS NULL OR abs(fen) = (2 * quantity * rate_fen + 1000) / 2000", name="fen_of_quantity"
        ),
        UniqueConstraint("corrects_id"),
        Index(
            "uq_flow_voucher",
            "agreement_id",
            "household_id",
            "member",
            "day",
            "evidence",
            unique=True,
            sqlite_where=text("corrects_id IS NULL"),
            postgresql_where=text("corrects_id IS NULL"),
        ),
        Index("ix_flow_supplier_id_day", "supplier_id", "day"),
        Index("ix_flow_household_id_day", "household_id", "day"),
        Index("ix_flow_distribution_id", "distribution_id"),
        Index("ix_flow_report", "division", "period", "kind", "fen", "supplier_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    batch: Mapped[str] = mapped_column(String(24))
    kind: Mapped[str] = mapped_column(String(16))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    division: Mapped[str] = mapped_column(String(12))
    member: Mapped[str] = mapped_column(String(40), default="")
    quantity: Mapped[int | None]
    unit: Mapped[str] = mapped_column(String(4), default="")
    rate_fen: Mapped[int | None]
    fen: Mapped[int]
    day: Mapped[date]
    posted_on: Mapped[date]
    period: Mapped[int]
    evidence: Mapped[str] = mapped_column(String(120))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    corrects_id: Mapped[UUID | None] = mapped_column(ForeignKey("flow.id"))
    distribution_id: Mapped[UUID | None] = mapped_column(ForeignKey("distribution.id"))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class Advance(Base):
    """Money given before produce came, against a signature (预支款). `repaid_fen` grows by what slips set off."""

    __tablename__ = "advance"
    __table_args__ = (
        CheckConstraint("fen > 0 AND repaid_fen BETWEEN 0 AND fen", name="repaid_within_fen"),
        CheckConstraint("method IN ('cash', 'transfer')", name="method"),
        CheckConstraint("evidence <> ''", name="evidence"),
        UniqueConstraint("supplier_id", "number"),
        Index("ix_advance_supplier_id_household_id", "supplier_id", "household_id"),
        Index("ix_advance_household_id", "household_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    division: Mapped[str] = mapped_column(String(12))
    fen: Mapped[int]
    repaid_fen: Mapped[int] = mapped_column(default=0)
    given_on: Mapped[date]
    period: Mapped[int]
    method: Mapped[str] = mapped_column(String(10))
    evidence: Mapped[str] = mapped_column(String(120))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class AdvanceRepayment(Base):
    """What came back of an advance: set off on a slip, or paid back in money (`slip_id` is null)."""

    __tablename__ = "advance_repayment"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        UniqueConstraint("slip_id", "advance_id"),
        Index("ix_advance_repayment_advance_id", "advance_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    advance_id: Mapped[UUID] = mapped_column(ForeignKey("advance.id"))
    slip_id: Mapped[UUID | None] = mapped_column(ForeignKey("slip.id"))
    fen: Mapped[int]
    day: Mapped[date]
    period: Mapped[int]
    evidence: Mapped[str] = mapped_column(String(120), default="")
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class SlipSetOff(Base):
    """A part of a slip that money received before covers (待抵扣款): nothing moves, and the slip is closed by so much."""

    __tablename__ = "slip_set_off"
    __table_args__ = (CheckConstraint("fen > 0", name="fen"), Index("ix_slip_set_off_slip_id", "slip_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slip_id: Mapped[UUID] = mapped_column(ForeignKey("slip.id"))
    fen: Mapped[int]
    day: Mapped[date]
    period: Mapped[int]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class LotRevision(Base):
    """A late addition to what a lot cost. `owed_now`: posted as debt at once; else it is owed as the lot is sold."""

    __tablename__ = "lot_revision"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        CheckConstraint("evidence <> ''", name="evidence"),
        Index("ix_lot_revision_lot_id", "lot_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    fen: Mapped[int]
    owed_now: Mapped[bool]
    day: Mapped[date]
    period: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    evidence: Mapped[str] = mapped_column(String(120))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]


class LotRevisionShare(Base):
    __tablename__ = "lot_revision_share"
    __table_args__ = (
        CheckConstraint("fen > 0", name="fen"),
        Index("ix_lot_revision_share_household_id", "household_id"),
    )

    revision_id: Mapped[UUID] = mapped_column(ForeignKey("lot_revision.id"), primary_key=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"), primary_key=True)
    fen: Mapped[int]


class SurplusYear(Base):
    """A cooperative's year: profit less past losses and reserves, divided as the members' meeting resolved."""

    __tablename__ = "surplus_year"
    __table_args__ = (
        CheckConstraint("profit_fen > 0 AND losses_fen >= 0 AND reserves_fen >= 0", name="amounts"),
        CheckConstraint(
            "volume_fen >= 0 AND capital_fen >= 0"
            " AND volume_fen + capital_fen = profit_fen - losses_fen - reserves_fen AND volume_fen + capital_fen > 0",
            name="parts",
        ),
        CheckConstraint(f"volume_basis_points BETWEEN {LEAST_BY_VOLUME} AND 10000", name="by_volume"),
        CheckConstraint("state IN ('draft', 'approved', 'discarded')", name="state"),
        CheckConstraint("state <> 'approved' OR approved_by <> prepared_by", name="two_persons"),
        Index(
            "uq_surplus_year_supplier",
            "supplier_id",
            "year",
            unique=True,
            sqlite_where=text("state <> 'discarded'"),
            postgresql_where=text("state <> 'discarded'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    year: Mapped[int]
    resolution: Mapped[str] = mapped_column(String(60))
    resolved_on: Mapped[date]
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"))
    profit_fen: Mapped[int]
    losses_fen: Mapped[int]
    reserves_fen: Mapped[int]
    volume_basis_points: Mapped[int]
    volume_fen: Mapped[int]
    capital_fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="draft")
    prepared_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    prepared_at: Mapped[datetime]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime | None]


class SurplusShare(Base):
    """A member household's weights and its fen of both parts."""

    __tablename__ = "surplus_share"
    __table_args__ = (
        CheckConstraint("volume >= 0 AND capital >= 0 AND volume + capital > 0", name="weights"),
        CheckConstraint("volume_fen >= 0 AND capital_fen >= 0", name="fen"),
    )

    surplus_id: Mapped[UUID] = mapped_column(ForeignKey("surplus_year.id"), primary_key=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"), primary_key=True)
    volume: Mapped[int]
    capital: Mapped[int]
    volume_fen: Mapped[int]
    capital_fen: Mapped[int]


class SettledUntil(Base):
    """The latest day of acceptance of a supplier's settled lines: no roster may begin on it or before."""

    __tablename__ = "settled_until"

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    day: Mapped[date]


for _model, _columns in (
    (Flow, ("distribution_id",)),
    (Advance, ("repaid_fen",)),
    (AdvanceRepayment, ()),
    (SlipSetOff, ()),
    (LotRevision, ()),
    (LotRevisionShare, ()),
    (SurplusYear, ("state", "approved_by", "approved_at")),
    (SurplusShare, ()),
):
    append_only(_model.__table__, columns_that_may_change=_columns)  # type: ignore[arg-type]
