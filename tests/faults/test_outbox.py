"""Invariant 14: what must follow a commit follows it, whatever the order of commits; a failing handler loses nothing."""

import random
import threading
import time
from collections import Counter
from datetime import timedelta

from sqlalchemy import text

from marketplace.core import clock, outbox
from marketplace.core.db import db, transaction
from tests.counts import count

WRITERS = 8


def test_the_outbox_skips_nothing_when_transactions_commit_out_of_order(app):
    """Red when the relay takes rows past a mark (`id > last`) instead of rows that are not done."""
    seen: Counter = Counter()
    writing = threading.Event()
    each = count(200)

    def write(number):
        chance = random.Random(number)
        with app.app_context():
            for serial in range(each):
                with transaction():
                    outbox.emit("topic", key=f"{number}-{serial}")
                    db.session.flush()
                    if db.engine.dialect.name == "postgresql":  # commits in another order than the ids were made
                        db.session.execute(text("SELECT pg_sleep(:s)"), {"s": chance.random() / 50})
            db.session.remove()

    def relay():
        with app.app_context():
            while True:
                last = writing.is_set()
                done = outbox.relay({"topic": lambda events: seen.update(event["key"] for event in events)}, limit=7)
                db.session.remove()
                if last and not done:
                    return
                time.sleep(0)  # gives way to the writers

    relays = [threading.Thread(target=relay) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in relays + writers:
        thread.start()
    for thread in writers:
        thread.join()
    writing.set()
    for thread in relays:
        thread.join()
    assert set(seen) == {f"{number}-{serial}" for number in range(WRITERS) for serial in range(each)}


def test_an_event_of_a_transaction_that_rolled_back_is_never_relayed(app):
    """Red when `emit` writes in a transaction of its own."""
    seen: list = []
    try:
        with transaction():
            outbox.emit("topic", key="gone")
            db.session.flush()
            raise LookupError
    except LookupError:
        pass
    outbox.relay({"topic": seen.extend})
    assert seen == []


def test_a_failing_handler_leaves_its_events_due_and_the_other_topics_go_on(app):
    """Red when the relay marks events done before their handler succeeded."""
    seen: list = []

    def fail(_events):
        raise RuntimeError

    with transaction():
        outbox.emit("bad", key=1)
        outbox.emit("good", key=2)
    assert outbox.relay({"bad": fail, "good": seen.extend}) == 1
    assert seen == [{"key": 2}]
    with transaction(write=False):
        assert outbox.waiting("bad") == 1
    with clock.fixed(clock.now() + timedelta(hours=2)):
        assert outbox.relay({"bad": seen.extend}) == 1
    assert seen == [{"key": 2}, {"key": 1}]
