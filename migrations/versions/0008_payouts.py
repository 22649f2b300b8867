"""Payees on payouts, bank files and results, public notices with objections."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)
OPEN = sa.text("state IN ('preparing', 'draft', 'approving')")
LIVE = sa.text("state IN ('sent', 'unknown')")
STATES = "state IN ('preparing', 'draft', 'approving', 'approved', 'discarded')"
TWO_PERSONS = (
    "state NOT IN ('approving', 'approved')"
    " OR (prepared_by IS NULL) = (approved_by IS NULL) AND COALESCE(approved_by <> prepared_by, true)"
)
PAYOUT = (
    "id, distribution_id, supplier_id, household_id, division, fen, state, paid_on, period, method, evidence, paid_by"
)
# Every household's line of the distributions there were: those that were approved paid all that was due.
FILL = """
INSERT INTO distribution_household
    (distribution_id, household_id, division, group_name, share_fen, flow_fen, fen, set_off_fen)
SELECT s.distribution_id, s.household_id, h.present_division, h.group_name, sum(s.fen), 0,
    CASE WHEN d.state = 'approved' THEN sum(s.fen) END, CASE WHEN d.state = 'approved' THEN 0 END
FROM distribution_share s
JOIN distribution d ON d.id = s.distribution_id
JOIN pool p ON p.id = s.pool_id
JOIN household h ON h.id = s.household_id
WHERE p.makes_debt
GROUP BY s.distribution_id, s.household_id, h.present_division, h.group_name, d.state
"""


def upgrade() -> None:
    _distributions()
    _payouts()
    _bank_files()
    _notices()


def _distributions() -> None:
    op.add_column("distribution", sa.Column("previous_id", sa.Uuid()))
    op.add_column("distribution", sa.Column("notice_days", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("distribution", sa.Column("job_id", sa.Uuid()))
    schema.change_foreign_keys(
        "distribution",
        drop=(),
        add={
            "fk_distribution_previous_id": ("previous_id", "distribution", "id"),
            "fk_distribution_job_id": ("job_id", "job", "id"),
        },
    )
    schema.change_check("distribution", "state", STATES)
    schema.change_check("distribution", "two_persons", TWO_PERSONS)
    schema.change_check("distribution", "notice_days", "notice_days BETWEEN 0 AND 60")
    op.drop_index("uq_distribution_supplier_draft", "distribution")
    op.create_index(
        "uq_distribution_supplier_open",
        "distribution",
        ["supplier_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    schema.change_check("distribution_share", "fen", "fen <> 0")
    op.add_column("distribution_pool", sa.Column("posted_at", TIME))
    schema.unguard("distribution_pool")
    op.execute(
        "UPDATE distribution_pool SET posted_at = (SELECT d.approved_at FROM distribution d"
        " WHERE d.id = distribution_pool.distribution_id AND d.state = 'approved')"
    )
    schema.guard("distribution_pool", fixed=("distribution_id", "pool_id", "before_fen", "after_fen"))
    op.create_table(
        "distribution_household",
        sa.Column("distribution_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(12), nullable=False),
        sa.Column("group_name", sa.String(20), nullable=False),
        sa.Column("share_fen", sa.BigInteger(), nullable=False),
        sa.Column("flow_fen", sa.BigInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger()),
        sa.Column("set_off_fen", sa.BigInteger()),
        sa.CheckConstraint("(fen IS NULL) = (set_off_fen IS NULL)", name=op.f("ck_distribution_household_listed")),
        sa.CheckConstraint(
            "fen IS NULL OR fen >= 0 AND fen = share_fen + flow_fen - set_off_fen",
            name=op.f("ck_distribution_household_fen"),
        ),
        sa.ForeignKeyConstraint(
            ["distribution_id"], ["distribution.id"], name=op.f("fk_distribution_household_distribution_id")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_distribution_household_household_id")
        ),
        sa.PrimaryKeyConstraint("distribution_id", "household_id", name=op.f("pk_distribution_household")),
    )
    op.execute(FILL)
    op.create_index(
        "ix_distribution_household_place",
        "distribution_household",
        ["distribution_id", "division", "group_name", "household_id"],
    )
    op.create_index("ix_distribution_household_household_id", "distribution_household", ["household_id"])
    schema.guard(
        "distribution_household",
        fixed=("distribution_id", "household_id", "division", "group_name", "share_fen", "flow_fen"),
    )


def _payouts() -> None:
    """The unique key of a payout grows by its part: on SQLite that is another table."""
    op.rename_table("payout", "payout_before")
    for index in ("ix_payout_household_id", "ix_payout_supplier_id_state", "ix_payout_report"):
        op.drop_index(index, "payout_before")
    if op.get_bind().dialect.name != "sqlite":  # names of keys are the schema's there
        for name in _old_constraints():
            op.execute(f"ALTER TABLE payout_before DROP CONSTRAINT IF EXISTS {name} CASCADE")
    op.create_table(
        "payout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("distribution_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("division", sa.String(12), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(120), server_default="", nullable=False),
        sa.Column("payee_id", sa.Uuid()),
        sa.Column("channel", sa.String(8), server_default="cash", nullable=False),
        sa.Column("account_last4", sa.String(4), server_default="", nullable=False),
        sa.Column("paid_on", sa.Date()),
        sa.Column("period", sa.BigInteger()),
        sa.Column("method", sa.String(10), nullable=False),
        sa.Column("evidence", sa.String(120), nullable=False),
        sa.Column("file_id", sa.Uuid()),
        sa.Column("paid_by", sa.Uuid()),
        sa.CheckConstraint("fen > 0", name=op.f("ck_payout_fen")),
        sa.CheckConstraint(
            "state IN ('to_pay', 'held', 'sent', 'failed', 'paid', 'void')", name=op.f("ck_payout_state")
        ),
        sa.CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name=op.f("ck_payout_paid_on")),
        sa.CheckConstraint("state NOT IN ('held', 'failed', 'void') OR reason <> ''", name=op.f("ck_payout_reason")),
        sa.CheckConstraint("channel IN ('transfer', 'cash')", name=op.f("ck_payout_channel")),
        sa.ForeignKeyConstraint(["distribution_id"], ["distribution.id"], name=op.f("fk_payout_distribution_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_payout_supplier_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_payout_household_id")),
        sa.ForeignKeyConstraint(["payee_id"], ["payee.id"], name=op.f("fk_payout_payee_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_payout_file_id")),
        sa.ForeignKeyConstraint(["paid_by"], ["user.id"], name=op.f("fk_payout_paid_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint(
            "distribution_id", "household_id", "part", name=op.f("uq_payout_distribution_id_household_id_part")
        ),
    )
    op.execute(f"INSERT INTO payout ({PAYOUT}) SELECT {PAYOUT} FROM payout_before")
    op.drop_table("payout_before")
    op.create_index("ix_payout_household_id", "payout", ["household_id"])
    op.create_index("ix_payout_supplier_id_state", "payout", ["supplier_id", "state"])
    op.create_index("ix_payout_report", "payout", ["division", "state", "period", "fen", "supplier_id"])


def _old_constraints() -> list[str]:
    rows = op.get_bind().execute(
        sa.text(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'payout_before'::regclass AND contype IN ('c','f','p','u')"
        )
    )
    return [str(name) for name in rows.scalars()]


def _bank_files() -> None:
    op.create_table(
        "bank_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.String(30), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Uuid()),
        sa.Column("made_at", TIME, nullable=False),
        sa.CheckConstraint("state IN ('live', 'withdrawn')", name=op.f("ck_bank_file_state")),
        sa.CheckConstraint("lines > 0 AND total_fen > 0", name=op.f("ck_bank_file_total")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_bank_file_supplier_id")),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_bank_file_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_file")),
        sa.UniqueConstraint("number", name=op.f("uq_bank_file_number")),
    )
    op.create_index("ix_bank_file_supplier_id", "bank_file", ["supplier_id", "made_at"])
    op.create_table(
        "bank_file_line",
        sa.Column("bank_file_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(24), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("payee_id", sa.Uuid(), nullable=False),
        sa.Column("account_last4", sa.String(4), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(120), nullable=False),
        sa.Column("told_at", TIME),
        sa.CheckConstraint(
            "state IN ('sent', 'unknown', 'paid', 'failed', 'withdrawn')", name=op.f("ck_bank_file_line_state")
        ),
        sa.CheckConstraint("fen > 0", name=op.f("ck_bank_file_line_fen")),
        sa.CheckConstraint("(state = 'sent') = (told_at IS NULL)", name=op.f("ck_bank_file_line_told_at")),
        sa.ForeignKeyConstraint(["bank_file_id"], ["bank_file.id"], name=op.f("fk_bank_file_line_bank_file_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_bank_file_line_payout_id")),
        sa.ForeignKeyConstraint(["payee_id"], ["payee.id"], name=op.f("fk_bank_file_line_payee_id")),
        sa.PrimaryKeyConstraint("bank_file_id", "no", name=op.f("pk_bank_file_line")),
        sa.UniqueConstraint("reference", name=op.f("uq_bank_file_line_reference")),
    )
    op.create_index(
        "uq_bank_file_line_live",
        "bank_file_line",
        ["payout_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index("ix_bank_file_line_payout_id", "bank_file_line", ["payout_id"])
    schema.guard(
        "bank_file_line",
        fixed=("bank_file_id", "no", "reference", "payout_id", "payee_id", "account_last4", "fen"),
    )
    op.create_table(
        "bank_result",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("rows", "paid", "failed", "unknown", "refused")
        ),
        sa.Column("read_by", sa.Uuid()),
        sa.Column("read_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_bank_result_supplier_id")),
        sa.ForeignKeyConstraint(["read_by"], ["user.id"], name=op.f("fk_bank_result_read_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_result")),
        sa.UniqueConstraint("supplier_id", "sha256", name=op.f("uq_bank_result_supplier_id_sha256")),
    )
    schema.guard("bank_result")


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("division", sa.String(12), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("households", sa.BigInteger(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", TIME, nullable=False),
        sa.CheckConstraint("kind IN ('distribution')", name=op.f("ck_notice_kind")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_notice_days")),
        sa.CheckConstraint("length(division) = 12", name=op.f("ck_notice_division")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_notice_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("kind", "subject_id", "division", name=op.f("uq_notice_kind_subject_id_division")),
    )
    op.create_index("ix_notice_supplier_id", "notice", ["supplier_id"])
    op.create_index("ix_notice_division", "notice", ["division", "until_day"])
    op.create_index("ix_notice_until_day", "notice", ["until_day"])
    schema.guard("notice")
    people = ("recorded_by", "answered_by", "decided_by", "settled_by")
    op.create_table(
        "objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.BigInteger()),
        sa.Column("voice", sa.String(8), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("contact_sealed", sa.LargeBinary()),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("hold", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.Column("answer", sa.String(500), nullable=False),
        sa.Column("answered_by", sa.Uuid()),
        sa.Column("answered_at", TIME),
        sa.Column("decision", sa.String(500), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", TIME),
        sa.Column("settled", sa.String(500), nullable=False),
        sa.Column("settled_by", sa.Uuid()),
        sa.Column("settled_at", TIME),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'upheld', 'dismissed', 'settled')", name=op.f("ck_objection_state")
        ),
        sa.CheckConstraint("voice IN ('public', 'officer')", name=op.f("ck_objection_voice")),
        sa.CheckConstraint("(voice = 'officer') = (recorded_by IS NOT NULL)", name=op.f("ck_objection_recorded_by")),
        sa.CheckConstraint("hold IN ('household', 'list')", name=op.f("ck_objection_hold")),
        sa.CheckConstraint("line_no IS NOT NULL OR hold = 'list'", name=op.f("ck_objection_whole_list")),
        sa.CheckConstraint(
            "(state IN ('upheld', 'dismissed', 'settled')) = (decided_at IS NOT NULL)",
            name=op.f("ck_objection_decided_at"),
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_objection_notice_id")),
        *(sa.ForeignKeyConstraint([name], ["user.id"], name=op.f(f"fk_objection_{name}")) for name in people),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("number", name=op.f("uq_objection_number")),
    )
    op.create_index("ix_objection_notice_id", "objection", ["notice_id", "state"])
    schema.guard(
        "objection",
        fixed=("id", "number", "notice_id", "line_no", "voice", "name", "words", "raised_at", "recorded_by"),
    )


def downgrade() -> None:
    for table in ("objection", "notice", "bank_result", "bank_file_line"):
        schema.unguard(table)
        op.drop_table(table)
    op.drop_table("bank_file")
    schema.change_check("payout", "state", None)
    schema.change_check("payout", "reason", None)
    schema.change_check("payout", "channel", None)
    op.execute("UPDATE payout SET state = 'to_pay' WHERE state <> 'paid'")
    schema.change_check("payout", "state", "state IN ('to_pay', 'paid')")
    schema.change_foreign_keys("payout", drop=("fk_payout_payee_id", "fk_payout_file_id"), add={})
    for column in ("reason", "payee_id", "channel", "account_last4", "file_id"):
        op.execute(f"ALTER TABLE payout DROP COLUMN {column}")
    schema.unguard("distribution_household")
    op.drop_table("distribution_household")
    schema.unguard("distribution_pool")
    op.execute("ALTER TABLE distribution_pool DROP COLUMN posted_at")
    schema.guard("distribution_pool")
    schema.change_check("distribution_share", "fen", "fen > 0")
    op.drop_index("uq_distribution_supplier_open", "distribution")
    op.execute("UPDATE distribution SET state = 'draft' WHERE state IN ('preparing', 'approving')")
    op.create_index(
        "uq_distribution_supplier_draft",
        "distribution",
        ["supplier_id"],
        unique=True,
        sqlite_where=sa.text("state = 'draft'"),
        postgresql_where=sa.text("state = 'draft'"),
    )
    schema.change_check("distribution", "notice_days", None)
    schema.change_check("distribution", "two_persons", "state <> 'approved' OR approved_by <> prepared_by")
    schema.change_check("distribution", "state", "state IN ('draft', 'approved', 'discarded')")
    schema.change_foreign_keys("distribution", drop=("fk_distribution_previous_id", "fk_distribution_job_id"), add={})
    for column in ("previous_id", "notice_days", "job_id"):
        op.execute(f"ALTER TABLE distribution DROP COLUMN {column}")
