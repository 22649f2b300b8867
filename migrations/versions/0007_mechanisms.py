"""Every mechanism of linkage: flows, advances, surplus, revisions of a lot's cost, yields, which day a roster may begin."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0007"
down_revision = "0006"

TIME = sa.DateTime(timezone=True)
KINDS = "'produce', 'dividend', 'premium', 'piece_wage', 'wage', 'rent', 'fixed_dividend', 'surplus'"
LOT = (
    "id",
    "number",
    "supplier_id",
    "product_id",
    "agreement_id",
    "basis",
    "division",
    "harvested_on",
    "size",
    "cost_fen",
    "households",
    "created_at",
)
# What was settled so far: a bill is issued on its acceptance's day.
FILL = """
INSERT INTO settled_until (supplier_id, day)
SELECT s.supplier_id, max(b.issued_on) FROM settled_line s JOIN bill b ON b.id = s.bill_id GROUP BY s.supplier_id
"""


def upgrade() -> None:
    _agreements()
    _slips_and_lots()
    _settled_until()
    _flows()
    _advances()
    _revisions()
    _surplus()


def _agreements() -> None:
    schema.widen("agreement", "kind", 16)
    op.add_column("agreement", sa.Column("sale_tied", sa.Boolean(), server_default=sa.false(), nullable=False))
    schema.change_check("agreement", "kind", f"kind IN ({KINDS})")
    schema.change_check("agreement", "basis", "basis IS NULL OR basis IN ('outright', 'consignment', 'floor_plus')")
    schema.change_check("agreement", "rate_of_dividend", None)
    schema.change_check("agreement", "rate_of_premium", None)
    schema.change_check(
        "agreement",
        "rate_of_share",
        "(kind = 'dividend' OR (basis IS NOT NULL AND basis = 'floor_plus')) = (rate_basis_points IS NOT NULL)",
    )
    schema.change_check(
        "agreement",
        "rate_of_amount",
        "(kind NOT IN ('premium', 'piece_wage', 'rent') OR rate_fen IS NOT NULL)"
        " AND (kind NOT IN ('produce', 'dividend', 'surplus') OR rate_fen IS NULL)",
    )
    schema.change_check("agreement", "sale_tied", "NOT sale_tied OR kind = 'piece_wage'")


def _slips_and_lots() -> None:
    schema.change_check("slip", "basis", "basis IN ('outright', 'consignment', 'floor_plus')")
    schema.change_check(
        "slip", "money", "price_fen > 0 AND deduction_fen >= 0 AND payable_fen >= 0 AND payable_fen + deduction_fen > 0"
    )
    op.add_column("lot", sa.Column("delivered", sa.BigInteger()))
    op.add_column("lot", sa.Column("delivered_unit", sa.String(4)))
    op.add_column("lot", sa.Column("yields", sa.BigInteger()))
    op.add_column("lot", sa.Column("revised_fen", sa.BigInteger(), server_default="0", nullable=False))
    schema.change_check("lot", "revised", "revised_fen >= 0")
    schema.change_check("lot", "delivered", "delivered > 0 AND yields > 0")
    schema.guard("lot", fixed=(*LOT, "delivered", "delivered_unit", "yields"))
    schema.widen("pool", "kind", 12)


def _flows() -> None:
    op.create_table(
        "flow",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch", sa.String(24), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(12), nullable=False),
        sa.Column("member", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger()),
        sa.Column("unit", sa.String(4), nullable=False),
        sa.Column("rate_fen", sa.BigInteger()),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(120), nullable=False),
        sa.Column("file_id", sa.Uuid()),
        sa.Column("corrects_id", sa.Uuid()),
        sa.Column("distribution_id", sa.Uuid()),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.CheckConstraint(
            "kind IN ('piece_wage', 'wage', 'rent', 'fixed_dividend', 'surplus')", name=op.f("ck_flow_kind")
        ),
        sa.CheckConstraint(
            "(corrects_id IS NULL AND fen > 0) OR (corrects_id IS NOT NULL AND fen < 0)", name=op.f("ck_flow_fen")
        ),
        sa.CheckConstraint("(quantity IS NULL) = (rate_fen IS NULL)", name=op.f("ck_flow_counted")),
        sa.CheckConstraint("quantity > 0 AND rate_fen > 0", name=op.f("ck_flow_quantity")),
        sa.CheckConstraint(
            "quantity IS NULL OR abs(fen) = (2 * quantity * rate_fen + 1000) / 2000",
            name=op.f("ck_flow_fen_of_quantity"),
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_flow_agreement_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["flow.id"], name=op.f("fk_flow_corrects_id")),
        sa.ForeignKeyConstraint(["distribution_id"], ["distribution.id"], name=op.f("fk_flow_distribution_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_flow_file_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_flow_household_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_flow_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_flow_corrects_id")),
    )
    op.create_index("ix_flow_distribution_id", "flow", ["distribution_id"])
    op.create_index("ix_flow_household_id_day", "flow", ["household_id", "day"])
    op.create_index("ix_flow_report", "flow", ["division", "period", "kind", "fen", "supplier_id"])
    op.create_index("ix_flow_supplier_id_day", "flow", ["supplier_id", "day"])
    op.create_index(
        "uq_flow_voucher",
        "flow",
        ["agreement_id", "household_id", "member", "day", "evidence"],
        unique=True,
        sqlite_where=sa.text("corrects_id IS NULL"),
        postgresql_where=sa.text("corrects_id IS NULL"),
    )
    schema.guard(
        "flow",
        fixed=(
            "id",
            "batch",
            "kind",
            "supplier_id",
            "agreement_id",
            "household_id",
            "division",
            "member",
            "quantity",
            "unit",
            "rate_fen",
            "fen",
            "day",
            "posted_on",
            "period",
            "evidence",
            "file_id",
            "corrects_id",
            "recorded_at",
            "recorded_by",
        ),
    )


def _advances() -> None:
    op.create_table(
        "advance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(12), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("repaid_fen", sa.BigInteger(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(10), nullable=False),
        sa.Column("evidence", sa.String(120), nullable=False),
        sa.Column("file_id", sa.Uuid()),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.CheckConstraint("evidence <> ''", name=op.f("ck_advance_evidence")),
        sa.CheckConstraint("method IN ('cash', 'transfer')", name=op.f("ck_advance_method")),
        sa.CheckConstraint("fen > 0 AND repaid_fen BETWEEN 0 AND fen", name=op.f("ck_advance_repaid_within_fen")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_advance_file_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_advance_household_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_advance_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advance")),
        sa.UniqueConstraint("supplier_id", "number", name=op.f("uq_advance_supplier_id_number")),
    )
    op.create_index("ix_advance_household_id", "advance", ["household_id"])
    op.create_index("ix_advance_supplier_id_household_id", "advance", ["supplier_id", "household_id"])
    schema.guard(
        "advance",
        fixed=(
            "id",
            "number",
            "supplier_id",
            "household_id",
            "division",
            "fen",
            "given_on",
            "period",
            "method",
            "evidence",
            "file_id",
            "recorded_at",
            "recorded_by",
        ),
    )
    op.create_table(
        "advance_repayment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("advance_id", sa.Uuid(), nullable=False),
        sa.Column("slip_id", sa.Uuid()),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(120), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.CheckConstraint("fen > 0", name=op.f("ck_advance_repayment_fen")),
        sa.ForeignKeyConstraint(["advance_id"], ["advance.id"], name=op.f("fk_advance_repayment_advance_id")),
        sa.ForeignKeyConstraint(["slip_id"], ["slip.id"], name=op.f("fk_advance_repayment_slip_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advance_repayment")),
        sa.UniqueConstraint("slip_id", "advance_id", name=op.f("uq_advance_repayment_slip_id_advance_id")),
    )
    op.create_index("ix_advance_repayment_advance_id", "advance_repayment", ["advance_id"])
    schema.guard("advance_repayment")
    op.create_table(
        "slip_set_off",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slip_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.CheckConstraint("fen > 0", name=op.f("ck_slip_set_off_fen")),
        sa.ForeignKeyConstraint(["slip_id"], ["slip.id"], name=op.f("fk_slip_set_off_slip_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip_set_off")),
    )
    op.create_index("ix_slip_set_off_slip_id", "slip_set_off", ["slip_id"])
    schema.guard("slip_set_off")


def _revisions() -> None:
    op.create_table(
        "lot_revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("owed_now", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("evidence", sa.String(120), nullable=False),
        sa.Column("file_id", sa.Uuid()),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.CheckConstraint("evidence <> ''", name=op.f("ck_lot_revision_evidence")),
        sa.CheckConstraint("fen > 0", name=op.f("ck_lot_revision_fen")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_lot_revision_agreement_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_lot_revision_file_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_lot_revision_lot_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_lot_revision_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_revision")),
        sa.UniqueConstraint("number", name=op.f("uq_lot_revision_number")),
    )
    op.create_index("ix_lot_revision_lot_id", "lot_revision", ["lot_id"])
    op.create_index(op.f("ix_lot_revision_supplier_id"), "lot_revision", ["supplier_id"])
    schema.guard("lot_revision")
    op.create_table(
        "lot_revision_share",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("fen > 0", name=op.f("ck_lot_revision_share_fen")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_lot_revision_share_household_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["lot_revision.id"], name=op.f("fk_lot_revision_share_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "household_id", name=op.f("pk_lot_revision_share")),
    )
    op.create_index("ix_lot_revision_share_household_id", "lot_revision_share", ["household_id"])
    schema.guard("lot_revision_share")


def _surplus() -> None:
    op.create_table(
        "surplus_year",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("resolution", sa.String(60), nullable=False),
        sa.Column("resolved_on", sa.Date(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("profit_fen", sa.BigInteger(), nullable=False),
        sa.Column("losses_fen", sa.BigInteger(), nullable=False),
        sa.Column("reserves_fen", sa.BigInteger(), nullable=False),
        sa.Column("volume_basis_points", sa.BigInteger(), nullable=False),
        sa.Column("volume_fen", sa.BigInteger(), nullable=False),
        sa.Column("capital_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("prepared_by", sa.Uuid()),
        sa.Column("prepared_at", TIME, nullable=False),
        sa.Column("approved_by", sa.Uuid()),
        sa.Column("approved_at", TIME),
        sa.CheckConstraint(
            "state <> 'approved' OR approved_by <> prepared_by", name=op.f("ck_surplus_year_two_persons")
        ),
        sa.CheckConstraint("state IN ('draft', 'approved', 'discarded')", name=op.f("ck_surplus_year_state")),
        sa.CheckConstraint(
            "profit_fen > 0 AND losses_fen >= 0 AND reserves_fen >= 0", name=op.f("ck_surplus_year_amounts")
        ),
        sa.CheckConstraint("volume_basis_points BETWEEN 6000 AND 10000", name=op.f("ck_surplus_year_by_volume")),
        sa.CheckConstraint(
            "volume_fen >= 0 AND capital_fen >= 0 AND volume_fen + capital_fen = profit_fen - losses_fen - reserves_fen AND volume_fen + capital_fen > 0",
            name=op.f("ck_surplus_year_parts"),
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_surplus_year_agreement_id")),
        sa.ForeignKeyConstraint(["approved_by"], ["user.id"], name=op.f("fk_surplus_year_approved_by")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_surplus_year_file_id")),
        sa.ForeignKeyConstraint(["prepared_by"], ["user.id"], name=op.f("fk_surplus_year_prepared_by")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_surplus_year_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surplus_year")),
        sa.UniqueConstraint("number", name=op.f("uq_surplus_year_number")),
    )
    op.create_index(
        "uq_surplus_year_supplier",
        "surplus_year",
        ["supplier_id", "year"],
        unique=True,
        sqlite_where=sa.text("state <> 'discarded'"),
        postgresql_where=sa.text("state <> 'discarded'"),
    )
    schema.guard(
        "surplus_year",
        fixed=(
            "id",
            "number",
            "supplier_id",
            "agreement_id",
            "year",
            "resolution",
            "resolved_on",
            "file_id",
            "profit_fen",
            "losses_fen",
            "reserves_fen",
            "volume_basis_points",
            "volume_fen",
            "capital_fen",
            "prepared_by",
            "prepared_at",
        ),
    )
    op.create_table(
        "surplus_share",
        sa.Column("surplus_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("volume", sa.BigInteger(), nullable=False),
        sa.Column("capital", sa.BigInteger(), nullable=False),
        sa.Column("volume_fen", sa.BigInteger(), nullable=False),
        sa.Column("capital_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "volume >= 0 AND capital >= 0 AND volume + capital > 0", name=op.f("ck_surplus_share_weights")
        ),
        sa.CheckConstraint("volume_fen >= 0 AND capital_fen >= 0", name=op.f("ck_surplus_share_fen")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_surplus_share_household_id")),
        sa.ForeignKeyConstraint(["surplus_id"], ["surplus_year.id"], name=op.f("fk_surplus_share_surplus_id")),
        sa.PrimaryKeyConstraint("surplus_id", "household_id", name=op.f("pk_surplus_share")),
    )
    schema.guard("surplus_share")


def _settled_until() -> None:
    op.create_table(
        "settled_until",
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_settled_until_supplier_id")),
        sa.PrimaryKeyConstraint("supplier_id", name=op.f("pk_settled_until")),
    )
    op.execute(FILL)


def downgrade() -> None:
    for table in (
        "surplus_share",
        "surplus_year",
        "lot_revision_share",
        "lot_revision",
        "slip_set_off",
        "advance_repayment",
        "advance",
        "flow",
    ):
        schema.unguard(table)
        op.drop_table(table)
    op.drop_table("settled_until")
    schema.unguard("lot")
    schema.change_check("lot", "revised", None)
    schema.change_check("lot", "delivered", None)
    for column in ("delivered", "delivered_unit", "yields", "revised_fen"):
        op.execute(f"ALTER TABLE lot DROP COLUMN {column}")
    schema.guard("lot", fixed=LOT)
    schema.change_check("slip", "money", "price_fen > 0 AND deduction_fen >= 0 AND payable_fen > 0")
    schema.change_check("slip", "basis", "basis IN ('outright', 'consignment')")
    for name in ("rate_of_share", "rate_of_amount", "sale_tied"):
        schema.change_check("agreement", name, None)
    op.execute("ALTER TABLE agreement DROP COLUMN sale_tied")
    schema.change_check("agreement", "rate_of_dividend", "(kind = 'dividend') = (rate_basis_points IS NOT NULL)")
    schema.change_check("agreement", "rate_of_premium", "(kind = 'premium') = (rate_fen IS NOT NULL)")
    schema.change_check("agreement", "kind", "kind IN ('produce', 'dividend', 'premium')")
    schema.change_check("agreement", "basis", "basis IS NULL OR basis IN ('outright', 'consignment')")
    schema.widen("agreement", "kind", 12)
    schema.widen("pool", "kind", 8)
