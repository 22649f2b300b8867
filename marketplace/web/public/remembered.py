"""A process's own short memory of published facts, per database. What is bought with or counted is never in it.

A whole page may be remembered for who is not signed in. Prices, stock, state and the index's state are part of its key,
asked anew each time; what else it shows (lots, grants, agreements, figures of the year) is at most five minutes old.
An approval asks all of it anew.
"""

import time
from collections.abc import Callable, Hashable
from types import SimpleNamespace
from typing import Any, TypeVar

from flask import request, session
from sqlalchemy import Engine, event, inspect

from ...core import clock
from ...core.db import db
from ...edge import current
from .. import kit

Value = TypeVar("Value")
SECONDS = 60.0
MOST = 20_000
PAGE_SECONDS = 60.0
PAGES_BYTES = 16 * 1024 * 1024  # of pages, the oldest go first
_memory: dict[tuple[Engine, Any], tuple[float, Any]] = {}
_pages: dict[tuple[Engine, Hashable], tuple[float, bytes]] = {}
_held = {"bytes": 0}


@event.listens_for(Engine, "engine_disposed")
def _forget(_engine: Engine) -> None:
    _memory.clear()
    _pages.clear()
    _held["bytes"] = 0


def remembered(key: Any, make: Callable[[], Value], seconds: float = SECONDS) -> Value:
    """What `make` gave for the key within the last seconds, else what it gives now."""
    found: Value | None = peek(key)
    return keep(key, make(), seconds) if found is None else found


def peek(key: Any) -> Any:
    until, value = _memory.get((db.engine, key), (0.0, None))
    return value if until > time.monotonic() else None


def keep(key: Any, value: Value, seconds: float = SECONDS) -> Value:
    if len(_memory) >= MOST:
        _memory.clear()
    _memory[db.engine, key] = (time.monotonic() + seconds, value)
    return value


def page(stamp: Hashable, make: Callable[[], str]) -> bytes:
    """The page at this URL as it was made for the same stamp within the last minute, else made now.

    `stamp` holds what must not be old. Who is signed in, or waits for a word (a flash), gets a page of its own.
    """
    if current.actor().user is not None or "_flashes" in session:
        return make().encode()
    key = (db.engine, (request.full_path, kit.is_english(), clock.today(), stamp))
    until, body = _pages.get(key, (0.0, b""))
    now = time.monotonic()
    if until <= now:
        body = make().encode()
        _drop(key)
        _pages[key] = (now + PAGE_SECONDS, body)
        _held["bytes"] += len(body)
        while _held["bytes"] > PAGES_BYTES:
            _drop(next(iter(_pages)))
    return body


def _drop(key: tuple[Engine, Hashable]) -> None:
    _until, body = _pages.pop(key, (0.0, b""))
    _held["bytes"] -= len(body)


def plain(row: Any) -> Any:
    """A row's columns as values that outlive its session."""
    return SimpleNamespace(**{column.key: getattr(row, column.key) for column in inspect(row).mapper.column_attrs})
