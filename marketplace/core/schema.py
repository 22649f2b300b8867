"""What migrations call to change guarded and checked tables on both engines; each call names all that it freezes.

SQLite cannot alter a CHECK: its text in the schema is replaced (https://www.sqlite.org/lang_altertable.html, §8, the
way for changes that touch no stored row), then the whole file is checked.
"""

import re

from alembic import op
from sqlalchemy import text

from . import guards


def _sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


def change_check(table: str, name: str, condition: str | None) -> None:
    """Adds or replaces the CHECK `ck_<table>_<name>`; None drops it."""
    full = f"ck_{table}_{name}"
    if _sqlite():
        _edit(table, full, condition)
        return
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {full}")
    if condition is not None:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {full} CHECK ({condition})".replace(":", "\\:"))


def change_foreign_keys(table: str, *, drop: tuple[str, ...], add: dict[str, tuple[str, str, str]]) -> None:
    """Drops foreign keys by name, and adds some: name → (columns, other table, its columns), separated by ", "."""
    if not _sqlite():
        for name in drop:
            op.drop_constraint(name, table, type_="foreignkey")
        for name, (column, other, key) in add.items():
            op.create_foreign_key(name, table, other, column.split(", "), key.split(", "))
        return
    sql = _read_schema(table)
    for name in drop:
        sql = re.sub(rf",\s*CONSTRAINT {name} FOREIGN KEY\s*\([^)]*\) REFERENCES \w+ \([^)]*\)", "", sql)
    for name, (column, other, key) in add.items():
        sql = _with(sql, f"CONSTRAINT {name} FOREIGN KEY({column}) REFERENCES {other} ({key})")
    _write_schema(table, sql)


def _edit(table: str, full: str, condition: str | None) -> None:
    sql = _without(_read_schema(table), full)
    if condition is not None:
        sql = _with(sql, f"CONSTRAINT {full} CHECK ({condition})")
    _write_schema(table, sql)


def _with(sql: str, constraint: str) -> str:
    at = sql.rindex(")")
    return f"{sql[:at].rstrip()}, \n\t{constraint}\n{sql[at:]}"


def _without(sql: str, full: str) -> str:
    """The table's text without that constraint; as it was if it has none."""
    found = re.search(rf",\s*CONSTRAINT {re.escape(full)} CHECK \(", sql)
    if found is None:
        return sql
    depth, place = 1, found.end()
    while depth:
        depth += {"(": 1, ")": -1}.get(sql[place], 0)
        place += 1
    return sql[: found.start()] + sql[place:]


def _read_schema(table: str) -> str:
    query = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    return str(op.get_bind().execute(query, {"name": table}).scalar_one())


def _write_schema(table: str, sql: str) -> None:
    connection = op.get_bind()
    version = connection.execute(text("PRAGMA schema_version")).scalar_one()
    connection.execute(text("PRAGMA writable_schema = ON"))
    connection.execute(
        text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name"), {"sql": sql, "name": table}
    )
    connection.execute(text(f"PRAGMA schema_version = {version + 1}"))
    connection.execute(text("PRAGMA writable_schema = OFF"))
    result = connection.execute(text("PRAGMA integrity_check")).scalar_one()
    if result != "ok":
        raise RuntimeError(f"{table}: {result}")


def allow_null(table: str, column: str) -> None:
    """The column may be NULL from now on."""
    if not _sqlite():
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")
        return
    changed = re.sub(rf"(\n\s*\"?{column}\"? [^,\n]*?) NOT NULL", r"\1", _read_schema(table), count=1)
    _write_schema(table, changed)


def widen(table: str, column: str, length: int) -> None:
    """A text column takes so many characters from now on."""
    if not _sqlite():
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE VARCHAR({length})")
        return
    changed = re.sub(rf"(\n\s*\"?{column}\"? )VARCHAR\(\d+\)", rf"\1VARCHAR({length})", _read_schema(table), count=1)
    _write_schema(table, changed)


def guard(table: str, *, fixed: tuple[str, ...] = ()) -> None:
    """Makes a table append-only; `fixed`: the columns that UPDATE must not name, every column if none is given.

    A guard that stands is replaced: a column that was added is named by it from then on.
    """
    dialect = op.get_bind().dialect.name
    unguard(table)
    for statement in guards.trigger_sql(dialect, table, fixed):
        op.execute(statement)


def unguard(table: str) -> None:
    on = "" if _sqlite() else f" ON {table}"
    for what in ("update", "delete") if _sqlite() else ("update", "delete", "truncate"):
        op.execute(f"DROP TRIGGER IF EXISTS append_only_{table}_{what}{on}")
