"""Connected accounts, card payments with their refunds, the inbox of webhooks, comparisons with Stripe's own list."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0018"
down_revision = "0017"

TIME = sa.DateTime(timezone=True)
LIVE = sa.text("state IN ('new', 'open', 'processing')")
OPEN = sa.text("step <> 'done'")


def upgrade() -> None:
    _accounts()
    _payments()
    _refunds()
    _events()
    _reconciliations()


def _accounts() -> None:
    op.create_table(
        "stripe_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(60)),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Uuid()),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("seen_at", TIME),
        sa.CheckConstraint("state IN ('pending', 'active', 'restricted')", name=op.f("ck_stripe_account_state")),
        sa.CheckConstraint("account IS NOT NULL OR state = 'pending'", name=op.f("ck_stripe_account_account")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_stripe_account_supplier_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["user.id"], name=op.f("fk_stripe_account_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_account")),
        sa.UniqueConstraint("supplier_id", name=op.f("uq_stripe_account_supplier_id")),
        sa.UniqueConstraint("account", name=op.f("uq_stripe_account_account")),
    )


def _payments() -> None:
    op.create_table(
        "card_payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("checkout_id", sa.String(120)),
        sa.Column("stripe_id", sa.String(60)),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("error", sa.String(60), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("transfer_id", sa.Uuid()),
        sa.Column("asked_by", sa.Uuid()),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("succeeded_at", TIME),
        sa.CheckConstraint("fen > 0", name=op.f("ck_card_payment_fen")),
        sa.CheckConstraint(
            "state IN ('new', 'open', 'processing', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_card_payment_state"),
        ),
        sa.CheckConstraint(
            "(state = 'succeeded') = (succeeded_at IS NOT NULL)", name=op.f("ck_card_payment_succeeded_at")
        ),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND fen", name=op.f("ck_card_payment_refunded_within")),
        sa.CheckConstraint(
            "refunded_fen = 0 OR state = 'succeeded'", name=op.f("ck_card_payment_refunded_state")
        ),
        sa.CheckConstraint("url = '' OR state = 'open'", name=op.f("ck_card_payment_url")),
        sa.CheckConstraint("transfer_id IS NULL OR state = 'succeeded'", name=op.f("ck_card_payment_transfer")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_card_payment_bill_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_card_payment_supplier_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_card_payment_agency_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_card_payment_transfer_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["user.id"], name=op.f("fk_card_payment_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_payment")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_card_payment_checkout_id")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_card_payment_stripe_id")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_card_payment_transfer_id")),
    )
    op.create_index("ix_card_payment_bill_id", "card_payment", ["bill_id"])
    op.create_index("ix_card_payment_account_state", "card_payment", ["account", "state"])
    op.create_index(
        "uq_card_payment_bill_live",
        "card_payment",
        ["bill_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def _refunds() -> None:
    op.create_table(
        "card_refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("stripe_id", sa.String(60)),
        sa.Column("error", sa.String(60), nullable=False),
        sa.Column("asked_by", sa.Uuid()),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.CheckConstraint("fen > 0", name=op.f("ck_card_refund_fen")),
        sa.CheckConstraint(
            "state IN ('new', 'pending', 'succeeded', 'failed', 'cancelled')", name=op.f("ck_card_refund_state")
        ),
        sa.CheckConstraint(
            "state IN ('new', 'failed') OR stripe_id IS NOT NULL", name=op.f("ck_card_refund_stripe_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["card_payment.id"], name=op.f("fk_card_refund_payment_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["user.id"], name=op.f("fk_card_refund_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_refund")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_card_refund_stripe_id")),
    )
    op.create_index("ix_card_refund_payment_id", "card_refund", ["payment_id"])
    op.create_index("ix_card_refund_state", "card_refund", ["state"])


def _events() -> None:
    op.create_table(
        "stripe_event",
        sa.Column("id", sa.String(120), nullable=False),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("object_id", sa.String(120), nullable=False),
        sa.Column("payment", sa.String(60), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(60), nullable=False),
        sa.Column("done_at", TIME),
        sa.CheckConstraint("state IN ('new', 'done', 'ignored')", name=op.f("ck_stripe_event_state")),
        sa.CheckConstraint("(state = 'new') = (done_at IS NULL)", name=op.f("ck_stripe_event_done_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_event")),
    )
    op.create_index("ix_stripe_event_open", "stripe_event", ["state", "due_at"])
    schema.guard("stripe_event", fixed=("id", "type", "account", "object_id", "payment", "at", "received_at"))


def _reconciliations() -> None:
    op.create_table(
        "stripe_reconciliation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("repairs", sa.Boolean(), nullable=False),
        sa.Column("step", sa.String(10), nullable=False),
        sa.Column("after", sa.String(60)),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("compared", "differing", "repaired")),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.CheckConstraint(
            "step IN ('payments', 'refunds', 'ours', 'done')", name=op.f("ck_stripe_reconciliation_step")
        ),
        sa.CheckConstraint(
            "(step = 'done') = (ended_at IS NOT NULL)", name=op.f("ck_stripe_reconciliation_ended_at")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_reconciliation")),
    )
    op.create_index(
        "uq_stripe_reconciliation_open",
        "stripe_reconciliation",
        ["account", "since", "repairs"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_table("stripe_reconciliation")
    schema.unguard("stripe_event")
    op.drop_table("stripe_event")
    op.drop_table("card_refund")
    op.drop_table("card_payment")
    op.drop_table("stripe_account")
