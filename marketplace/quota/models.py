from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.db import Base, new_id
from .rules import BASES, UNIT_CASES

OPEN = text("until_day IS NULL")
PROPOSED = text("state = 'proposed'")


class QuotaRule(Base):
    """What a region asks of a year: `prefix` 2 to 12 digits, '' the whole country. Rates in basis points; days of the
    year as MMDD. `union_share_bp`: of union funds, for a unit without canteen. A figure counts once it is confirmed.
    `lead_days`, `pay_days`, `confirm_days`: from order to delivery, delivery to payment, payment to confirmation."""

    __tablename__ = "quota_rule"
    __table_args__ = (
        UniqueConstraint("year", "prefix"),
        CheckConstraint(f"base IN {BASES}", name="base"),
        CheckConstraint("status IN ('unconfirmed', 'confirmed')", name="status"),
        CheckConstraint("status = 'unconfirmed' OR minimum_bp IS NOT NULL", name="confirmed_with_rate"),
        CheckConstraint("minimum_bp IS NULL OR minimum_bp BETWEEN 1 AND 10000", name="minimum"),
        CheckConstraint("encouraged_bp IS NULL OR encouraged_bp BETWEEN minimum_bp AND 10000", name="encouraged"),
        CheckConstraint("union_share_bp IS NULL OR union_share_bp BETWEEN 1 AND 10000", name="union_share"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> set_by", name="two_persons"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    year: Mapped[int]
    prefix: Mapped[str] = mapped_column(String(12), default="")
    base: Mapped[str] = mapped_column(String(14), default="canteen")
    minimum_bp: Mapped[int | None]
    encouraged_bp: Mapped[int | None]
    not_below_last_year: Mapped[bool] = mapped_column(default=False)
    union_share_bp: Mapped[int | None]
    filing_md: Mapped[int | None]
    counting_md: Mapped[int] = mapped_column(default=1231)
    warn_md: Mapped[int] = mapped_column(default=1101)
    needs_review: Mapped[bool] = mapped_column(default=False)
    lead_days: Mapped[int] = mapped_column(default=14)
    pay_days: Mapped[int] = mapped_column(default=30)
    confirm_days: Mapped[int] = mapped_column(default=11)
    status: Mapped[str] = mapped_column(String(12), default="unconfirmed")
    source: Mapped[str] = mapped_column(String(300), default="")
    set_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    set_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    confirmed_at: Mapped[datetime | None]


class QuotaPlan(Base):
    """`target_fen` is a minimum to reach, `ceiling_fen` an optional limit; `base_fen` the year's money the rate is taken
    of: `canteen_fen` (ingredients), `union_fen`, or both, as the rule says. `minimum_basis_points` and `minimum_fen` are
    what the rule asked when it was filed, None where none was published. `covered_by_id`: the plan of the unit that runs
    the shared canteen; such a plan counts nothing itself. `division` is the agency's."""

    __tablename__ = "quota_plan"
    __table_args__ = (
        UniqueConstraint("agency_id", "year"),
        CheckConstraint(
            "target_fen >= 0 AND base_fen >= 0 AND (target_fen > 0 OR covered_by_id IS NOT NULL)", name="target"
        ),
        CheckConstraint("canteen_fen >= 0 AND union_fen >= 0", name="bases"),
        CheckConstraint("committed_fen >= 0 AND settled_fen >= 0", name="counters"),
        CheckConstraint("ceiling_fen IS NULL OR committed_fen + settled_fen <= ceiling_fen", name="ceiling"),
        CheckConstraint("state IN ('draft', 'filed', 'returned', 'approved')", name="state"),
        CheckConstraint(f"unit_case IN {UNIT_CASES}", name="unit_case"),
        CheckConstraint("(unit_case = 'shared') = (covered_by_id IS NOT NULL)", name="shared"),
        CheckConstraint(
            "covered_by_id IS NULL OR (covered_by_id <> id AND committed_fen + settled_fen = 0)", name="covered"
        ),
        CheckConstraint("decided_by IS NULL OR filed_by IS NULL OR decided_by <> filed_by", name="two_persons"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    year: Mapped[int]
    division: Mapped[str] = mapped_column(String(12), index=True)
    unit_case: Mapped[str] = mapped_column(String(10), default="own")
    covered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("quota_plan.id"), index=True)
    canteen_fen: Mapped[int] = mapped_column(default=0)
    union_fen: Mapped[int] = mapped_column(default=0)
    base_fen: Mapped[int]
    rule_id: Mapped[UUID | None] = mapped_column(ForeignKey("quota_rule.id"))
    minimum_basis_points: Mapped[int | None]
    minimum_fen: Mapped[int | None]
    target_fen: Mapped[int]
    ceiling_fen: Mapped[int | None]
    committed_fen: Mapped[int] = mapped_column(default=0)
    settled_fen: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="approved")
    filed_at: Mapped[datetime]  # of a draft: when it was last written
    filed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    late: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(300), default="")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")


class QuotaContractor(Base):
    """A contractor of an outsourced canteen: what it buys in these days counts to the plan that names it."""

    __tablename__ = "quota_contractor"
    __table_args__ = (
        CheckConstraint("until_day IS NULL OR until_day >= from_day", name="days"),
        # Named by one unit at a time: what it buys is counted once.
        Index(
            "uq_quota_contractor_open",
            "contractor_id",
            "year",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        Index("ix_quota_contractor_plan_id", "plan_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("quota_plan.id"))
    year: Mapped[int]
    contractor_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    from_day: Mapped[date]
    until_day: Mapped[date | None]


class QuotaAmendment(Base):
    """A dated change of an approved plan: proposed by the agency, decided by its superior; both figures are kept."""

    __tablename__ = "quota_amendment"
    __table_args__ = (
        UniqueConstraint("plan_id", "no"),
        CheckConstraint("state IN ('proposed', 'approved', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_persons"),
        CheckConstraint("target_fen > 0 AND base_fen >= 0 AND canteen_fen >= 0 AND union_fen >= 0", name="figures"),
        CheckConstraint("reason <> ''", name="reason"),
        Index("uq_quota_amendment_open", "plan_id", unique=True, sqlite_where=PROPOSED, postgresql_where=PROPOSED),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("quota_plan.id"))
    no: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    from_day: Mapped[date]
    reason: Mapped[str] = mapped_column(String(300))
    old_canteen_fen: Mapped[int]
    old_union_fen: Mapped[int]
    old_base_fen: Mapped[int]
    old_target_fen: Mapped[int]
    old_ceiling_fen: Mapped[int | None]
    canteen_fen: Mapped[int]
    union_fen: Mapped[int]
    base_fen: Mapped[int]
    target_fen: Mapped[int]
    ceiling_fen: Mapped[int | None]
    minimum_fen: Mapped[int | None]
    add_contractor_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    end_contractor_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(300), default="")


class QuotaSuccession(Base):
    """A unit that was merged, renamed or abolished: it buys nothing from `abolished_on`; its plan follows the successor."""

    __tablename__ = "quota_succession"
    __table_args__ = (CheckConstraint("successor_id IS NULL OR successor_id <> organisation_id", name="another"),)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    abolished_on: Mapped[date]
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    document: Mapped[str] = mapped_column(String(120))
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]
