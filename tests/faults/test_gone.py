"""Invariant 13: disk full, database gone, index gone: an honest 503 with Retry-After, nothing partial, and it recovers."""

import shutil
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select

from marketplace import worker
from marketplace.core import outbox
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, transaction
from marketplace.identity import tokens
from marketplace.procurement.models import Requisition
from tests.factories.world import World


@pytest.fixture
def world(app):
    with transaction():
        made = World.build()
        made.extra["token"] = tokens.create_token(made.requester, "gone")[1]
    outbox.relay(worker.HANDLERS)
    return made


def open_one(client, world, title="秋季备货"):
    headers = {"Authorization": f"Bearer {world.extra['token']}", "Idempotency-Key": uuid4().hex}
    return client.post("/api/v1/requisitions", json={"title": title, "channel": "online"}, headers=headers)


def kept() -> tuple[int, int]:
    with transaction(write=False):
        trail = select(func.count()).select_from(AuditEvent).where(AuditEvent.verb == "requisition.open")
        return db.session.scalar(select(func.count()).select_from(Requisition)), db.session.scalar(trail)


def honest(answer) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.mimetype == "application/problem+json"
    assert "sqlite" not in answer.text.lower()
    assert "psycopg" not in answer.text.lower()


@pytest.mark.engine("sqlite")
def test_a_full_disk_is_said_and_nothing_is_half_done(app, client, world, database):
    """Red when an OperationalError is answered as 500, or the transaction commits what fitted."""
    database.forget()

    def no_more_pages(connection, _record):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(db.engine, "connect", no_more_pages)
    try:
        answers = [open_one(client, world, "长" * 80) for _ in range(400)]
        full = [answer for answer in answers if answer.status_code != 201]
        assert full
        for answer in full:
            honest(answer)
        done = len(answers) - len(full)
        assert kept() == (done, done)
    finally:
        event.remove(db.engine, "connect", no_more_pages)
        database.forget()
    assert open_one(client, world).status_code == 201


@pytest.mark.engine("postgresql")
def test_a_database_that_is_gone_is_said_and_used_again_when_it_is_back(app, client, world, database):
    """Red when a dead connection stays in the pool, or its error is answered as 500."""
    database.admin.execute("ALTER DATABASE test ALLOW_CONNECTIONS false")
    database.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test'")
    try:
        for _ in range(3):
            honest(open_one(client, world))
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
    finally:
        database.admin.execute("ALTER DATABASE test ALLOW_CONNECTIONS true")
    assert open_one(client, world).status_code == 201
    assert kept() == (1, 1)


@pytest.mark.engine("sqlite")
def test_a_lost_index_loses_no_order_and_comes_back(app, client, world, database):
    """Red when a search that finds no index answers 500, or the worker does not make it again."""
    shutil.rmtree(database.var / "index")
    answer = client.get("/api/v1/search?q=黄桃")
    assert answer.status_code in (200, 503)
    if answer.status_code == 503:
        honest(answer)
    assert open_one(client, world).status_code == 201
    worker.mend_index()
    found = client.get("/api/v1/search?q=黄桃")
    assert found.status_code == 200
    assert found.get_json()["total"] == 1
