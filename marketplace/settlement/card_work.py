"""The worker's part of card payments: events of the inbox, refunds that Stripe has not been asked for, pages that ran out.

Read what waits, call Stripe with no transaction open, write down what it says: each step may be killed and repeated.
Where Stripe cannot be reached the rest waits too, and nothing is lost: the rows are the truth.
"""

import logging
from uuid import UUID

from ..core.actor import Actor
from ..core.db import db, transaction
from ..core.errors import NotFound, Refused, Unavailable
from ..payments import accounts, gateway, inbox, intents, refunds
from ..payments.stripe_models import CardPayment
from . import card_payments

log = logging.getLogger("bangfu.stripe")


def work() -> int:
    """One turn. Returns how much was done; nothing where card payment is off."""
    if not gateway.is_on():
        return 0
    return send_refunds() + work_inbox()


def send_refunds() -> int:
    """Asks Stripe for the refunds that wait; each under its row's id, so that asking again does nothing new."""
    with transaction(write=False):
        waiting = refunds.waiting()
    done = 0
    for id_, account, payment, fen in waiting:
        try:
            seen = gateway.current().refund(key=str(id_), account=account, payment=payment, fen=fen)
        except Unavailable:
            return done
        except Refused as refusal:
            with transaction():
                refunds.refuse(id_, str(refusal.facts.get("reason", refusal.code)))
        else:
            with transaction():
                card_payments.follow_refund(seen)
        done += 1
    return done


def work_inbox() -> int:
    """Works off the events that are due."""
    with transaction(write=False):
        waiting = inbox.due()
        db.session.expunge_all()
    done = 0
    for event in waiting:
        try:
            _work(event.id, event.type, event.account, event.object_id, event.payment)
        except Unavailable as reason:
            _again(event.id, reason.code)
            return done
        except Refused as refusal:
            with transaction():
                inbox.end(event.id, refusal.code)
        except Exception as failure:  # one event that fails holds no other up; the row says what it was
            log.exception("event failed", extra={"type": event.type})
            db.session.rollback()
            _again(event.id, type(failure).__name__)
        done += 1
    return done


def _again(event_id: str, why: str) -> None:
    with transaction():
        inbox.again(event_id, why)


def _work(event_id: str, kind: str, account: str, object_id: str, payment: str) -> None:
    with transaction(write=False):
        known = bool(account) and accounts.supplier_of(account) is not None
    if not known:
        with transaction():
            card_payments.note_unknown_account(account, kind)
            inbox.end(event_id, "account_unknown", ignored=True)
        return
    family = kind.rpartition(".")[0]
    if family == "checkout.session":
        note = follow_checkout(account, object_id)
    elif family == "payment_intent":
        note = _follow_payment(account, object_id)
    elif family in ("refund", "charge.refund"):
        note = _follow_refunds([gateway.current().one_refund(account, object_id)])
    elif kind == "charge.refunded" and payment:
        note = _follow_refunds(gateway.current().refunds_of(account, payment))
    elif kind == "account.updated":
        note = _follow_account(account)
    elif family == "charge.dispute":
        with transaction():
            card_payments.note_dispute(account, payment, object_id)
        note = "disputed"
    else:
        note = ""
    with transaction():
        inbox.end(event_id, note or "not_ours", ignored=not note)


def follow_checkout(account: str, checkout_id: str) -> str:
    """Reads a payment page and its payment at Stripe, and writes down what they say. Returns what came of it."""
    seen = gateway.current().checkout(account, checkout_id)
    return apply_checkout(seen)


def apply_checkout(seen: gateway.Checkout) -> str:
    id_ = refunds.as_id(seen.row)
    with transaction():
        if id_ is None or db.session.get(CardPayment, id_) is None:
            return "unknown"
        state = intents.follow_checkout(id_, seen).state
    if seen.payment is None:
        return state
    note = _follow_payment(seen.account, seen.payment)
    if note == "waiting" and seen.state == "complete":  # a wallet that said no after its page was left
        with transaction():
            intents.move(intents.locked(id_)[0], "fail")
        return "failed"
    return note


def _follow_payment(account: str, payment_id: str) -> str:
    seen = gateway.current().payment(account, payment_id)
    with transaction():
        return card_payments.follow_payment(seen)


def _follow_refunds(seen: list[gateway.Refund]) -> str:
    """A refund of a payment that we have not heard of yet comes after that payment."""
    notes = []
    for one in seen:
        if one.payment:
            _follow_payment(one.account, one.payment)
        with transaction():
            notes.append(card_payments.follow_refund(one))
    return notes[-1] if notes else "none"


def _follow_account(account: str) -> str:
    seen = gateway.current().account(account)
    with transaction():
        try:
            return accounts.follow_account(seen).state
        except NotFound:
            return "unknown"


def look_again(payment_id: UUID) -> str:
    """Asks Stripe how a payment stands (after the payer came back, or closed the page). Outside a transaction."""
    db.session.rollback()
    with transaction(write=False):
        row = db.session.get(CardPayment, payment_id)
        account, checkout, payment = (row.account, row.checkout_id, row.stripe_id) if row else ("", None, None)
    if checkout:
        return follow_checkout(account, checkout)
    return _follow_payment(account, payment) if payment else "unknown"


def close(actor: Actor, payment_id: UUID) -> None:
    """The payer closes the payment page, to pay otherwise; whoever was quicker there is followed. Outside a transaction.

    Raises what intents.stop raises.
    """
    try:
        seen = intents.stop(actor, payment_id)
    except Refused:  # too late to close: somebody has paid there, or it ran out
        look_again(payment_id)
        raise
    if seen is not None:
        apply_checkout(seen)
        return
    with transaction():
        intents.move(intents.locked(payment_id)[0], "cancel")
