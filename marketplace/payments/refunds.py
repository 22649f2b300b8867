"""Refunds of card payments: the room for them is taken first, by one conditional change; then Stripe is asked."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from ..core import clock
from ..core.actor import SYSTEM, Actor
from ..core.db import by_id, change_rows, db, new_id
from ..core.errors import Conflict, Refused
from . import card_rules, gateway, transfers
from .models import Bill
from .stripe_models import CardPayment, CardRefund

OUTSIDE = "stripe"  # reason of a refund that was made at Stripe's own pages


def ask_refund(actor: Actor, payment_id: UUID, *, fen: int, reason: str) -> CardRefund:
    """The supplier gives money of a card payment back, in part or in full; the worker asks Stripe with the row's id.

    Raises NotFound; Conflict: wrong_state; Refused: reason_needed, refund_too_large (before any network).
    """
    actor.require("card_refund.ask")
    of = by_id(CardPayment, payment_id, CardPayment.supplier_id == actor.organisation, "card_payment")
    if of.state != "succeeded":
        raise Conflict("wrong_state", what="card_payment", state=of.state, verb="refund")
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    if fen <= 0 or not _take_room(payment_id, fen):
        db.session.refresh(of)
        raise Refused("refund_too_large", field="fen", left_fen=of.fen - of.refunded_fen)
    row = CardRefund(
        id=new_id(), payment_id=payment_id, fen=fen, reason=reason.strip(), asked_by=actor.user, asked_at=clock.now()
    )
    db.session.add(row)
    bill = by_id(Bill, of.bill_id)
    transfers.tell_about(bill, "card_refund.ask", actor, fen=fen)
    db.session.flush()
    return row


def _take_room(payment_id: UUID, fen: int) -> bool:
    """Refunds together stay within what was paid: check and change are one statement, so of two at once one wins."""
    return bool(
        change_rows(
            CardPayment,
            [{"id": payment_id, "fen_": fen}],
            lambda table, wanted: {"refunded_fen": table.refunded_fen + wanted.fen_},
            lambda table, wanted: (table.state == "succeeded") & (table.refunded_fen + wanted.fen_ <= table.fen),
        )
    )


def link(bill_id: UUID, serial: str, return_id: UUID, fen: int) -> None:
    """A return of a bill that names a card refund as its serial is what that refund repays; another serial is a bank's.

    `fen`: the return's money. Called by settlement. Raises Refused: refund_not_done, refund_repays_another,
    refund_beyond_return.
    """
    of = select(CardPayment.id).where(CardPayment.bill_id == bill_id)
    query = select(CardRefund).where(CardRefund.stripe_id == serial, CardRefund.payment_id.in_(of))
    row = db.session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if row is None:
        return
    if row.state in ("failed", "cancelled"):
        raise Refused("refund_not_done", field="refund_serial")
    if row.return_id:
        raise Refused("refund_repays_another", field="refund_serial")
    if row.fen > fen:
        raise Refused("refund_beyond_return", field="refund_serial", refund_fen=row.fen, return_fen=fen)
    row.return_id, row.return_fen = return_id, fen
    db.session.flush()


def waiting() -> list[tuple[UUID, str, str, int]]:
    """(id, account, Stripe's payment, fen) of refunds that Stripe was not asked for yet, oldest first."""
    query = (
        select(CardRefund.id, CardPayment.account, CardPayment.stripe_id, CardRefund.fen)
        .join(CardPayment, CardPayment.id == CardRefund.payment_id)
        .where(CardRefund.state == "new", CardPayment.stripe_id.is_not(None))
        .order_by(CardRefund.id)
    )
    return [(id_, account, payment or "", fen) for id_, account, payment, fen in db.session.execute(query)]


def take_over(payment: CardPayment, seen: gateway.Refund) -> CardRefund | None:
    """A refund made at Stripe's own pages gets its row; None where there is no room for it."""
    if seen.state in ("failed", "cancelled") or not _take_room(payment.id, seen.fen):
        return None
    row = CardRefund(
        id=new_id(), payment_id=payment.id, fen=seen.fen, reason=OUTSIDE, asked_by=None, asked_at=clock.now()
    )
    db.session.add(row)
    db.session.flush()
    return row


def find(seen: gateway.Refund) -> CardRefund | None:
    """Our row of a refund at Stripe, locked: by Stripe's id, else by ours in its metadata."""
    query = select(CardRefund).with_for_update()
    row = db.session.scalar(query.where(CardRefund.stripe_id == seen.id))
    if row is None and (id_ := as_id(seen.row)):
        row = db.session.scalar(query.where(CardRefund.id == id_, CardRefund.stripe_id.is_(None)))
    return row


def follow(row: CardRefund, seen: gateway.Refund) -> bool:
    """The row goes forward to what Stripe says. What failed or was called off gives its room back. Whether it moved."""
    row.stripe_id = seen.id
    target = card_rules.forward(card_rules.REFUND, card_rules.REFUND_VERBS[seen.state], row.state)
    if target is None or target == row.state:
        db.session.flush()
        return False
    row.state = target
    if target == "pending":
        db.session.flush()
        return True
    row.ended_at = clock.now()
    db.session.flush()
    if target in ("failed", "cancelled"):
        _give_room_back(row)
    of = by_id(CardPayment, row.payment_id)
    transfers.tell_about(by_id(Bill, of.bill_id), f"card_refund.{target}", SYSTEM, fen=row.fen)
    db.session.flush()
    return True


def refuse(refund_id: UUID, error: str) -> None:
    """Stripe did not take it: the room is free again."""
    row = by_id(CardRefund, refund_id, lock=True)
    if row.state == "new":
        row.state, row.error, row.ended_at = "failed", error[:60], clock.now()
        db.session.flush()
        _give_room_back(row)


def _give_room_back(row: CardRefund) -> None:
    change_rows(
        CardPayment,
        [{"id": row.payment_id, "fen_": row.fen}],
        lambda table, wanted: {"refunded_fen": table.refunded_fen - wanted.fen_},
        lambda table, wanted: table.refunded_fen >= wanted.fen_,
    )


def of_payments(payment_ids: Iterable[UUID]) -> dict[UUID, list[CardRefund]]:
    """Refunds by card payment, oldest first; the caller has checked scope."""
    found: dict[UUID, list[CardRefund]] = {}
    query = select(CardRefund).where(CardRefund.payment_id.in_(set(payment_ids))).order_by(CardRefund.id)
    for row in db.session.scalars(query):
        found.setdefault(row.payment_id, []).append(row)
    return found


def as_id(text: str | None) -> UUID | None:
    """An id of ours out of Stripe's metadata, which anybody with the account may have written."""
    try:
        return UUID(text or "")
    except ValueError:
        return None
