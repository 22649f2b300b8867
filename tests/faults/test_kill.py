"""Invariant 10: what was acknowledged is durable and whole, though the server is killed in the middle of requests."""

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from marketplace.catalogue import services as catalogue
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, transaction
from marketplace.identity import tokens
from marketplace.procurement import services as procurement
from marketplace.procurement.models import Order, OrderLine, Requisition, RequisitionLine
from marketplace.quota.models import QuotaPlan
from tests.counts import count
from tests.factories.world import World

ROOT = Path(__file__).resolve().parents[2]
TRIALS = {"sqlite": count(300), "postgresql": count(100)}
CLIENTS, EACH = 4, 3


def start(settings, port: int, log=subprocess.DEVNULL) -> subprocess.Popen:
    """gunicorn as `make run` starts it, answering on a port; what it says goes to `log`."""
    env = os.environ | {
        "BANGFU_DEMO": "1",
        "BANGFU_BIND": f"127.0.0.1:{port}",
        "BANGFU_VAR": str(settings.var),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "PASSWORD_SALT": settings.password_salt,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]
    server = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True, stdout=log, stderr=subprocess.STDOUT)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            answer = request(port, "GET", "/healthz")
        except OSError:
            time.sleep(0.05)  # between two looks whether it answers
        else:
            assert answer == 200
            return server
    raise AssertionError("the server does not answer")


def request(port: int, method: str, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, urlsplit(path).path, body="{}" if method == "POST" else None, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def kill_in_the_middle(settings, token: str, drafts: list, after: int, pause: float) -> list:
    """Approves drafts from several clients, and kills the server group `pause` seconds after so many were acknowledged,
    while the others are under way; returns what was acknowledged."""
    port = free_port()
    server = start(settings, port)
    acknowledged: list = []
    other: list = []
    enough = threading.Event()

    def approve(mine: list) -> None:
        for draft in mine:
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Idempotency-Key": str(draft),
            }
            try:
                status = request(port, "POST", f"/api/v1/requisitions/{draft}/approve", **headers)
            except (OSError, http.client.HTTPException):
                return
            (acknowledged if status < 300 else other).append(draft if status < 300 else status)
            if len(acknowledged) >= after:
                enough.set()

    threads = [threading.Thread(target=approve, args=(drafts[place::CLIENTS],)) for place in range(CLIENTS)]
    for thread in threads:
        thread.start()
    assert enough.wait(60), other
    time.sleep(pause)  # the moment of the kill is what is tried
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    for thread in threads:
        thread.join()
    assert set(other) <= {503}, other
    return acknowledged


def test_what_was_acknowledged_is_durable_and_whole_after_kill_9(app, database, engine):
    """Red when the view commits before the quota is committed, or SQLite runs with synchronous=OFF on a power cut."""
    with transaction():
        world = World.build(stock=50_000_000)
        token = tokens.create_token(world.approver, "kill")[1]
    chance, together = random.Random(7), 0
    for _ in range(TRIALS[engine]):
        with transaction():
            drafts = [world.draft(10_000) for _ in range(CLIENTS * EACH)]
            for draft in drafts:
                procurement.submit(world.requester, draft)
        database.forget()
        acknowledged = kill_in_the_middle(
            database.settings, token, drafts, chance.randint(1, CLIENTS), chance.uniform(0, 0.03)
        )
        with transaction(write=False):
            whole(world, acknowledged)
        together += len(acknowledged)
    assert 0 < together < TRIALS[engine] * CLIENTS * EACH  # the kills came in the middle of the work


def whole(world: World, acknowledged: list) -> None:
    """Every acknowledged approval is there; each requisition has all of its order or nothing of it."""
    states = dict(db.session.execute(select(Requisition.id, Requisition.state)).all())
    ordered = set(db.session.scalars(select(Order.requisition_id)))
    approved = {id_ for id_, state in states.items() if state == "approved"}
    assert set(acknowledged) <= approved
    assert approved == ordered
    lines = db.session.scalar(select(func.count()).select_from(OrderLine))
    assert lines == len(approved)
    trail = select(func.count()).select_from(AuditEvent).where(AuditEvent.verb == "requisition.approve")
    assert db.session.scalar(trail) == len(approved)
    open_ = db.session.scalar(select(func.sum(OrderLine.open))) or 0
    waiting = select(func.sum(RequisitionLine.quantity)).join(Requisition).where(Requisition.hold_until.is_not(None))
    assert catalogue.one(world.offer).reserved == open_ + (db.session.scalar(waiting) or 0)
    held = db.session.scalar(select(func.sum(OrderLine.committed_fen))) or 0
    assert db.session.scalars(select(QuotaPlan)).one().committed_fen == held


@pytest.mark.engine("sqlite")
def test_the_server_answers_again_after_a_kill(app, database):
    """Red when a lock or a half-written index survives the process that held it."""
    with transaction():
        World.build()
    database.forget()
    for _ in range(2):
        port = free_port()
        server = start(database.settings, port)
        assert request(port, "GET", "/readyz") == 200
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
