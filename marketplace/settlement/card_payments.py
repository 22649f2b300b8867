"""What Stripe says of a payment or a refund, believed and followed: the bill is paid, and what is signed settles.

The three verbs take what the gateway has just read at Stripe, never what a webhook carried, and may be called any number
of times, in any order: states only go forward, and an object that is not what was asked for pays nothing and is a
finding. They are called within a transaction, by the worker and by `flask payments reconcile`.
"""

from sqlalchemy import select

from ..core import clock
from ..core.actor import SYSTEM
from ..core.db import by_id, db
from ..findings import services as findings
from ..identity import services as identity
from ..notices import services as notices
from ..payments import accounts, card_rules, gateway, intents, prepayments, refunds, transfers
from ..payments import services as payments
from ..payments.models import Bill
from ..payments.stripe_models import CardPayment, CardRefund
from .settling import settle_paid

NOWHERE = "000000000000"  # the division of what belongs to no supplier that we know


def follow_payment(seen: gateway.Payment) -> str:
    """A payment as Stripe has it now. Returns what came of it: paid, overpaid, same, waiting, differs, unknown, or the
    state that it went to."""
    found = row_of(seen)
    if found is None:
        _finding("card_payment_unknown", seen.account, seen.id, fen=seen.fen)
        return "unknown"
    prepayments.lock_orders_of(found.bill_id)  # the order before its bill, as everywhere
    row, bill = intents.locked(found.id)
    if differing := difference(row, seen):
        facts = {"payment": seen.id, "what": differing, "expected_fen": row.fen, "fen": seen.received_fen or seen.fen}
        _finding("card_payment_differs", row.account, str(row.id), number=bill.number, **facts)
        return "differs"
    row.stripe_id, row.method = seen.id, seen.method or row.method
    verb = card_rules.PAYMENT_VERBS.get(seen.state)
    if verb is None:
        row.error = seen.error or row.error
        db.session.flush()
        return "waiting"
    if not intents.move(row, verb):
        db.session.flush()
        return "same"
    transfers.tell_about(bill, f"card_payment.{row.state}", SYSTEM, fen=row.fen)
    return _pay(row, bill, seen) if row.state == "succeeded" else row.state


def _pay(row: CardPayment, bill: Bill, seen: gateway.Payment) -> str:
    transfer, bill = payments.receive(SYSTEM, bill.id, fen=row.fen, paid_on=clock.today(), serial=seen.id)
    row.transfer_id = transfer.id
    db.session.flush()
    settle_paid(SYSTEM, bill)
    if transfer.applied_fen == transfer.fen:
        return "paid"
    above = transfer.fen - transfer.applied_fen  # the payer's credit by now: used for another bill, or given back
    _finding("card_overpaid", row.account, str(row.id), number=bill.number, fen=above)
    return "overpaid"


def row_of(seen: gateway.Payment) -> CardPayment | None:
    """Our row of a payment at Stripe: by Stripe's id, else by ours in its metadata."""
    row = db.session.scalar(select(CardPayment).where(CardPayment.stripe_id == seen.id))
    if row is None and (id_ := refunds.as_id(seen.row)):
        row = db.session.get(CardPayment, id_)
    return row


def difference(row: CardPayment, seen: gateway.Payment) -> str:
    """What of a payment is not as it was asked for; nothing where all is."""
    if seen.account != row.account:
        return "account"
    if row.stripe_id not in (None, seen.id):
        return "payment"
    if seen.currency != row.currency:
        return "currency"
    if seen.fen != row.fen or (seen.state == "succeeded" and seen.received_fen != row.fen):
        return "amount"
    return ""


def follow_refund(seen: gateway.Refund) -> str:
    """A refund as Stripe has it now. One made at Stripe's own pages is taken over, and is a finding.

    Returns same, differs, unknown, ignored, or the state that it went to.
    """
    payment = db.session.scalar(select(CardPayment).where(CardPayment.stripe_id == (seen.payment or "")))
    row = refunds.find(seen)
    if row is not None and (
        payment is None
        or row.payment_id != payment.id
        or (seen.fen, seen.currency, seen.account) != (row.fen, payment.currency, payment.account)
    ):
        _finding("card_refund_differs", seen.account, seen.id, expected_fen=row.fen, fen=seen.fen)
        return "differs"
    if payment is None:
        _finding("card_refund_unknown", seen.account, seen.id, fen=seen.fen)
        return "unknown"
    if row is None:
        if seen.account != payment.account or seen.currency != payment.currency:
            _finding("card_refund_differs", seen.account, seen.id, fen=seen.fen)
            return "differs"
        row = refunds.take_over(payment, seen)
        if row is None:
            if seen.state in ("failed", "cancelled"):
                return "ignored"
            _finding("card_refund_unknown", seen.account, seen.id, fen=seen.fen)
            return "unknown"
        _finding("card_refund_outside", seen.account, seen.id, fen=seen.fen)
    succeeded_before = row.state == "succeeded"
    if not refunds.follow(row, seen):
        return "same"
    if row.state == "failed" and succeeded_before:
        _finding("card_refund_failed", seen.account, str(row.id), fen=row.fen)
    _tell(row, payment)
    return row.state


def _tell(row: CardRefund, payment: CardPayment) -> None:
    """Both sides hear of a refund's end; the supplier has a return to record with its serial, or another way to find."""
    bill = by_id(Bill, payment.bill_id)
    if row.state == "succeeded":
        notices.tell(
            "card_refund_done",
            organisation_id=payment.supplier_id,
            about=("card_payment", payment.id),
            number=bill.number,
            permission="return.record",
            once=f"card_refund_done {row.id}",
            fen=row.fen,
        )
        notices.tell(
            "card_refunded",
            organisation_id=payment.agency_id,
            about=("bill", bill.id),
            number=bill.number,
            once=f"card_refunded {row.id}",
            fen=row.fen,
        )
    elif row.state == "failed":
        notices.tell(
            "card_refund_failed",
            organisation_id=payment.supplier_id,
            about=("card_payment", payment.id),
            number=bill.number,
            permission="card_refund.ask",
            once=f"card_refund_failed {row.id}",
            fen=row.fen,
        )


def _finding(kind: str, account: str, about: str, **facts: object) -> None:
    supplier = accounts.supplier_of(account)
    division = identity.named({supplier})[supplier].division if supplier else NOWHERE
    findings.open_many(
        [
            {
                "kind": kind,
                "object_kind": "card_payment",
                "object_id": about[:80],
                "division": division,
                "facts": {"account": account, **facts},
            }
        ]
    )


def note_unknown_account(account: str, event_type: str) -> None:
    """A signed event for an account that is no supplier's here: kept, and shown to whoever sees everything."""
    _finding("stripe_account_unknown", account, account or "platform", type=event_type)


def note_dispute(account: str, payment: str, about: str) -> None:
    """The payer's bank takes a payment back (chargeback): people must answer at Stripe."""
    _finding("card_disputed", account, about, payment=payment)
