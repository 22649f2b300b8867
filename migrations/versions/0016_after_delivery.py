"""After delivery: what comes back before it is paid, requests to return, disputes, recalls, reviews, and their days."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0016"
down_revision = "0015"

TIME = sa.DateTime(timezone=True)
TABLES = (
    "after_term",
    "return_request",
    "return_photo",
    "order_dispute",
    "order_dispute_file",
    "recall",
    "recall_recipient",
    "review",
    "bill_credit",
)
COLUMNS = (("bill", "credited_fen"), ("order_line", "credited"), ("goods_return", "credited"), ("lot", "blocked"))


def upgrade() -> None:
    _credits()
    _after_term()
    _return_request()
    _return_photo()
    _order_dispute()
    _order_dispute_file()
    _recall()
    _recall_recipient()
    _review()
    _bill_credit()
    schema.guard("bill_credit")


def _credits() -> None:
    """What was credited before payment leaves the line's way to settlement, and its bill's sum."""
    op.add_column("bill", sa.Column("credited_fen", sa.BigInteger(), server_default="0", nullable=False))
    schema.change_check(
        "bill",
        "paid_within_total",
        "total_fen > 0 AND paid_fen >= 0 AND credited_fen >= 0 AND paid_fen + credited_fen <= total_fen",
    )
    schema.change_check(
        "bill", "paid_in_full", "(state = 'paid') = (paid_fen + credited_fen = total_fen AND paid_fen > 0)"
    )
    schema.change_check("bill", "credited_in_full", "(state = 'credited') = (credited_fen = total_fen)")
    op.add_column("order_line", sa.Column("credited", sa.BigInteger(), server_default="0", nullable=False))
    schema.change_check("order_line", "settled", "settled >= 0 AND settled + credited <= accepted")
    schema.change_check("order_line", "credited", "credited BETWEEN 0 AND returned")
    op.add_column("goods_return", sa.Column("credited", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("lot", sa.Column("blocked", sa.Boolean(), server_default=sa.false(), nullable=False))


def _after_term() -> None:
    op.create_table(
        "after_term",
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('return_ask', 'return_damaged', 'return_answer', 'dispute_answer', 'dispute_decide', 'review_edit')",
            name=op.f("ck_after_term_kind"),
        ),
        sa.CheckConstraint("days BETWEEN 1 AND 180", name=op.f("ck_after_term_days")),
        sa.PrimaryKeyConstraint("prefix", "kind", "from_day", name=op.f("pk_after_term")),
    )


def _return_request() -> None:
    op.create_table(
        "return_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("acceptance_line_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(length=12), nullable=False),
        sa.Column("agency_division", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(length=300), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("sent_note", sa.String(length=120), nullable=False),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("restocked", sa.Boolean(), nullable=True),
        sa.Column("received_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("return_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(state = 'done') = (return_id IS NOT NULL)", name=op.f("ck_return_request_done_with_return")
        ),
        sa.CheckConstraint(
            "reason IN ('damaged', 'quality', 'wrong', 'papers', 'recalled', 'other')",
            name=op.f("ck_return_request_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'agreed', 'refused', 'withdrawn', 'sent_back', 'received', 'done')",
            name=op.f("ck_return_request_state"),
        ),
        sa.CheckConstraint("quantity > 0 AND (net IS NULL OR net > 0)", name=op.f("ck_return_request_amounts")),
        sa.ForeignKeyConstraint(
            ["acceptance_line_id"], ["acceptance_line.id"], name=op.f("fk_return_request_acceptance_line_id")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_return_request_agency_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["user.id"], name=op.f("fk_return_request_answered_by")),
        sa.ForeignKeyConstraint(["asked_by"], ["user.id"], name=op.f("fk_return_request_asked_by")),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("fk_return_request_order_id")),
        sa.ForeignKeyConstraint(["return_id"], ["goods_return.id"], name=op.f("fk_return_request_return_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_return_request_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_request")),
        sa.UniqueConstraint("number", name=op.f("uq_return_request_number")),
        sa.UniqueConstraint("return_id", name=op.f("uq_return_request_return_id")),
    )
    op.create_index(
        op.f("ix_return_request_acceptance_line_id"), "return_request", ["acceptance_line_id"], unique=False
    )
    op.create_index("ix_return_request_agency_id_state", "return_request", ["agency_id", "state"], unique=False)
    op.create_index(op.f("ix_return_request_order_id"), "return_request", ["order_id"], unique=False)
    op.create_index("ix_return_request_supplier_id_state", "return_request", ["supplier_id", "state"], unique=False)
    op.create_index(
        "uq_return_request_line_open",
        "return_request",
        ["acceptance_line_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('asked', 'agreed', 'sent_back', 'received')"),
        postgresql_where=sa.text("state IN ('asked', 'agreed', 'sent_back', 'received')"),
    )


def _return_photo() -> None:
    op.create_table(
        "return_photo",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_return_photo_file_id")),
        sa.ForeignKeyConstraint(["request_id"], ["return_request.id"], name=op.f("fk_return_photo_request_id")),
        sa.PrimaryKeyConstraint("request_id", "file_id", name=op.f("pk_return_photo")),
    )


def _order_dispute() -> None:
    op.create_table(
        "order_dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("about_kind", sa.String(length=12), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("about_number", sa.String(length=24), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(length=12), nullable=False),
        sa.Column("agency_division", sa.String(length=12), nullable=False),
        sa.Column("decided_in", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=600), nullable=False),
        sa.Column("raised_by", sa.Uuid(), nullable=True),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("decide_by", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(length=600), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("escalated_at", TIME, nullable=True),
        sa.Column("decision", sa.String(length=600), nullable=False),
        sa.Column("remedy", sa.String(length=10), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.CheckConstraint(
            "(state IN ('upheld', 'dismissed')) = (decided_at IS NOT NULL)", name=op.f("ck_order_dispute_decided")
        ),
        sa.CheckConstraint(
            "about_kind IN ('order', 'shipment', 'acceptance', 'bill', 'return')",
            name=op.f("ck_order_dispute_about_kind"),
        ),
        sa.CheckConstraint("remedy IS NULL OR state = 'upheld'", name=op.f("ck_order_dispute_remedy")),
        sa.CheckConstraint("side IN ('agency', 'supplier')", name=op.f("ck_order_dispute_side")),
        sa.CheckConstraint(
            "state IN ('raised', 'answered', 'upheld', 'dismissed', 'withdrawn')", name=op.f("ck_order_dispute_state")
        ),
        sa.CheckConstraint(
            "decided_by <> raised_by AND decided_by <> answered_by", name=op.f("ck_order_dispute_not_ones_own")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_order_dispute_agency_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["user.id"], name=op.f("fk_order_dispute_answered_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_order_dispute_decided_by")),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("fk_order_dispute_order_id")),
        sa.ForeignKeyConstraint(["raised_by"], ["user.id"], name=op.f("fk_order_dispute_raised_by")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_order_dispute_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_dispute")),
        sa.UniqueConstraint("number", name=op.f("uq_order_dispute_number")),
    )
    op.create_index(op.f("ix_order_dispute_agency_division"), "order_dispute", ["agency_division"], unique=False)
    op.create_index("ix_order_dispute_agency_id", "order_dispute", ["agency_id"], unique=False)
    op.create_index(op.f("ix_order_dispute_division"), "order_dispute", ["division"], unique=False)
    op.create_index(op.f("ix_order_dispute_order_id"), "order_dispute", ["order_id"], unique=False)
    op.create_index("ix_order_dispute_supplier_id", "order_dispute", ["supplier_id"], unique=False)
    op.create_index(
        "uq_order_dispute_about_open",
        "order_dispute",
        ["about_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('raised', 'answered')"),
        postgresql_where=sa.text("state IN ('raised', 'answered')"),
    )


def _order_dispute_file() -> None:
    op.create_table(
        "order_dispute_file",
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["dispute_id"], ["order_dispute.id"], name=op.f("fk_order_dispute_file_dispute_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_order_dispute_file_file_id")),
        sa.PrimaryKeyConstraint("dispute_id", "file_id", name=op.f("pk_order_dispute_file")),
    )


def _recall() -> None:
    op.create_table(
        "recall",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("lot_number", sa.String(length=24), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(length=12), nullable=False),
        sa.Column("by_office", sa.Boolean(), nullable=False),
        sa.Column("hazard", sa.String(length=10), nullable=False),
        sa.Column("instruction", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=600), nullable=False),
        sa.Column("act_by", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("result", sa.String(length=600), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_recall_ended")),
        sa.CheckConstraint(
            "hazard IN ('safety', 'residue', 'label', 'quality', 'other')", name=op.f("ck_recall_hazard")
        ),
        sa.CheckConstraint("instruction IN ('stop', 'return', 'destroy')", name=op.f("ck_recall_instruction")),
        sa.CheckConstraint("state IN ('open', 'ended')", name=op.f("ck_recall_state")),
        sa.ForeignKeyConstraint(["ended_by"], ["user.id"], name=op.f("fk_recall_ended_by")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_recall_lot_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["user.id"], name=op.f("fk_recall_opened_by")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_recall_product_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_recall_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
        sa.UniqueConstraint("number", name=op.f("uq_recall_number")),
    )
    op.create_index(op.f("ix_recall_division"), "recall", ["division"], unique=False)
    op.create_index("ix_recall_supplier_id", "recall", ["supplier_id"], unique=False)
    op.create_index(
        "uq_recall_lot_open",
        "recall",
        ["lot_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _recall_recipient() -> None:
    op.create_table(
        "recall_recipient",
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("in_transit", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("destroyed", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", TIME, nullable=True),
        sa.CheckConstraint(
            "accepted >= 0 AND in_transit >= 0 AND accepted + in_transit > 0", name=op.f("ck_recall_recipient_got")
        ),
        sa.CheckConstraint(
            "held >= 0 AND returned >= 0 AND destroyed >= 0 AND held + returned + destroyed <= accepted",
            name=op.f("ck_recall_recipient_within"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_recall_recipient_agency_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["user.id"], name=op.f("fk_recall_recipient_answered_by")),
        sa.ForeignKeyConstraint(["recall_id"], ["recall.id"], name=op.f("fk_recall_recipient_recall_id")),
        sa.PrimaryKeyConstraint("recall_id", "agency_id", name=op.f("pk_recall_recipient")),
    )
    op.create_index("ix_recall_recipient_agency_id", "recall_recipient", ["agency_id"], unique=False)


def _review() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(length=12), nullable=False),
        sa.Column("quality", sa.BigInteger(), nullable=False),
        sa.Column("packing", sa.BigInteger(), nullable=False),
        sa.Column("punctuality", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("written_at", TIME, nullable=False),
        sa.Column("edited_at", TIME, nullable=True),
        sa.Column("reply", sa.String(length=300), nullable=False),
        sa.Column("replied_by", sa.Uuid(), nullable=True),
        sa.Column("replied_at", TIME, nullable=True),
        sa.Column("hidden_reason", sa.String(length=200), nullable=False),
        sa.Column("hidden_by", sa.Uuid(), nullable=True),
        sa.Column("hidden_at", TIME, nullable=True),
        sa.CheckConstraint("(hidden_at IS NULL) = (hidden_reason = '')", name=op.f("ck_review_hidden_with_reason")),
        sa.CheckConstraint(
            "quality BETWEEN 1 AND 5 AND packing BETWEEN 1 AND 5 AND punctuality BETWEEN 1 AND 5",
            name=op.f("ck_review_marks"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_review_agency_id")),
        sa.ForeignKeyConstraint(["hidden_by"], ["user.id"], name=op.f("fk_review_hidden_by")),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("fk_review_order_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_review_order_line_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_review_product_id")),
        sa.ForeignKeyConstraint(["replied_by"], ["user.id"], name=op.f("fk_review_replied_by")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_review_supplier_id")),
        sa.ForeignKeyConstraint(["written_by"], ["user.id"], name=op.f("fk_review_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_review_order_line_id")),
    )
    op.create_index(op.f("ix_review_order_id"), "review", ["order_id"], unique=False)
    op.create_index("ix_review_product_id", "review", ["product_id"], unique=False)
    op.create_index("ix_review_supplier_id", "review", ["supplier_id"], unique=False)


def _bill_credit() -> None:
    op.create_table(
        "bill_credit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.CheckConstraint("fen > 0", name=op.f("ck_bill_credit_fen")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_credit_bill_id")),
        sa.ForeignKeyConstraint(["return_id"], ["goods_return.id"], name=op.f("fk_bill_credit_return_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_credit")),
        sa.UniqueConstraint("return_id", name=op.f("uq_bill_credit_return_id")),
    )
    op.create_index(op.f("ix_bill_credit_bill_id"), "bill_credit", ["bill_id"], unique=False)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    schema.change_check("bill", "credited_in_full", None)
    schema.change_check("bill", "paid_in_full", "(state = 'paid') = (paid_fen = total_fen)")
    schema.change_check("bill", "paid_within_total", "total_fen > 0 AND paid_fen BETWEEN 0 AND total_fen")
    schema.change_check("order_line", "credited", None)
    schema.change_check("order_line", "settled", "settled BETWEEN 0 AND accepted")
    schema.unguard("goods_return")
    for table, column in COLUMNS:
        op.drop_column(table, column)
    schema.guard("goods_return")
