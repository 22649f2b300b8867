"""Delivery: what a shipment notice says, crates, substitutes, what is checked at the door, deemed acceptance."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0015"
down_revision = "0014"

TIME = sa.DateTime(timezone=True)
LIVE = sa.text("state = 'proposed'")
KINDS = "kind IN ('basket', 'crate', 'foam_box', 'pallet')"
CHECKS = (
    ("shipment", "state", "state IN ('in_transit', 'accepted', 'cancelled')"),
    ("shipment", "cancelled_with_reason", "state <> 'cancelled' OR closed_reason <> ''"),
    ("shipment_line", "weights", "packages >= 0 AND gross >= net AND net > 0"),
    ("acceptance", "deemed_on", "state <> 'deemed' OR deemed_on IS NOT NULL"),
    ("acceptance_line", "checks", "sensory IN ('', 'good', 'off') AND quick_test IN ('', 'pass', 'fail')"),
    ("acceptance_line", "failed_is_rejected", "quick_test <> 'fail' OR accepted = 0"),
)
OF_ALL = sa.text("agency_id IS NULL")
# What holds until an office states another: RULES.md knows a parameter of days, and no published figure of it.
FIRST_TERM = (
    "INSERT INTO deeming_term (id, agency_id, from_day, days, basis) VALUES"
    " ('0193557f000070008000000000000015', NULL, '2025-06-01', 10, '合同未约定时的默认天数')"
)
GUARDED = ("crate_movement", "weighing_entry", "seen_paper", "delivery_photo", "deeming_term")


def _added() -> dict[str, tuple[sa.Column, ...]]:
    """Columns by table, new objects each time: a column belongs to one statement."""
    return {
        "shipment": (
            sa.Column("delivery_no", sa.BigInteger(), server_default="1", nullable=False),
            sa.Column("due_on", sa.Date()),
            sa.Column("window", sa.String(40), server_default="", nullable=False),
            sa.Column("plate", sa.String(12), server_default="", nullable=False),
            sa.Column("driver", sa.String(20), server_default="", nullable=False),
            sa.Column("temperature_tenths", sa.BigInteger()),
            sa.Column("closed_reason", sa.String(200), server_default="", nullable=False),
        ),
        "shipment_line": (
            sa.Column("packages", sa.BigInteger()),
            sa.Column("gross", sa.BigInteger()),
            sa.Column("net", sa.BigInteger()),
        ),
        "acceptance": (sa.Column("deemed_on", sa.Date()),),
        "acceptance_line": (
            sa.Column("packages", sa.BigInteger()),
            sa.Column("temperature_tenths", sa.BigInteger()),
            sa.Column("sensory", sa.String(4), server_default="", nullable=False),
            sa.Column("quick_test", sa.String(4), server_default="", nullable=False),
            sa.Column("best_before", sa.Date()),
        ),
    }


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    for table, name, condition in CHECKS:
        schema.change_check(table, name, condition)
    _crates()
    _substitutes()
    _at_the_door()
    _terms()
    for table in GUARDED:
        schema.guard(table)


def _crates() -> None:
    op.create_table(
        "shipment_crate",
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("deposit_fen", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_shipment_crate_kind")),
        sa.CheckConstraint("count > 0 AND deposit_fen >= 0", name=op.f("ck_shipment_crate_amounts")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_shipment_crate_shipment_id")),
        sa.PrimaryKeyConstraint("shipment_id", "kind", name=op.f("pk_shipment_crate")),
    )
    op.create_table(
        "crate_movement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("deposit_fen", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("shipment_id", sa.Uuid()),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.Uuid()),
        sa.CheckConstraint(KINDS, name=op.f("ck_crate_movement_kind")),
        sa.CheckConstraint("count <> 0 AND deposit_fen >= 0", name=op.f("ck_crate_movement_amounts")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_crate_movement_supplier_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_crate_movement_agency_id")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_crate_movement_shipment_id")),
        sa.ForeignKeyConstraint(["by"], ["user.id"], name=op.f("fk_crate_movement_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crate_movement")),
    )
    op.create_index("ix_crate_movement_supplier_id_agency_id", "crate_movement", ["supplier_id", "agency_id"])
    op.create_index("ix_crate_movement_shipment_id", "crate_movement", ["shipment_id"])
    op.create_table(
        "crate_balance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("deposit_fen", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_crate_balance_never_below_zero")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_crate_balance_supplier_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_crate_balance_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crate_balance")),
        sa.UniqueConstraint(
            "supplier_id",
            "agency_id",
            "kind",
            "deposit_fen",
            name=op.f("uq_crate_balance_supplier_id_agency_id_kind_deposit_fen"),
        ),
    )
    op.create_index("ix_crate_balance_agency_id", "crate_balance", ["agency_id"])


def _substitutes() -> None:
    op.create_table(
        "substitute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("instead", sa.BigInteger(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proposed_by", sa.Uuid()),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("answered_by", sa.Uuid()),
        sa.Column("answered_at", TIME),
        sa.Column("answer", sa.String(200), nullable=False),
        sa.Column("new_line_id", sa.Uuid()),
        sa.CheckConstraint(
            "state IN ('proposed', 'consented', 'refused', 'withdrawn')", name=op.f("ck_substitute_state")
        ),
        sa.CheckConstraint("quantity > 0 AND instead > 0 AND price_fen > 0", name=op.f("ck_substitute_amounts")),
        sa.CheckConstraint("(state = 'consented') = (new_line_id IS NOT NULL)", name=op.f("ck_substitute_new_line")),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("fk_substitute_order_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_substitute_order_line_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_substitute_offer_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["user.id"], name=op.f("fk_substitute_proposed_by")),
        sa.ForeignKeyConstraint(["answered_by"], ["user.id"], name=op.f("fk_substitute_answered_by")),
        sa.ForeignKeyConstraint(["new_line_id"], ["order_line.id"], name=op.f("fk_substitute_new_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitute")),
    )
    op.create_index("ix_substitute_order_id", "substitute", ["order_id"])
    op.create_index(
        "uq_substitute_order_line_id_live",
        "substitute",
        ["order_line_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def _at_the_door() -> None:
    line = ["acceptance_line_id"], ["acceptance_line.id"]
    op.create_table(
        "weighing_entry",
        sa.Column("acceptance_line_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("tare", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("tare >= 0 AND net > 0 AND net = gross - tare", name=op.f("ck_weighing_entry_net")),
        sa.ForeignKeyConstraint(*line, name=op.f("fk_weighing_entry_acceptance_line_id")),
        sa.PrimaryKeyConstraint("acceptance_line_id", "no", name=op.f("pk_weighing_entry")),
    )
    op.create_table(
        "seen_paper",
        sa.Column("acceptance_line_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.ForeignKeyConstraint(*line, name=op.f("fk_seen_paper_acceptance_line_id")),
        sa.PrimaryKeyConstraint("acceptance_line_id", "kind", name=op.f("pk_seen_paper")),
    )
    op.create_table(
        "delivery_photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_line_id", sa.Uuid()),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.Uuid()),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_delivery_photo_shipment_id")),
        sa.ForeignKeyConstraint(
            ["shipment_line_id"], ["shipment_line.id"], name=op.f("fk_delivery_photo_shipment_line_id")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_delivery_photo_file_id")),
        sa.ForeignKeyConstraint(["by"], ["user.id"], name=op.f("fk_delivery_photo_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_photo")),
    )
    op.create_index("ix_delivery_photo_shipment_id", "delivery_photo", ["shipment_id"])
    op.create_table(
        "acceptance_draft",
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("saved_by", sa.Uuid()),
        sa.Column("saved_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_acceptance_draft_shipment_id")),
        sa.ForeignKeyConstraint(["saved_by"], ["user.id"], name=op.f("fk_acceptance_draft_saved_by")),
        sa.PrimaryKeyConstraint("shipment_id", name=op.f("pk_acceptance_draft")),
    )


def _terms() -> None:
    op.create_table(
        "deeming_term",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid()),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.String(200), nullable=False),
        sa.CheckConstraint("days BETWEEN 1 AND 60", name=op.f("ck_deeming_term_days")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_deeming_term_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deeming_term")),
        sa.UniqueConstraint("agency_id", "from_day", name=op.f("uq_deeming_term_agency_id_from_day")),
    )
    op.create_index(
        "uq_deeming_term_all", "deeming_term", ["from_day"], unique=True, sqlite_where=OF_ALL, postgresql_where=OF_ALL
    )
    op.execute(FIRST_TERM)


def downgrade() -> None:
    for table in GUARDED:
        schema.unguard(table)
    for table in (
        "deeming_term",
        "acceptance_draft",
        "delivery_photo",
        "seen_paper",
        "weighing_entry",
        "substitute",
        "crate_balance",
        "crate_movement",
        "shipment_crate",
    ):
        op.drop_table(table)
    for table, name, _condition in CHECKS:
        schema.change_check(table, name, None)
    for table, columns in _added().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
