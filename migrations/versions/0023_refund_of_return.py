"""Which return a card refund repays; what Stripe's balance said when an account was compared."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0023"
down_revision = "0022"

LIVE = sa.text("return_id IS NOT NULL AND state NOT IN ('failed', 'cancelled')")
SUMS = ("gross_fen", "fee_fen", "pending_fen")


def upgrade() -> None:
    op.create_index("uq_goods_return_money", "goods_return", ["id", "money_fen"], unique=True)
    op.add_column("card_refund", sa.Column("return_id", sa.Uuid()))
    op.add_column("card_refund", sa.Column("return_fen", sa.BigInteger()))
    schema.change_foreign_keys(
        "card_refund",
        drop=(),
        add={"fk_card_refund_return": ("return_id, return_fen", "goods_return", "id, money_fen")},
    )
    schema.change_check(
        "card_refund", "return", "(return_id IS NULL) = (return_fen IS NULL) AND (return_id IS NULL OR fen <= return_fen)"
    )
    op.create_index(
        "uq_card_refund_return", "card_refund", ["return_id"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )
    for name in SUMS:
        op.add_column("stripe_reconciliation", sa.Column(name, sa.BigInteger()))


def downgrade() -> None:
    for name in SUMS:
        op.drop_column("stripe_reconciliation", name)
    op.drop_index("uq_card_refund_return", table_name="card_refund")
    schema.change_check("card_refund", "return", None)
    schema.change_foreign_keys("card_refund", drop=("fk_card_refund_return",), add={})
    for name in ("return_fen", "return_id"):
        op.drop_column("card_refund", name)
    op.drop_index("uq_goods_return_money", table_name="goods_return")
