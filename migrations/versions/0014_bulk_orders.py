"""Bulk orders: stock held while they are decided, chains of approval with stand-ins, delivery plans, stamped scans."""

import sqlalchemy as sa
from alembic import op

from marketplace.core import schema

revision = "0014"
down_revision = "0013"

TIME = sa.DateTime(timezone=True)
STATES = "state IN ('draft', 'submitted', 'approved', 'rejected', 'withdrawn'{})"
STEP = ("requisition_id", "attempt", "no", "title", "role", "user_id", "maker_id")


def upgrade() -> None:
    _holds()
    _chains()
    for owner, owned in (("requisition", "requisition"), ("order", "purchase_order")):
        _plan(owner, owned, "offer_id" if owner == "requisition" else "order_line_id")
    op.create_table(
        "order_confirmation_scan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(10), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("added_by", sa.Uuid()),
        sa.Column("added_at", TIME, nullable=False),
        sa.CheckConstraint("side IN ('agency', 'supplier')", name=op.f("ck_order_confirmation_scan_side")),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("fk_order_confirmation_scan_order_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_order_confirmation_scan_file_id")),
        sa.ForeignKeyConstraint(["added_by"], ["user.id"], name=op.f("fk_order_confirmation_scan_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_confirmation_scan")),
    )
    op.create_index("ix_order_confirmation_scan_order_id", "order_confirmation_scan", ["order_id"])
    # What waits for its approver now has one step, as it had; it holds no stock, and takes it when it is approved.
    op.execute("UPDATE requisition SET attempt = 1 WHERE state = 'submitted'")
    op.execute(
        "INSERT INTO approval_step (requisition_id, attempt, no, title, role, maker_id, reason)"
        " SELECT id, 1, 1, '', 'approver', submitted_by, '' FROM requisition WHERE state = 'submitted'"
    )
    schema.guard("approval_step", fixed=STEP)
    for table in ("order_delivery", "order_part", "order_confirmation_scan"):
        schema.guard(table)


def _holds() -> None:
    op.add_column("requisition", sa.Column("hold_until", TIME))
    op.add_column("requisition", sa.Column("deliveries", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("requisition", sa.Column("attempt", sa.BigInteger(), server_default="0", nullable=False))
    schema.change_check("requisition", "state", STATES.format(", 'expired'"))
    schema.change_check("requisition", "hold", "hold_until IS NULL OR state = 'submitted'")
    op.create_index("ix_requisition_hold_until", "requisition", ["hold_until"])


def _chains() -> None:
    op.create_table(
        "approval_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("from_fen", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("hold_days", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.Uuid()),
        sa.Column("set_at", TIME, nullable=False),
        sa.CheckConstraint("from_fen >= 0", name=op.f("ck_approval_rule_from_fen")),
        sa.CheckConstraint("hold_days BETWEEN 1 AND 60", name=op.f("ck_approval_rule_hold_days")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_approval_rule_agency_id")),
        sa.ForeignKeyConstraint(["set_by"], ["user.id"], name=op.f("fk_approval_rule_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule")),
        sa.UniqueConstraint(
            "agency_id", "from_day", "from_fen", name=op.f("uq_approval_rule_agency_id_from_day_from_fen")
        ),
    )
    people = ("user_id", "maker_id", "decided_by", "stood_for")
    op.create_table(
        "approval_step",
        sa.Column("requisition_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(40), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        *(sa.Column(name, sa.Uuid()) for name in people),
        sa.Column("at", TIME),
        sa.Column("verdict", sa.String(10)),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.CheckConstraint("verdict IN ('approved', 'rejected')", name=op.f("ck_approval_step_verdict")),
        sa.CheckConstraint(
            "(verdict IS NULL) = (decided_by IS NULL) AND (verdict IS NULL) = (at IS NULL)",
            name=op.f("ck_approval_step_decided"),
        ),
        sa.CheckConstraint(
            "decided_by <> maker_id AND stood_for <> maker_id", name=op.f("ck_approval_step_not_the_maker")
        ),
        sa.CheckConstraint("verdict <> 'rejected' OR reason <> ''", name=op.f("ck_approval_step_rejected_with_reason")),
        sa.ForeignKeyConstraint(["requisition_id"], ["requisition.id"], name=op.f("fk_approval_step_requisition_id")),
        *(sa.ForeignKeyConstraint([name], ["user.id"], name=op.f(f"fk_approval_step_{name}")) for name in people),
        sa.PrimaryKeyConstraint("requisition_id", "attempt", "no", name=op.f("pk_approval_step")),
        sa.UniqueConstraint(
            "requisition_id", "attempt", "decided_by", name=op.f("uq_approval_step_requisition_id_attempt_decided_by")
        ),
    )
    people = ("principal_id", "deputy_id", "named_by", "ended_by")
    op.create_table(
        "deputy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("named_by", sa.Uuid()),
        sa.Column("named_at", TIME, nullable=False),
        sa.Column("ended_by", sa.Uuid()),
        sa.Column("ended_at", TIME),
        sa.CheckConstraint("deputy_id <> principal_id", name=op.f("ck_deputy_another")),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_deputy_days")),
        sa.ForeignKeyConstraint(["agency_id"], ["organisation.id"], name=op.f("fk_deputy_agency_id")),
        *(sa.ForeignKeyConstraint([name], ["user.id"], name=op.f(f"fk_deputy_{name}")) for name in people),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
    )
    op.create_index("ix_deputy_deputy_id", "deputy", ["deputy_id"])
    op.create_index("ix_deputy_agency_id", "deputy", ["agency_id"])


def _plan(what: str, table: str, line: str) -> None:
    """The deliveries of a bulk order or an order, and what of its lines goes to each."""
    owner, lines = f"{what}_id", line.removesuffix("_id")
    op.create_table(
        f"{what}_delivery",
        sa.Column(owner, sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("contact", sa.String(40), nullable=False),
        sa.Column("deliver_on", sa.Date(), nullable=False),
        sa.Column("window", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint([owner], [f"{table}.id"], name=op.f(f"fk_{what}_delivery_{owner}")),
        sa.PrimaryKeyConstraint(owner, "no", name=op.f(f"pk_{what}_delivery")),
    )
    op.create_table(
        f"{what}_part",
        sa.Column(owner, sa.Uuid(), nullable=False),
        sa.Column("delivery_no", sa.BigInteger(), nullable=False),
        sa.Column(line, sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f(f"ck_{what}_part_quantity")),
        sa.ForeignKeyConstraint(
            [owner, "delivery_no"],
            [f"{what}_delivery.{owner}", f"{what}_delivery.no"],
            name=op.f(f"fk_{what}_part_delivery"),
        ),
        sa.ForeignKeyConstraint([line], [f"{lines}.id"], name=op.f(f"fk_{what}_part_{line}")),
        sa.PrimaryKeyConstraint(owner, "delivery_no", line, name=op.f(f"pk_{what}_part")),
    )


def downgrade() -> None:
    for table in ("order_confirmation_scan", "order_part", "order_delivery", "approval_step"):
        schema.unguard(table)
        op.drop_table(table)
    for table in ("requisition_part", "requisition_delivery", "deputy", "approval_rule"):
        op.drop_table(table)
    op.execute("UPDATE requisition SET state = 'withdrawn' WHERE state = 'expired'")
    schema.change_check("requisition", "hold", None)
    schema.change_check("requisition", "state", STATES.format(""))
    op.drop_index("ix_requisition_hold_until", "requisition")
    for column in ("attempt", "hold_until", "deliveries"):
        op.drop_column("requisition", column)
