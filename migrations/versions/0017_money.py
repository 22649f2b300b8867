"""Terms of billing and paying, bills of a month and prepayments, payments in part, credits of a payer, bank statements."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0017"
down_revision = "0016"

TIME = sa.DateTime(timezone=True)
NEW_TABLES = (
    "bank_row",
    "bank_statement",
    "interest_claim",
    "credit_use",
    "payer_credit",
    "bill_part",
    "payment_term",
)


def upgrade() -> None:
    _bills()
    _transfers()
    op.add_column("tax_invoice", sa.Column("reason", sa.String(200), server_default="", nullable=False))
    _payment_term()
    _bill_part()
    _payer_credit()
    _credit_use()
    _interest_claim()
    _bank_statement()
    _bank_row()


def _bills() -> None:
    """Every bill until now was of one acceptance, from whose day its clock ran."""
    op.add_column("bill", sa.Column("kind", sa.String(10), server_default="acceptance", nullable=False))
    op.add_column("bill", sa.Column("recorded_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("bill", sa.Column("interest_ppm", sa.BigInteger(), server_default="500", nullable=False))
    op.add_column("bill", sa.Column("delivered_on", sa.Date(), server_default="2000-01-01", nullable=False))
    op.add_column("bill", sa.Column("days_to_pay", sa.BigInteger()))
    schema.widen("bill", "state", 11)
    schema.allow_null("bill", "acceptance_id")
    schema.allow_null("bill", "order_id")
    since = "julianday(paid_on) - julianday(issued_on)" if _sqlite() else "paid_on - issued_on"
    op.execute(f"UPDATE bill SET delivered_on = issued_on, days_to_pay = CAST({since} AS BIGINT)")
    op.execute(
        "UPDATE bill SET recorded_fen = coalesce((SELECT sum(fen) FROM transfer"
        " WHERE transfer.bill_id = bill.id AND transfer.state = 'recorded'), 0)"
    )
    schema.change_check(
        "bill",
        "paid_within_total",
        "total_fen > 0 AND paid_fen >= 0 AND credited_fen >= 0 AND recorded_fen >= 0"
        " AND paid_fen + credited_fen <= total_fen AND paid_fen + recorded_fen <= total_fen",
    )
    partly = "(state = 'partly_paid') = (paid_fen > 0 AND paid_fen + credited_fen < total_fen)"
    schema.change_check("bill", "paid_in_part", partly)
    schema.change_check("bill", "state", "state IN ('to_pay', 'partly_paid', 'paid', 'credited')")
    schema.change_check("bill", "kind", "kind IN ('acceptance', 'month', 'prepay')")
    schema.change_check("bill", "acceptance", "(kind = 'acceptance') = (acceptance_id IS NOT NULL)")
    schema.change_check("bill", "order", "(kind = 'month') = (order_id IS NULL)")


def _sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


def _transfers() -> None:
    """A bill takes several; that they are not more than it asks is its counters' CHECK."""
    op.add_column("transfer", sa.Column("applied_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE transfer SET applied_fen = fen WHERE state = 'confirmed'")
    op.drop_index("uq_transfer_bill_live", "transfer")
    schema.change_check("transfer", "fen", "fen > 0 AND applied_fen BETWEEN 0 AND fen")
    schema.change_check("transfer", "applied", "state = 'confirmed' OR applied_fen = 0")


def _organisations(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], ["organisation.id"], name=op.f(f"fk_{table}_{column}"))
        for column in ("agency_id", "supplier_id")
    ]


def _refers(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in columns.items()
    ]


def _payment_term() -> None:
    op.create_table(
        "payment_term",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("billing", sa.String(10), nullable=False),
        sa.Column("terms", sa.String(8), nullable=False),
        sa.Column("clock", sa.String(10), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("interest_ppm", sa.BigInteger(), nullable=False),
        sa.Column("contract", sa.String(60), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("proposed_by", sa.Uuid()),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("answered_by", sa.Uuid()),
        sa.Column("answered_at", TIME),
        sa.CheckConstraint("state IN ('proposed', 'agreed', 'refused')", name=op.f("ck_payment_term_state")),
        sa.CheckConstraint("billing IN ('acceptance', 'month')", name=op.f("ck_payment_term_billing")),
        sa.CheckConstraint("terms IN ('credit', 'prepaid')", name=op.f("ck_payment_term_terms")),
        sa.CheckConstraint("clock IN ('delivery', 'acceptance')", name=op.f("ck_payment_term_clock")),
        sa.CheckConstraint("days BETWEEN 1 AND 60", name=op.f("ck_payment_term_days")),
        sa.CheckConstraint("clock = 'delivery' OR contract <> ''", name=op.f("ck_payment_term_contract")),
        sa.CheckConstraint("interest_ppm BETWEEN 0 AND 10000", name=op.f("ck_payment_term_interest")),
        *_organisations("payment_term"),
        *_refers("payment_term", proposed_by="user", answered_by="user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_term")),
    )
    agreed = sa.text("state = 'agreed'")
    op.create_index(
        "uq_payment_term_agreed",
        "payment_term",
        ["agency_id", "supplier_id", "from_day"],
        unique=True,
        sqlite_where=agreed,
        postgresql_where=agreed,
    )
    op.create_index("ix_payment_term_supplier_id_state", "payment_term", ["supplier_id", "state"])


def _bill_part() -> None:
    op.create_table(
        "bill_part",
        sa.Column("acceptance_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid()),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(12), nullable=False),
        sa.Column("agency_division", sa.String(12), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.CheckConstraint("fen > 0", name=op.f("ck_bill_part_fen")),
        *_organisations("bill_part"),
        *_refers("bill_part", acceptance_id="acceptance", bill_id="bill", order_id="purchase_order"),
        sa.PrimaryKeyConstraint("acceptance_id", name=op.f("pk_bill_part")),
    )
    op.create_index("ix_bill_part_bill_id", "bill_part", ["bill_id"])
    op.create_index("ix_bill_part_order_id", "bill_part", ["order_id"])
    waiting = sa.text("bill_id IS NULL")
    op.create_index(
        "ix_bill_part_waiting",
        "bill_part",
        ["agency_id", "supplier_id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.execute(
        "INSERT INTO bill_part (acceptance_id, bill_id, order_id, supplier_id, agency_id, division, agency_division,"
        " fen, delivered_on, accepted_on) SELECT acceptance_id, id, order_id, supplier_id, agency_id, division,"
        " agency_division, total_fen, issued_on, issued_on FROM bill WHERE acceptance_id IS NOT NULL"
    )


def _payer_credit() -> None:
    op.create_table(
        "payer_credit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid()),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(12), nullable=False),
        sa.Column("agency_division", sa.String(12), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("used_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("refund_serial", sa.String(60), nullable=False),
        sa.Column("refunded_on", sa.Date()),
        sa.Column("refunded_by", sa.Uuid()),
        sa.CheckConstraint("kind IN ('prepaid', 'overpaid')", name=op.f("ck_payer_credit_kind")),
        sa.CheckConstraint("state IN ('held', 'to_refund', 'used', 'refunded')", name=op.f("ck_payer_credit_state")),
        sa.CheckConstraint(
            "fen > 0 AND used_fen >= 0 AND refunded_fen >= 0 AND used_fen + refunded_fen <= fen",
            name=op.f("ck_payer_credit_within"),
        ),
        sa.CheckConstraint(
            "(state IN ('used', 'refunded')) = (used_fen + refunded_fen = fen)", name=op.f("ck_payer_credit_spent")
        ),
        sa.CheckConstraint("(kind = 'prepaid') = (order_id IS NOT NULL)", name=op.f("ck_payer_credit_order")),
        sa.CheckConstraint("(state = 'refunded') = (refunded_fen > 0)", name=op.f("ck_payer_credit_refunded")),
        *_organisations("payer_credit"),
        *_refers("payer_credit", bill_id="bill", order_id="purchase_order", refunded_by="user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payer_credit")),
        sa.UniqueConstraint("number", name=op.f("uq_payer_credit_number")),
    )
    prepaid = sa.text("kind = 'prepaid'")
    op.create_index(
        "uq_payer_credit_prepaid",
        "payer_credit",
        ["order_id"],
        unique=True,
        sqlite_where=prepaid,
        postgresql_where=prepaid,
    )
    op.create_index("ix_payer_credit_bill_id", "payer_credit", ["bill_id"])
    op.create_index("ix_payer_credit_supplier_id_state", "payer_credit", ["supplier_id", "state"])
    op.create_index("ix_payer_credit_agency_id_state", "payer_credit", ["agency_id", "state"])


def _credit_use() -> None:
    op.create_table(
        "credit_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.Uuid()),
        sa.CheckConstraint("fen > 0", name=op.f("ck_credit_use_fen")),
        *_refers("credit_use", credit_id="payer_credit", bill_id="bill", by="user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_use")),
    )
    op.create_index("ix_credit_use_credit_id", "credit_use", ["credit_id"])
    op.create_index("ix_credit_use_bill_id", "credit_use", ["bill_id"])
    schema.guard("credit_use")


def _interest_claim() -> None:
    op.create_table(
        "interest_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("interest_ppm", sa.BigInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("claimed_by", sa.Uuid()),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sa.CheckConstraint("fen > 0 AND until_day >= from_day", name=op.f("ck_interest_claim_amount")),
        sa.CheckConstraint("state IN ('claimed', 'paid', 'waived')", name=op.f("ck_interest_claim_state")),
        *_refers("interest_claim", bill_id="bill", claimed_by="user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest_claim")),
        sa.UniqueConstraint("number", name=op.f("uq_interest_claim_number")),
        sa.UniqueConstraint("bill_id", "from_day", name=op.f("uq_interest_claim_bill_id_from_day")),
    )
    op.create_index("ix_interest_claim_bill_id", "interest_claim", ["bill_id"])


def _bank_statement() -> None:
    op.create_table(
        "bank_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("template", sa.String(30), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("same", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("read_by", sa.Uuid()),
        sa.Column("read_at", TIME, nullable=False),
        *_refers("bank_statement", supplier_id="organisation", read_by="user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statement")),
        sa.UniqueConstraint("number", name=op.f("uq_bank_statement_number")),
    )
    op.create_index("ix_bank_statement_supplier_id", "bank_statement", ["supplier_id", "read_at"])


def _bank_row() -> None:
    op.create_table(
        "bank_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("payer", sa.String(120), nullable=False),
        sa.Column("remark", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("bill_id", sa.Uuid()),
        sa.Column("transfer_id", sa.Uuid()),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", TIME),
        sa.CheckConstraint("fen > 0", name=op.f("ck_bank_row_fen")),
        sa.CheckConstraint(
            "outcome IN ('exact', 'partial', 'over', 'double', 'known', 'differs', 'several', 'unmatched')",
            name=op.f("ck_bank_row_outcome"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'queued', 'confirmed', 'returned', 'other')", name=op.f("ck_bank_row_state")
        ),
        sa.CheckConstraint("(state = 'confirmed') = (transfer_id IS NOT NULL)", name=op.f("ck_bank_row_confirmed")),
        sa.CheckConstraint(
            "state NOT IN ('proposed', 'confirmed') OR bill_id IS NOT NULL", name=op.f("ck_bank_row_bill")
        ),
        *_refers(
            "bank_row",
            statement_id="bank_statement",
            supplier_id="organisation",
            bill_id="bill",
            transfer_id="transfer",
            decided_by="user",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_row")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_bank_row_transfer_id")),
        sa.UniqueConstraint(
            "supplier_id",
            "account",
            "serial",
            "day",
            "fen",
            name=op.f("uq_bank_row_supplier_id_account_serial_day_fen"),
        ),
    )
    op.create_index("ix_bank_row_statement_id", "bank_row", ["statement_id", "no"])
    op.create_index("ix_bank_row_supplier_id_state", "bank_row", ["supplier_id", "state"])
    op.create_index("ix_bank_row_bill_id", "bank_row", ["bill_id"])


def downgrade() -> None:
    """Bills of a month and prepayments have no place in the older tables: with any, the way back is closed."""
    later = op.get_bind().execute(sa.text("SELECT count(*) FROM bill WHERE kind <> 'acceptance'")).scalar_one()
    if later:
        raise RuntimeError(f"{later} bills are of a month or prepaid: the schema before 0017 cannot hold them")
    schema.unguard("credit_use")
    for table in NEW_TABLES:
        op.drop_table(table)
    op.drop_column("tax_invoice", "reason")
    schema.change_check("transfer", "applied", None)
    schema.change_check("transfer", "fen", "fen > 0")
    op.drop_column("transfer", "applied_fen")
    live = sa.text("state <> 'refused'")
    op.create_index(
        "uq_transfer_bill_live", "transfer", ["bill_id"], unique=True, sqlite_where=live, postgresql_where=live
    )
    for name in ("paid_in_part", "state", "kind", "acceptance", "order"):
        schema.change_check("bill", name, None)
    schema.change_check(
        "bill",
        "paid_within_total",
        "total_fen > 0 AND paid_fen >= 0 AND credited_fen >= 0 AND paid_fen + credited_fen <= total_fen",
    )
    for column in ("days_to_pay", "delivered_on", "interest_ppm", "recorded_fen", "kind"):
        op.drop_column("bill", column)
