"""Requests for quotation, posted demand, quotations, awards, framework agreements."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0013"
down_revision = "0012"

TIME = sa.DateTime(timezone=True)
OPEN_AMENDMENT = sa.text("state IN ('draft', 'proposed')")
TABLES = (
    "sourcing_request",
    "framework",
    "invitation",
    "quotation",
    "request_line",
    "request_party",
    "award",
    "framework_line",
    "framework_party",
    "quotation_line",
    "request_want",
)


def upgrade() -> None:
    _sourcing_request()
    _framework()
    _invitation()
    _quotation()
    _request_line()
    _request_party()
    _award()
    _framework_line()
    _framework_party()
    _quotation_line()
    _request_want()
    schema.guard("award")


def downgrade() -> None:
    schema.unguard("award")
    for table in reversed(TABLES):
        op.drop_table(table)


def _sourcing_request() -> None:
    op.create_table(
        "sourcing_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.String(12), nullable=False),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("county", sa.String(12), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("answer_by", TIME, nullable=False),
        sa.Column("join_by", TIME),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("opened_at", TIME),
        sa.Column("awarded_by", sa.Uuid()),
        sa.Column("awarded_at", TIME),
        sa.Column("cancelled_at", TIME),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'awarded') = (awarded_at IS NOT NULL)", name=op.f("ck_sourcing_request_awarded_at")
        ),
        sa.CheckConstraint(
            "join_by IS NULL OR kind = 'demand' AND join_by < answer_by", name=op.f("ck_sourcing_request_join_by")
        ),
        sa.CheckConstraint("kind IN ('rfq', 'demand')", name=op.f("ck_sourcing_request_kind")),
        sa.CheckConstraint(
            "state <> 'awarded' OR awarded_by <> created_by", name=op.f("ck_sourcing_request_two_persons")
        ),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_sourcing_request_cancelled_at")
        ),
        sa.CheckConstraint("state <> 'cancelled' OR reason <> ''", name=op.f("ck_sourcing_request_reason")),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'awarded', 'cancelled')", name=op.f("ck_sourcing_request_state")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_sourcing_request_agency_id")),
        sa.ForeignKeyConstraint(["awarded_by"], ["user.id"], name=op.f("fk_sourcing_request_awarded_by")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_sourcing_request_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sourcing_request")),
        sa.UniqueConstraint("number", name=op.f("uq_sourcing_request_number")),
    )
    op.create_index("ix_sourcing_request_agency_id_state", "sourcing_request", ["agency_id", "state"])
    op.create_index("ix_sourcing_request_state_answer_by", "sourcing_request", ["state", "answer_by"])


def _framework() -> None:
    op.create_table(
        "framework",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid()),
        sa.Column("previous_id", sa.Uuid()),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("terms", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("proposed_by", sa.Uuid()),
        sa.Column("proposed_at", TIME),
        sa.Column("signed_by", sa.Uuid()),
        sa.Column("signed_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('in_force', 'replaced', 'ended')) = (signed_at IS NOT NULL)",
            name=op.f("ck_framework_signed_at"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'in_force', 'declined', 'withdrawn', 'replaced', 'ended')",
            name=op.f("ck_framework_state"),
        ),
        sa.CheckConstraint("state NOT IN ('declined', 'ended') OR reason <> ''", name=op.f("ck_framework_reason")),
        sa.CheckConstraint("proposed_by IS NULL OR proposed_by <> created_by", name=op.f("ck_framework_two_persons")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_framework_days")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_framework_agency_id")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_framework_created_by")),
        sa.ForeignKeyConstraint(["previous_id"], ["framework.id"], name=op.f("fk_framework_previous_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["user.id"], name=op.f("fk_framework_proposed_by")),
        sa.ForeignKeyConstraint(["request_id"], ["sourcing_request.id"], name=op.f("fk_framework_request_id")),
        sa.ForeignKeyConstraint(["signed_by"], ["user.id"], name=op.f("fk_framework_signed_by")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_framework_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_framework")),
        sa.UniqueConstraint("number", name=op.f("uq_framework_number")),
    )
    op.create_index("ix_framework_agency_id", "framework", ["agency_id"])
    op.create_index("ix_framework_supplier_id_state", "framework", ["supplier_id", "state"])
    op.create_index(
        "uq_framework_open_amendment",
        "framework",
        ["previous_id"],
        unique=True,
        sqlite_where=OPEN_AMENDMENT,
        postgresql_where=OPEN_AMENDMENT,
    )


def _invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["sourcing_request.id"], name=op.f("fk_invitation_request_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_invitation_supplier_id")),
        sa.PrimaryKeyConstraint("request_id", "supplier_id", name=op.f("pk_invitation")),
    )
    op.create_index("ix_invitation_supplier_id", "invitation", ["supplier_id"])


def _quotation() -> None:
    op.create_table(
        "quotation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("sent_by", sa.Uuid()),
        sa.Column("sent_at", TIME, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('sent', 'withdrawn', 'awarded', 'lost')", name=op.f("ck_quotation_state")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_quotation_revision")),
        sa.ForeignKeyConstraint(["request_id"], ["sourcing_request.id"], name=op.f("fk_quotation_request_id")),
        sa.ForeignKeyConstraint(["sent_by"], ["user.id"], name=op.f("fk_quotation_sent_by")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_quotation_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotation")),
        sa.UniqueConstraint("number", name=op.f("uq_quotation_number")),
        sa.UniqueConstraint("request_id", "supplier_id", name=op.f("uq_quotation_request_id_supplier_id")),
    )
    op.create_index("ix_quotation_supplier_id_state", "quotation", ["supplier_id", "state"])


def _request_line() -> None:
    op.create_table(
        "request_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("category_code", sa.String(20), nullable=False),
        sa.Column("product_id", sa.Uuid()),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("spec", sa.String(300), nullable=False),
        sa.Column("unit", sa.String(4), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.CheckConstraint("unit IN ('千克', '升', '枚', '只')", name=op.f("ck_request_line_unit")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_request_line_days")),
        sa.ForeignKeyConstraint(["category_code"], ["category.code"], name=op.f("fk_request_line_category_code")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_request_line_product_id")),
        sa.ForeignKeyConstraint(["request_id"], ["sourcing_request.id"], name=op.f("fk_request_line_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_line")),
        sa.UniqueConstraint("request_id", "no", name=op.f("uq_request_line_request_id_no")),
    )


def _request_party() -> None:
    op.create_table(
        "request_party",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("contact", sa.String(40), nullable=False),
        sa.Column("joined_by", sa.Uuid()),
        sa.Column("joined_at", TIME, nullable=False),
        sa.Column("requisition_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_request_party_agency_id")),
        sa.ForeignKeyConstraint(["joined_by"], ["user.id"], name=op.f("fk_request_party_joined_by")),
        sa.ForeignKeyConstraint(["request_id"], ["sourcing_request.id"], name=op.f("fk_request_party_request_id")),
        sa.ForeignKeyConstraint(["requisition_id"], ["requisition.id"], name=op.f("fk_request_party_requisition_id")),
        sa.PrimaryKeyConstraint("request_id", "agency_id", name=op.f("pk_request_party")),
    )
    op.create_index("ix_request_party_agency_id", "request_party", ["agency_id"])


def _award() -> None:
    op.create_table(
        "award",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("quotation_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("comparable_fen", sa.BigInteger(), nullable=False),
        sa.Column("reference_fen", sa.BigInteger()),
        sa.Column("over_basis_points", sa.BigInteger(), nullable=False),
        sa.Column("cheapest", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.CheckConstraint("(cheapest AND over_basis_points = 0) OR reason <> ''", name=op.f("ck_award_reason")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_award_quantity")),
        sa.ForeignKeyConstraint(["line_id"], ["request_line.id"], name=op.f("fk_award_line_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_award_offer_id")),
        sa.ForeignKeyConstraint(["quotation_id"], ["quotation.id"], name=op.f("fk_award_quotation_id")),
        sa.ForeignKeyConstraint(["request_id"], ["sourcing_request.id"], name=op.f("fk_award_request_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_award_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award")),
        sa.UniqueConstraint("line_id", "quotation_id", name=op.f("uq_award_line_id_quotation_id")),
    )
    op.create_index("ix_award_request_id", "award", ["request_id"])


def _framework_line() -> None:
    op.create_table(
        "framework_line",
        sa.Column("framework_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("ceiling", sa.BigInteger()),
        sa.CheckConstraint("ceiling IS NULL OR ceiling > 0", name=op.f("ck_framework_line_ceiling")),
        sa.CheckConstraint("price_fen > 0", name=op.f("ck_framework_line_price")),
        sa.ForeignKeyConstraint(["framework_id"], ["framework.id"], name=op.f("fk_framework_line_framework_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_framework_line_offer_id")),
        sa.PrimaryKeyConstraint("framework_id", "no", name=op.f("pk_framework_line")),
        sa.UniqueConstraint("framework_id", "offer_id", name=op.f("uq_framework_line_framework_id_offer_id")),
    )


def _framework_party() -> None:
    op.create_table(
        "framework_party",
        sa.Column("framework_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_framework_party_agency_id")),
        sa.ForeignKeyConstraint(["framework_id"], ["framework.id"], name=op.f("fk_framework_party_framework_id")),
        sa.PrimaryKeyConstraint("framework_id", "agency_id", name=op.f("pk_framework_party")),
    )
    op.create_index("ix_framework_party_agency_id", "framework_party", ["agency_id"])


def _quotation_line() -> None:
    op.create_table(
        "quotation_line",
        sa.Column("quotation_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("lead_days", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("comparable_fen", sa.BigInteger(), nullable=False),
        sa.Column("per_unit", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("lead_days BETWEEN 0 AND 365", name=op.f("ck_quotation_line_lead_days")),
        sa.CheckConstraint("most > 0 AND per_unit > 0", name=op.f("ck_quotation_line_positive")),
        sa.CheckConstraint("price_fen > 0 AND comparable_fen >= 0", name=op.f("ck_quotation_line_price")),
        sa.ForeignKeyConstraint(["line_id"], ["request_line.id"], name=op.f("fk_quotation_line_line_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_quotation_line_offer_id")),
        sa.ForeignKeyConstraint(["quotation_id"], ["quotation.id"], name=op.f("fk_quotation_line_quotation_id")),
        sa.PrimaryKeyConstraint("quotation_id", "line_id", name=op.f("pk_quotation_line")),
        sa.UniqueConstraint("quotation_id", "offer_id", name=op.f("uq_quotation_line_quotation_id_offer_id")),
    )
    op.create_index("ix_quotation_line_line_id", "quotation_line", ["line_id"])


def _request_want() -> None:
    op.create_table(
        "request_want",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_request_want_quantity")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_request_want_agency_id")),
        sa.ForeignKeyConstraint(["line_id"], ["request_line.id"], name=op.f("fk_request_want_line_id")),
        sa.PrimaryKeyConstraint("line_id", "agency_id", name=op.f("pk_request_want")),
    )
