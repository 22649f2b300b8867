"""`flask payments reconcile`: Stripe's own list beside our rows, and what webhooks missed is made good by the same verbs.

Three steps per account, each writing down how far it is, so that a comparison that was broken off goes on where it was:
every payment of Stripe's list, every refund of it, then our own rows that such a list cannot show (pages that nobody
paid on, refunds that are older, payments that Stripe does not know) and the account's balance, where it gives it.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from itertools import islice
from uuid import UUID

from ..core import clock
from ..core.db import db, transaction
from ..core.errors import Refused
from ..payments import accounts, gateway, reconcile
from ..payments.reconcile import Difference
from ..payments.stripe_models import CardPayment, Reconciliation
from . import card_payments, card_work

Tell = Callable[[str, int, list[Difference]], None]
BATCH = 50


def _say_nothing(_account: str, _compared: int, _found: list[Difference]) -> None:
    pass


def run(since: date, *, repair: bool, tell: Tell = _say_nothing) -> list[Reconciliation]:
    """Compares every connected account. `tell` hears of each batch: the account, how many, what differed.

    Outside a transaction. Raises Unavailable where Stripe cannot be reached: run again, it goes on.
    """
    with transaction(write=False):
        named = accounts.named_accounts()
    if repair:
        card_work.send_refunds()
    return [_account(account, since, repair, tell) for account in named]


def _account(account: str, since: date, repair: bool, tell: Tell) -> Reconciliation:
    with transaction():
        row = reconcile.begin(account, since, repair)
        id_, step, after = row.id, row.step, row.after
    moment = clock.at(since, hour=0)
    if step == "payments":
        _listed(id_, account, "payments", _payments(account, moment, after), repair, tell)
        step, after = "refunds", None
    if step == "refunds":
        _listed(id_, account, "refunds", _refunds(account, moment, after), repair, tell)
    with transaction():
        reconcile.get_on(id_, "ours", None, 0, [])
    found, compared = _ours(account, moment, repair)
    sums, booked = _balance(account, moment)
    with transaction(write=False):
        told = {one["object"] for one in [*db.session.get_one(Reconciliation, id_).found, *found]}
    found += [one for one in booked if one["object"] not in told]  # one that is behind is told once
    tell(account, compared, found)
    with transaction():
        reconcile.get_on(id_, "done", None, compared, found)
        row = db.session.get_one(Reconciliation, id_)
        if sums is not None:
            row.gross_fen, row.fee_fen, row.pending_fen = sums.gross_fen, sums.fee_fen, sums.pending_fen
            db.session.flush()
        db.session.expunge(row)
    return row


# Stripe's id of an object, how it differs from our row, and the verb that follows it.
Seen = tuple[str, Callable[[], Difference | None], Callable[[], object]]


def _payments(account: str, since: datetime, after: str | None) -> Iterator[Seen]:
    for seen in gateway.current().payments(account, since, after):
        yield seen.id, partial(_payment_differs, seen), partial(card_payments.follow_payment, seen)


def _payment_differs(seen: gateway.Payment) -> Difference | None:
    row = card_payments.row_of(seen)
    return reconcile.of_payment(seen, row, card_payments.difference(row, seen) if row else "")


def _refunds(account: str, since: datetime, after: str | None) -> Iterator[Seen]:
    for seen in gateway.current().refunds(account, since, after):
        yield _refund(seen)


def _refund(seen: gateway.Refund) -> Seen:
    return seen.id, partial(reconcile.of_refund, seen), partial(card_payments.follow_refund, seen)


def _listed(id_: UUID, account: str, step: str, seen: Iterator[Seen], repair: bool, tell: Tell) -> None:
    while batch := list(islice(seen, BATCH)):
        found = [each for one in batch if (each := _compare(one, repair))]
        with transaction():
            reconcile.get_on(id_, step, batch[-1][0], len(batch), found)
        tell(account, len(batch), found)
    with transaction():
        reconcile.get_on(id_, "refunds" if step == "payments" else "ours", None, 0, [])


def _compare(one: Seen, repair: bool) -> Difference | None:
    _id, differs, follow = one
    with transaction():  # a write: rows are locked as they are looked for
        found = differs()
    if found is not None and repair:
        with transaction():
            follow()
            found["repaired"] = differs() is None
    return found


def _ours(account: str, since: datetime, repair: bool) -> tuple[list[Difference], int]:
    """Our rows that Stripe's list does not show."""
    with transaction(write=False):
        pages = reconcile.live_rows(account)
        ended = reconcile.ended_rows(account, since)
        refunds = reconcile.open_refunds(account)
    found = [_page(account, id_, page, repair) for id_, page in pages]
    found += [_payment(account, payment) for _, payment in ended]
    found += [_compare(_refund(gateway.current().one_refund(account, refund)), repair) for _, refund in refunds]
    return [one for one in found if one], len(found)


def _balance(account: str, since: datetime) -> tuple[reconcile.Sums | None, list[Difference]]:
    """The account's balance beside our rows, as they stand after what was repaired; None where it is not given."""
    try:
        entries = list(gateway.current().balance(account, since))
    except Refused:
        return None, []
    with transaction(write=False):
        return reconcile.of_balance(account, since, entries)


def _page(account: str, id_: UUID, checkout: str, repair: bool) -> Difference | None:
    seen = gateway.current().checkout(account, checkout)
    with transaction(write=False):
        state = db.session.get_one(CardPayment, id_).state
        ahead = seen.state == "expired" or (seen.state == "complete" and state == "open")
        found = reconcile.behind(checkout, state, seen.state) if ahead else None
    if found is not None and repair:
        card_work.apply_checkout(seen)
        with transaction(write=False):
            found["repaired"] = db.session.get_one(CardPayment, id_).state != state
    return found


def _payment(account: str, payment: str) -> Difference | None:
    try:
        gateway.current().payment(account, payment)
    except Refused:
        with transaction(write=False):
            return reconcile.not_at_stripe(payment)
    return None
