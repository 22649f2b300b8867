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
    _closings()
    _verifier()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement.replace(":", "\\:"))


def _closings() -> None:
    op.create_table(
        "closing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(length=12), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'refused', 'withdrawn')", name=op.f("ck_closing_state")
        ),
        sa.CheckConstraint("first <= last", name=op.f("ck_closing_months")),
        sa.CheckConstraint(
            "state <> 'approved' OR (decided_by IS NOT NULL AND proposed_by IS NOT NULL AND decided_by <> proposed_by)",
            name=op.f("ck_closing_two_persons"),
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["user.id"], name=op.f("fk_closing_proposed_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_closing_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing")),
    )
    op.create_index("ix_closing_prefix_last", "closing", ["prefix", "last"])
    op.create_index(
        "uq_closing_prefix_proposed",
        "closing",
        ["prefix"],
        unique=True,
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_table(
        "frozen_figure",
        sa.Column("closing_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("dimension", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("money_fen", sa.BigInteger(), nullable=False),
        sa.Column("attributed_fen", sa.BigInteger(), nullable=False),
        sa.Column("owed_fen", sa.BigInteger(), nullable=True),
        sa.Column("received_fen", sa.BigInteger(), nullable=True),
        sa.Column("households", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["closing_id"], ["closing.id"], name=op.f("fk_frozen_figure_closing_id")),
        sa.PrimaryKeyConstraint("closing_id", "period", "dimension", "key", name=op.f("pk_frozen_figure")),
    )
    schema.guard("frozen_figure")
    schema.guard(
        "closing", fixed=("id", "division", "prefix", "first", "last", "note", "proposed_by", "proposed_at")
    )


def _verifier() -> None:
    op.create_table(
        "verify_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["started_by"], ["user.id"], name=op.f("fk_verify_run_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verify_run")),
    )
    op.create_table(
        "verify_result",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reached", sa.JSON(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("faults", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_verify_result_state")),
        sa.ForeignKeyConstraint(["run_id"], ["verify_run.id"], name=op.f("fk_verify_result_run_id")),
        sa.PrimaryKeyConstraint("run_id", "name", name=op.f("pk_verify_result")),
    )


def downgrade() -> None:
    op.drop_table("verify_result")
    op.drop_table("verify_run")
    op.drop_table("frozen_figure")
    op.drop_table("closing")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER open_period_journal")
    else:
        op.execute("DROP TRIGGER open_period_journal ON journal")
        op.execute("DROP FUNCTION refuse_closed_period()")
    op.drop_table("closed_period")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION lock_closed_period()")
