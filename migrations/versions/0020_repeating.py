"""Standing orders by a calendar, and a union's festival goods by a list of heads."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

TIME = sa.DateTime(timezone=True)
TABLES = (
    "agency_span", "standing_order", "standing_line", "standing_run", "welfare_order", "welfare_good", "welfare_head",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "agency_span",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.CheckConstraint("kind IN ('term', 'closed')", name=op.f("ck_agency_span_kind")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_agency_span_days")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_agency_span_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_span")),
        sa.UniqueConstraint("agency_id", "kind", "from_day", name=op.f("uq_agency_span_agency_id_kind_from_day")),
    )
    op.create_table(
        "standing_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.String(7), nullable=False),
        sa.Column("every_weeks", sa.BigInteger(), nullable=False),
        sa.Column("on_holiday", sa.String(8), nullable=False),
        sa.Column("in_term", sa.Boolean(), nullable=False),
        sa.Column("ahead_days", sa.BigInteger(), nullable=False),
        sa.Column("window", sa.String(40), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("contact", sa.String(40), nullable=False),
        sa.Column("budget_line", sa.String(60), nullable=False),
        sa.Column("counted_as", sa.String(10), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "counted_as IN ('canteen', 'union', 'contractor', 'employee')", name=op.f("ck_standing_order_counted_as")
        ),
        sa.CheckConstraint("on_holiday IN ('skip', 'earlier')", name=op.f("ck_standing_order_on_holiday")),
        sa.CheckConstraint("state IN ('active', 'paused', 'ended')", name=op.f("ck_standing_order_state")),
        sa.CheckConstraint(
            "every_weeks BETWEEN 1 AND 8 AND ahead_days BETWEEN 1 AND 60", name=op.f("ck_standing_order_rhythm")
        ),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_standing_order_days")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_standing_order_agency_id")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_standing_order_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_order")),
        sa.UniqueConstraint("number", name=op.f("uq_standing_order_number")),
    )
    op.create_index("ix_standing_order_agency_id_state", "standing_order", ["agency_id", "state"], unique=False)
    op.create_table(
        "standing_line",
        sa.Column("standing_order_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_standing_line_quantity")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_standing_line_offer_id")),
        sa.ForeignKeyConstraint(
            ["standing_order_id"], ["standing_order.id"], name=op.f("fk_standing_line_standing_order_id")
        ),
        sa.PrimaryKeyConstraint("standing_order_id", "no", name=op.f("pk_standing_line")),
        sa.UniqueConstraint("standing_order_id", "offer_id", name=op.f("uq_standing_line_standing_order_id_offer_id")),
    )
    op.create_table(
        "standing_run",
        sa.Column("standing_order_id", sa.Uuid(), nullable=False),
        sa.Column("deliver_on", sa.Date(), nullable=False),
        sa.Column("requisition_id", sa.Uuid(), nullable=True),
        sa.Column("skipped", sa.String(40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("(requisition_id IS NULL) = (skipped <> '')", name=op.f("ck_standing_run_outcome")),
        sa.ForeignKeyConstraint(["requisition_id"], ["requisition.id"], name=op.f("fk_standing_run_requisition_id")),
        sa.ForeignKeyConstraint(
            ["standing_order_id"], ["standing_order.id"], name=op.f("fk_standing_run_standing_order_id")
        ),
        sa.PrimaryKeyConstraint("standing_order_id", "deliver_on", name=op.f("pk_standing_run")),
    )
    op.create_index(op.f("ix_standing_run_requisition_id"), "standing_run", ["requisition_id"], unique=False)
    op.create_table(
        "welfare_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("festival", sa.String(12), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("limit_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("packages", sa.BigInteger(), nullable=False),
        sa.Column("handed_out", sa.BigInteger(), nullable=False),
        sa.Column("requisition_id", sa.Uuid(), nullable=True),
        sa.Column("sheet_file_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('draft', 'cancelled')) OR requisition_id IS NOT NULL", name=op.f("ck_welfare_order_requisition")
        ),
        sa.CheckConstraint(
            "festival IN ('spring', 'dragon_boat', 'mid_autumn', 'other')", name=op.f("ck_welfare_order_festival")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'ordered', 'handing_out', 'done', 'cancelled')", name=op.f("ck_welfare_order_state")
        ),
        sa.CheckConstraint("handed_out BETWEEN 0 AND packages", name=op.f("ck_welfare_order_handed_out")),
        sa.CheckConstraint("limit_fen > 0", name=op.f("ck_welfare_order_limit")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_welfare_order_agency_id")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_welfare_order_created_by")),
        sa.ForeignKeyConstraint(["requisition_id"], ["requisition.id"], name=op.f("fk_welfare_order_requisition_id")),
        sa.ForeignKeyConstraint(["sheet_file_id"], ["file.id"], name=op.f("fk_welfare_order_sheet_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_welfare_order")),
        sa.UniqueConstraint("number", name=op.f("uq_welfare_order_number")),
        sa.UniqueConstraint("requisition_id", name=op.f("uq_welfare_order_requisition_id")),
    )
    op.create_index("ix_welfare_order_agency_id_state", "welfare_order", ["agency_id", "state"], unique=False)
    op.create_table(
        "welfare_good",
        sa.Column("welfare_order_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_welfare_good_quantity")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_welfare_good_offer_id")),
        sa.ForeignKeyConstraint(
            ["welfare_order_id"], ["welfare_order.id"], name=op.f("fk_welfare_good_welfare_order_id")
        ),
        sa.PrimaryKeyConstraint("welfare_order_id", "no", name=op.f("pk_welfare_good")),
        sa.UniqueConstraint("welfare_order_id", "offer_id", name=op.f("uq_welfare_good_welfare_order_id_offer_id")),
    )
    op.create_table(
        "welfare_head",
        sa.Column("welfare_order_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("department", sa.String(60), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("staff_number", sa.String(20), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("signed_how", sa.String(6), nullable=False),
        sa.Column("proxy", sa.String(40), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(signed_on IS NULL) = (signed_how = '')", name=op.f("ck_welfare_head_signed")),
        sa.CheckConstraint("signed_how <> 'proxy' OR proxy <> ''", name=op.f("ck_welfare_head_proxy")),
        sa.CheckConstraint("signed_how IN ('', 'self', 'proxy')", name=op.f("ck_welfare_head_signed_how")),
        sa.ForeignKeyConstraint(["signed_by"], ["user.id"], name=op.f("fk_welfare_head_signed_by")),
        sa.ForeignKeyConstraint(
            ["welfare_order_id"], ["welfare_order.id"], name=op.f("fk_welfare_head_welfare_order_id")
        ),
        sa.PrimaryKeyConstraint("welfare_order_id", "no", name=op.f("pk_welfare_head")),
        sa.UniqueConstraint(
            "welfare_order_id",
            "department",
            "name",
            "staff_number",
            name=op.f("uq_welfare_head_welfare_order_id_department_name_staff_number"),
        ),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
