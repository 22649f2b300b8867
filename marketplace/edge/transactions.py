"""One transaction per request (DESIGN.md, Transactions and concurrency).

Read or write is decided before anything reads the session. Below status 400 a write commits, else it rolls back. A
write that the database broke off (serialization failure, deadlock) runs again on a fresh session, three times in all.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from sqlalchemy.exc import DBAPIError

from ..core.db import db, writing
from . import current, guard, idempotency, observe

TRIES = 3
BROKEN_OFF = frozenset({"40001", "40P01"})


class Application(Flask):
    """Flask whose views run in the request's transaction."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: nothing here is a coroutine, and asking each hook of each request costs a twentieth of a page."""
        return func

    def dispatch_request(self) -> Any:
        return run(super().dispatch_request)


def run(view: Callable[[], Any]) -> Response:
    """Runs the view in the request's transaction. Raises what the view raises, after a roll-back."""
    if not guard.is_write():
        return _read(view)
    before = dict(session)
    for attempt in range(1, TRIES + 1):
        try:
            return _write(view)
        except DBAPIError as error:
            if attempt == TRIES or not is_broken_off(error):
                raise
            observe.log.warning("transaction_again", attempt=attempt)
            _rewind(before)
    raise AssertionError("unreachable")


def _read(view: Callable[[], Any]) -> Response:
    try:
        response = guard.unkept(current_app.make_response(view()))
    except BaseException:
        abandon()
        raise
    if not response.is_streamed:  # a stream reads on; its session ends with the request
        db.session.rollback()
    return response


def _write(view: Callable[[], Any]) -> Response:
    try:
        response = idempotency.once(lambda: guard.unkept(current_app.make_response(view())))
        if response.status_code < 400:
            db.session.commit()
        else:
            db.session.rollback()
    except BaseException:
        db.session.rollback()
        raise
    _switch(False)
    return response


def abandon() -> None:
    """Gives up what was done so far; what is still read (an error page, a form shown again) is read as a read."""
    db.session.rollback()
    _switch(False)


def is_broken_off(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in BROKEN_OFF


def _rewind(before: dict[str, Any]) -> None:
    """As if the view had not run: fresh session, actor, cookie and uploads."""
    db.session.remove()
    _switch(True)  # the first run may have ended reading, to show its form again
    current.forget()
    session.clear()
    session.update(before)
    for upload in request.files.values():
        upload.stream.seek(0)


def _switch(write: bool) -> None:
    if "transaction_kind" in g:
        g.transaction_kind.enter_context(writing(write))


def init_app(app: Flask) -> None:
    @app.before_request
    def choose_kind() -> None:
        if db.session.registry.has():  # a shared application context (tests): nothing of before may leak in
            db.session.rollback()
        g.transaction_kind = ExitStack()
        g.transaction_kind.enter_context(writing(guard.is_write()))

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        kind = g.pop("transaction_kind", None)
        if kind is not None:
            if db.session.registry.has():
                db.session.rollback()
            kind.close()
