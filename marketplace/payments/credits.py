"""Lowering a bill for goods that came back before it was paid. Called by settlement, which holds the bill's lock."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import or_, select, text

from ..core import clock
from ..core.db import db, new_id
from ..core.errors import Conflict, Refused
from .credit_models import BillCredit
from .models import Bill, TaxInvoice, Transfer
from .stripe_models import LIVE, CardPayment


def credit(bill: Bill, return_id: UUID, fen: int) -> BillCredit:
    """Takes `fen` off a locked bill that is not paid; wholly credited, nobody pays it.

    Raises Conflict: return_awaits_settlement (paid, and not settled for want of a signature), transfer_waits;
    Refused('credit_beyond_due') where part was paid already and less than `fen` is left to pay.
    """
    refuse_if_paying(bill)
    left = bill.total_fen - bill.credited_fen - bill.paid_fen
    if fen > left:
        raise Refused("credit_beyond_due", field="quantity", left_fen=left)
    row = BillCredit(
        id=new_id(), bill_id=bill.id, return_id=return_id, fen=fen, day=clock.today(), recorded_at=clock.now()
    )
    db.session.add(row)
    bill.credited_fen += fen
    if bill.credited_fen == bill.total_fen:
        bill.state = "credited"
    elif bill.credited_fen + bill.paid_fen == bill.total_fen:  # what was paid in part is now all of it
        bill.state, bill.paid_on = "paid", bill.paid_on or clock.today()
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


def invoiced(bill_id: UUID) -> bool:
    """Whether a tax invoice was recorded for a bill: what comes off it then needs a red-letter one."""
    return db.session.scalar(select(TaxInvoice.id).where(TaxInvoice.bill_id == bill_id).limit(1)) is not None


def credits_of(bill_ids: Iterable[UUID]) -> dict[UUID, list[BillCredit]]:
    """Credit notes by bill, oldest first; the caller has checked scope."""
    found: dict[UUID, list[BillCredit]] = {}
    query = select(BillCredit).where(BillCredit.bill_id.in_(set(bill_ids))).order_by(BillCredit.id)
    for row in db.session.scalars(query):
        found.setdefault(row.bill_id, []).append(row)
    return found
