"""Append-only tables: triggers on both engines refuse UPDATE, DELETE and TRUNCATE, whoever asks.

On SQLite, REPLACE deletes through the same triggers (`recursive_triggers=ON`), and an authorizer on every connection
refuses to drop or add a trigger, to drop, alter or shadow a guarded table, to attach a file and to switch a guard off,
save while migrating. On PostgreSQL the application's role owns nothing, so it can do none of these
(`application_role_sql`). `faults` says which guard does not stand.
"""

import re
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
    name = '"' + role.replace('"', '""') + '"'
    return [
        # A temporary table of a guarded one's name would stand before it.
        "DO $$ BEGIN EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {name}",
        f"REVOKE TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public FROM PUBLIC, {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {name}",
    ]


@contextmanager
def migrating() -> Iterator[None]:
    """Within it this thread may change the schema, guards included."""
    token = _migrating.set(True)
    try:
        yield
    finally:
        _migrating.reset(token)


# Switching one of these would open a way round a guard, or let a crash tear the journal.
_GUARDING_PRAGMAS = {
    "recursive_triggers",
    "writable_schema",
    "foreign_keys",
    "ignore_check_constraints",
    "defer_foreign_keys",
    "legacy_alter_table",
    "schema_version",
    "journal_mode",
    "synchronous",
}
# A trigger that is added can swallow what is inserted; an attached file can stand for the database.
_NEVER = {
    sqlite3.SQLITE_CREATE_TRIGGER,
    sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
    sqlite3.SQLITE_DROP_TRIGGER,
    sqlite3.SQLITE_DROP_TEMP_TRIGGER,
    sqlite3.SQLITE_CREATE_VTABLE,
    sqlite3.SQLITE_ATTACH,
    sqlite3.SQLITE_DETACH,
}
# Action → which of its two arguments names the table. A temporary table or view of a guarded one's name shadows it.
_OF_A_TABLE = {
    sqlite3.SQLITE_DROP_TABLE: 0,
    sqlite3.SQLITE_ALTER_TABLE: 1,
    sqlite3.SQLITE_DROP_INDEX: 1,
    sqlite3.SQLITE_CREATE_TEMP_TABLE: 0,
    sqlite3.SQLITE_CREATE_TEMP_VIEW: 0,
}
_WATCHED = _NEVER | set(_OF_A_TABLE) | {sqlite3.SQLITE_PRAGMA}


def authorize(connection: sqlite3.Connection) -> None:
    """Puts the authorizer on a new SQLite connection, after its own PRAGMAs are set."""
    connection.set_authorizer(_may)


def _may(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action not in _WATCHED or _migrating.get():  # asked for every column of every statement: the common way is short
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA:
        refused = second is not None and (first or "").lower() in _GUARDING_PRAGMAS
    else:
        refused = action in _NEVER or ((first, second)[_OF_A_TABLE[action]] or "").lower() in GUARDED
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


_TRIGGER = re.compile(
    r"CREATE TRIGGER (?P<name>\w+) BEFORE (?P<what>UPDATE|DELETE|TRUNCATE)(?: OF (?P<columns>.+?))?"
    r" ON (?:public\.)?(?P<table>\w+) (?P<rest>.*)",
    re.DOTALL,
)


def faults(connection: Connection) -> list[str]:
    """What is wrong with the guards, as this connection sees them: a trigger that is missing, changed or switched off,
    a setting that leads round them, and on PostgreSQL a role that could take them away."""
    dialect = connection.dialect.name
    held = _sqlite_triggers(connection) if dialect == "sqlite" else _postgresql_triggers(connection)
    wrong = []
    for table, fixed in sorted(GUARDED.items()):
        for statement in trigger_sql(dialect, table, fixed):
            wanted = _TRIGGER.fullmatch(statement)
            assert wanted is not None
            found = held.get(wanted["name"])
            if found is None:
                wrong.append(f"table {table}: nothing guards it against {wanted['what']}")
            elif _meaning(found) != _meaning(statement):
                wrong.append(f"table {table}: its guard against {wanted['what']} is another than it should be")
    return wrong + (_sqlite_faults(connection) if dialect == "sqlite" else _postgresql_faults(connection))


def _meaning(statement: str) -> tuple[object, ...]:
    """A trigger's statement as values that do not depend on spaces, quotes and the order of columns."""
    found = _TRIGGER.fullmatch(" ".join(statement.replace('"', "").split()))
    if found is None:
        return (statement,)
    columns = frozenset(name.strip() for name in (found["columns"] or "").split(","))
    return found["name"], found["what"], columns, found["table"], found["rest"]


def _sqlite_triggers(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {row.name: row.sql for row in rows}


def _sqlite_faults(connection: Connection) -> list[str]:
    return [
        f"PRAGMA {name} is off on this connection"
        for name in ("recursive_triggers", "foreign_keys")
        if connection.exec_driver_sql(f"PRAGMA {name}").scalar() != 1
    ]


def _postgresql_triggers(connection: Connection) -> dict[str, str]:
    """Those that fire in an ordinary session; one that is disabled or waits for replicas is not among them."""
    rows = connection.exec_driver_sql(
        "SELECT t.tgname AS name, pg_get_triggerdef(t.oid) AS sql FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND c.relnamespace = 'public'::regnamespace"
    )
    return {row.name: row.sql for row in rows}


def _postgresql_faults(connection: Connection) -> list[str]:
    wrong = []
    body = connection.exec_driver_sql(
        "SELECT prosrc FROM pg_proc WHERE proname = 'refuse_change' AND pronamespace = 'public'::regnamespace"
    ).scalar()
    if " ".join((body or "").split()) != " ".join(_FUNCTION.split("$$")[1].split()):
        wrong.append("function refuse_change: it is another than it should be")
    if connection.exec_driver_sql("SHOW session_replication_role").scalar() != "origin":
        wrong.append("session_replication_role is not 'origin': triggers do not fire")
    return wrong + role_faults(connection)


def role_faults(connection: Connection) -> list[str]:
    """PostgreSQL: why the role of this connection could take the guards away; nothing on SQLite."""
    if connection.dialect.name == "sqlite":
        return []
    role, superuser = connection.exec_driver_sql(
        "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user"
    ).one()
    if superuser:
        return [f"role {role} is a superuser: the application needs one that owns nothing (flask ledger role)"]
    owned = {
        name
        for (name,) in connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND pg_has_role(current_user, relowner, 'MEMBER')"
        )
    } & set(GUARDED)
    if owned:
        return [f"role {role} owns {len(owned)} guarded tables: it needs to own nothing (flask ledger role)"]
    return []
