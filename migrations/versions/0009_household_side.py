"""Statement links with their attempts, confirmations, disputes and their terms."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime(timezone=True)
LINK = ("id", "household_id", "supplier_id", "organisation_id", "digest", "issued_at", "issued_by")
DISPUTE = (
    "id",
    "number",
    "household_id",
    "supplier_id",
    "division",
    "about_kind",
    "about_id",
    "about_number",
    "shown_fen",
    "claimed_fen",
    "words",
    "voice",
    "voice_name",
    "link_id",
    "user_id",
    "file_id",
    "raised_at",
    "answer_due_on",
    "decide_due_on",
)
TABLES = ("statement_link", "link_attempt", "confirmation", "dispute", "dispute_term")


def upgrade() -> None:
    op.create_table(
        "statement_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid()),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("issued_by", sa.Uuid()),
        sa.Column("revoked_at", TIME),
        sa.Column("revoked_by", sa.Uuid()),
        sa.Column("revoked_why", sa.String(10), nullable=False),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_why = '')", name=op.f("ck_statement_link_revoked")),
        sa.CheckConstraint(
            "revoked_why IN ('', 'asked', 'reissued', 'guessed')", name=op.f("ck_statement_link_revoked_why")
        ),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_statement_link_household_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["user.id"], name=op.f("fk_statement_link_issued_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_statement_link_organisation_id")
        ),
        sa.ForeignKeyConstraint(["revoked_by"], ["user.id"], name=op.f("fk_statement_link_revoked_by")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_statement_link_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_statement_link_digest")),
    )
    op.create_index(
        "uq_statement_link_live",
        "statement_link",
        ["household_id", "organisation_id"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "link_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_attempt")),
    )
    op.create_index("ix_link_attempt_address_at", "link_attempt", ["address", "at"], unique=False)
    op.create_index("ix_link_attempt_digest_at", "link_attempt", ["digest", "at"], unique=False)
    op.create_table(
        "confirmation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("voice", sa.String(10), nullable=False),
        sa.Column("voice_name", sa.String(40), nullable=False),
        sa.Column("link_id", sa.Uuid()),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("file_id", sa.Uuid()),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint(
            "(voice = 'officer') = (user_id IS NOT NULL) AND (voice = 'officer') = (link_id IS NULL) AND (voice <> 'officer' OR file_id IS NOT NULL) AND (voice = 'proxy') = (voice_name <> '')",
            name=op.f("ck_confirmation_spoken"),
        ),
        sa.CheckConstraint("voice IN ('household', 'proxy', 'officer')", name=op.f("ck_confirmation_voice")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_confirmation_file_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_confirmation_household_id")),
        sa.ForeignKeyConstraint(["link_id"], ["statement_link.id"], name=op.f("fk_confirmation_link_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_confirmation_payout_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_confirmation_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
        sa.UniqueConstraint("payout_id", name=op.f("uq_confirmation_payout_id")),
    )
    op.create_index("ix_confirmation_household_id", "confirmation", ["household_id"], unique=False)
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(12), nullable=False),
        sa.Column("about_kind", sa.String(10), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("about_number", sa.String(40), nullable=False),
        sa.Column("shown_fen", sa.BigInteger()),
        sa.Column("claimed_fen", sa.BigInteger()),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("voice", sa.String(10), nullable=False),
        sa.Column("voice_name", sa.String(40), nullable=False),
        sa.Column("link_id", sa.Uuid()),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("file_id", sa.Uuid()),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("answer_due_on", sa.Date(), nullable=False),
        sa.Column("decide_due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("answer", sa.String(500), nullable=False),
        sa.Column("answer_file_id", sa.Uuid()),
        sa.Column("answered_by", sa.Uuid()),
        sa.Column("answered_at", TIME),
        sa.Column("decision", sa.String(500), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", TIME),
        sa.Column("remedy", sa.String(10)),
        sa.Column("correction_kind", sa.String(10), nullable=False),
        sa.Column("correction_id", sa.Uuid()),
        sa.Column("correction_note", sa.String(200), nullable=False),
        sa.Column("corrected_by", sa.Uuid()),
        sa.Column("corrected_at", TIME),
        sa.Column("withdrawn_at", TIME),
        sa.CheckConstraint("(state = 'upheld') = (remedy IS NOT NULL)", name=op.f("ck_dispute_remedy_of_upheld")),
        sa.CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name=op.f("ck_dispute_withdrawn")),
        sa.CheckConstraint(
            "(state IN ('upheld', 'rejected')) = (decided_at IS NOT NULL)", name=op.f("ck_dispute_decided")
        ),
        sa.CheckConstraint(
            "(voice = 'officer') = (user_id IS NOT NULL) AND (voice = 'officer') = (link_id IS NULL) AND (voice <> 'officer' OR file_id IS NOT NULL) AND (voice = 'proxy') = (voice_name <> '')",
            name=op.f("ck_dispute_spoken"),
        ),
        sa.CheckConstraint(
            "about_kind IN ('payout', 'slip', 'payment', 'flow', 'share', 'missing')",
            name=op.f("ck_dispute_about_kind"),
        ),
        sa.CheckConstraint("corrected_at IS NULL OR state = 'upheld'", name=op.f("ck_dispute_corrected")),
        sa.CheckConstraint(
            "remedy IN ('payment', 'flow', 'revision', 'reversal', 'other')", name=op.f("ck_dispute_remedy")
        ),
        sa.CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name=op.f("ck_dispute_answered")),
        sa.CheckConstraint(
            "state IN ('raised', 'answered', 'upheld', 'rejected', 'withdrawn')", name=op.f("ck_dispute_state")
        ),
        sa.CheckConstraint("voice IN ('household', 'proxy', 'officer')", name=op.f("ck_dispute_voice")),
        sa.CheckConstraint("claimed_fen >= 0", name=op.f("ck_dispute_claimed_fen")),
        sa.CheckConstraint("decide_due_on >= answer_due_on", name=op.f("ck_dispute_deadlines")),
        sa.ForeignKeyConstraint(["answer_file_id"], ["file.id"], name=op.f("fk_dispute_answer_file_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["user.id"], name=op.f("fk_dispute_answered_by")),
        sa.ForeignKeyConstraint(["corrected_by"], ["user.id"], name=op.f("fk_dispute_corrected_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_dispute_decided_by")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_dispute_file_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_dispute_household_id")),
        sa.ForeignKeyConstraint(["link_id"], ["statement_link.id"], name=op.f("fk_dispute_link_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_dispute_supplier_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_dispute_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("number", name=op.f("uq_dispute_number")),
    )
    op.create_index("ix_dispute_division_state", "dispute", ["division", "state"], unique=False)
    op.create_index("ix_dispute_supplier_id_state", "dispute", ["supplier_id", "state"], unique=False)
    op.create_index(
        "uq_dispute_open",
        "dispute",
        ["household_id", "about_kind", "about_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('raised', 'answered')"),
        postgresql_where=sa.text("state IN ('raised', 'answered')"),
    )
    op.create_table(
        "dispute_term",
        sa.Column("prefix", sa.String(12), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("answer_days", sa.BigInteger(), nullable=False),
        sa.Column("decide_days", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "answer_days BETWEEN 1 AND 90 AND decide_days BETWEEN answer_days AND 180",
            name=op.f("ck_dispute_term_days"),
        ),
        sa.PrimaryKeyConstraint("prefix", "from_day", name=op.f("pk_dispute_term")),
    )
    schema.guard("statement_link", fixed=LINK)
    schema.guard("confirmation")
    schema.guard("dispute", fixed=DISPUTE)
    schema.guard("dispute_term")


def downgrade() -> None:
    for table in reversed(TABLES):
        if table != "link_attempt":
            schema.unguard(table)
        op.drop_table(table)
