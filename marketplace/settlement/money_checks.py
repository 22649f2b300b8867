"""Checks of bills, what paid them, and payers' credits; part of `checks.CHECKS`."""

from collections.abc import Callable

from sqlalchemy import func, or_, select, union_all

from ..core.db import db
from ..payments.bank_models import BankRow
from ..payments.models import Bill, BillPart, CreditUse, PayerCredit, Transfer


def bills_are_their_parts() -> list[str]:
    """A bill asks for what its acceptances came to; a prepayment has none."""
    parts = select(BillPart.bill_id, func.sum(BillPart.fen).label("fen")).group_by(BillPart.bill_id).subquery()
    fen = func.coalesce(parts.c.fen, 0)
    query = select(Bill.number, Bill.total_fen, fen).join(parts, parts.c.bill_id == Bill.id, isouter=True)
    wrong = or_((Bill.kind != "prepay") & (Bill.total_fen != fen), (Bill.kind == "prepay") & (fen != 0))
    return [
        f"bill {number}: {total} fen, its parts make {sum_}"
        for number, total, sum_ in db.session.execute(query.where(wrong))
    ]


def bills_are_paid_by_what_came() -> list[str]:
    """`paid_fen` is what confirmed transfers and payers' credits paid, `recorded_fen` what waits for the supplier's word."""
    came = union_all(
        select(Transfer.bill_id, Transfer.applied_fen.label("fen")).where(Transfer.state == "confirmed"),
        select(CreditUse.bill_id, CreditUse.fen),
    ).subquery()
    paid = select(came.c.bill_id, func.sum(came.c.fen).label("fen")).group_by(came.c.bill_id).subquery()
    recorded = (
        select(Transfer.bill_id, func.sum(Transfer.fen).label("fen"))
        .where(Transfer.state == "recorded")
        .group_by(Transfer.bill_id)
        .subquery()
    )
    paid_fen, recorded_fen = func.coalesce(paid.c.fen, 0), func.coalesce(recorded.c.fen, 0)
    query = (
        select(Bill.number, Bill.paid_fen, paid_fen, Bill.recorded_fen, recorded_fen)
        .join(paid, paid.c.bill_id == Bill.id, isouter=True)
        .join(recorded, recorded.c.bill_id == Bill.id, isouter=True)
        .where(or_(Bill.paid_fen != paid_fen, Bill.recorded_fen != recorded_fen))
    )
    return [
        f"bill {number}: {paid} fen paid and {waits} recorded, its transfers and credits make {came} and {told}"
        for number, paid, came, waits, told in db.session.execute(query)
    ]


def payers_credits_are_what_was_left() -> list[str]:
    """A payer's credit is what a transfer brought beyond its bill, or all of a prepayment; its uses pay bills."""
    uses = select(CreditUse.credit_id, func.sum(CreditUse.fen).label("fen")).group_by(CreditUse.credit_id).subquery()
    used = func.coalesce(uses.c.fen, 0)
    query = select(PayerCredit.number, PayerCredit.used_fen, used).join(
        uses, uses.c.credit_id == PayerCredit.id, isouter=True
    )
    wrong = [
        f"credit {number}: {held} fen used, its uses make {sum_}"
        for number, held, sum_ in db.session.execute(query.where(PayerCredit.used_fen != used))
    ]
    left = func.sum(Transfer.fen - Transfer.applied_fen)
    brought = (
        select(Bill.id, func.sum(Transfer.fen).label("fen"), left.label("left"))
        .join(Transfer, Transfer.bill_id == Bill.id)
        .where(Transfer.state == "confirmed")
        .group_by(Bill.id)
        .subquery()
    )
    kept = select(PayerCredit.bill_id, func.sum(PayerCredit.fen).label("fen")).group_by(PayerCredit.bill_id).subquery()
    query = (
        select(Bill.number, Bill.kind, brought.c.fen, brought.c.left, func.coalesce(kept.c.fen, 0))
        .join(brought, brought.c.id == Bill.id)
        .join(kept, kept.c.bill_id == Bill.id, isouter=True)
    )
    return wrong + [
        f"bill {number}: {expected} fen to keep, {held} kept"
        for number, kind, fen, rest, held in db.session.execute(query)
        if held != (expected := int(fen if kind == "prepay" else rest))
    ]


def rows_of_statements_are_their_transfers() -> list[str]:
    """What a confirmed row of a bank statement brought is its transfer's money."""
    query = (
        select(BankRow.serial, BankRow.fen, Transfer.fen)
        .join(Transfer, Transfer.id == BankRow.transfer_id)
        .where(or_(Transfer.fen != BankRow.fen, Transfer.state != "confirmed", Transfer.bill_id != BankRow.bill_id))
    )
    return [f"row {serial}: {fen} fen came, its transfer has {of}" for serial, fen, of in db.session.execute(query)]


CHECKS: list[Callable[[], list[str]]] = [
    bills_are_their_parts,
    bills_are_paid_by_what_came,
    payers_credits_are_what_was_left,
    rows_of_statements_are_their_transfers,
]
