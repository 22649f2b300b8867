"""The one door to Flask-SQLAlchemy: session, column types, transactions, and scope as a WHERE clause.

A transaction knows from its start whether it writes (DESIGN.md, Transactions): SQLite begins IMMEDIATE for a write
(a deferred transaction that upgrades fails at once), and a read cannot write on either engine.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat as uuid_utils
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Select,
    String,
    TextClause,
    TypeDecorator,
    Uuid,
    bindparam,
    column,
    event,
    false,
    func,
    or_,
    select,
    text,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction, registry
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlalchemy.orm.util import identity_key

from . import guards
from .actor import Scope
from .errors import NotFound

_writing: ContextVar[bool] = ContextVar("writing", default=True)


class Utc(TypeDecorator[datetime]):
    """An aware moment, stored in UTC (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC) if value else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Base(DeclarativeBase):
    # The map stands in the registry: Flask-SQLAlchemy derives a second base, which may share a registry but no map.
    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={int: BigInteger, datetime: Utc, UUID: Uuid, str: String},
    )


db = SQLAlchemy(model_class=Base)


def new_id() -> UUID:
    """A UUIDv7: sorts by time."""
    return uuid_utils.uuid7()


@contextmanager
def writing(flag: bool) -> Iterator[None]:
    """Within it, transactions that begin are writes (True) or reads (False)."""
    token = _writing.set(flag)
    try:
        yield
    finally:
        _writing.reset(token)


@contextmanager
def transaction(write: bool = True) -> Iterator[None]:
    """Commits at the end, rolls back on any exception. For the edge, commands, the worker and tests; services only flush."""
    with writing(write):
        try:
            yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # BEGIN is ours, below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "busy_timeout=30000",
            "cache_size=-32000",
        ):
            connection.execute(f"PRAGMA {pragma}")
        guards.authorize(connection)


@event.listens_for(Engine, "begin")
def _on_begin(connection: Any) -> None:
    write = _writing.get()
    driver = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        driver.execute(f"PRAGMA query_only={'OFF' if write else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
    elif driver.read_only is not (None if write else True):
        driver.read_only = None if write else True  # psycopg's own BEGIN says it: no statement more


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def visible(
    scope: Scope,
    *,
    supplier: Any = None,
    agency: Any = None,
    division: Any = None,
) -> ColumnElement[bool]:
    """The rows that a scope reaches, given the table's columns for supplier, agency and division. Deny by default."""
    if scope.everything:
        return true()
    reaches: list[ColumnElement[bool]] = []
    if scope.supplier is not None and supplier is not None:
        reaches.append(supplier == scope.supplier)
    if scope.agencies and agency is not None:
        reaches.append(agency.in_(scope.agencies))
    if scope.division is not None and division is not None:
        reaches.extend(lies_in(column, scope.division) for column in _many(division))
    return or_(*reaches) if reaches else false()


def lies_in(column: Any, prefix: str) -> ColumnElement[bool]:
    """A division code lies in a prefix: a range, so that an index serves it on both engines."""
    return column.between(prefix.ljust(12, "0"), prefix.ljust(12, "9"))


def _many(column: Any) -> tuple[Any, ...]:
    return column if isinstance(column, tuple) else (column,)


Row = TypeVar("Row", bound=Base)


def fetch(query: Select[Row], what: str = "row", *, lock: bool = False, **asked: Any) -> Row:
    """The one row of a query, locked for the transaction if asked; `asked`: its parameters. Raises NotFound."""
    if lock:
        query = locking(query)
    row = db.session.scalars(query, asked).one_or_none()
    if row is None:
        raise NotFound(what)
    return row


def locking(query: Select[Row]) -> Select[Row]:
    """Its rows as they are now, locked for the transaction."""
    return query.with_for_update().execution_options(populate_existing=True)


def by_id(
    model: type[Row], id_: UUID, condition: ColumnElement[bool] | None = None, what: str = "row", *, lock: bool = False
) -> Row:
    """The row of that id, if `condition` (its visibility) holds. Raises NotFound either way."""
    query: Select[Row] = _by_id(model, lock)
    return fetch(query if condition is None else query.where(condition), what, wanted_id=id_)


@cache
def _by_id(model: Any, lock: bool) -> Select[Any]:
    query = select(model).where(model.id == bindparam("wanted_id"))
    return locking(query) if lock else query


@cache
def _by_ids(model: Any) -> Select[Any]:
    return select(model).where(model.id.in_(bindparam("wanted_ids", expanding=True)))


def change_rows(
    model: type[Base],
    rows: list[dict[str, Any]],
    set_: Callable[[Any, Any], dict[str, Any]],
    where: Callable[[Any, Any], ColumnElement[bool]],
    returning: tuple[str, ...] = ("id",),
) -> list[Any]:
    """A `Change` made for these rows alone, where `set_` or `where` know more than columns."""
    return Change(model, set_, where, returning)(rows)


Names = tuple[tuple[str, bool], ...]  # of wanted values, "id" among them, and whether each is a UUID
_PREFIX = "wanted_"  # an UPDATE's parameters may not be called as its columns


class Change:
    """Changes rows by id in one conditional statement: check and change are the same, and locks are taken in id order.

    Rows hold "id" and integer values; `set_` and `where` get the table's columns and those of the wanted rows.
    Returns the changed rows; one that is missing did not fulfil `where`. Two statements that lock unsorted ids
    deadlock on PostgreSQL, hence the ordered FOR UPDATE inside; SQLite has one writer. A module that makes its change
    once has its statements built once.
    """

    def __init__(
        self,
        model: type[Base],
        set_: Callable[[Any, Any], dict[str, Any]],
        where: Callable[[Any, Any], ColumnElement[bool]],
        returning: tuple[str, ...] = ("id",),
    ) -> None:
        self.model, self.set_, self.where, self.returning = model, set_, where, returning
        self._built: dict[Any, Any] = {}

    def __call__(self, rows: list[dict[str, Any]]) -> list[Any]:
        if not rows:
            return []
        names, lite = tuple((name, isinstance(value, UUID)) for name, value in rows[0].items()), is_sqlite()
        key = (names, len(rows) == 1, lite)
        if key not in self._built:
            self._built[key] = self._one(names) if len(rows) == 1 else self._many(names, lite)
        values = rows[0] if len(rows) == 1 else _as_columns(sorted(rows, key=lambda row: row["id"]), lite)
        db.session.flush()
        changed = db.session.execute(
            self._built[key],
            {_PREFIX + name: value for name, value in values.items()},
            execution_options={"synchronize_session": False},
        ).all()
        for row in changed:  # what the session holds of these rows shows the change
            held = db.session.identity_map.get(identity_key(self.model, row.id))
            if held is not None:
                for name, value in row._mapping.items():
                    set_committed_value(held, name, value)
        return list(changed)

    def _one(self, names: Names) -> Any:
        """The common case: one row locks itself."""
        return self._update(
            SimpleNamespace(**{name: bindparam(_PREFIX + name, type_=_type(id_)) for name, id_ in names})
        )

    def _many(self, names: Names, lite: bool) -> Any:
        table: Any = self.model.__table__
        wanted = _wanted_rows(names, lite).cte("wanted").c
        statement = self._update(wanted)
        if not lite:
            ids = select(table.c.id).where(table.c.id.in_(select(wanted.id))).order_by(table.c.id)
            statement = statement.where(table.c.id.in_(select(ids.with_for_update().cte("locked").c.id)))
        return statement

    def _update(self, wanted: Any) -> Any:
        table: Any = self.model.__table__
        values = self.set_(table.c, wanted)
        statement = update(table).where(table.c.id == wanted.id, self.where(table.c, wanted)).values(values)
        return statement.returning(*(table.c[name] for name in dict.fromkeys(("id", *self.returning, *values))))


def rows_as_query(names: list[str], rows: list[dict[str, Any]]) -> Select[Any]:
    """Rows of "id" and `names` as a query of one or few parameters: however many, compiled once.

    What ends in `_id` is a UUID, all else an integer: no rows have columns too.
    """
    columns = ("id", *names)
    ordered = [{name: row[name] for name in columns} for row in rows]
    nothing: dict[str, Any] = {"rows": "[]"} if is_sqlite() else {name: [] for name in columns}
    values = _as_columns(ordered, is_sqlite()) if ordered else nothing
    kinds = tuple((name, name == "id" or name.endswith("_id")) for name in columns)
    return _wanted_rows(kinds, is_sqlite()).params({_PREFIX + name: value for name, value in values.items()})


def _type(is_id: bool) -> Any:
    return Uuid() if is_id else BigInteger()


@lru_cache(maxsize=200)
def _wanted_rows(names: Names, lite: bool) -> Select[Any]:
    """The query that `_as_columns` fills."""
    if lite:
        value = func.json_each(bindparam(f"{_PREFIX}rows", type_=String())).table_valued("value").c.value
        found = [type_coerce(func.json_extract(value, f"$[{n}]"), _type(id_)) for n, (_, id_) in enumerate(names)]
        return select(*(each.label(name) for each, (name, _) in zip(found, names, strict=True)))
    arrays = [bindparam(_PREFIX + name, type_=ARRAY(_type(id_))) for name, id_ in names]
    columns: list[Any] = [column(name, _type(id_)) for name, id_ in names]
    source: Any = func.unnest(*arrays).table_valued(*columns, name="wanted_rows").render_derived()
    return select(source)


def _as_columns(rows: list[dict[str, Any]], lite: bool) -> dict[str, Any]:
    """Rows as PostgreSQL takes them, an array for each column, or as one JSON text for SQLite."""
    if lite:
        return {"rows": json.dumps([[_plain(value) for value in row.values()] for row in rows])}
    return {name: [row[name] for row in rows] for name in rows[0]}


def _plain(value: Any) -> Any:
    return value.hex if isinstance(value, UUID) else value


def insert_rows(
    model: type[Base], rows: list[dict[str, Any]], *, unless_there: bool = False, same: Iterable[str] = ()
) -> None:
    """Inserts rows, which all name the same columns, in one statement; `unless_there` passes over those that exist.

    PostgreSQL takes a column as an array: one statement is sent and planned once, where executemany sends a row each.
    `same`: columns with one value for all rows, sent once.
    """
    if not rows:
        return
    table: Any = model.__table__
    names, once = tuple(rows[0]), frozenset(same)
    if is_sqlite():
        db.session.execute(sqlite.insert(table).on_conflict_do_nothing() if unless_there else table.insert(), rows)
        return
    statement, written = _insert_arrays(table, names, once, unless_there)
    values = {name: rows[0][name] if name in once else [row[name] for row in rows] for name in names}
    db.session.execute(statement, values | {name: _array(values[name]) for name in written})


# What PostgreSQL reads as Python writes it: an array of these is sent as text, at a third of the driver's price.
_WRITTEN = (Uuid, Integer, String, Date, Boolean)


@lru_cache(maxsize=200)
def _insert_arrays(
    table: Any, names: tuple[str, ...], once: frozenset[str], unless_there: bool
) -> tuple[TextClause, frozenset[str]]:
    """The statement, and which of its arrays it takes as text."""
    types = {name: table.c[name].type if name in once else ARRAY(table.c[name].type) for name in names}
    written = frozenset(name for name in names if name not in once and isinstance(table.c[name].type, _WRITTEN))
    dialect = db.engine.dialect
    sent = {name: f"CAST(:{name} AS {type_.compile(dialect)})" for name, type_ in types.items()}
    listed = [name for name in names if name not in once]
    arrays, given = ", ".join(sent[name] for name in listed), ", ".join(f'"{name}"' for name in listed)
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(sent[name] if name in once else f'given."{name}"' for name in names)
    tail = " ON CONFLICT DO NOTHING" if unless_there else ""
    sql = f'INSERT INTO "{table.name}" ({columns}) SELECT {values} FROM unnest({arrays}) AS given ({given}){tail}'
    of = {name: String() if name in written else type_ for name, type_ in types.items()}
    return text(sql).bindparams(*(bindparam(name, type_=type_) for name, type_ in of.items())), written


def _array(values: list[Any]) -> str:
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def held_or_read(model: type[Row], ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Rows by id: those that the session holds as they are there, the others by one statement."""
    found: dict[UUID, Row] = {}
    wanted = set(ids)
    for id_ in wanted:
        row = db.session.identity_map.get(identity_key(model, id_))
        if row is not None and not instance_state(row).expired:
            found[id_] = row
    if missing := wanted - set(found):
        found |= {row.id: row for row in db.session.scalars(_by_ids(model), {"wanted_ids": list(missing)})}
    db.session.info.setdefault(_KEPT, []).extend(found.values())
    return found


_KEPT = "kept"  # what `held_or_read` gave: the session itself forgets at once what nobody holds


@event.listens_for(Session, "after_transaction_end")
def _let_go(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_KEPT, None)
