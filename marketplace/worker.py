"""The worker: relays the outbox, and does what the clock asks for. `python -m marketplace.worker`.

Everything here may be killed at any moment and repeated: the outbox row is the truth, handlers are idempotent.
"""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

from flask import Flask

from .catalogue import services as catalogue
from .core import clock, jobs, outbox
from .core.db import db, transaction
from .core.errors import Unavailable
from .edge import idempotency
from .procurement import services as procurement
from .search import gather
from .search import services as search

HANDLERS: dict[str, outbox.Handler] = {"offers_changed": gather.offers_changed}
JOBS: dict[str, jobs.Handler] = {}  # kind of long work → who does it
IDLE = 0.5  # seconds between looks at the outbox when it was empty
KEEP_ANSWERS = timedelta(days=2)

log = logging.getLogger("bangfu.worker")


def lapse_orders() -> None:
    """Orders that nobody confirmed in time release their stock and quota."""
    with transaction():
        lapsed = procurement.lapse_overdue()
    if lapsed:
        log.info("orders lapsed", extra={"count": lapsed})


def refresh_references() -> None:
    with transaction():
        catalogue.refresh_references()


def forget_answers() -> None:
    with transaction():
        idempotency.forget(clock.now() - KEEP_ANSWERS)


def mend_index() -> None:
    """A lost or new index is made again: losing it loses no order."""
    with transaction():
        try:
            held = search.count()
        except Unavailable:
            held = -1
        if held != gather.on_sale() and not outbox.waiting("offers_changed"):
            gather.rebuild()


# What the clock asks for, and how often.
DUTIES: dict[Callable[[], None], timedelta] = {
    mend_index: timedelta(minutes=5),
    lapse_orders: timedelta(minutes=1),
    refresh_references: timedelta(hours=6),
    forget_answers: timedelta(hours=6),
}


def run(app: Flask, stop: threading.Event) -> None:
    """Works until `stop` is set. A duty that fails is logged and tried again at its next turn."""
    due = dict.fromkeys(DUTIES, clock.now())
    with app.app_context():
        while not stop.is_set():
            done = _guarded(lambda: outbox.relay(HANDLERS)) or 0
            done += _guarded(lambda: jobs.work(JOBS)) or 0
            for duty, every in DUTIES.items():
                if clock.now() >= due[duty]:
                    due[duty] = clock.now() + every
                    _guarded(duty)
            db.session.remove()
            if not done:
                stop.wait(IDLE)


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
