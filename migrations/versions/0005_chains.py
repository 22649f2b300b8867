"""Chains, seals, signing keys and checkpoints of the journal."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "seal",
        sa.Column("chain", sa.String(6), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("after", sa.BigInteger(), sa.Computed("NULLIF(seq - 1, 0)", persisted=True)),
        sa.Column("journal_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", TIME, nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_seal_seq")),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_seal_hash")),
        sa.ForeignKeyConstraint(["chain", "after"], ["seal.chain", "seal.seq"], name="fk_seal_follows"),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_seal_journal_id")),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_seal")),
        sa.UniqueConstraint("journal_id", name=op.f("uq_seal_journal_id")),
    )
    op.create_table(
        "signing_key",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", TIME, nullable=False),
        sa.CheckConstraint("length(public) = 32", name=op.f("ck_signing_key_public")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("valid_from", name=op.f("uq_signing_key_valid_from")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("heads", sa.JSON(), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("no >= 1", name=op.f("ck_checkpoint_no")),
        sa.CheckConstraint("length(signature) = 64", name=op.f("ck_checkpoint_signature")),
        sa.ForeignKeyConstraint(["key_id"], ["signing_key.id"], name=op.f("fk_checkpoint_key_id")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_checkpoint")),
    )
    for table in ("seal", "signing_key", "checkpoint"):
        schema.guard(table)


def downgrade() -> None:
    for table in ("checkpoint", "signing_key", "seal"):
        schema.unguard(table)
        op.drop_table(table)
