"""Invariant 5: whatever the order and number of events, and whoever is killed at them, the result is that of a serial run.

Events are what comes from outside and may come again: a posting's source, the supplier's word that a payment arrived.
"""

import multiprocessing
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.sharedctypes import RawArray
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import case, func, select
from sqlalchemy.exc import OperationalError

from marketplace.app import create_app
from marketplace.attribution.models import Pool
from marketplace.core import clock
from marketplace.core.actor import Actor
from marketplace.core.db import db, transaction
from marketplace.core.errors import DomainError
from marketplace.ledger import checks, seals
from marketplace.ledger.models import Account, Entry, Journal, PostedSource
from marketplace.ledger.services import post_many
from marketplace.payments import services as payments
from marketplace.procurement import services as procurement
from marketplace.procurement.models import AcceptanceLine
from marketplace.settings import Settings
from marketplace.settlement import checks as settlement_checks
from marketplace.settlement import services as settlement
from marketplace.settlement.models import Figure, SettledLine
from tests.conftest import Database, settings_for
from tests.counts import count
from tests.factories.world import World
from tests.ledger.conftest import posting

WORKERS, KILLED = 8, 4
BROKEN_OFF = ("40001", "40P01")


def shuffled(events: Sequence[Any], seed: int) -> list[list[Any]]:
    """Every event one to five times, in an order of chance, dealt out to the workers."""
    chance = random.Random(seed)
    many = [event for event in events for _ in range(chance.randint(1, 5))]
    chance.shuffle(many)
    return [many[place::WORKERS] for place in range(WORKERS)]


def deliver_all(
    settings: Settings, handler: str, given: Any, events: list[Any], done: Any, place: int, start: Any
) -> None:
    """One worker, a process of its own: takes its events one after the other, each in a transaction."""
    app = create_app(settings)
    with app.app_context():
        start.wait(120)
        for event in events:
            deliver(HANDLERS[handler], given, event)
            done[place] += 1


def deliver(handler: Callable[[Any, Any], object], given: Any, event: Any) -> None:
    """Tried again when the database broke the transaction off; a refusal is an answer."""
    while True:
        try:
            with suppress(DomainError), transaction():
                handler(given, event)
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in BROKEN_OFF:
                raise


def post_event(_given: Any, number: int) -> None:
    post_many([posting(number)])


def confirm_event(manager: Actor, transfer: UUID) -> None:
    settlement.confirm_payment(manager, transfer)


def return_event(manager: Actor, ended: tuple[UUID, str]) -> None:
    request, number = ended
    settlement.finish_return(manager, request, red_invoice_number=number, refund_serial=number)


HANDLERS: dict[str, Callable[[Any, Any], object]] = {
    "post": post_event,
    "confirm": confirm_event,
    "return": return_event,
}


def race(settings: Settings, handler: str, given: Any, events: Sequence[Any]) -> int:
    """Deals the events out, kills some of the workers in the middle of theirs, and gives what those had to others anew.

    Returns how many were killed before they were through.
    """
    context = multiprocessing.get_context("fork")  # starts at once; every worker makes an application of its own
    db.session.remove()
    db.engine.dispose()
    start, done, hands = context.Barrier(WORKERS), RawArray("q", WORKERS + 1), shuffled(events, 5)
    running = [
        context.Process(target=deliver_all, args=(settings, handler, given, hand, done, place, start))
        for place, hand in enumerate(hands)
    ]
    for process in running:
        process.start()
    chance, broken = random.Random(9), []
    for place in range(KILLED):
        wanted = len(hands[place]) * chance.randint(10, 70) // 100
        while done[place] < wanted and running[place].is_alive():
            time.sleep(0.001)  # the moment of the kill is what is tried
        running[place].kill()
        broken.append(place)
    for process in running:
        process.join(500)
    codes = [process.exitcode for process in running]
    assert codes[KILLED:] == [0] * (WORKERS - KILLED)
    rest = [event for place in broken for event in hands[place]]
    heir = context.Process(target=deliver_all, args=(settings, handler, given, rest, done, WORKERS, context.Barrier(1)))
    heir.start()
    heir.join(500)
    assert heir.exitcode == 0
    return codes.count(-signal.SIGKILL)


def copy_of(database: Database) -> Settings:
    """A copy of the database as it is now, for the serial run."""
    database.forget()
    if database.url.startswith("sqlite"):
        other = database.var / "serial.sqlite"
        shutil.copyfile(database.url.removeprefix("sqlite:///"), other)
        return settings_for(f"sqlite:///{other}", database.var)
    admin: Any = database.admin  # type: ignore[attr-defined]
    admin.execute("DROP DATABASE IF EXISTS serial WITH (FORCE)")
    admin.execute("CREATE DATABASE serial TEMPLATE test STRATEGY file_copy")
    return settings_for(database.url.replace("/test?", "/serial?"), database.var)


def serially(settings: Settings, handler: str, given: Any, events: Sequence[Any], outcome: Callable[[], Any]) -> Any:
    app = create_app(settings)
    with app.app_context():
        for event in events:
            deliver(HANDLERS[handler], given, event)
        with transaction(write=False):
            found = outcome()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    return found


def books() -> dict[str, Any]:
    """What was posted, but for the journals' ids and moments."""
    sides = {}
    for name, side in (("debit", Entry.debit_id), ("credit", Entry.credit_id)):
        rows = db.session.execute(select(side, func.count(), func.sum(Entry.amount)).group_by(side))
        sides[name] = {id_: (number, int(fen)) for id_, number, fen in rows}
    journals = select(Journal.kind, Journal.source, Journal.region, Journal.day, Journal.n)
    return {"journals": sorted(map(tuple, db.session.execute(journals))), **sides}


def test_postings_delivered_many_times_by_killed_workers_equal_a_serial_run(
    app: Flask, database: Database, settings: Settings
) -> None:
    """Red when `_claim` reads first and writes without the key, or PostedSource's key grows a column."""
    events = range(count(1000))
    expected = serially(copy_of(database), "post", None, events, books)
    assert race(settings, "post", None, events) > 0
    seals.seal(None, turns=100)
    with transaction(write=False):
        assert books() == expected
        assert [line for check in checks.CHECKS for line in check()] == []


def settled() -> dict[str, Any]:
    """What an order of events must not change: who sold what, the totals of pools and accounts, the figures.

    Single lines may differ: the next sale of a lot takes what rounding left of its cost (DESIGN.md, Attribution). What
    a reversal is called is made when it is made: it is known by the line that it reverses.
    """
    line = func.coalesce(SettledLine.reverses_id, SettledLine.id)
    lines = select(line, SettledLine.money_fen, SettledLine.quantity)
    pools = select(Pool.kind, Pool.source_id, Pool.total_fen, Pool.sold)
    figures = select(
        Figure.period, func.sum(Figure.money_fen), func.sum(Figure.attributed_fen), func.sum(Figure.owed_fen)
    ).group_by(Figure.period)
    moved = Counter[str]()
    for sign, side in ((-1, Entry.debit_id), (1, Entry.credit_id)):
        rows = db.session.execute(
            select(Account.kind, func.sum(Entry.amount)).join(Account, Account.id == side).group_by(Account.kind)
        )
        for kind, fen in rows:
            moved[kind] += sign * int(fen)
    source = case((PostedSource.kind == "reversal", ""), else_=PostedSource.source)
    sources = select(PostedSource.kind, source)
    return {
        "accounts": {kind: fen for kind, fen in moved.items() if fen},
        **{
            name: sorted(tuple(map(str, row)) for row in db.session.execute(query))
            for name, query in (("lines", lines), ("pools", pools), ("figures", figures), ("sources", sources))
        },
    }


def test_orders_confirmed_many_times_by_killed_workers_equal_a_serial_run(
    app: Flask, database: Database, settings: Settings
) -> None:
    """Whole orders: every event settles its bill once. Red when `answer_transfer` and `_claim` both believe a repeat."""
    orders = count(1000)
    with transaction():
        world = World.build(stock=orders * 10_000)
        lot = world.lot(orders * 10_000 + 1_000_000)
    transfers = []
    for number in range(orders):
        with transaction():
            _, bill = world.accepted(world.shipped(lot, 10_000))
            row = payments.record_transfer(
                world.finance, bill.id, fen=bill.total_fen, paid_on=clock.today(), bank_serial=f"TX{number}"
            )
            transfers.append(row.id)
    expected = serially(copy_of(database), "confirm", world.manager, transfers, settled)
    assert len(expected["lines"]) == orders
    assert race(settings, "confirm", world.manager, transfers) > 0
    seals.seal(None, turns=100)
    with transaction(write=False):
        assert settled() == expected
        wrong = [line for check in [*checks.CHECKS, *settlement_checks.CHECKS] for line in check()]
        assert wrong == []


def test_returns_ended_many_times_by_killed_workers_equal_a_serial_run(
    app: Flask, database: Database, settings: Settings
) -> None:
    """A return of each order's settled line moves its goods and its money once, though its reversal is called anew.

    Red when neither the request's state nor the red-letter invoice's number is asked: three walls stand one behind another.
    """
    orders, ended = count(1000), []
    with transaction():
        world = World.build(stock=orders * 10_000)
        lot = world.lot(orders * 10_000 + 1_000_000)
    for number in range(orders):
        with transaction():
            bill = world.settled(lot, 10_000)
            lines = select(AcceptanceLine.id).where(AcceptanceLine.acceptance_id == bill.acceptance_id)
            line = db.session.scalars(lines).one()
        with transaction():
            asked = procurement.ask_return(world.receiver, line, quantity=3_333, reason="quality", words="有霉斑")
            procurement.answer_return(world.manager, asked.id, agreed=True)
            procurement.receive_return(world.manager, asked.id, restocked=bool(number % 2))
            ended.append((asked.id, f"H{number}"))
    expected = serially(copy_of(database), "return", world.manager, ended, settled)
    assert len(expected["lines"]) == 2 * orders
    assert race(settings, "return", world.manager, ended) > 0
    seals.seal(None, turns=100)
    with transaction(write=False):
        assert settled() == expected
        wrong = [line for check in [*checks.CHECKS, *settlement_checks.CHECKS] for line in check()]
        assert wrong == []
