"""Append-only tables: triggers on both engines refuse UPDATE, DELETE and TRUNCATE, whoever asks.

On SQLite, REPLACE deletes through the same triggers (`recursive_triggers=ON`), and an authorizer on every connection
refuses to drop a trigger, to drop or alter a guarded table and to switch a guard off, save while migrating. On
PostgreSQL the application's role owns nothing, so it can do none of these (`application_role_sql`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection, Table, event

# Guarded table → the columns that an UPDATE must not name; empty: every column.
GUARDED: dict[str, tuple[str, ...]] = {}

_migrating: ContextVar[bool] = ContextVar("migrating", default=False)

# integrity_constraint_violation's class, so that both engines raise sqlalchemy.exc.IntegrityError.
_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = 'append-only: ' || TG_TABLE_NAME, ERRCODE = 'restrict_violation';
END $$
""".strip()


def append_only(table: Table, *, columns_that_may_change: tuple[str, ...] = ()) -> None:
    """Guards a table from its creation on. `columns_that_may_change` are left to UPDATE; DELETE is refused anyway."""
    unknown = set(columns_that_may_change) - set(table.columns.keys())
    if unknown:
        raise ValueError(f"{table.name} has no column {sorted(unknown)}")
    fixed = tuple(name for name in list(table.columns.keys()) if name not in columns_that_may_change)
    GUARDED[table.name] = fixed if columns_that_may_change else ()

    @event.listens_for(table, "after_create")
    def create(_table: Table, connection: Connection, **_: object) -> None:
        for statement in guard_sql(connection.dialect.name, table.name):
            connection.exec_driver_sql(statement)


def guard_sql(dialect_name: str, *tables: str) -> list[str]:
    """The statements that create the guards of these tables (all guarded ones if none is named)."""
    statements = [] if dialect_name == "sqlite" else [_FUNCTION]
    for table in tables or sorted(GUARDED):
        statements += trigger_sql(dialect_name, table, GUARDED[table])
    return statements


def trigger_sql(dialect_name: str, table: str, fixed: tuple[str, ...] = ()) -> list[str]:
    """The triggers of one table; `fixed` as in GUARDED."""
    return (_sqlite_sql if dialect_name == "sqlite" else _postgresql_sql)(table, fixed)


def drop_guard_sql(dialect_name: str, *tables: str) -> list[str]:
    """The statements that drop them, for migrations alone."""
    on = "" if dialect_name == "sqlite" else " ON {table}"
    events = ("update", "delete") if dialect_name == "sqlite" else ("update", "delete", "truncate")
    return [
        f"DROP TRIGGER append_only_{table}_{what}{on.format(table=table)}"
        for table in tables or sorted(GUARDED)
        for what in events
    ]


def _update_of(fixed: tuple[str, ...]) -> str:
    return f"UPDATE OF {', '.join(fixed)}" if fixed else "UPDATE"


def _sqlite_sql(table: str, fixed: tuple[str, ...]) -> list[str]:
    return [
        f"CREATE TRIGGER append_only_{table}_{what} BEFORE {change} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'append-only: {table}'); END"
        for what, change in (("update", _update_of(fixed)), ("delete", "DELETE"))
    ]


def _postgresql_sql(table: str, fixed: tuple[str, ...]) -> list[str]:
    # Row triggers are cloned to partitions; a statement trigger would guard the parent's name alone.
    return [
        f"CREATE TRIGGER append_only_{table}_{what} BEFORE {change} ON {table} "
        f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        for what, change, each in (
            ("update", _update_of(fixed), "ROW"),
            ("delete", "DELETE", "ROW"),
            ("truncate", "TRUNCATE", "STATEMENT"),
        )
    ]


def application_role_sql(role: str) -> list[str]:
    """PostgreSQL: what the application's role may do in the schema `public`: use every row, own nothing."""
    return [
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {role}",
    ]


@contextmanager
def migrating() -> Iterator[None]:
    """Within it this thread may change the schema, guards included."""
    token = _migrating.set(True)
    try:
        yield
    finally:
        _migrating.reset(token)


# Switching one of these would open a way round a guard.
_GUARDING_PRAGMAS = {
    "recursive_triggers",
    "writable_schema",
    "foreign_keys",
    "ignore_check_constraints",
    "defer_foreign_keys",
}


def authorize(connection: sqlite3.Connection) -> None:
    """Puts the authorizer on a new SQLite connection, after its own PRAGMAs are set."""
    connection.set_authorizer(_may)


def _may(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    refused = (
        action == sqlite3.SQLITE_DROP_TRIGGER
        or (action == sqlite3.SQLITE_DROP_TABLE and first in GUARDED)
        or (action == sqlite3.SQLITE_ALTER_TABLE and second in GUARDED)
        or (action == sqlite3.SQLITE_PRAGMA and second is not None and (first or "").lower() in _GUARDING_PRAGMAS)
    )
    return sqlite3.SQLITE_DENY if refused and not _migrating.get() else sqlite3.SQLITE_OK
