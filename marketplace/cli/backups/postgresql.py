"""PostgreSQL: COPY of every table inside one REPEATABLE READ transaction, in by the owner into a schema of our own making.

Not pg_dump: its version must be the server's, it need not be there at all, and it would carry triggers and grants as
they stand. The schema of a restored database comes from the migrations, so its guards are those of the program.
"""

import gzip
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from psycopg import sql
from sqlalchemy import text

from ...core.db import db, transaction
from ...ledger import reading
from .folder import BackupError

FOLDER = "database"
_BLOCK = 1 << 20
# Columns that hold a value of their own: generated ones make it themselves.
_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER' AND table_name <> 'alembic_version'
ORDER BY table_name, ordinal_position
"""
_REFERS = """
SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND NOT condeferrable AND conrelid <> confrelid AND connamespace = 'public'::regnamespace
"""


def copy_out(part: Path) -> None:
    folder = part / FOLDER
    folder.mkdir()
    with transaction(write=False):
        reading.one_state()
        for table, columns in _tables().items():
            _copy_table_out(table, columns, folder / f"{table}.gz")


def _tables() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in db.session.execute(text(_COLUMNS)):
        found.setdefault(table, []).append(column)
    return found


def _cursor() -> Any:
    driver: Any = db.session.connection().connection.dbapi_connection
    return driver.cursor()


def _named(table: str, columns: list[str]) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({})").format(sql.Identifier(table), names)


def _copy_table_out(table: str, columns: list[str], path: Path) -> None:
    """The first line names the columns: what is copied in goes by name, whatever their order is then."""
    with _cursor() as cursor, gzip.open(path, "wb", compresslevel=3) as file:
        file.write(("\t".join(columns) + "\n").encode())
        with cursor.copy(_named(table, columns) + sql.SQL(" TO STDOUT")) as copy:
            for block in copy:
                file.write(block)


def is_empty() -> bool:
    with transaction(write=False):
        return not db.session.execute(text(_COLUMNS)).first()


def clear() -> None:
    """Drops the schema; only the owner can, and only when told."""
    with transaction():
        db.session.execute(text("DROP SCHEMA public CASCADE"))
        db.session.execute(text("CREATE SCHEMA public"))
    return None


def copy_in(source: Path, revision: str) -> None:
    """The schema as it was at that revision, then all rows in one transaction, with every constraint checked."""
    upgrade(revision=revision)
    with transaction():
        tables = _tables()
        held = {path.stem: path for path in (source / FOLDER).glob("*.gz")}
        if held.keys() != tables.keys():
            raise BackupError(
                f"the backup's tables are not those of revision {revision}: {sorted(held ^ tables.keys())}"
            )
        names = [sql.Identifier(table) for table in tables]
        with _cursor() as cursor:
            for name in names:  # the guards refuse what a restore does: emptying what the migrations had put there
                cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
            cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))
            for table in _in_order(list(tables)):
                _copy_table_in(cursor, table, held[table])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # journals and entries refer to each other
            for name in names:
                cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))
    with transaction():
        db.session.execute(text("ANALYZE"))


def _in_order(tables: list[str]) -> Iterator[str]:
    """Every table after those that it refers to."""
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(tables, ()))
    for table, referred in db.session.execute(text(_REFERS)):
        sorter.add(table.strip('"'), referred.strip('"'))
    return iter(sorter.static_order())


def _copy_table_in(cursor: Any, table: str, path: Path) -> None:
    with gzip.open(path, "rb") as file:
        columns = file.readline().decode().rstrip("\n").split("\t")
        with cursor.copy(_named(table, columns) + sql.SQL(" FROM STDIN")) as copy:
            while block := file.read(_BLOCK):
                copy.write(block)
