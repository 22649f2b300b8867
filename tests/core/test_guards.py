"""Append-only tables refuse every change, by whoever knocks."""

import sqlite3

import pytest
from flask import Flask
from sqlalchemy import create_engine, delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from marketplace.core import audit
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
SQLITE_WAYS_ROUND = [
    "DROP TRIGGER append_only_audit_event_update",
    "DROP TABLE audit_event",
    "ALTER TABLE audit_event RENAME TO elsewhere",
    "PRAGMA recursive_triggers=OFF",
    "PRAGMA writable_schema=ON",
]
POSTGRESQL_WAYS_ROUND = [
    "TRUNCATE audit_event",
    "DROP TRIGGER append_only_audit_event_update ON audit_event",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "DROP TABLE audit_event",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
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
    """Red when `guards.authorize` is not called on connect."""
    with pytest.raises(DatabaseError, match="not authorized"), transaction():
        db.session.execute(text(statement))


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
