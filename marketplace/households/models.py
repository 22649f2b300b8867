from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.crypto import sealed_columns
from ..core.db import Base, new_id
from ..core.guards import append_only

# Classes of the regime to 2025, kept as dated history; from 2026 the object is any household at risk (RULES.md).
CLASSES = ("none", "registered", "unstable", "marginal", "sudden")


class Household(Base):
    """`division` is the registered village, `present_division` where it lives; figures go where it lives."""

    __tablename__ = "household"
    __table_args__ = (
        CheckConstraint("size BETWEEN 1 AND 30", name="size"),
        CheckConstraint(f"class IN {CLASSES}", name="class"),
        Index("ix_household_present_division", "present_division", "group_name"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    pseudonym: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    head_name: Mapped[str] = mapped_column(String(40))
    division: Mapped[str] = mapped_column(String(12))
    present_division: Mapped[str] = mapped_column(String(12))
    group_name: Mapped[str] = mapped_column(String(20), default="")
    size: Mapped[int]
    class_: Mapped[str] = mapped_column("class", String(12), default="none")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


# To the head of the household (与户主关系).
RELATIONS = ("head", "spouse", "child", "child_in_law", "grandchild", "parent", "grandparent", "sibling", "other")


class Member(Base):
    """A person of a household from `joined_on` until the day before `left_on`; who died left on that day."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint(f"relation IN {RELATIONS}", name="relation"),
        CheckConstraint("length(id_index) = 32 AND length(id_last4) = 4", name="id"),
        CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="left_after_joined"),
        CheckConstraint("died_on IS NULL OR left_on = died_on", name="died_left"),
        # A person is a member of one household at a time (RULES.md, Linkage and income).
        Index(
            "uq_member_present",
            "id_index",
            unique=True,
            sqlite_where=text("left_on IS NULL"),
            postgresql_where=text("left_on IS NULL"),
        ),
        Index(
            "uq_member_head",
            "household_id",
            unique=True,
            sqlite_where=text("left_on IS NULL AND relation = 'head'"),
            postgresql_where=text("left_on IS NULL AND relation = 'head'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    relation: Mapped[str] = mapped_column(String(12))
    id_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    id_last4: Mapped[str] = mapped_column(String(4))
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
    died_on: Mapped[date | None]
    created_at: Mapped[datetime]


sealed_columns(Member.__table__, "id_sealed", "phone_sealed")

PAYEE_KINDS = ("card", "bank", "cash")
PAYEE_STATES = ("proposed", "approved", "stopped", "ended")
SIDES = ("office", "supplier")


class Payee(Base):
    """Who is paid for a household, for one agreement or (None) for all without one of their own.

    The person is a member or a proxy (代领人) named in the paper `file_id` for a time; name and number are copied and
    sealed here, so that what was approved stays what is paid. In force on a day: approved, `in_force_from` reached, not
    ended, the paper's time not over; of several the newest. A row never changes save to be approved, stopped or ended:
    another account is another row.
    """

    __tablename__ = "payee"
    __table_args__ = (
        CheckConstraint(f"kind IN {PAYEE_KINDS}", name="kind"),
        CheckConstraint(f"state IN {PAYEE_STATES}", name="state"),
        CheckConstraint("(kind = 'cash') = (account_index IS NULL)", name="account"),
        CheckConstraint("(account_index IS NULL) = (account_sealed IS NULL)", name="account_sealed"),
        # A proxy is named in writing: the paper and its time.
        CheckConstraint("(member_id IS NULL) = (file_id IS NOT NULL)", name="proxy_paper"),
        CheckConstraint("until IS NULL OR until >= from_day", name="until_after_from"),
        CheckConstraint("length(id_index) = 32 AND length(id_last4) = 4", name="id"),
        # Two persons, one side an office (QUALITY.md: two people for bank-card changes).
        CheckConstraint("approved_by IS NULL OR approved_by <> proposed_by", name="two_persons"),
        CheckConstraint(
            "approved_by IS NULL OR proposed_side = 'office' OR approved_side = 'office'", name="one_office"
        ),
        CheckConstraint(
            "(approved_by IS NULL) = (in_force_from IS NULL) AND (approved_by IS NULL) = (approved_at IS NULL)"
            " AND (approved_by IS NULL) = (approved_side IS NULL)",
            name="approved_whole",
        ),
        CheckConstraint("state <> 'approved' OR approved_by IS NOT NULL", name="approved_by_somebody"),
        CheckConstraint("state <> 'proposed' OR approved_by IS NULL", name="proposed_by_one"),
        CheckConstraint("(state = 'stopped') = (stopped_by IS NOT NULL)", name="stopped_by_somebody"),
        CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="ended_on_a_day"),
        # One proposal at a time per household and agreement.
        Index(
            "uq_payee_proposal",
            "household_id",
            unique=True,
            sqlite_where=text("state = 'proposed' AND agreement_id IS NULL"),
            postgresql_where=text("state = 'proposed' AND agreement_id IS NULL"),
        ),
        Index(
            "uq_payee_proposal_agreement",
            "household_id",
            "agreement_id",
            unique=True,
            sqlite_where=text("state = 'proposed' AND agreement_id IS NOT NULL"),
            postgresql_where=text("state = 'proposed' AND agreement_id IS NOT NULL"),
        ),
        Index("ix_payee_household_state", "household_id", "state"),
        Index("ix_payee_account_index", "account_index"),
        Index("ix_payee_state_in_force_from", "state", "in_force_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement.id"), index=True)
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    relation: Mapped[str] = mapped_column(String(20))
    id_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    id_last4: Mapped[str] = mapped_column(String(4))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    from_day: Mapped[date]
    until: Mapped[date | None]
    kind: Mapped[str] = mapped_column(String(8))
    bank: Mapped[str] = mapped_column(String(60), default="")
    account_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    account_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    account_last4: Mapped[str] = mapped_column(String(4), default="")
    odd_account: Mapped[bool] = mapped_column(default=False)  # its check digit fails: many 一卡通 do, so only a warning
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    proposed_side: Mapped[str] = mapped_column(String(10))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    approved_side: Mapped[str | None] = mapped_column(String(10))
    approved_at: Mapped[datetime | None]
    in_force_from: Mapped[date | None]
    stopped_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    stopped_at: Mapped[datetime | None]
    ended_on: Mapped[date | None]


sealed_columns(Payee.__table__, "id_sealed", "account_sealed")
append_only(
    Payee.metadata.tables["payee"],
    columns_that_may_change=(
        "state", "approved_by", "approved_side", "approved_at", "in_force_from", "stopped_by", "stopped_at", "ended_on",
        "id_sealed", "account_sealed",  # sealed anew with another key
    ),
)  # fmt: skip

CHANGES = ("left", "merged", "split", "moved", "died")
TURNING = ("merged", "split")  # these turn what a household is owed to others


class HouseholdChange(Base):
    """What became of a household from a day on. `moved` names both places, `died` the member, `merged` and `split` the
    parts (household_change_part). Those that turn money to others are in force once another person approved them."""

    __tablename__ = "household_change"
    __table_args__ = (
        CheckConstraint(f"kind IN {CHANGES}", name="kind"),
        CheckConstraint("state IN ('proposed', 'in_force', 'refused')", name="state"),
        CheckConstraint("(kind = 'died') = (member_id IS NOT NULL)", name="member"),
        CheckConstraint("(kind = 'moved') = (village IS NOT NULL)", name="village"),
        CheckConstraint("(kind = 'moved') = (village_before IS NOT NULL)", name="village_before"),
        CheckConstraint("decided_by IS NULL OR decided_by <> recorded_by OR state = 'refused'", name="two_persons"),
        CheckConstraint(
            f"kind NOT IN {TURNING} OR (state = 'proposed') = (decided_by IS NULL)", name="turning_is_decided"
        ),
        CheckConstraint(f"kind IN {TURNING} OR state = 'in_force'", name="others_at_once"),
        Index("ix_household_change_household", "household_id", "from_day"),
        # One turn of a household's money waits at a time.
        Index(
            "uq_household_change_proposal",
            "household_id",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    kind: Mapped[str] = mapped_column(String(8))
    from_day: Mapped[date]
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"))
    village: Mapped[str | None] = mapped_column(String(12))
    village_before: Mapped[str | None] = mapped_column(String(12))
    group_name: Mapped[str] = mapped_column(String(20), default="")
    group_before: Mapped[str] = mapped_column(String(20), default="")
    evidence: Mapped[str] = mapped_column(String(200))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("file.id"))
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]


class HouseholdChangePart(Base):
    """Who is paid what part of a household's money, in basis points; a household's parts sum to 10,000."""

    __tablename__ = "household_change_part"
    __table_args__ = (CheckConstraint("basis_points BETWEEN 1 AND 10000", name="basis_points"),)

    change_id: Mapped[UUID] = mapped_column(ForeignKey("household_change.id"), primary_key=True)
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"), primary_key=True, index=True)
    basis_points: Mapped[int]


append_only(
    HouseholdChange.metadata.tables["household_change"],
    columns_that_may_change=("state", "decided_by", "decided_at"),
)
append_only(HouseholdChangePart.metadata.tables["household_change_part"])
