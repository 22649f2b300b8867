"""Lowering a bill for goods that came back before it was paid. Called by settlement, which holds the bill's lock."""

from uuid import UUID

from sqlalchemy import or_, select, text

from ..core import clock
from ..core.db import db, new_id
from ..core.errors import Conflict, Refused
from ..notices import services as notices
from . import rules
from .credit_models import BillCredit
from .invoice_models import InvoicePart
from .models import Bill, BillPart, Transfer
from .stripe_models import LIVE, CardPayment


def credit(bill: Bill, return_id: UUID, fen: int) -> BillCredit:
    """Takes `fen` off a locked bill that is not paid; wholly credited, nobody pays it.

    Raises Conflict: return_awaits_settlement (paid, and not settled for want of a signature), transfer_waits;
    Refused('credit_beyond_due') where part was paid already and less than `fen` is left to pay.
    """
    refuse_if_paying(bill)
    if fen > rules.left_fen(bill):
        raise Refused("credit_beyond_due", field="quantity", left_fen=rules.left_fen(bill))
    row = BillCredit(
        id=new_id(), bill_id=bill.id, return_id=return_id, fen=fen, day=clock.today(), recorded_at=clock.now()
    )
    db.session.add(row)
    bill.credited_fen += fen
    if not rules.left_fen(bill):
        bill.state = rules.BILL.after("credit_rest" if bill.paid_fen else "credit", bill.state)
        if bill.paid_fen:
            bill.paid_on = bill.paid_on or clock.today()
            bill.days_to_pay = (bill.paid_on - bill.delivered_on).days
        notices.done_about("bill", [bill.id], "bill_to_pay")
    db.session.flush()
    return row


def refuse_if_paying(bill: Bill) -> None:
    """A bill whose money is here or under way is not lowered: the money is confirmed first, and then goes back."""
    if bill.state in ("paid", "credited"):
        raise Conflict("return_awaits_settlement")
    transfers = select(Transfer.id).where(Transfer.bill_id == bill.id, Transfer.state == "recorded")
    cards = select(CardPayment.id).where(CardPayment.bill_id == bill.id, text(LIVE))
    if db.session.scalar(select(or_(transfers.exists(), cards.exists()))):
        raise Conflict("transfer_waits")


def lock_part(acceptance_id: UUID) -> BillPart | None:
    """An acceptance's part of a bill, made or to come, locked: the month's billing waits for what comes back of it."""
    query = select(BillPart).where(BillPart.acceptance_id == acceptance_id).with_for_update(key_share=True)
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def lower_part(part: BillPart, fen: int) -> None:
    """A part that the month's bill will carry asks for less; for nothing, it is not billed at all."""
    if fen < part.fen:
        part.fen -= fen
    else:
        db.session.delete(part)
    db.session.flush()


def invoiced(bill_id: UUID) -> bool:
    """Whether a tax invoice was recorded for a bill: what comes off it then needs a red-letter one."""
    return db.session.scalar(select(InvoicePart.bill_id).where(InvoicePart.bill_id == bill_id).limit(1)) is not None
