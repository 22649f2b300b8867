"""A process's own short memory of published facts, per database. What is bought with or counted is never in it."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

from sqlalchemy import Engine, event, inspect

from ...core.db import db

Value = TypeVar("Value")
SECONDS = 20.0
MOST = 20_000
_memory: dict[tuple[Engine, Any], tuple[float, Any]] = {}


@event.listens_for(Engine, "engine_disposed")
def _forget(_engine: Engine) -> None:
    _memory.clear()


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


def plain(row: Any) -> Any:
    """A row's columns as values that outlive its session."""
    return SimpleNamespace(**{column.key: getattr(row, column.key) for column in inspect(row).mapper.column_attrs})
