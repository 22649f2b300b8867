"""Invariant 16: posters race the closer, and what was closed does not change. A connection each, on a real database."""

import threading
from contextlib import closing as closed
from datetime import date
from functools import partial

import psycopg
import pytest
from sqlalchemy import func, select

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError
from marketplace.ledger.models import Journal
from marketplace.linkage import services as linkage
from marketplace.linkage.models import Slip
from marketplace.settlement import closing, frozen
from tests.counts import count
from tests.factories.world import World, actor
from tests.faults.test_races import race

START, PRESENT = date(2014, 2, 1), date(2060, 1, 15)
POSTERS, BATCHES = 3, 2
ZHUZHOU = "4302"


def month_after(period, months):
    year, month = divmod(period // 100 * 12 + period % 100 - 1 + months, 12)
    return year * 100 + month + 1


@pytest.fixture
def world(app):
    with clock.fixed(clock.at(START)), transaction():
        world = World.build(families=3)
        world.maker = actor(world.office.organisation, {"office_clerk"})
        world.checker = actor(world.office.organisation, {"office_head"})
    return world


def deliver(world, day, household=0):
    delivery = linkage.Delivery(world.households[household], "黄桃", "千克", gross=9_000, tare=0, price_fen=500)
    return linkage.record_slips(world.clerk, world.agreement, day, [delivery])[0]


def post(world, day, household):
    with clock.fixed(clock.at(PRESENT)):
        for _ in range(BATCHES):
            try:
                deliver(world, day, household)
            except Conflict:  # closed between the question and the posting: asked again, it is late
                db.session.rollback()
                deliver(world, day, household)
            db.session.commit()


def close(world, row):
    with clock.fixed(clock.at(PRESENT)):
        return closing.approve(world.checker, row).id


def figures_now(period):
    with transaction(write=False):
        return frozen.recomputed(ZHUZHOU, [period])


def test_what_was_closed_does_not_change_however_many_were_posting(app, world):
    """Red when the trigger's lock or its check is taken away, or `approve` reads before it locks."""
    rounds = count(500)
    for number in range(rounds):
        period = month_after(201402, number)
        day = date(period // 100, period % 100, 10)

        with clock.fixed(clock.at(PRESENT)), transaction():
            deliver(world, day)
            row = closing.propose(world.maker, period).id
        acts = [partial(post, world, day, place) for place in range(POSTERS)]
        acts.insert(number % (POSTERS + 1), partial(close, world, row))
        results = race(app, acts, workers=POSTERS + 1)
        assert not [result for result in results if isinstance(result, DomainError)]
        with transaction(write=False):
            held = closing.frozen_of(row, period)
        assert figures_now(period) == held
    with transaction(write=False):
        assert db.session.scalar(select(func.count()).select_from(Slip)) == rounds * (1 + POSTERS * BATCHES)
        late = db.session.scalar(select(func.count()).where(Journal.concerns_period.is_not(None)))
        assert late == db.session.scalar(select(func.count()).where(Slip.period == 206001))


def waiting(database) -> bool:
    """Whether somebody waits for a period's lock; asked by the owner, whom nobody keeps waiting."""
    with closed(psycopg.connect(database.owner_url.replace("+psycopg", ""), autocommit=True)) as owner:
        found = owner.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone()
    return bool(found and found[0])


def until_it_waits(database, thread):
    while thread.is_alive() and not waiting(database):
        pass


def apart(app, act, into):
    def run():
        with app.app_context(), clock.fixed(clock.at(PRESENT)):
            try:
                with transaction():
                    into.append(act())
            except DomainError as refused:
                into.append(refused)
            finally:
                db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.engine("postgresql")
def test_the_closer_waits_for_whoever_is_posting(app, database, world):
    """Red when the trigger on journal takes no lock: what is posted is not in what was frozen."""
    day, results = date(2014, 3, 10), []
    with clock.fixed(clock.at(PRESENT)):
        with transaction():
            deliver(world, day)
            row = closing.propose(world.maker, 201403).id
        with transaction():
            deliver(world, day)
            closer = apart(app, lambda: closing.approve(world.checker, row).state, results)
            until_it_waits(database, closer)
        closer.join()
    assert results == ["approved"]
    with transaction(write=False):
        held = closing.frozen_of(row, 201403)
    assert held[201403, "total", ""].owed_fen == 2 * 4_500
    assert figures_now(201403) == held


@pytest.mark.engine("postgresql")
def test_whoever_waited_for_the_closer_finds_the_month_closed(app, database, world):
    """Red when the trigger looks at closed_period in the snapshot of the waiting statement, or before it locks."""
    day, results = date(2014, 3, 10), []
    with clock.fixed(clock.at(PRESENT)):
        with transaction():
            deliver(world, day)
            row = closing.propose(world.maker, 201403).id
        with transaction():
            closing.approve(world.checker, row)
            poster = apart(app, lambda: deliver(world, day), results)
            until_it_waits(database, poster)
        poster.join()
    assert [refused.code for refused in results] == ["period_closed"]
    with transaction(write=False):
        held = closing.frozen_of(row, 201403)
    assert figures_now(201403) == held
