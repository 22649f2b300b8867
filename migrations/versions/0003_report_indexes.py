"""A report sums slips, payments and payouts by place and month from an index alone."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_slip_report", "slip", ["division", "basis", "period", "payable_fen", "supplier_id"])
    op.create_index("ix_farm_payment_report", "farm_payment", ["division", "period", "fen", "supplier_id"])
    op.create_index("ix_payout_report", "payout", ["division", "state", "period", "fen", "supplier_id"])
    op.drop_index("ix_slip_division", table_name="slip")
    op.drop_index("ix_payout_division", table_name="payout")


def downgrade() -> None:
    op.create_index("ix_payout_division", "payout", ["division"])
    op.create_index("ix_slip_division", "slip", ["division"])
    op.drop_index("ix_payout_report", table_name="payout")
    op.drop_index("ix_farm_payment_report", table_name="farm_payment")
    op.drop_index("ix_slip_report", table_name="slip")
