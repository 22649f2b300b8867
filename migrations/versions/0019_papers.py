"""Who has read a message, mails made from messages, and certificates of assistance purchase."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0019"
down_revision = "0018"

TIME = sa.DateTime(timezone=True)
STANDING = "state = 'standing' AND order_id IS {}NULL"
FIXED = (
    "id", "number", "agency_id", "agency_name", "agency_code", "agency_division", "order_id", "order_number",
    "from_day", "until_day", "total_fen", "lines", "counties", "replaces_id", "issued_at", "issued_by",
)


def upgrade() -> None:
    op.add_column("message", sa.Column("spread_at", TIME))
    op.execute("UPDATE message SET spread_at = at")  # what was told before there was mail is not mailed
    op.create_index(
        "ix_message_spread_at", "message", ["at"],
        sqlite_where=sa.text("spread_at IS NULL"), postgresql_where=sa.text("spread_at IS NULL"),
    )
    _reads_and_mails()
    _certificates()


def _reads_and_mails() -> None:
    op.create_table(
        "message_read",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_read_message_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_message_read_user_id")),
        sa.PrimaryKeyConstraint("message_id", "user_id", name=op.f("pk_message_read")),
    )
    op.create_table(
        "mail_setting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("wish", sa.String(8), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME),
        sa.CheckConstraint("wish IN ('at_once', 'daily', 'none')", name=op.f("ck_mail_setting_wish")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_mail_setting_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_setting")),
        sa.UniqueConstraint("user_id", name=op.f("uq_mail_setting_user_id")),
    )
    op.create_table(
        "mail_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(60), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("claimed_at", TIME),
        sa.Column("sent_at", TIME),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'dropped')", name=op.f("ck_mail_delivery_state")
        ),
        sa.CheckConstraint(
            "(state = 'sending') = (claimed_at IS NOT NULL)", name=op.f("ck_mail_delivery_claimed_at")
        ),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_mail_delivery_sent_at")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_mail_delivery_message_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_mail_delivery_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_delivery")),
        sa.UniqueConstraint("message_id", "user_id", name=op.f("uq_mail_delivery_message_id_user_id")),
    )
    op.create_index(
        "ix_mail_delivery_due", "mail_delivery", ["due_at"],
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_index("ix_mail_delivery_user_id", "mail_delivery", ["user_id", "due_at"])


def _certificates() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("agency_name", sa.String(80), nullable=False),
        sa.Column("agency_code", sa.String(18), nullable=False),
        sa.Column("agency_division", sa.String(12), nullable=False),
        sa.Column("order_id", sa.Uuid()),
        sa.Column("order_number", sa.String(20), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("counties", sa.JSON(), nullable=False),
        sa.Column("replaces_id", sa.Uuid()),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("issued_by", sa.Uuid()),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("ended_by", sa.Uuid()),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.CheckConstraint("state IN ('standing', 'replaced', 'revoked')", name=op.f("ck_certificate_state")),
        sa.CheckConstraint("(state = 'standing') = (ended_at IS NULL)", name=op.f("ck_certificate_ended_at")),
        sa.CheckConstraint("state <> 'revoked' OR reason <> ''", name=op.f("ck_certificate_revoked_with_reason")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_certificate_days")),
        sa.CheckConstraint("total_fen > 0", name=op.f("ck_certificate_total")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_certificate_agency_id")),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("fk_certificate_order_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["certificate.id"], name=op.f("fk_certificate_replaces_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["user.id"], name=op.f("fk_certificate_issued_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["user.id"], name=op.f("fk_certificate_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
    )
    for name, columns, which in (
        ("uq_certificate_period_standing", ["agency_id", "from_day", "until_day"], ""),
        ("uq_certificate_order_standing", ["order_id"], "NOT "),
    ):
        where = sa.text(STANDING.format(which))
        op.create_index(name, "certificate", columns, unique=True, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_certificate_agency_id", "certificate", ["agency_id", "issued_at"])
    op.create_index(op.f("ix_certificate_agency_division"), "certificate", ["agency_division"])
    schema.guard("certificate", fixed=FIXED)
    op.create_table(
        "certificate_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_attempt")),
    )
    op.create_index("ix_certificate_attempt_number_at", "certificate_attempt", ["number", "at"])
    op.create_index("ix_certificate_attempt_address_at", "certificate_attempt", ["address", "at"])


def downgrade() -> None:
    op.drop_table("certificate_attempt")
    schema.unguard("certificate")
    op.drop_table("certificate")
    op.drop_table("mail_delivery")
    op.drop_table("mail_setting")
    op.drop_table("message_read")
    op.drop_index("ix_message_spread_at", "message")
    op.drop_column("message", "spread_at")
