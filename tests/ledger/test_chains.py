"""Seals: every journal gets one place in its chain, whenever it commits and however many sealers there are."""

import random
import threading
import time
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, new_id, transaction
from marketplace.ledger import chain_checks, reading, rules, seals
from marketplace.ledger.checks import CHECKS
from marketplace.ledger.models import Seal
from marketplace.ledger.services import AccountRef, Line, post
from tests.conftest import Database
from tests.counts import count

DAY = date(2026, 11, 3)
YANLING, CHALING = "430225000000", "430224000000"
SALES, POOL = AccountRef("sales", UUID(int=1)), AccountRef("pool", UUID(int=2), UUID(int=3))


def wrong() -> list[str]:
    with transaction(write=False):
        return [line for check in CHECKS for line in check()]


def sell(number: int, region: str = YANLING, fen: int = 100) -> UUID:
    with transaction():
        return post("sale", f"line-{number}", region, DAY, [Line(SALES, POOL, fen), Line(POOL, SALES, 1)])


def sealed() -> dict[str, list[UUID]]:
    """Chain → its journals in order."""
    with transaction(write=False):
        rows = db.session.execute(select(Seal.chain, Seal.journal_id).order_by(Seal.chain, Seal.seq)).all()
    return {chain: [id_ for other, id_ in rows if other == chain] for chain, _ in rows}


def id_of(moment: datetime) -> UUID:
    """A UUIDv7 of that moment."""
    return UUID(int=rules.first_id(moment).int | 7 << 76 | 2 << 62)


def by_hand(id_: UUID, number: int) -> None:
    """A whole journal under an id of one's own choice, in the present transaction."""
    for statement in (
        "INSERT INTO posted_source (kind, source, journal_id) VALUES ('sale', :source, :id)",
        "INSERT INTO journal (id, kind, region, period, day, source, n, at)"
        " VALUES (:id, 'sale', '430225000000', 202611, '2026-11-03', :source, 1, :at)",
        "INSERT INTO entry (journal_id, no, n, debit_id, credit_id, amount) VALUES (:id, 1, 1, :one, :other, 5)",
    ):
        plain = {"id": id_, "one": SALES.id, "other": POOL.id, "source": f"late-{number}", "at": clock.now()}
        if db.engine.dialect.name == "sqlite":
            plain |= {name: plain[name].hex for name in ("id", "one", "other")}
            plain["at"] = clock.now().strftime("%Y-%m-%d %H:%M:%S.%f")
        db.session.execute(text(statement), {name: plain[name] for name in plain if f":{name}" in statement})


def test_journals_are_sealed_in_the_order_of_their_ids_each_chain_by_itself(app: Flask, engine: str) -> None:
    ids = [sell(number, (YANLING, CHALING)[number % 2]) for number in range(7)]
    assert seals.seal() == 7
    assert seals.seal() == 0
    one = {"all": ids}
    assert sealed() == (one if engine == "sqlite" else {"430224": ids[1::2], "430225": ids[::2]})
    more = sell(8)
    assert seals.seal() == 1
    assert sealed()["all" if engine == "sqlite" else "430225"][-1] == more
    assert wrong() == []


def test_posting_writes_nothing_beside_the_journal(app: Flask) -> None:
    sell(1)
    assert sealed() == {}
    with transaction(write=False):
        assert seals.window().count == 1


def test_a_journal_that_commits_late_gets_the_next_place(app: Flask, engine: str) -> None:
    """Red when the sealer looks at ids above the newest seal alone (LOOK_BACK of nothing)."""
    early = new_id()
    first = [sell(number) for number in range(3)]
    assert seals.seal() == 3
    with transaction():
        by_hand(early, 1)
    assert early < first[0]
    assert seals.seal() == 1
    assert sealed()["all" if engine == "sqlite" else "430225"] == [*first, early]
    assert wrong() == []


@pytest.mark.parametrize(
    ("late", "back"),
    [
        (timedelta(minutes=30), seals.LOOK_BACK_FAR),
        (timedelta(days=3), None),
    ],
)
def test_a_journal_that_commits_very_late_is_found_by_the_longer_looks(
    app: Flask, late: timedelta, back: timedelta | None
) -> None:
    """Red when the worker's longer looks have no longer range."""
    sell(1)
    seals.seal()
    with transaction():
        by_hand(id_of(clock.now() - late), 1)
    assert seals.seal() == 0
    assert seals.seal(back) == 1
    assert wrong() == []


def test_an_id_of_the_future_does_not_hide_the_present(app: Flask) -> None:
    """Red when `_floor` trusts the newest seal's time."""
    sell(1)
    with transaction():
        by_hand(id_of(clock.now() + timedelta(days=400)), 1)
    assert seals.seal() == 2
    sell(2)
    assert seals.seal() == 1


@pytest.mark.engine("postgresql")
def test_a_transaction_that_is_still_open_is_sealed_once_it_commits(app: Flask, database: Database) -> None:
    """Red as the test of late commits: this one commits late in truth."""
    sell(1)
    owner = create_engine(database.owner_url)
    with owner.connect() as slow:
        id_ = new_id()
        values = {"id": id_, "one": SALES.id, "other": POOL.id, "at": clock.now()}
        slow.execute(
            text("INSERT INTO posted_source (kind, source, journal_id) VALUES ('sale', 'slow', :id)"), {"id": id_}
        )
        slow.execute(
            text(
                "INSERT INTO journal (id, kind, region, period, day, source, n, at)"
                " VALUES (:id, 'sale', '430225000000', 202611, '2026-11-03', 'slow', 1, :at)"
            ),
            values,
        )
        slow.execute(
            text(
                "INSERT INTO entry (journal_id, no, n, debit_id, credit_id, amount) VALUES (:id, 1, 1, :one, :other, 5)"
            ),
            values,
        )
        sell(2)
        assert seals.seal() == 2
        slow.commit()
    owner.dispose()
    assert seals.seal() == 1
    assert sealed()["430225"][-1] == id_
    assert wrong() == []


def test_sealers_at_the_same_time_do_no_harm(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red when `_append` neither holds the chain nor looks at its end again: the second one's seals are refused."""
    monkeypatch.setattr(seals, "BATCH", 7)
    for number in range(60):
        sell(number, (YANLING, CHALING)[number % 2])
    start, failed = threading.Barrier(4), []

    def work() -> None:
        with app.app_context():
            start.wait(30)
            try:
                while seals.seal():
                    pass
            except Exception as failure:
                failed.append(failure)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(60, 90):
        sell(number)
    for thread in threads:
        thread.join(60)
    assert failed == []
    while seals.seal():
        pass
    assert sum(map(len, sealed().values())) == 90
    assert wrong() == []


def test_writers_with_delays_before_their_commits_are_all_sealed_once(app: Flask, engine: str) -> None:
    """Red when the sealer takes what is above a mark: whoever began first and commits last stays without a seal."""
    writers, each, failed = 6, count(100), []
    start, finished = threading.Barrier(writers + 1), threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        with app.app_context():
            start.wait(30)
            for number in range(each):
                try:
                    with transaction():
                        lines = [Line(SALES, POOL, 100)]
                        post("sale", f"{seed}-{number}", (YANLING, CHALING)[number % 2], DAY, lines)
                        time.sleep(chance.random() * 0.01)  # the delay is what is tried
                except Exception as failure:
                    failed.append(failure)

    def keep_sealing() -> None:
        with app.app_context():
            start.wait(30)
            while not finished.is_set():
                seals.seal()

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(writers)]
    sealer = threading.Thread(target=keep_sealing)
    for thread in (*threads, sealer):
        thread.start()
    for thread in threads:
        thread.join(300)
    finished.set()
    sealer.join(60)
    assert failed == []
    seals.seal()
    assert sum(map(len, sealed().values())) == writers * each
    assert wrong() == []


def test_the_unsealed_window_is_shown_and_bounded(app: Flask) -> None:
    """Red when `journals_are_sealed_in_time` is taken out of CHECKS."""
    sell(1)
    seals.seal()
    sell(2)
    with transaction(write=False):
        assert seals.window().count == seals.window(None).count == 1
        assert seals.window().age < timedelta(minutes=1)
    assert wrong() == []
    with clock.fixed(clock.now() + chain_checks.UNSEALED_LIMIT + timedelta(seconds=1)):
        assert [line.split(",")[0] for line in wrong()] == ["1 journals have no seal"]
        seals.seal()
        assert wrong() == []


@pytest.mark.parametrize(
    "row",
    [
        {"seq": 1},
        {"seq": 3},
        {"seq": 0},
        {"seq": 2, "hash": b"short"},
        {"seq": 2, "journal_id": UUID(int=7)},
    ],
)
def test_a_seal_follows_the_one_before_and_names_one_journal_once(app: Flask, row: dict[str, object]) -> None:
    """Red when the primary key, fk_seal_follows, ck_seal_seq, ck_seal_hash or the journal's foreign key goes."""
    sell(1)
    seals.seal()
    other = sell(2)
    (chain,) = sealed()
    values = {"chain": chain, "journal_id": other, "hash": b"x" * 32, "sealed_at": clock.now()} | row
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(insert(Seal.__table__).values(values))
    with pytest.raises(IntegrityError), transaction():  # the same journal in another chain
        again = values | {"chain": "other", "seq": 1, "hash": b"x" * 32, "journal_id": sealed()[chain][0]}
        db.session.execute(insert(Seal.__table__).values(again))


def test_seals_are_hashed_from_their_journals(app: Flask) -> None:
    """The definition, written out once more: SHA-256(hash before ‖ bytes)."""
    for number in range(3):
        sell(number)
    seals.seal()
    with transaction(write=False):
        for head in seals.heads():
            before = rules.genesis(head.chain)
            for batch in reading.sealed(head.chain):
                for row in batch:
                    before = rules.seal(before, row.journal.body)
                    assert row.hash == before
            assert before == head.hash
        assert db.session.scalar(select(func.count()).select_from(Seal)) == 3
