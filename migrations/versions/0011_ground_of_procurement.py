"""Agreed prices, messages, the signatures of an acceptance, and whose money a purchase is counted as."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0011"
down_revision = "0010"

TIME = sa.DateTime(timezone=True)
COUNTED_AS = "counted_as IN ('canteen', 'union', 'contractor', 'employee')"


def upgrade() -> None:
    _agreed_prices()
    _messages()
    for table in ("requisition", "purchase_order", "settled_line"):
        op.add_column(table, sa.Column("counted_as", sa.String(10), server_default="canteen", nullable=False))
    for table in ("requisition", "purchase_order"):
        schema.change_check(table, "counted_as", COUNTED_AS)
    _refer("requisition_line", "agreed_id", "agreed_price")
    _refer("order_line", "agreed_id", "agreed_price")
    _signatures()


def _refer(table: str, column: str, other: str) -> None:
    op.add_column(table, sa.Column(column, sa.Uuid()))
    schema.change_foreign_keys(table, drop=(), add={f"fk_{table}_{column}": (column, other, "id")})


def _agreed_prices() -> None:
    op.create_table(
        "agreed_price",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("ceiling", sa.BigInteger()),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("source_kind", sa.String(10), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.CheckConstraint("price_fen > 0", name=op.f("ck_agreed_price_price")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_agreed_price_days")),
        sa.CheckConstraint("used >= 0 AND (ceiling IS NULL OR used <= ceiling)", name=op.f("ck_agreed_price_ceiling")),
        sa.CheckConstraint("source_kind IN ('framework', 'quotation')", name=op.f("ck_agreed_price_source_kind")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_agreed_price_offer_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_agreed_price_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreed_price")),
    )
    op.create_index("ix_agreed_price_agency_id_offer_id", "agreed_price", ["agency_id", "offer_id"])
    op.create_index("ix_agreed_price_source_id", "agreed_price", ["source_id"])


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.String(40), nullable=False, server_default=""),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("about_kind", sa.String(20), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False, server_default=""),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("act_by", sa.Date()),
        sa.Column("once", sa.String(120)),
        sa.Column("done_at", TIME),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_message_organisation_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_message_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("once", name=op.f("uq_message_once")),
    )
    op.create_index("ix_message_organisation_id_done_at", "message", ["organisation_id", "done_at"])
    op.create_index("ix_message_about_id", "message", ["about_id"])


def _signatures() -> None:
    """Every acceptance until now was signed when it was recorded."""
    op.add_column("acceptance", sa.Column("state", sa.String(8), server_default="signing", nullable=False))
    op.add_column("acceptance", sa.Column("signed_at", TIME))
    op.add_column("acceptance", sa.Column("second_by", sa.Uuid()))
    op.execute("UPDATE acceptance SET state = 'signed', signed_at = at")
    schema.change_foreign_keys("acceptance", drop=(), add={"fk_acceptance_second_by": ("second_by", "user", "id")})
    schema.change_check("acceptance", "state", "state IN ('signing', 'signed', 'deemed')")
    schema.change_check("acceptance", "signed_at", "(state = 'signed') = (signed_at IS NOT NULL)")
    schema.change_check("acceptance", "two_persons", "second_by IS NULL OR second_by <> accepted_by")


def downgrade() -> None:
    for name in ("state", "signed_at", "two_persons"):
        schema.change_check("acceptance", name, None)
    for table in ("requisition", "purchase_order"):
        schema.change_check(table, "counted_as", None)
    schema.change_foreign_keys("acceptance", drop=("fk_acceptance_second_by",), add={})
    for column in ("second_by", "signed_at", "state"):
        op.drop_column("acceptance", column)
    for table in ("requisition_line", "order_line"):
        schema.change_foreign_keys(table, drop=(f"fk_{table}_agreed_id",), add={})
        op.drop_column(table, "agreed_id")
    schema.unguard("settled_line")
    for table in ("requisition", "purchase_order", "settled_line"):
        op.drop_column(table, "counted_as")
    schema.guard("settled_line")
    op.drop_table("message")
    op.drop_table("agreed_price")
