"""Probes: `/healthz` the process answers, `/readyz` what it needs is there, `/metrics` figures, local only."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import prometheus_client
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app, jsonify, request
from prometheus_client import CollectorRegistry, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ..core import clock, guards
from ..core.db import db
from ..core.errors import NotFound
from ..ledger import checkpoints, seals
from . import observe
from .guard import guard

blueprint = Blueprint("ops", __name__)
# name → a call that raises when the part is not there; the composition root adds the search index.
Check = Callable[[], None]


def database() -> None:
    db.session.execute(text("SELECT 1"))


def migrations() -> None:
    """The schema stands at the newest migration. Without a migrations folder (tests) there is nothing to compare."""
    folder = Path(current_app.root_path) / "migrations"
    if not (folder / "versions").is_dir():
        return
    config = Config()
    config.set_main_option("script_location", str(folder))
    newest = set(ScriptDirectory.from_config(config).get_heads())
    present = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    if newest != present:
        raise RuntimeError("the schema is not at the newest migration")


def role() -> None:
    """Outside a demo the database's role must not be able to take the ledger's guards away; once seen, it is believed."""
    if current_app.config["SETTINGS"].demo or current_app.extensions.get("role_seen"):
        return
    if wrong := guards.role_faults(db.session.connection()):
        raise RuntimeError(wrong[0])
    current_app.extensions["role_seen"] = True


class Ledger(Collector):
    """The unsealed window and the last checkpoint, as they stand when asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        window, last = seals.window(), checkpoints.latest()
        figures = {
            "unsealed_journals": ("Journals that are in no chain yet", window.count),
            "unsealed_oldest_seconds": ("How long the oldest of them waits", window.age.total_seconds()),
        }
        if last is not None:
            age = (clock.now() - last.at).total_seconds()
            figures["checkpoint_age_seconds"] = ("Since the last signed checkpoint", age)
        for name, (words, value) in figures.items():
            yield GaugeMetricFamily(f"bangfu_ledger_{name}", words, value=value)


def _ledger() -> bytes:
    """Nothing while the database is away: the other figures are wanted then."""
    registry = CollectorRegistry()
    try:
        registry.register(Ledger())
        return prometheus_client.generate_latest(registry)
    except DBAPIError:
        db.session.rollback()
        return b""


@blueprint.get("/healthz")
@guard(public=True, writes=False, anonymous=True)
def healthz() -> Response:
    return jsonify(status="ok")


@blueprint.get("/readyz")
@guard(public=True, writes=False, anonymous=True)
def readyz() -> tuple[Response, int]:
    """200 when every part answers, else 503 naming the parts that do not, without their innards."""
    parts = {name: _holds(name, check) for name, check in current_app.extensions["ready_checks"].items()}
    ready = all(parts.values())
    states = {name: "ok" if holds else "unavailable" for name, holds in parts.items()}
    return jsonify(status="ok" if ready else "unavailable", parts=states), 200 if ready else 503


def _holds(name: str, check: Check) -> bool:
    try:
        check()
    except Exception as failure:  # the probe's answer is that it failed; the log says how
        db.session.rollback()
        observe.log.warning("not_ready", part=name, error=type(failure).__name__)
        return False
    return True


@blueprint.get("/metrics")
@guard(public=True, writes=False, anonymous=True)
def metrics() -> Response:
    """Prometheus text, summed over workers. Only from this machine: a proxy in front must not pass it on."""
    if request.remote_addr not in ("127.0.0.1", "::1") or "X-Forwarded-For" in request.headers:
        raise NotFound("page")
    registry = prometheus_client.REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text_ = prometheus_client.generate_latest(registry) + _ledger()
    return Response(text_, content_type=prometheus_client.CONTENT_TYPE_LATEST)


def init_app(app: Flask) -> None:
    app.extensions.setdefault("ready_checks", {}).update(database=database, migrations=migrations, role=role)
    app.register_blueprint(blueprint)
