"""Append-only tables refuse every change, by whoever knocks."""

import sqlite3
import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine, delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from marketplace import worker
from marketplace.core import audit, guards
from marketplace.core.actor import SYSTEM
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, new_id, transaction
from marketplace.core.guards import migrating
from tests.conftest import Database


@pytest.fixture
def recorded(app: Flask) -> AuditEvent:
    with transaction():
        audit.record(SYSTEM, "open", "thing", new_id())
    with transaction(write=False):
        event = db.session.scalars(select(AuditEvent)).one()
        db.session.expunge(event)
    return event


CHANGES = [
    "UPDATE audit_event SET verb = 'other'",
    "UPDATE audit_event SET verb = verb",
    "DELETE FROM audit_event",
    "INSERT INTO audit_event SELECT * FROM audit_event WHERE true ON CONFLICT (id) DO UPDATE SET verb = 'other'",
]
SQLITE_CHANGES = [
    "REPLACE INTO audit_event SELECT * FROM audit_event",
    "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event",
    "UPDATE OR IGNORE audit_event SET verb = 'other'",
    "UPDATE OR REPLACE audit_event SET verb = 'other'",
]
SWALLOW = "BEFORE INSERT ON audit_event BEGIN SELECT RAISE(IGNORE); END"
SQLITE_WAYS_ROUND = [
    "DROP TRIGGER append_only_audit_event_update",
    f"CREATE TRIGGER swallow {SWALLOW}",
    f"CREATE TEMP TRIGGER swallow {SWALLOW}",
    "DROP TABLE audit_event",
    "DROP TABLE Audit_Event",
    "DROP INDEX ix_audit_event_object",
    "ALTER TABLE audit_event RENAME TO elsewhere",
    "ALTER TABLE audit_event RENAME COLUMN verb TO noun",
    "ALTER TABLE audit_event DROP COLUMN verb",
    "CREATE TEMP TABLE audit_event (id)",
    "CREATE TEMP VIEW audit_event AS SELECT 1",
    "CREATE VIRTUAL TABLE shadow USING fts5(verb)",
    "ATTACH ':memory:' AS other",
    "DETACH main",
    "PRAGMA recursive_triggers=OFF",
    "PRAGMA main.recursive_triggers(0)",
    "PRAGMA writable_schema=ON",
    "PRAGMA Writable_Schema(1)",
    "PRAGMA foreign_keys=OFF",
    "PRAGMA ignore_check_constraints=ON",
    "PRAGMA defer_foreign_keys=ON",
    "PRAGMA legacy_alter_table=ON",
    "PRAGMA schema_version=1",
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",
]
SQLITE_SCHEMA_BY_HAND = [
    "DELETE FROM sqlite_master WHERE type = 'trigger'",
    "UPDATE sqlite_master SET sql = '' WHERE type = 'trigger'",
]
POSTGRESQL_WAYS_ROUND = [
    "TRUNCATE audit_event",
    "DROP TRIGGER append_only_audit_event_update ON audit_event",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE audit_event DISABLE TRIGGER append_only_audit_event_update",
    "ALTER TABLE audit_event DROP COLUMN verb",
    "ALTER TABLE audit_event RENAME TO elsewhere",
    "ALTER TABLE audit_event OWNER TO CURRENT_USER",
    "DROP TABLE audit_event",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "DROP FUNCTION refuse_change() CASCADE",
    "CREATE TRIGGER swallow BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE RULE swallow AS ON INSERT TO audit_event DO INSTEAD NOTHING",
    "CREATE TABLE audit_event_2 (id uuid)",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_trail_refuses_a_change(recorded: AuditEvent, statement: str) -> None:
    """Red when `append_only` is taken off AuditEvent."""
    with pytest.raises(IntegrityError, match="append-only: audit_event"), transaction():
        db.session.execute(text(statement))


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("statement", SQLITE_CHANGES)
def test_the_trail_refuses_to_be_replaced(recorded: AuditEvent, statement: str) -> None:
    """Red when recursive_triggers is OFF (REPLACE then deletes in silence)."""
    with pytest.raises(IntegrityError, match="append-only: audit_event"), transaction():
        db.session.execute(text(statement))


def test_the_trail_refuses_the_orm(recorded: AuditEvent) -> None:
    """Red when `append_only` is taken off AuditEvent."""
    for change in (
        lambda: setattr(db.session.get_one(AuditEvent, recorded.id), "verb", "other"),
        lambda: db.session.delete(db.session.get_one(AuditEvent, recorded.id)),
        lambda: db.session.execute(update(AuditEvent).values(verb="other")),
        lambda: db.session.execute(delete(AuditEvent)),
        lambda: db.session.execute(update(AuditEvent), [{"id": recorded.id, "verb": "other"}]),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction():
            change()
            db.session.flush()


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("statement", SQLITE_WAYS_ROUND)
def test_no_connection_of_the_application_switches_a_guard_off(recorded: AuditEvent, statement: str) -> None:
    """Red when `guards.authorize` is not called on connect, or that action is taken out of what `_may` watches."""
    with pytest.raises(DatabaseError, match="not authorized"), transaction():
        db.session.execute(text(statement))


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("statement", SQLITE_SCHEMA_BY_HAND)
def test_nobody_writes_the_schema_by_hand(recorded: AuditEvent, statement: str) -> None:
    with pytest.raises(DatabaseError, match="may not be modified"), transaction():
        db.session.execute(text(statement))


def test_the_worker_is_refused_as_the_web_is(
    recorded: AuditEvent, app: Flask, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when the worker's connections are made another way than `core/db.py` makes them."""
    stop, outcomes = threading.Event(), []

    def try_all() -> None:
        for statement in [*CHANGES, *(SQLITE_WAYS_ROUND if engine == "sqlite" else POSTGRESQL_WAYS_ROUND)]:
            try:
                with transaction():
                    db.session.execute(text(statement))
            except DatabaseError:
                continue
            outcomes.append(statement)
        stop.set()

    monkeypatch.setattr(worker, "DUTIES", {try_all: timedelta(0)})
    worker.run(app, stop)
    assert outcomes == []
    with transaction(write=False):
        assert db.session.scalars(select(AuditEvent.verb)).all() == ["open"]


@pytest.mark.engine("postgresql")
@pytest.mark.parametrize("statement", POSTGRESQL_WAYS_ROUND)
def test_the_applications_role_owns_nothing(recorded: AuditEvent, statement: str) -> None:
    """Red when the application connects as the tables' owner."""
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction():
        db.session.execute(text(statement))


@pytest.mark.engine("postgresql")
@pytest.mark.parametrize("statement", ["TRUNCATE audit_event", *CHANGES])
def test_even_the_owner_does_not_change_the_trail_by_mistake(
    database: Database, recorded: AuditEvent, statement: str
) -> None:
    """Red when a trigger is taken out of `guards._postgresql_sql`."""
    owner = create_engine(database.owner_url)
    with pytest.raises(IntegrityError, match="append-only: audit_event"), owner.begin() as connection:
        connection.execute(text(statement))
    owner.dispose()


@pytest.mark.engine("sqlite")
def test_a_migration_may_drop_a_guard(recorded: AuditEvent) -> None:
    with migrating(), transaction():
        db.session.execute(text("DROP TRIGGER append_only_audit_event_update"))
    with pytest.raises(DatabaseError), transaction():
        db.session.execute(text("DROP TRIGGER append_only_audit_event_delete"))


def faults_seen(url: str, *statements: str) -> list[str]:
    """What `guards.faults` tells a connection, once the owner has done these things; undone at the end."""
    engine = create_engine(url)
    with engine.connect() as connection, migrating():
        begun = connection.begin()
        for statement in statements:
            connection.exec_driver_sql(statement)
        found = guards.faults(connection)
        begun.rollback()
    engine.dispose()
    return [fault for fault in found if "audit_event" in fault or "table" not in fault]


def test_guards_that_stand_are_told_to_stand(recorded: AuditEvent) -> None:
    with transaction(write=False):
        assert [fault for fault in guards.faults(db.session.connection()) if "audit_event" in fault] == []
        assert guards.role_faults(db.session.connection()) == []


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DROP TRIGGER append_only_audit_event_update", "table audit_event: nothing guards it against UPDATE"),
        ("DROP TRIGGER append_only_audit_event_delete", "table audit_event: nothing guards it against DELETE"),
        ("PRAGMA recursive_triggers = OFF", "PRAGMA recursive_triggers is off on this connection"),
    ],
)
def test_a_guard_that_is_gone_is_told_on_sqlite(
    recorded: AuditEvent, database: Database, statement: str, fault: str
) -> None:
    """Red when `guards.faults` does not look."""
    assert faults_seen(database.owner_url) == []
    assert faults_seen(database.owner_url, statement) == [fault]


@pytest.mark.engine("sqlite")
def test_a_guard_with_a_hole_is_told_on_sqlite(recorded: AuditEvent, database: Database) -> None:
    """Red when `guards.faults` looks for names alone."""
    hole = (
        "CREATE TRIGGER append_only_audit_event_update BEFORE UPDATE OF verb ON audit_event"
        " BEGIN SELECT RAISE(ABORT, 'append-only: audit_event'); END"
    )
    assert faults_seen(database.owner_url, "DROP TRIGGER append_only_audit_event_update", hole) == [
        "table audit_event: its guard against UPDATE is another than it should be"
    ]


@pytest.mark.engine("postgresql")
@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DROP TRIGGER append_only_audit_event_update ON audit_event", "nothing guards it against UPDATE"),
        ("ALTER TABLE audit_event DISABLE TRIGGER append_only_audit_event_truncate", "guards it against TRUNCATE"),
        ("ALTER TABLE audit_event ENABLE REPLICA TRIGGER append_only_audit_event_delete", "guards it against DELETE"),
        ("SET LOCAL session_replication_role = replica", "session_replication_role is not 'origin'"),
        (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "function refuse_change: it is another",
        ),
    ],
)
def test_a_guard_that_is_gone_is_told_on_postgresql(
    recorded: AuditEvent, database: Database, statement: str, fault: str
) -> None:
    """Red when `guards.faults` does not look. The owner's own role is told as well: it could take the guards away."""
    (role,) = faults_seen(database.owner_url)
    assert "is a superuser" in role
    first, second = faults_seen(database.owner_url, statement)
    assert fault in first
    assert second == role


def test_a_table_that_is_not_guarded_still_changes(app: Flask) -> None:
    from marketplace.core.numbers import NumberCounter, take

    with transaction():
        assert take("a") == 1
    with transaction():
        assert take("a") == 2
        db.session.execute(delete(NumberCounter))


def test_a_new_event_goes_in(recorded: AuditEvent) -> None:
    with transaction():
        db.session.execute(insert(AuditEvent).values(at=recorded.at, verb="a", object_kind="b", object_id="c"))


def test_a_unit_test_reaches_no_database() -> None:
    """Red when the harness's `_nothing_outside` lets it through."""
    with pytest.raises(RuntimeError, match="ask for `app`"):
        sqlite3.connect(":memory:")
    with pytest.raises(RuntimeError, match="ask for `app`"):
        create_engine("postgresql+psycopg://localhost/nowhere").connect()
