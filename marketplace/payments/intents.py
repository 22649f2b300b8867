"""Card payments of bills: asked for here, paid on Stripe's own page, believed when Stripe says so.

`start` is what pages and API call: it writes the row down and commits, calls Stripe with the row's id as key, and writes
the answer down, each in a short transaction of its own; so it is called outside one (`@guard(…, writes=False)`).
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, select

from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, transaction
from ..core.errors import Conflict, Refused
from ..identity import services as identity
from ..procurement import services as procurement
from . import accounts, bills, card_rules, gateway, rules, transfers
from .models import Bill
from .stripe_models import CardPayment

MOST_FEN = 99_999_999  # eight digits: what Stripe takes in one payment
_LIVE = ("new", "open", "processing")


def within(actor: Actor) -> ColumnElement[bool]:
    """The payments that an actor reaches: its own as payer or as supplier, and those of bills that it may read."""
    return CardPayment.bill_id.in_(select(Bill.id).where(bills.within(actor)))


def why_not(actor: Actor, bill: Bill) -> str | None:
    """The code of the refusal where a bill cannot be paid by card; None where it can."""
    if not gateway.is_on():
        return "card_off"
    agency = identity.named({bill.agency_id})[bill.agency_id]
    if not card_rules.may_pay_by_card(agency.agency_kind, whose_money(actor, bill)):
        return "card_not_for_budget"
    if accounts.active_account(bill.supplier_id) is None:
        return "card_not_offered"
    return None


def whose_money(actor: Actor, bill: Bill) -> set[str]:
    """How the purchases that a bill asks for are counted; a month's may be of several orders."""
    orders = (
        {bill.order_id} if bill.order_id else {part.order_id for part in bills.parts_of([bill.id]).get(bill.id, [])}
    )
    return {procurement.order(actor, order_id).counted_as for order_id in orders}


def ask_payment(actor: Actor, bill_id: UUID) -> CardPayment:
    """The row of a payment of all that the bill still asks; a live one is answered again: a double click pays once.

    Raises NotFound; Conflict: wrong_state; Refused: card_off, card_not_for_budget, card_not_offered, card_nothing_left,
    card_too_much.
    """
    actor.require("card_payment.start")
    bill = by_id(Bill, bill_id, Bill.agency_id == actor.organisation, "bill", lock=True)
    live = db.session.scalar(
        select(CardPayment).where(CardPayment.bill_id == bill_id, CardPayment.state.in_(_LIVE)).with_for_update()
    )
    if live is not None and not _given_up(live):
        return live
    if code := why_not(actor, bill):
        raise Refused(code)
    if bill.state not in bills.TO_PAY:
        raise Conflict("wrong_state", what="bill", state=bill.state, verb="pay")
    fen = rules.open_fen(bill)
    if fen <= 0:
        raise Refused("card_nothing_left")
    if fen > MOST_FEN:
        raise Refused("card_too_much", limit_fen=MOST_FEN)
    account = accounts.active_account(bill.supplier_id)
    assert account is not None
    assert account.account is not None
    now = clock.now()
    row = CardPayment(
        id=new_id(),
        bill_id=bill_id,
        supplier_id=bill.supplier_id,
        agency_id=bill.agency_id,
        account=account.account,
        fen=fen,
        methods=list(account.methods),
        asked_by=actor.user,
        asked_at=now,
        expires_at=now + card_rules.OPEN_FOR,
    )
    db.session.add(row)
    transfers.tell_about(bill, "card_payment.ask", actor, fen=fen)
    db.session.flush()
    return row


def _given_up(row: CardPayment) -> bool:
    """Nobody can pay there any more, or Stripe never answered: the row makes room. Money that comes is believed."""
    now = clock.now()
    never_answered = row.state == "new" and row.asked_at < now - card_rules.GIVE_UP
    if not never_answered and not (row.state == "open" and row.expires_at < now):
        return False
    move(row, "cancel")
    return True


def locked(payment_id: UUID) -> tuple[CardPayment, Bill]:
    """A payment and its bill, locked for the transaction: the bill first, as whoever asks for a payment does.

    PostgreSQL checks a row's foreign keys again when one transaction changes it twice, and so waits for its bill.
    """
    bill_id = by_id(CardPayment, payment_id, what="card_payment").bill_id
    bill = by_id(Bill, bill_id, lock=True)
    return by_id(CardPayment, payment_id, what="card_payment", lock=True), bill


def move(row: CardPayment, verb: str, error: str = "") -> bool:
    """The row goes forward, if the verb leads anywhere from where it stands. Returns whether it moved."""
    target = card_rules.forward(card_rules.PAYMENT, verb, row.state)
    if target is None or target == row.state:
        return False
    row.state, row.error = target, error or row.error
    if target != "open":
        row.url = ""
    if target == "succeeded":
        row.succeeded_at = clock.now()
    db.session.flush()
    return True


def follow_checkout(payment_id: UUID, seen: gateway.Checkout) -> CardPayment:
    """What Stripe says of a payment's page is written down: its address while it is open, nothing once it is not."""
    row, _bill = locked(payment_id)
    if seen.account != row.account or row.checkout_id not in (None, seen.id):
        return row
    row.checkout_id = seen.id
    if seen.state == "open" and seen.url and row.state in ("new", "open"):
        move(row, "open")
        row.url = seen.url
    elif seen.state == "expired":
        move(row, "cancel")
    db.session.flush()
    return row


def start(actor: Actor, bill_id: UUID, return_url: str) -> CardPayment:
    """Asks for a payment and opens Stripe's page for it. Raises what ask_payment and the gateway raise.

    Where Stripe could not be reached the row stays, and the next try asks under the same key; where Stripe refused it,
    it has failed, and the next try is another.
    """
    db.session.rollback()
    with transaction():
        row = ask_payment(actor, bill_id)
        number = by_id(Bill, bill_id).number
        db.session.expunge(row)
    if row.state != "new":
        return row
    try:
        seen = gateway.current().open_checkout(
            key=str(row.id),
            account=row.account,
            fen=row.fen,
            methods=tuple(row.methods),
            what=number,
            return_url=return_url,
            expires_at=row.expires_at,
        )
    except Refused as refusal:
        with transaction():
            move(locked(row.id)[0], "fail", str(refusal.facts.get("reason", refusal.code))[:60])
        raise
    with transaction():
        row = follow_checkout(row.id, seen)
        db.session.expunge(row)  # as it stands now, whoever reads on
    return row


def stop(actor: Actor, payment_id: UUID) -> gateway.Checkout | None:
    """The payer closes the page at Stripe, to pay otherwise; what Stripe answers is written down by the caller.

    Outside a transaction, as `start`. Raises NotFound, Conflict('wrong_state'), and what the gateway raises.
    """
    actor.require("card_payment.start")
    db.session.rollback()
    with transaction(write=False):
        row = by_id(CardPayment, payment_id, CardPayment.agency_id == actor.organisation, "card_payment")
        account, checkout, state = row.account, row.checkout_id, row.state
    if state not in ("new", "open"):
        raise Conflict("wrong_state", what="card_payment", state=state, verb="cancel")
    if checkout is None:
        return None
    return gateway.current().expire_checkout(account, checkout)


def payment(actor: Actor, payment_id: UUID) -> CardPayment:
    """A card payment within scope. Raises NotFound."""
    actor.require("bill.read")
    return by_id(CardPayment, payment_id, within(actor), "card_payment")


def payments_of_bills(bill_ids: Iterable[UUID]) -> dict[UUID, list[CardPayment]]:
    """Card payments by bill, oldest first; the caller has checked scope."""
    found: dict[UUID, list[CardPayment]] = {}
    query = select(CardPayment).where(CardPayment.bill_id.in_(set(bill_ids))).order_by(CardPayment.asked_at)
    for row in db.session.scalars(query):
        found.setdefault(row.bill_id, []).append(row)
    return found


def listed(actor: Actor, limit: int = 100) -> list[tuple[CardPayment, Bill]]:
    """Card payments within scope with their bills, newest first."""
    actor.require("bill.read")
    query = select(CardPayment, Bill).join(Bill, Bill.id == CardPayment.bill_id).where(bills.within(actor))
    return list(db.session.execute(query.order_by(CardPayment.id.desc()).limit(limit)).tuples())
