"""A card payment on its bill: a confirmed transfer like any other, so that every check and page follows."""

from datetime import date

from sqlalchemy import select

from ..core import clock
from ..core.db import db, new_id
from .models import Bill, Transfer


def enter(bill: Bill, *, fen: int, serial: str, paid_on: date) -> Transfer | None:
    """Puts money that Stripe says has come on a bill that the caller has locked; `serial`: the payment's id at Stripe.

    None where the bill has no room for it: it was paid otherwise, or says that it was, or goods came back meanwhile.
    """
    left = bill.total_fen - bill.paid_fen - bill.credited_fen
    told = select(Transfer.id).where(Transfer.bill_id == bill.id, Transfer.state == "recorded")
    if fen > left or db.session.scalar(told):
        return None
    now = clock.now()
    row = Transfer(
        id=new_id(),
        bill_id=bill.id,
        fen=fen,
        paid_on=paid_on,
        bank_serial=serial,
        state="confirmed",
        recorded_at=now,
        answered_at=now,
    )
    db.session.add(row)
    bill.paid_fen += fen
    bill.state = "paid" if fen == left else "partly_paid"
    if fen == left:
        bill.paid_on = paid_on
    db.session.flush()
    return row
