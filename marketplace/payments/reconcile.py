"""Stripe's own list beside our rows: what differs, and how far a comparison has come. Settlement repairs (card_reconcile).

A difference is a dict of plain values: `what` (behind, differs, backward, unknown, not_on_the_bill, not_at_stripe,
balance_differs, not_in_balance, only_in_balance),
`object` (Stripe's id), `ours` and `theirs` (state or fen), `heard` (whether a webhook told of it).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from ..core import clock
from ..core.db import db, new_id
from . import card_rules, gateway, inbox, refunds
from .stripe_models import CardPayment, CardRefund, Reconciliation

Difference = dict[str, Any]
DAYS = 7  # that the worker looks back each day


def begin(account: str, since: date, repairs: bool) -> Reconciliation:
    """The comparison of an account since a day: the one that was broken off, or a new one."""
    open_ = select(Reconciliation).where(
        Reconciliation.account == account,
        Reconciliation.since == since,
        Reconciliation.repairs.is_(repairs),
        Reconciliation.step != "done",
    )
    row = db.session.scalar(open_.with_for_update())
    if row is None:
        row = Reconciliation(id=new_id(), account=account, since=since, repairs=repairs, found=[], begun_at=clock.now())
        db.session.add(row)
        db.session.flush()
    return row


def get_on(id_: UUID, step: str, after: str | None, compared: int, found: list[Difference]) -> None:
    """Writes down how far it is, and what was found since."""
    row = db.session.get_one(Reconciliation, id_, with_for_update=True)
    row.step, row.after = step, after
    row.compared += compared
    row.differing += len(found)
    row.repaired += sum(1 for one in found if one["repaired"])
    row.found = [*row.found, *found]
    if step == "done":
        row.ended_at = clock.now()
    db.session.flush()


def of_payment(seen: gateway.Payment, row: CardPayment | None, differing: str) -> Difference | None:
    """How a payment at Stripe differs from its row; `differing` is what of it is not as it was asked for."""
    if row is None:
        return _told("unknown", seen.id, None, seen.state)
    if differing:
        return _told("differs", seen.id, f"{differing}: {row.fen} {row.currency}", f"{seen.fen} {seen.currency}")
    verb = card_rules.PAYMENT_VERBS.get(seen.state)
    if verb is None:
        return None if row.state != "succeeded" else _told("backward", seen.id, row.state, seen.state)
    if card_rules.forward(card_rules.PAYMENT, verb, row.state) not in (None, row.state):
        return _told("behind", seen.id, row.state, seen.state)
    if row.state == "succeeded" and seen.state != "succeeded":
        return _told("backward", seen.id, row.state, seen.state)
    if row.state == "succeeded" and row.transfer_id is None:
        return _told("not_on_the_bill", seen.id, row.state, seen.state)
    return None


def of_refund(seen: gateway.Refund) -> Difference | None:
    """How a refund at Stripe differs from its row."""
    row = refunds.find(seen)
    if row is None:
        return _told("unknown", seen.id, None, seen.state) if seen.state in ("pending", "succeeded") else None
    if row.fen != seen.fen:
        return _told("differs", seen.id, row.fen, seen.fen)
    target = card_rules.forward(card_rules.REFUND, card_rules.REFUND_VERBS[seen.state], row.state)
    if target not in (None, row.state):
        return _told("behind", seen.id, row.state, seen.state)
    return None


def _told(what: str, id_: str, ours: Any, theirs: Any) -> Difference:
    heard = bool(inbox.of_objects([id_]))
    return {"what": what, "object": id_, "ours": ours, "theirs": theirs, "heard": heard, "repaired": False}


PAID = ("charge", "payment")
BACK = ("refund", "payment_refund", "refund_failure", "payment_failure_refund")
FEES = ("stripe_fee", "application_fee")


@dataclass
class Sums:
    """What an account's balance says of card payments: `gross_fen` paid less refunded, `fee_fen` Stripe's fees of them
    and beside them, `pending_fen` the net that is not available yet."""

    gross_fen: int = 0
    fee_fen: int = 0
    pending_fen: int = 0

    def add(self, entry: gateway.Entry) -> None:
        if entry.type not in (*PAID, *BACK, *FEES):
            return  # payouts, and what the supplier does with its balance otherwise
        fee = -entry.fen if entry.type in FEES else 0
        self.fee_fen += entry.fee_fen + fee
        self.gross_fen += entry.fen + fee
        self.pending_fen += 0 if entry.available else entry.fen - entry.fee_fen


def of_balance(account: str, since: datetime, entries: Iterable[gateway.Entry]) -> tuple[Sums, list[Difference]]:
    """The balance beside our payments and refunds: each that was asked since must be there with its amount."""
    sums, there = Sums(), dict[str, int]()
    for entry in entries:
        sums.add(entry)
        if entry.type in (*PAID, *BACK):
            there[entry.about or entry.id] = there.get(entry.about or entry.id, 0) + entry.fen
    ours, late = _booked(account, there, since)
    found = [_told("only_in_balance", id_, None, fen) for id_, fen in there.items() if fen and id_ not in ours]
    found += [_told("balance_differs", id_, ours[id_], fen) for id_, fen in there.items() if ours.get(id_, fen) != fen]
    return sums, found + [_told("not_in_balance", id_, ours[id_], None) for id_ in late if id_ not in there]


def _booked(account: str, ids: Collection[str], since: datetime) -> tuple[dict[str, int], list[str]]:
    """Stripe's id → fen as its balance books it, of these and of those asked since; and the ids that must be there."""
    paid = select(CardPayment.stripe_id, CardPayment.fen, CardPayment.state, CardPayment.asked_at).where(
        CardPayment.account == account, CardPayment.stripe_id.is_not(None)
    )
    back = (
        select(CardRefund.stripe_id, -CardRefund.fen, CardRefund.state, CardRefund.asked_at)
        .join(CardPayment, CardPayment.id == CardRefund.payment_id)
        .where(CardPayment.account == account, CardRefund.stripe_id.is_not(None))
    )
    found: dict[str, int] = {}
    late: list[str] = []
    for query, model in ((paid, CardPayment), (back, CardRefund)):
        for id_, fen, state, asked_at in db.session.execute(
            query.where(or_(model.asked_at >= since, model.stripe_id.in_(ids)))
        ):
            found[id_ or ""] = 0 if state in ("failed", "cancelled") else fen
            if asked_at >= since and state == "succeeded":
                late.append(id_ or "")
    return found, late


def live_rows(account: str) -> list[tuple[UUID, str]]:
    """(id, page at Stripe) of payments that have not ended: Stripe's list has no page that nobody paid on."""
    query = select(CardPayment.id, CardPayment.checkout_id).where(
        CardPayment.account == account,
        CardPayment.state.in_(("open", "processing")),
        CardPayment.checkout_id.is_not(None),
    )
    return [(id_, checkout or "") for id_, checkout in db.session.execute(query.order_by(CardPayment.id))]


def ended_rows(account: str, since: datetime) -> list[tuple[UUID, str]]:
    """(id, payment at Stripe) of payments that succeeded since: each must be there."""
    query = select(CardPayment.id, CardPayment.stripe_id).where(
        CardPayment.account == account, CardPayment.state == "succeeded", CardPayment.succeeded_at >= since
    )
    return [(id_, payment or "") for id_, payment in db.session.execute(query.order_by(CardPayment.id))]


def open_refunds(account: str) -> list[tuple[UUID, str]]:
    """(id, refund at Stripe) of refunds that Stripe has and that have not ended, however old."""
    query = (
        select(CardRefund.id, CardRefund.stripe_id)
        .join(CardPayment, CardPayment.id == CardRefund.payment_id)
        .where(CardPayment.account == account, CardRefund.state == "pending", CardRefund.stripe_id.is_not(None))
    )
    return [(id_, refund or "") for id_, refund in db.session.execute(query.order_by(CardRefund.id))]


def not_at_stripe(payment: str) -> Difference:
    return _told("not_at_stripe", payment, "succeeded", None)


def behind(id_: str, ours: str, theirs: str) -> Difference:
    return _told("behind", id_, ours, theirs)
