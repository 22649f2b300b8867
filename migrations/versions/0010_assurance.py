"""Closed periods with their frozen figures; runs of the verifier."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0010"
down_revision = "0009"

# The first number of PostgreSQL's advisory locks on a period; `marketplace.ledger.periods.LOCK`.
LOCK = 1612010

PREFIXES = ", ".join(f"substr(NEW.region, 1, {digits})" for digits in (2, 4, 6, 9, 12))
CLOSED = f"EXISTS (SELECT 1 FROM closed_period WHERE period = NEW.period AND prefix IN ({PREFIXES}))"

SQLITE = [
    "CREATE TRIGGER open_period_journal BEFORE INSERT ON journal "
    f"WHEN {CLOSED} BEGIN SELECT RAISE(ABORT, 'period closed'); END",
]

# A poster shares the period's lock until it ends; whoever closes the period takes it alone. The look at closed_period
# is a statement of its own in a volatile function: its snapshot is taken once the lock is held.
POSTGRESQL = [
    f"""
CREATE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared({LOCK}, NEW.period::integer);
    IF {CLOSED} THEN
        RAISE EXCEPTION USING MESSAGE = 'period closed', ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
""".strip(),
    "CREATE TRIGGER open_period_journal BEFORE INSERT ON journal "
    "FOR EACH ROW EXECUTE FUNCTION refuse_closed_period()",
    f"""
CREATE FUNCTION lock_closed_period() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({LOCK}, NEW.period::integer);
    RETURN NEW;
END $$
""".strip(),
    "CREATE TRIGGER lock_closed_period BEFORE INSERT ON closed_period "
    "FOR EACH ROW EXECUTE FUNCTION lock_closed_period()",
]


def upgrade() -> None:
    op.create_table(
        "closed_period",
        sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("division", sa.String(length=12), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("length(prefix) IN (2, 4, 6, 9, 12)", name=op.f("ck_closed_period_prefix")),
        sa.CheckConstraint(
            "length(division) = 12 AND substr(division, 1, length(prefix)) = prefix",
            name=op.f("ck_closed_period_division"),
        ),
        sa.CheckConstraint("period BETWEEN 200001 AND 999912", name=op.f("ck_closed_period_period")),
        sa.PrimaryKeyConstraint("period", "prefix", name=op.f("pk_closed_period")),
    )
    op.create_index("ix_closed_period_prefix", "closed_period", ["prefix"])
    schema.guard("closed_period")
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement.replace(":", "\\:"))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER open_period_journal")
    else:
        op.execute("DROP TRIGGER open_period_journal ON journal")
        op.execute("DROP FUNCTION refuse_closed_period()")
    op.drop_table("closed_period")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION lock_closed_period()")
