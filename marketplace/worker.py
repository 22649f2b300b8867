"""The worker: relays the outbox, and does what the clock asks for. `python -m marketplace.worker`.

Everything here may be killed at any moment and repeated: the outbox row is the truth, handlers are idempotent.
"""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

from flask import Flask, current_app

from .attribution import services as attribution
from .catalogue import services as catalogue
from .core import clock, jobs, keys, outbox
from .core.db import db, transaction
from .core.errors import DomainError, Unavailable
from .edge import idempotency
from .ledger import checkpoints, seals
from .notices import mail
from .payments import gateway, reconcile
from .procurement import disputes, recalls, return_requests
from .procurement import services as procurement
from .quota import services as quota
from .reporting import cards, papers_pack, verification
from .search import gather
from .search import services as search
from .settlement import bank_confirming, billing, card_reconcile, card_work
from .settlement import services as settlement
from .sourcing import services as sourcing
from .sourcing import standing
from .web import mails

HANDLERS: dict[str, outbox.Handler] = {"offers_changed": gather.offers_changed}
# Kind of long work → who does it.
JOBS: dict[str, jobs.Handler] = {
    bank_confirming.KIND: bank_confirming.work,
    "verify": verification.job,
    "cards": cards.work,
    papers_pack.KIND: papers_pack.work,
    "distribution_prepare": attribution.fill_job,
    "distribution_approve": attribution.list_job,
}
IDLE = 0.5  # seconds between looks at the outbox when it was empty
KEEP_ANSWERS = timedelta(days=2)

log = logging.getLogger("bangfu.worker")


def lapse_orders() -> None:
    """Orders that nobody confirmed in time release their stock and quota."""
    with transaction():
        lapsed = procurement.lapse_overdue()
    if lapsed:
        log.info("orders lapsed", extra={"count": lapsed})


def expire_holds() -> None:
    """Bulk orders that nobody decided in time give back the stock that they hold."""
    with transaction():
        expired = procurement.expire_holds()
    if expired:
        log.info("holds expired", extra={"count": expired})


def deem_deliveries() -> None:
    """Deliveries that nobody accepted in time count as accepted; who has not come yet is reminded before."""
    with transaction():
        overdue = procurement.overdue_shipments()
        procurement.remind_of_acceptance()
    for shipment in overdue:
        try:
            with transaction():
                settlement.deem(shipment)
        except DomainError as refusal:  # somebody accepted or cancelled it meanwhile
            log.info("not deemed accepted", extra={"shipment": str(shipment), "why": refusal.code})


def refresh_references() -> None:
    with transaction():
        catalogue.refresh_references()


def forget_answers() -> None:
    with transaction():
        idempotency.forget(clock.now() - KEEP_ANSWERS)


def propose_distributions() -> None:
    """The last month's end is drafted for every supplier that has something to divide: proposed, never approved."""
    with transaction(write=False):
        waiting = attribution.suppliers_waiting()
    for supplier in waiting:
        with transaction():
            row = attribution.propose_month_end(supplier)
        if row is not None:
            log.info("distribution proposed", extra={"supplier": str(supplier)})


def release_payouts() -> None:
    """Payouts that waited for a payee can be paid once one stands."""
    with transaction(write=False):
        held = attribution.suppliers_with_held()
    for supplier in held:
        with transaction():
            attribution.release(supplier)


def mend_index() -> None:
    """A lost or new index is made again: losing it loses no order."""
    with transaction():
        try:
            held = search.count()
        except Unavailable:
            held = -1
        if held != gather.on_sale() and not outbox.waiting("offers_changed"):
            gather.rebuild()


def seal_journals() -> None:
    """What was posted since the last turn gets its place in a chain."""
    seals.seal()


def seal_late_journals() -> None:
    """What committed late, or by a clock that lags."""
    seals.seal(seals.LOOK_BACK_FAR)


def seal_forgotten_journals() -> None:
    seals.seal(None)


def sign_checkpoint() -> None:
    """Where the chains end, signed. Only a demo makes the key by itself; elsewhere `flask ledger key` does."""
    settings = current_app.config["SETTINGS"]
    try:
        key = keys.ready(settings.ledger_key, make=settings.demo)
        with transaction():
            if settings.demo:
                checkpoints.register(key)
            checkpoints.sign(key)
    except keys.SigningKeyError as reason:
        log.warning("no checkpoint was signed: %s", reason)


def remind_of_disputes() -> None:
    """Disputes past a deadline become findings."""
    with transaction():
        attribution.open_findings()


def follow_up_after_delivery() -> None:
    """Returns, disputes of orders and recalls that somebody let pass become findings, and go on to who may act."""
    for follow_up in (return_requests.follow_up, disputes.follow_up, recalls.follow_up):
        with transaction():
            follow_up()


def spread_messages() -> None:
    """What was told since the last turn becomes mails, for who asked for them."""
    with transaction(write=False):
        waiting = mail.anything_to_spread()
    while waiting:
        with transaction():
            waiting = bool(mail.spread())


def send_mails() -> None:
    """Due mails, person by person; what a server refuses waits for its next try."""
    for _turn in range(200):
        if not mails.send_next():
            break


def draft_standing_orders() -> None:
    """The bulk orders of coming delivery days: drafted, never submitted."""
    with transaction(write=False):
        days = standing.due()
    for standing_id, day in days:
        with transaction():
            standing.draft_for(standing_id, day)


def bill_months() -> None:
    """What was delivered in a month that has ended is billed, where the parties agreed on a bill per month."""
    with transaction():
        billing.bill_month_ends()


def end_prepayments() -> None:
    """Prepaid orders of which nothing more comes give back what they hold."""
    with transaction():
        billing.end_prepayments()


def remind_of_quota() -> None:
    """Who has not filed its plan is told before the deadline and after it; orders that may miss the year, from its day."""
    with transaction():
        quota.remind_to_file()
    with transaction():
        settlement.warn_of_the_year()


def close_requests() -> None:
    """Requests for quotation whose deadline has passed: the agencies are told to compare and award."""
    with transaction():
        sourcing.close_due()


# What the clock asks for, and how often.
DUTIES: dict[Callable[[], None], timedelta] = {
    bill_months: timedelta(hours=1),
    end_prepayments: timedelta(minutes=10),
    seal_journals: timedelta(seconds=3),
    seal_late_journals: timedelta(minutes=5),
    seal_forgotten_journals: timedelta(hours=1),
    sign_checkpoint: timedelta(hours=1),
    mend_index: timedelta(minutes=5),
    lapse_orders: timedelta(minutes=1),
    deem_deliveries: timedelta(minutes=30),
    expire_holds: timedelta(minutes=1),
    close_requests: timedelta(minutes=1),
    refresh_references: timedelta(hours=6),
    propose_distributions: timedelta(hours=1),
    release_payouts: timedelta(minutes=10),
    forget_answers: timedelta(hours=6),
    remind_of_disputes: timedelta(hours=1),
    follow_up_after_delivery: timedelta(hours=1),
    draft_standing_orders: timedelta(minutes=30),
    remind_of_quota: timedelta(hours=6),
    spread_messages: timedelta(seconds=5),
    send_mails: timedelta(seconds=5),
}


def work_jobs(app: Flask, stop: threading.Event) -> None:
    """Long work has a thread of its own: what a clock asks for does not wait for it."""
    with app.app_context():
        while not stop.is_set():
            done = _guarded(lambda: jobs.work(JOBS))
            db.session.remove()
            if not done:
                stop.wait(IDLE)


def work_cards(app: Flask, stop: threading.Event) -> None:
    """What waits for Stripe has a thread of its own too: a slow answer from outside holds nothing up. Once a day all is
    compared with Stripe's own list."""
    compare_at = clock.now()
    with app.app_context():
        while not stop.is_set():
            done = _guarded(card_work.work)
            if gateway.is_on() and clock.now() >= compare_at:
                compare_at = clock.now() + timedelta(days=1)
                _guarded(compare_with_stripe)
            db.session.remove()
            if not done:
                stop.wait(IDLE)


def compare_with_stripe() -> None:
    """What webhooks missed is made good. Stripe away: tomorrow's looks back far enough."""
    try:
        done = card_reconcile.run(clock.today() - timedelta(days=reconcile.DAYS), repair=True)
    except Unavailable:
        log.warning("Stripe could not be reached")
        return
    for row in done:
        if row.differing:
            log.warning("differed from Stripe", extra={"found": row.differing, "repaired": row.repaired})


def run(app: Flask, stop: threading.Event) -> None:
    """Works until `stop` is set. A duty that fails is logged and tried again at its next turn."""
    # A daemon: a job that is stopped in the midst is claimed anew, like one whose worker was killed.
    long_work = threading.Thread(target=work_jobs, args=(app, stop), name="jobs", daemon=True)
    long_work.start()
    cards = threading.Thread(target=work_cards, args=(app, stop), name="cards", daemon=True)
    cards.start()
    due = dict.fromkeys(DUTIES, clock.now())
    with app.app_context():
        while not stop.is_set():
            done = _guarded(lambda: outbox.relay(HANDLERS)) or 0
            for duty, every in DUTIES.items():
                if clock.now() >= due[duty]:
                    due[duty] = clock.now() + every
                    _guarded(duty)
            db.session.remove()
            if not done:
                stop.wait(IDLE)
    long_work.join(timeout=2 * IDLE)
    cards.join(timeout=2 * IDLE)


def _guarded(duty: Callable[[], int | None]) -> int | None:
    try:
        return duty()
    except Exception:  # the worker outlives a failing duty; the log says which and why
        log.exception("duty failed")
        db.session.rollback()
        return None


def main() -> None:
    from .app import create_app

    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    run(create_app(), stop)


if __name__ == "__main__":
    main()
