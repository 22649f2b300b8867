"""Quota in full: parameters by year and region, filing and its check, amendments, contractors, units that follow others."""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0012"
down_revision = "0011"

TIME = sa.DateTime(timezone=True)
NEW = (
    ("unit_case", sa.String(10), "own"),
    ("covered_by_id", sa.Uuid(), None),
    ("canteen_fen", sa.BigInteger(), "0"),
    ("union_fen", sa.BigInteger(), "0"),
    ("rule_id", sa.Uuid(), None),
    ("minimum_fen", sa.BigInteger(), None),
    ("filed_by", sa.Uuid(), None),
    ("late", sa.Boolean(), sa.false()),
    ("note", sa.String(300), ""),
    ("decided_by", sa.Uuid(), None),
    ("decided_at", TIME, None),
    ("reason", sa.String(300), ""),
)
CHECKS = {
    "target": "target_fen >= 0 AND base_fen >= 0 AND (target_fen > 0 OR covered_by_id IS NOT NULL)",
    "bases": "canteen_fen >= 0 AND union_fen >= 0",
    "state": "state IN ('draft', 'filed', 'returned', 'approved')",
    "unit_case": "unit_case IN ('own', 'none', 'outsourced', 'shared')",
    "shared": "(unit_case = 'shared') = (covered_by_id IS NOT NULL)",
    "covered": "covered_by_id IS NULL OR (covered_by_id <> id AND committed_fen + settled_fen = 0)",
    "two_persons": "decided_by IS NULL OR filed_by IS NULL OR decided_by <> filed_by",
}
KEYS = {
    "fk_quota_plan_covered_by_id": ("covered_by_id", "quota_plan", "id"),
    "fk_quota_plan_rule_id": ("rule_id", "quota_rule", "id"),
    "fk_quota_plan_filed_by": ("filed_by", "user", "id"),
    "fk_quota_plan_decided_by": ("decided_by", "user", "id"),
}
# What was read in public sources (RULES.md, Quota): year, prefix, base, minimum, encouraged, not below last year,
# share of union funds without canteen, filing day, source.
PUBLISHED = (
    (
        2024,
        "",
        "canteen",
        1000,
        1500,
        False,
        None,
        220,
        "财政部等：2024 年预留份额比例不低于 10 %，鼓励 15 %，2 月 20 日前填报",
    ),
    (2023, "6207", "canteen_union", 1500, None, False, None, None, "张掖市：2023 年食堂和工会采购额的 15 %"),
    (2025, "34", "canteen", 1500, 2000, True, None, None, "安徽省：2025 年不低于 15 %，鼓励 20 %，不低于上年"),
    (2025, "44", "canteen", 3000, None, False, None, None, "广东省：2025 年 30 %"),
    (2025, "3416", "canteen", 1500, 2000, True, 2000, None, "亳州市：2025 年无食堂单位按工会经费 20 %；其余同安徽省"),
)


def upgrade() -> None:
    _rules()
    _plans()
    _contractors()
    _amendments()
    _successions()


def _rules() -> None:
    rule = op.create_table(
        "quota_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("prefix", sa.String(12), nullable=False),
        sa.Column("base", sa.String(14), nullable=False),
        sa.Column("minimum_bp", sa.BigInteger()),
        sa.Column("encouraged_bp", sa.BigInteger()),
        sa.Column("not_below_last_year", sa.Boolean(), nullable=False),
        sa.Column("union_share_bp", sa.BigInteger()),
        sa.Column("filing_md", sa.BigInteger()),
        sa.Column("counting_md", sa.BigInteger(), nullable=False),
        sa.Column("warn_md", sa.BigInteger(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("lead_days", sa.BigInteger(), nullable=False),
        sa.Column("pay_days", sa.BigInteger(), nullable=False),
        sa.Column("confirm_days", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("set_by", sa.Uuid()),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("confirmed_by", sa.Uuid()),
        sa.Column("confirmed_at", TIME),
        sa.CheckConstraint("base IN ('canteen', 'canteen_union')", name=op.f("ck_quota_rule_base")),
        sa.CheckConstraint("status IN ('unconfirmed', 'confirmed')", name=op.f("ck_quota_rule_status")),
        sa.CheckConstraint(
            "status = 'unconfirmed' OR minimum_bp IS NOT NULL", name=op.f("ck_quota_rule_confirmed_with_rate")
        ),
        sa.CheckConstraint("minimum_bp IS NULL OR minimum_bp BETWEEN 1 AND 10000", name=op.f("ck_quota_rule_minimum")),
        sa.CheckConstraint(
            "encouraged_bp IS NULL OR encouraged_bp BETWEEN minimum_bp AND 10000", name=op.f("ck_quota_rule_encouraged")
        ),
        sa.CheckConstraint(
            "union_share_bp IS NULL OR union_share_bp BETWEEN 1 AND 10000", name=op.f("ck_quota_rule_union_share")
        ),
        sa.CheckConstraint("confirmed_by IS NULL OR confirmed_by <> set_by", name=op.f("ck_quota_rule_two_persons")),
        sa.ForeignKeyConstraint(["set_by"], ["user.id"], name=op.f("fk_quota_rule_set_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["user.id"], name=op.f("fk_quota_rule_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_rule")),
        sa.UniqueConstraint("year", "prefix", name=op.f("uq_quota_rule_year_prefix")),
    )
    names = "year", "prefix", "base", "minimum_bp", "encouraged_bp", "not_below_last_year", "union_share_bp"
    names += "filing_md", "source"
    now = datetime(2026, 11, 22, tzinfo=UTC)
    common = {"counting_md": 1231, "warn_md": 1101, "needs_review": False, "lead_days": 14, "pay_days": 30}
    common |= {"confirm_days": 11, "status": "confirmed", "set_at": now, "confirmed_at": now}
    op.bulk_insert(rule, [dict(zip(names, row, strict=True)) | common | {"id": uuid.uuid4()} for row in PUBLISHED])


def _plans() -> None:
    """A plan until now was registered by an office as approved; what it was taken of is the canteen's ingredients."""
    for name, type_, default in NEW:
        op.add_column("quota_plan", sa.Column(name, type_, server_default=default, nullable=default is None))
    schema.allow_null("quota_plan", "minimum_basis_points")
    op.execute("UPDATE quota_plan SET canteen_fen = base_fen")
    schema.change_foreign_keys("quota_plan", drop=(), add=KEYS)
    for name, condition in CHECKS.items():
        schema.change_check("quota_plan", name, condition)
    op.create_index("ix_quota_plan_covered_by_id", "quota_plan", ["covered_by_id"])


def _contractors() -> None:
    op.create_table(
        "quota_contractor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("contractor_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date()),
        sa.CheckConstraint("until_day IS NULL OR until_day >= from_day", name=op.f("ck_quota_contractor_days")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_quota_contractor_plan_id")),
        sa.ForeignKeyConstraint(["contractor_id"], ["organisation.id"], name=op.f("fk_quota_contractor_contractor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_contractor")),
    )
    where = sa.text("until_day IS NULL")
    op.create_index(
        "uq_quota_contractor_open",
        "quota_contractor",
        ["contractor_id", "year"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_index("ix_quota_contractor_plan_id", "quota_contractor", ["plan_id"])


def _amendments() -> None:
    whole = "old_canteen_fen", "old_union_fen", "old_base_fen", "old_target_fen"
    figures = "canteen_fen", "union_fen", "base_fen", "target_fen"
    op.create_table(
        "quota_amendment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in whole),
        sa.Column("old_ceiling_fen", sa.BigInteger()),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in figures),
        sa.Column("ceiling_fen", sa.BigInteger()),
        sa.Column("minimum_fen", sa.BigInteger()),
        sa.Column("add_contractor_id", sa.Uuid()),
        sa.Column("end_contractor_id", sa.Uuid()),
        sa.Column("proposed_by", sa.Uuid()),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", TIME),
        sa.Column("answer", sa.String(300), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'refused', 'withdrawn')", name=op.f("ck_quota_amendment_state")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by", name=op.f("ck_quota_amendment_two_persons")
        ),
        sa.CheckConstraint(
            "target_fen > 0 AND base_fen >= 0 AND canteen_fen >= 0 AND union_fen >= 0",
            name=op.f("ck_quota_amendment_figures"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_quota_amendment_reason")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_quota_amendment_plan_id")),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_quota_amendment_{name}"))
            for name, table in (
                ("add_contractor_id", "organisation"),
                ("end_contractor_id", "organisation"),
                ("proposed_by", "user"),
                ("decided_by", "user"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_amendment")),
        sa.UniqueConstraint("plan_id", "no", name=op.f("uq_quota_amendment_plan_id_no")),
    )
    where = sa.text("state = 'proposed'")
    op.create_index(
        "uq_quota_amendment_open",
        "quota_amendment",
        ["plan_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _successions() -> None:
    op.create_table(
        "quota_succession",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("abolished_on", sa.Date(), nullable=False),
        sa.Column("successor_id", sa.Uuid()),
        sa.Column("document", sa.String(120), nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.CheckConstraint(
            "successor_id IS NULL OR successor_id <> organisation_id", name=op.f("ck_quota_succession_another")
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_quota_succession_{name}"))
            for name, table in (
                ("organisation_id", "organisation"),
                ("successor_id", "organisation"),
                ("recorded_by", "user"),
            )
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_quota_succession")),
    )
    op.create_index("ix_quota_succession_successor_id", "quota_succession", ["successor_id"])


def downgrade() -> None:
    op.drop_table("quota_succession")
    op.drop_table("quota_amendment")
    op.drop_table("quota_contractor")
    op.drop_index("ix_quota_plan_covered_by_id", "quota_plan")
    for name in CHECKS:
        schema.change_check("quota_plan", name, None)
    schema.change_foreign_keys("quota_plan", drop=tuple(KEYS), add={})
    for name, *_ in NEW:
        op.drop_column("quota_plan", name)
    schema.change_check("quota_plan", "target", "target_fen >= 0 AND base_fen >= 0")
    op.execute("UPDATE quota_plan SET minimum_basis_points = 1000 WHERE minimum_basis_points IS NULL")
    op.drop_table("quota_rule")
