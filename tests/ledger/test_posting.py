"""A source posts once ever; a journal is whole; the cost does not grow with the lines (invariants 2, 3, 5)."""

import multiprocessing
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from uuid import UUID, uuid5

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import Engine, create_engine, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from marketplace.app import create_app
from marketplace.core import clock
from marketplace.core.db import Base, db, new_id, transaction
from marketplace.core.errors import Conflict
from marketplace.ledger import checkpoints, seals
from marketplace.ledger.checks import CHECKS
from marketplace.ledger.models import NOBODY, Account, Entry, Journal, PostedSource
from marketplace.ledger.services import (
    AccountRef,
    Line,
    Posting,
    balance,
    balances,
    entries_of,
    post,
    post_many,
)
from marketplace.settings import Settings
from tests.conftest import Database
from tests.counts import count

DAY = date(2026, 11, 3)
YANLING, CHALING = "430225000000", "430224000000"
SALES, POOL = AccountRef("sales", UUID(int=1)), AccountRef("pool", UUID(int=2), UUID(int=3))
REST = AccountRef("supplier_rest", UUID(int=1))
LINES = [Line(SALES, POOL, 700), Line(SALES, REST, 300)]
REFUSALS = r"append-only|not authorized|permission denied|must be owner"
GUARDED = ["account", "posted_source", "journal", "entry", "seal", "signing_key", "checkpoint"]


def wrong() -> list[str]:
    with transaction(write=False):
        return [line for check in CHECKS for line in check()]


def posted() -> dict[str, int]:
    with transaction(write=False):
        tables = (Account, PostedSource, Journal, Entry)
        return {
            table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables
        }


@pytest.fixture
def journal(app: Flask) -> UUID:
    with transaction():
        return post("sale", "line-1", YANLING, DAY, LINES)


def test_a_posting_moves_money_between_its_accounts(journal: UUID) -> None:
    with transaction(write=False):
        assert (balance(SALES), balance(POOL), balance(REST)) == (-1000, 700, 300)
        assert balance(AccountRef("pool")) == 0
        assert balances("pool", party=UUID(int=3)) == {POOL: 700}
        assert balances("pool", owner=UUID(int=9)) == {}
        assert [(e.no, e.debit, e.credit, e.fen) for e in entries_of("sale", "line-1")] == [
            (1, SALES, POOL, 700),
            (2, SALES, REST, 300),
        ]
        assert db.session.scalars(select(Journal.period)).one() == 202611
    assert wrong() == []


@pytest.mark.parametrize(("region", "day"), [(YANLING, DAY), (CHALING, DAY), (YANLING, date(2027, 1, 1))])
def test_a_source_posts_once_in_any_region_and_month(journal: UUID, region: str, day: date) -> None:
    """Red when PostedSource's primary key takes in the region or the period, or `_claim` goes."""
    before = posted()
    with transaction():
        with pytest.raises(Conflict) as refused:
            post_many([Posting("sale", "line-0", region, day, LINES), Posting("sale", "line-1", region, day, LINES)])
        assert (refused.value.code, refused.value.facts) == ("already_posted", {"kind": "sale", "source": "line-1"})
    assert posted() == before  # nothing half done, though the caller went on and committed


def test_a_batch_names_a_source_once(app: Flask) -> None:
    with pytest.raises(Conflict, match="already_posted"), transaction():
        post_many([Posting("sale", "line-1", YANLING, DAY, LINES)] * 2)
    assert sum(posted().values()) == 0


def test_another_kind_of_the_same_source_posts(journal: UUID) -> None:
    with transaction():
        post("payout", "line-1", YANLING, DAY, [Line(POOL, REST, 1)], concerns=202610)
    assert wrong() == []


@pytest.mark.parametrize("fen", [0, -1, 1.0, True, 10**15 + 1])
def test_a_line_moves_whole_positive_fen(fen: int) -> None:
    with pytest.raises(ValueError, match="fen"):
        Line(SALES, POOL, fen)


def test_a_line_needs_two_accounts() -> None:
    with pytest.raises(ValueError, match="two accounts"):
        Line(SALES, AccountRef("sales", UUID(int=1)), 1)


def statements(work: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with transaction():
            work()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(seen)


def test_posting_costs_the_same_statements_for_one_line_and_for_thousands(app: Flask) -> None:
    """Red when anything is asked or written per posting, line or account."""

    def many(name: str, postings: int, lines: int) -> list[UUID]:
        return post_many(
            [
                Posting("sale", f"{name}-{p}", YANLING, DAY, [Line(SALES, AccountRef("pool", new_id()), 1)] * lines)
                for p in range(postings)
            ]
        )

    assert statements(lambda: many("a", 1, 1)) == statements(lambda: many("b", 40, 100))
    assert wrong() == []


ROWS: dict[str, Callable[[UUID], dict[str, object]]] = {
    "a number above the last": lambda j: {"no": 3, "n": 2},
    "other slots than its journal's": lambda j: {"no": 3, "n": 3},
    "a number that is taken": lambda j: {"no": 2, "n": 2},
    "number nought": lambda j: {"no": 0, "n": 2},
    "no journal": lambda j: {"journal_id": new_id(), "no": 1, "n": 1},
}


@pytest.mark.parametrize("row", ROWS)
def test_a_late_entry_has_no_slot(journal: UUID, row: str) -> None:
    """Red when the primary key, ck_entry_no or fk_entry_slot goes (the first three each on its own)."""
    values = {"journal_id": journal, "debit_id": SALES.id, "credit_id": POOL.id, "amount": 1} | ROWS[row](journal)
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(insert(Entry.__table__).values(values))
    assert wrong() == []


@pytest.mark.parametrize("numbers", [[], [1], [2], [1, 3], [2, 3]])
def test_a_journal_without_all_its_entries_is_not_committed(journal: UUID, numbers: list[int]) -> None:
    """Red when fk_journal_last_entry or fk_entry_follows goes."""
    id_ = new_id()
    with pytest.raises(IntegrityError), transaction():
        bare_journal(id_, "line-2", 3)
        for no in numbers:
            enter(id_, no, 3)


def bare_journal(id_: UUID, source: str, n: int, **other: object) -> None:
    db.session.execute(insert(PostedSource.__table__).values(kind="sale", source=source, journal_id=id_))
    values = {"id": id_, "kind": "sale", "region": YANLING, "period": 202611, "day": DAY, "source": source, "n": n}
    db.session.execute(insert(Journal.__table__).values(values | {"at": clock.now()} | other))


def enter(id_: UUID, no: int, n: int, **other: object) -> None:
    values = {"journal_id": id_, "no": no, "n": n, "debit_id": SALES.id, "credit_id": POOL.id, "amount": 1}
    db.session.execute(insert(Entry.__table__).values(values | other))


def test_a_whole_journal_written_by_hand_is_accepted(journal: UUID) -> None:
    """What the two refusals below differ from by one value."""
    with transaction():
        bare_journal(id_ := new_id(), "line-2", 1)
        enter(id_, 1, 1)
    assert wrong() == []


JOURNALS = [{"period": 202612}, {"region": "4302"}, {"concerns_period": 202612}, {"kind": "payout"}]
ENTRIES = [{"amount": 0}, {"credit_id": SALES.id}, {"credit_id": UUID(int=5)}, {"debit_id": UUID(int=5)}]


@pytest.mark.parametrize("other", JOURNALS)
def test_a_journal_that_contradicts_itself_is_refused(journal: UUID, other: dict[str, object]) -> None:
    """Red when the check of that column, or (the last) fk_journal_posted_source, goes."""
    with pytest.raises(IntegrityError), transaction():
        bare_journal(id_ := new_id(), "line-2", 1, **other)
        enter(id_, 1, 1)


@pytest.mark.parametrize("other", ENTRIES)
def test_an_entry_moves_money_between_two_known_accounts(journal: UUID, other: dict[str, object]) -> None:
    """Red when ck_entry_amount, ck_entry_sides or an account's foreign key goes."""
    with pytest.raises(IntegrityError), transaction():
        bare_journal(id_ := new_id(), "line-2", 1)
        enter(id_, 1, 1, **other)


@pytest.fixture
def signed(journal: UUID) -> None:
    """A row in every table: the journal sealed, its seal signed for."""
    seals.seal()
    key = Ed25519PrivateKey.generate()
    with transaction():
        checkpoints.register(key)
        checkpoints.sign(key)


@pytest.mark.parametrize("table", GUARDED)
def test_the_ledger_refuses_every_change(signed: None, database: Database, table: str) -> None:
    """Red when one of the table's triggers is taken out of migration 0002 or 0005."""
    first = next(iter(Base.metadata.tables[table].columns.keys()))
    changes = [f"UPDATE {table} SET {first} = {first}", f"DELETE FROM {table}"]
    if database.url.startswith("sqlite"):
        columns = ", ".join(c.name for c in Base.metadata.tables[table].columns if c.computed is None)
        changes += [
            f"REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}",
            f"DROP TRIGGER append_only_{table}_update",
            f"DROP TABLE {table}",
        ]
    else:
        changes += [f"TRUNCATE {table} CASCADE", f"ALTER TABLE {table} DISABLE TRIGGER USER"]
    for change in changes:
        with (
            pytest.raises(DBAPIError, match=REFUSALS),
            transaction(),
        ):
            db.session.execute(text(change))


@pytest.mark.engine("postgresql")
@pytest.mark.parametrize("table", GUARDED)
def test_even_the_owner_does_not_empty_the_ledger_by_mistake(signed: None, database: Database, table: str) -> None:
    owner = create_engine(database.owner_url)
    for change in (f"TRUNCATE {table} CASCADE", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="append-only"), owner.begin() as connection:
            connection.execute(text(change))
    owner.dispose()


def race(settings: Settings, seed: int, work: str, rounds: int, start: object) -> None:
    """One process: its own application on the same database."""
    app = create_app(settings)
    with app.app_context():
        start.wait(60)  # type: ignore[attr-defined]
        globals()[work](random.Random(seed), rounds)


def run_race(settings: Settings, work: str, processes: int, rounds: int) -> None:
    context = multiprocessing.get_context("fork")  # starts at once; every process makes an application of its own
    db.session.remove()
    db.engine.dispose()
    start = context.Barrier(processes)
    running = [context.Process(target=race, args=(settings, seed, work, rounds, start)) for seed in range(processes)]
    for process in running:
        process.start()
    for process in running:
        process.join(300)
    assert [process.exitcode for process in running] == [0] * processes


def claim_journals(rng: random.Random, rounds: int) -> None:
    """Each process writes journals under the ids that the others use too, and late entries into theirs."""
    for number in rng.sample(range(rounds), rounds):
        id_, n = uuid5(NOBODY, str(number)), rng.randint(1, 3)
        with suppress(DBAPIError), transaction():
            bare_journal(id_, f"{number}-{rng.random()}", n)
            for no in range(1, n + 1):
                enter(id_, no, n)
        with suppress(DBAPIError), transaction():
            enter(id_, n := rng.randint(1, 4), n)


def test_processes_racing_for_the_same_journals_leave_each_whole(app: Flask, settings: Settings) -> None:
    """Red when fk_entry_slot goes: late entries then stand beside the journal's own."""
    with transaction():
        post("sale", "first", YANLING, DAY, LINES)
    rounds = count(2000)
    run_race(settings, "claim_journals", 6, rounds)
    assert posted()["journal"] == rounds + 1
    assert wrong() == []


def post_shuffled(rng: random.Random, rounds: int) -> None:
    """Each process delivers every event one to three times, in its own order, in any region and month."""
    events = [number for number in range(rounds) for _ in range(rng.randint(1, 3))]
    rng.shuffle(events)
    for number in events:
        day, region = rng.choice([DAY, date(2026, 12, 1)]), rng.choice([YANLING, CHALING])
        with suppress(Conflict), transaction():
            post(
                "sale",
                f"line-{number}",
                region,
                day,
                [Line(SALES, AccountRef("pool", UUID(int=number % 7 + 1)), number + 1)],
            )


def test_a_source_posts_once_whatever_the_order_and_number_of_its_events(app: Flask, settings: Settings) -> None:
    """Red when `_claim` reads first and writes without the key, or PostedSource's key grows a column."""
    rounds = count(1000)
    run_race(settings, "post_shuffled", 4, rounds)
    assert posted()["journal"] == rounds
    with transaction(write=False):
        assert balance(SALES) == -sum(range(1, rounds + 1))
    assert wrong() == []


def test_threads_of_one_process_post_a_source_once(app: Flask) -> None:
    """Red as above."""
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def work() -> None:
        with app.app_context():
            start.wait(30)
            try:
                with transaction():
                    post("sale", "line-1", YANLING, DAY, LINES)
                outcomes.append("posted")
            except Conflict:
                outcomes.append("refused")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["posted"] + ["refused"] * 7
    assert wrong() == []
