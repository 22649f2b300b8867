"""A tax invoice over several bills: its parts."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0021"
down_revision = "0020"

FIRST = sa.text("after_fen IS NULL")


def upgrade() -> None:
    op.create_index("uq_tax_invoice_amount", "tax_invoice", ["id", "amount_fen"], unique=True)
    op.create_table(
        "invoice_part",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("after_fen", sa.BigInteger()),
        sa.Column("upto_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "fen > 0 AND upto_fen = COALESCE(after_fen, 0) + fen", name=op.f("ck_invoice_part_fen")
        ),
        sa.CheckConstraint("upto_fen <= amount_fen", name=op.f("ck_invoice_part_within")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_invoice_part_bill_id")),
        sa.ForeignKeyConstraint(
            ["invoice_id", "amount_fen"], ["tax_invoice.id", "tax_invoice.amount_fen"], name="fk_invoice_part_of"
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id", "after_fen"],
            ["invoice_part.invoice_id", "invoice_part.upto_fen"],
            name="fk_invoice_part_follows",
        ),
        sa.PrimaryKeyConstraint("invoice_id", "bill_id", name=op.f("pk_invoice_part")),
        sa.UniqueConstraint("invoice_id", "after_fen", name=op.f("uq_invoice_part_invoice_id_after_fen")),
        sa.UniqueConstraint("invoice_id", "upto_fen", name=op.f("uq_invoice_part_invoice_id_upto_fen")),
    )
    op.create_index(op.f("ix_invoice_part_bill_id"), "invoice_part", ["bill_id"], unique=False)
    op.create_index(
        "uq_invoice_part_first",
        "invoice_part",
        ["invoice_id"],
        unique=True,
        sqlite_where=FIRST,
        postgresql_where=FIRST,
    )
    op.execute(
        "INSERT INTO invoice_part (invoice_id, bill_id, fen, upto_fen, amount_fen)"
        " SELECT id, bill_id, amount_fen, amount_fen, amount_fen FROM tax_invoice"
    )
    schema.guard("invoice_part")
    op.drop_index(op.f("ix_tax_invoice_bill_id"), table_name="tax_invoice")
    schema.change_foreign_keys("tax_invoice", drop=("fk_tax_invoice_bill_id",), add={})
    op.drop_column("tax_invoice", "bill_id")


def downgrade() -> None:
    """An invoice of several bills becomes that of its first."""
    op.add_column("tax_invoice", sa.Column("bill_id", sa.Uuid()))
    op.execute(
        "UPDATE tax_invoice SET bill_id = (SELECT bill_id FROM invoice_part"
        " WHERE invoice_id = tax_invoice.id AND after_fen IS NULL)"
    )
    schema.change_foreign_keys("tax_invoice", drop=(), add={"fk_tax_invoice_bill_id": ("bill_id", "bill", "id")})
    op.create_index(op.f("ix_tax_invoice_bill_id"), "tax_invoice", ["bill_id"], unique=False)
    schema.unguard("invoice_part")
    op.drop_table("invoice_part")
    op.drop_index("uq_tax_invoice_amount", table_name="tax_invoice")
