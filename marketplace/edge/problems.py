"""Errors as answers: RFC 9457 problem documents under /api, pages elsewhere. No internals leave the house.

{"type": "about:blank", "title", "status", "code", "detail", "instance": request id,
 "errors": [{"field", "row", "code", "detail"}]}
"""

from http import HTTPStatus
from typing import Any

import marshmallow
from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from ..core.errors import (
    Conflict,
    DomainError,
    FreshSignInNeeded,
    Many,
    NotFound,
    Refused,
    SignInNeeded,
    TooMany,
    Unavailable,
)
from . import current, observe, transactions
from .messages import flattened, sentence

RETRY_AFTER = 5
# A statement that is wrong, or writes in a read transaction, is our fault and no outage (SQLite says both alike).
_SQLITE_OURS = {1, 8}
_HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media",
    428: "precondition_required",
}
TITLES = {
    400: _("请求的格式不对"),
    401: _("需要登录"),
    403: _("没有权限"),
    404: _("没有找到"),
    409: _("与别人的改动冲突"),
    413: _("内容太大"),
    422: _("有几处要改"),
    429: _("请稍后再试"),
    500: _("系统出错"),
    503: _("暂时不可用"),
}


def is_api() -> bool:
    return request.path.startswith("/api/")


def problem(error: DomainError, status: int | None = None) -> Response:
    """An error as a problem document."""
    status = status or error.status
    several = error.errors if isinstance(error, Many) else [error]
    response = jsonify(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        code=error.code,
        detail=sentence(error),
        instance=observe.request_id(),
        errors=[_part(one) for one in several if one.field is not None or one.row is not None],
        **getattr(error, "members", {}),  # RFC 9457's extension members: both versions of a stale edit
    )
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def _part(error: DomainError) -> dict[str, Any]:
    return {"field": error.field, "row": error.row, "code": error.code, "detail": sentence(error)}


def answer(error: DomainError, status: int | None = None) -> Response:
    """An error as the asker reads it: document, page, or the way to the sign-in page."""
    status = status or error.status
    if is_api():
        response = problem(error, status)
    elif status == 401:
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        return make_response(redirect(url_for("account.sign_in", next=target)))
    elif isinstance(error, FreshSignInNeeded):
        target = request.full_path.rstrip("?") if request.method == "GET" else request.path
        return make_response(redirect(url_for("account.confirm", next=target), 303))
    else:
        transactions.abandon()
        g.failed = status >= 500 or not _asker_is_known()  # such a page does not lean on the database again
        parts = [sentence(one) for one in error.errors] if isinstance(error, Many) else []
        title = TITLES.get(status, TITLES[400])
        page = render_template("errors/problem.html", status=status, title=title, words=sentence(error), parts=parts)
        response = make_response(page, status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooMany | Unavailable):
        response.headers["Retry-After"] = str(error.facts.get("retry_after", RETRY_AFTER))
    return response


def _asker_is_known() -> bool:
    """An error page still shows who is signed in, where that can be told."""
    try:
        current.actor()
    except (DomainError, SQLAlchemyError):
        return False
    return True


def of_database(error: Exception) -> DomainError | None:
    """The refusal that a database's exception means; None where it is our own fault."""
    if isinstance(error, StaleDataError):
        return Conflict("changed_meanwhile", what="row")
    if isinstance(error, PoolTimeout):
        return Unavailable("busy")
    if isinstance(error, DataError | OverflowError):
        return Refused("out_of_range")  # a number or text that passed the schema and that no column takes
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error, IntegrityError):
        return Conflict("rule_in_database")
    if transactions.is_broken_off(error):
        return Unavailable("busy")
    if error.connection_invalidated:
        return Unavailable("unavailable")
    if not isinstance(error, OperationalError) or getattr(error.orig, "sqlite_errorcode", None) in _SQLITE_OURS:
        return None
    return Unavailable("unavailable")


def of_validation(messages: Any) -> DomainError:
    """marshmallow's (or webargs') messages as one refusal of several parts."""
    if isinstance(messages, dict) and set(messages) <= {"json", "query", "form", "files", "headers", "path"}:
        messages = {name: below for part in messages.values() for name, below in _named(part)}
    return Many(flattened(messages))


def _named(part: Any) -> list[tuple[Any, Any]]:
    return list(part.items()) if isinstance(part, dict) else [("_schema", part)]


def handle_domain(error: DomainError) -> Response:
    return answer(error)


def handle_validation(error: marshmallow.ValidationError) -> Response:
    return answer(of_validation(error.messages))


def handle_http(error: HTTPException) -> Response:
    """werkzeug's own errors, and flask-smorest's aborts with `messages`."""
    if error.response is not None:
        return make_response(error.response)
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    data = getattr(error, "data", None) or {}
    if status == 422 and data.get("messages"):
        return answer(of_validation(data["messages"]))
    response = answer(_of_status(error, status), status)
    if status == 405:
        response.headers.extend(header for header in error.get_headers() if header[0] == "Allow")
    return response


def _of_status(error: HTTPException, status: int) -> DomainError:
    if isinstance(error, CSRFError):
        return Refused("csrf")
    if status == 401:
        return SignInNeeded()
    if status == 404:
        return NotFound("page")
    return DomainError(_HTTP_CODES.get(status, "internal" if status >= 500 else "bad_request"))


def handle_unexpected(error: Exception) -> Response:
    """Everything else: logged with its traceback and the request's id; the answer says only the id."""
    known = of_database(error)
    if known is not None:
        observe.log.warning("database", error=type(error).__name__, code=known.code)
        if known.status == 409 and isinstance(error, IntegrityError):
            observe.log.warning("constraint", detail=type(error.orig).__name__)
        return answer(known)
    observe.log.error("unexpected", exc_info=error)
    return answer(DomainError("internal"), 500)


def init_app(app: Flask) -> None:
    """Registered last of all handlers: flask-smorest's own would answer without a code."""
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Chinese as Chinese
    app.register_error_handler(DomainError, handle_domain)
    app.register_error_handler(marshmallow.ValidationError, handle_validation)
    app.register_error_handler(HTTPException, handle_http)
    app.register_error_handler(Exception, handle_unexpected)
    app.context_processor(lambda: {"actor": current.known()})
