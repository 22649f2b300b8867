"""Checks of card payments; part of `checks.CHECKS`. What Stripe itself says is compared by `flask payments reconcile`."""

from collections.abc import Callable

from sqlalchemy import func, or_, select

from ..core.db import db
from ..payments.models import Transfer
from ..payments.stripe_models import CardPayment, CardRefund


def card_payments_are_on_their_bills() -> list[str]:
    """Each payment that succeeded is a confirmed transfer on its own bill: for its money, under its number at Stripe."""
    query = (
        select(CardPayment.id)
        .outerjoin(Transfer, Transfer.id == CardPayment.transfer_id)
        .where(CardPayment.state == "succeeded")
        .where(
            or_(
                Transfer.id.is_(None),
                Transfer.bill_id != CardPayment.bill_id,
                Transfer.fen != CardPayment.fen,
                Transfer.state != "confirmed",
                Transfer.bank_serial != CardPayment.stripe_id,
            )
        )
    )
    found = [f"card payment {id_}: succeeded, and its bill does not show it so" for id_ in db.session.scalars(query)]
    twice = (
        select(CardPayment.id, func.count())
        .join(Transfer, (Transfer.bill_id == CardPayment.bill_id) & (Transfer.bank_serial == CardPayment.stripe_id))
        .where(Transfer.state == "confirmed")
        .group_by(CardPayment.id)
        .having(func.count() > 1)
    )
    return found + [f"card payment {id_}: {many} times on its bill" for id_, many in db.session.execute(twice)]


def refunds_fill_the_room_they_took() -> list[str]:
    """What a card payment counts as refunded is the sum of its refunds that did not fail."""
    taken = (
        select(CardRefund.payment_id, func.sum(CardRefund.fen).label("fen"))
        .where(CardRefund.state.in_(("new", "pending", "succeeded")))
        .group_by(CardRefund.payment_id)
        .subquery()
    )
    fen = func.coalesce(taken.c.fen, 0)
    query = select(CardPayment.id, CardPayment.refunded_fen, fen).outerjoin(taken, taken.c.payment_id == CardPayment.id)
    return [
        f"card payment {id_}: {held} fen refunded, its refunds make {sum_}"
        for id_, held, sum_ in db.session.execute(query.where(CardPayment.refunded_fen != fen))
    ]


CHECKS: list[Callable[[], list[str]]] = [card_payments_are_on_their_bills, refunds_fill_the_room_they_took]
