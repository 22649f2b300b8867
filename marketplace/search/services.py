"""The door of the search room: one engine per database, and the same calls for both."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import RLock
from typing import Protocol
from uuid import UUID

from sqlalchemy import Engine, event

from ..core import files
from ..core.db import db, is_sqlite
from . import answers
from .documents import Document, Query, Results
from .postgres_engine import PostgresEngine
from .snapshot import Snapshot
from .whoosh_engine import WhooshEngine

REMEMBERED = 512  # results


class SearchEngine(Protocol):
    snapshot: Snapshot

    def replace(self, documents: Iterable[Document]) -> int: ...
    def remove(self, offer_ids: Sequence[UUID]) -> None: ...
    def rebuild(self, documents: Iterable[Document]) -> int: ...
    def count(self) -> int: ...
    def refresh(self) -> None: ...
    def postings(self, term: str) -> tuple[int, int]: ...


_engines: dict[Engine, SearchEngine] = {}
_results: OrderedDict[tuple[int, Query], Results] = OrderedDict()
_lock = RLock()


@event.listens_for(Engine, "engine_disposed")
def _forget(engine: Engine) -> None:
    """Another process's connections, or another database under the same address: what was read is not theirs."""
    _engines.pop(engine, None)
    _results.clear()


def engine() -> SearchEngine:
    """The index beside the present database: a folder of Whoosh with SQLite, tables on PostgreSQL."""
    with _lock:
        if db.engine not in _engines:
            _engines[db.engine] = WhooshEngine(files.folder("index")) if is_sqlite() else PostgresEngine()
        return _engines[db.engine]


def search(query: Query) -> Results:
    """Finds, counts and orders; public, as a document holds what is published. Raises Unavailable when it is gone."""
    with _lock:
        chosen = engine()
        chosen.refresh()
        key = (chosen.snapshot.version, query)
        if key not in _results:
            _results[key] = answers.answer(query, chosen.snapshot, chosen.postings)
            if len(_results) > REMEMBERED:
                _results.popitem(last=False)
        return _results[key]


def state() -> int:
    """Names what the index held at the last search of this process: two answers under one number saw the same."""
    return engine().snapshot.version


def replace(documents: Iterable[Document]) -> int:
    """Adds or renews documents; returns how many. Only the worker writes. Raises Unavailable."""
    return engine().replace(documents)


def remove(offer_ids: Sequence[UUID]) -> None:
    """Takes offers out; unknown ones are none. Raises Unavailable."""
    engine().remove(offer_ids)


def rebuild(documents: Iterable[Document]) -> int:
    """Makes the whole index anew, read from an iterator; searches see the old one until it is done."""
    return engine().rebuild(documents)


def count() -> int:
    """How many documents the index holds: to be compared with the catalogue's."""
    return engine().count()
