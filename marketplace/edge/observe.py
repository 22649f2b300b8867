"""Request id, structured logs, metrics. Logs carry the route, never path, query or body: those may name people."""

import logging
import re
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

from ..core.db import new_id
from . import current

HEADER = "X-Request-Id"
_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")
log: Any = structlog.get_logger("bangfu")
REQUESTS = Counter("bangfu_requests_total", "Answers by route, method and status", ["route", "method", "status"])
SECONDS = Histogram("bangfu_request_seconds", "Time to an answer by route", ["route"])


def request_id() -> str:
    return str(g.get("request_id", ""))


def configure_logs() -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )


def init_app(app: Flask) -> None:
    configure_logs()

    @app.before_request
    def begin() -> None:
        for name in list(g):  # a context shared by several requests (tests) carries nothing over
            g.pop(name)
        given = request.headers.get(HEADER, "")
        g.request_id = given if _ID.match(given) else new_id().hex
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = request_id()
        route = request.endpoint or "none"
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        REQUESTS.labels(route, request.method, response.status_code).inc()
        SECONDS.labels(route).observe(seconds)
        if route.rpartition(".")[2] not in ("static", "healthz"):
            user = current.known().user
            log.info(
                "request",
                route=route,
                method=request.method,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
                user=str(user) if user else None,
            )
        return response
