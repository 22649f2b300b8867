"""Closed periods with their frozen figures; runs of the verifier."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
