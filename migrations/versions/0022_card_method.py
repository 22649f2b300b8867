"""How a card payment was paid, for its slip."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("card_payment", sa.Column("method", sa.String(20), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("card_payment", "method")
