"""Standing of a household with a supplier, pools that can fall, reversals with their returns, jobs."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)

STANDING_SQLITE = """
CREATE TRIGGER standing_received BEFORE UPDATE OF received_fen ON standing
WHEN NEW.received_fen > OLD.received_fen AND NEW.received_fen > NEW.owed_fen
BEGIN SELECT RAISE(ABORT, 'more than owed: standing'); END
"""
STANDING_FUNCTION = """
CREATE FUNCTION refuse_more_than_owed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = 'more than owed: ' || TG_TABLE_NAME, ERRCODE = 'restrict_violation';
END $$
"""
STANDING_POSTGRESQL = """
CREATE TRIGGER standing_received BEFORE UPDATE OF received_fen ON standing FOR EACH ROW
WHEN (NEW.received_fen > OLD.received_fen AND NEW.received_fen > NEW.owed_fen)
EXECUTE FUNCTION refuse_more_than_owed()
"""
# What stands so far, from the ledger: credits of an owed account are what was owed, its debits what was received.
FILL = """
INSERT INTO standing (id, household_id, supplier_id, owed_fen, received_fen)
SELECT a.id, a.owner_id, a.party_id,
    COALESCE((SELECT sum(e.amount) FROM entry e WHERE e.credit_id = a.id), 0),
    COALESCE((SELECT sum(e.amount) FROM entry e WHERE e.debit_id = a.id), 0)
FROM account a WHERE a.kind = 'owed'
"""


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger()),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("started_by", sa.Uuid()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("beat_at", TIME),
        sa.Column("finished_at", TIME),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_job_state")),
        sa.CheckConstraint("done >= 0 AND (total IS NULL OR total >= 0)", name=op.f("ck_job_progress")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_state", "job", ["state", "id"])
    op.create_index("ix_job_organisation_id", "job", ["organisation_id", "id"])
    op.create_table(
        "standing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("owed_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("owed_fen >= 0 AND received_fen >= 0", name=op.f("ck_standing_not_negative")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_standing_household_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_standing_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing")),
        sa.UniqueConstraint("household_id", "supplier_id", name=op.f("uq_standing_household_id_supplier_id")),
    )
    op.create_index(op.f("ix_standing_supplier_id"), "standing", ["supplier_id"])
    op.execute(FILL)
    if sqlite:
        op.execute(STANDING_SQLITE)
    else:
        op.execute(STANDING_FUNCTION)
        op.execute(STANDING_POSTGRESQL)
    _pools()
    _returns()
    _settled_lines()


def _pools() -> None:
    schema.change_check("pool", "kind", "kind IN ('lot', 'roster', 'supplement', 'revision')")
    schema.change_check("pool", "distributed_within_total", None)
    schema.change_check("pool", "not_negative", "total_fen >= 0 AND distributed_fen >= 0 AND sold >= 0")
    schema.change_check("pool_movement", "grows", None)
    schema.change_check("pool_movement", "moves", "before_fen >= 0 AND after_fen >= 0 AND after_fen <> before_fen")


def _returns() -> None:
    op.create_table(
        "goods_return",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("acceptance_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("money_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("restocked", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.CheckConstraint("quantity > 0 AND net >= 0 AND money_fen >= 0", name=op.f("ck_goods_return_amounts")),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("fk_goods_return_order_id")),
        sa.ForeignKeyConstraint(
            ["acceptance_line_id"], ["acceptance_line.id"], name=op.f("fk_goods_return_acceptance_line_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["user.id"], name=op.f("fk_goods_return_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_return")),
        sa.UniqueConstraint("number", name=op.f("uq_goods_return_number")),
    )
    op.create_index(op.f("ix_goods_return_order_id"), "goods_return", ["order_id"])
    op.create_index(op.f("ix_goods_return_acceptance_line_id"), "goods_return", ["acceptance_line_id"])
    schema.guard("goods_return")
    for column in ("returned", "returned_net", "returned_fen"):
        op.add_column("acceptance_line", sa.Column(column, sa.BigInteger(), server_default="0", nullable=False))
    schema.change_check(
        "acceptance_line",
        "returned",
        "returned BETWEEN 0 AND accepted AND returned_net BETWEEN 0 AND net AND returned_fen BETWEEN 0 AND money_fen",
    )
    op.create_table(
        "red_invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(30), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("refund_serial", sa.String(60), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_red_invoice_amount")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_red_invoice_bill_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_red_invoice_supplier_id")),
        sa.ForeignKeyConstraint(["return_id"], ["goods_return.id"], name=op.f("fk_red_invoice_return_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_red_invoice")),
        sa.UniqueConstraint("return_id", name=op.f("uq_red_invoice_return_id")),
        sa.UniqueConstraint("supplier_id", "number", name=op.f("uq_red_invoice_supplier_id_number")),
    )
    op.create_index(op.f("ix_red_invoice_bill_id"), "red_invoice", ["bill_id"])
    schema.guard("red_invoice")


def _settled_lines() -> None:
    """A reversal is a row of its own: the settled line's id is no longer the acceptance line's by necessity."""
    nobody = "00000000-0000-0000-0000-000000000000" if op.get_bind().dialect.name != "sqlite" else "0" * 32
    op.add_column("settled_line", sa.Column("line_id", sa.Uuid(), server_default=nobody, nullable=False))
    op.add_column("settled_line", sa.Column("reverses_id", sa.Uuid()))
    op.add_column("settled_line", sa.Column("concerns_period", sa.BigInteger()))
    schema.unguard("settled_line")
    op.execute("UPDATE settled_line SET line_id = id")
    only = sa.text("reverses_id IS NOT NULL")  # a sale pays for no index that it is not in
    op.create_index(
        "ix_settled_line_reverses_id", "settled_line", ["reverses_id"], sqlite_where=only, postgresql_where=only
    )
    schema.change_foreign_keys(
        "settled_line",
        drop=("fk_settled_line_id",),
        add={
            "fk_settled_line_line_id": ("line_id", "acceptance_line", "id"),
            "fk_settled_line_reverses_id": ("reverses_id", "settled_line", "id"),
        },
    )
    schema.change_check("settled_line", "attributed_within_money", None)
    schema.change_check("settled_line", "owed_within_attributed", None)
    schema.change_check(
        "settled_line",
        "sale",
        "reverses_id IS NOT NULL OR (id = line_id AND money_fen > 0 AND attributed_fen BETWEEN 0 AND money_fen"
        " AND owed_fen BETWEEN 0 AND attributed_fen)",
    )
    schema.change_check(
        "settled_line",
        "reversal",
        "reverses_id IS NULL OR (reverses_id = line_id AND id <> line_id AND money_fen <= 0 AND quantity < 0"
        " AND attributed_fen BETWEEN money_fen AND 0 AND owed_fen BETWEEN attributed_fen AND 0)",
    )
    schema.guard("settled_line")


def downgrade() -> None:
    schema.unguard("settled_line")
    op.execute("DELETE FROM settled_line WHERE reverses_id IS NOT NULL")
    schema.change_check("settled_line", "sale", None)
    schema.change_check("settled_line", "reversal", None)
    schema.change_foreign_keys(
        "settled_line",
        drop=("fk_settled_line_line_id", "fk_settled_line_reverses_id"),
        add={"fk_settled_line_id": ("id", "acceptance_line", "id")},
    )
    op.drop_index("ix_settled_line_reverses_id", "settled_line")
    for column in ("line_id", "reverses_id", "concerns_period"):
        op.execute(f"ALTER TABLE settled_line DROP COLUMN {column}")
    schema.change_check(
        "settled_line", "attributed_within_money", "money_fen > 0 AND attributed_fen BETWEEN 0 AND money_fen"
    )
    schema.change_check("settled_line", "owed_within_attributed", "owed_fen BETWEEN 0 AND attributed_fen")
    schema.guard("settled_line")
    for table in ("red_invoice", "goods_return"):
        schema.unguard(table)
        op.drop_table(table)
    schema.change_check("acceptance_line", "returned", None)
    for column in ("returned", "returned_net", "returned_fen"):
        op.execute(f"ALTER TABLE acceptance_line DROP COLUMN {column}")
    schema.change_check("pool_movement", "moves", None)
    schema.change_check("pool_movement", "grows", "before_fen >= 0 AND after_fen > before_fen")
    schema.change_check("pool", "not_negative", None)
    schema.change_check(
        "pool", "distributed_within_total", "total_fen >= 0 AND distributed_fen BETWEEN 0 AND total_fen"
    )
    schema.change_check("pool", "kind", "kind IN ('lot', 'roster')")
    op.drop_table("standing")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_more_than_owed")
    op.drop_table("job")
