import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.edge import idempotency
from tests.counts import count

AT_ONCE = 50
Headers = dict[str, str]


def test_the_same_key_and_body_have_one_effect_and_one_answer(client: FlaskClient, bearer: Headers, taken) -> None:
    """Red when `once` runs the view without looking for the stored answer."""
    headers = bearer | {"Idempotency-Key": "k1"}
    first = client.post("/api/t/take", headers=headers, json={"a": 1})
    second = client.post("/api/t/take", headers=headers, json={"a": 1})
    assert (first.status_code, first.data, first.headers["Location"]) == (
        second.status_code,
        second.data,
        second.headers["Location"],
    )
    assert second.headers["Idempotent-Replay"] == "true"
    assert taken() == 1


def test_another_body_under_the_same_key_is_refused(client: FlaskClient, bearer: Headers, taken) -> None:
    headers = bearer | {"Idempotency-Key": "k1"}
    client.post("/api/t/take", headers=headers, json={"a": 1})
    answer = client.post("/api/t/take", headers=headers, json={"a": 2})
    assert (answer.status_code, answer.json["code"]) == (422, "key_reused")
    assert taken() == 1


def test_a_refusal_is_not_kept_under_its_key(client: FlaskClient, bearer: Headers, app: Flask) -> None:
    headers = bearer | {"Idempotency-Key": "k2"}
    assert client.post("/api/t/refuse", headers=headers).status_code == 422
    with app.app_context(), transaction():
        assert idempotency.forget(clock.now() + timedelta(days=1)) == 0


def test_a_key_is_bounded_and_plain(client: FlaskClient, bearer: Headers) -> None:
    answer = client.post("/api/t/take", headers=bearer | {"Idempotency-Key": "k" * 121})
    assert (answer.status_code, answer.json["code"]) == (422, "key_malformed")


def test_a_form_sent_twice_is_done_once(client: FlaskClient, bearer: Headers, taken) -> None:
    body = {"_key": "f1", "lines.0.quantity": "5"}
    first, second = (client.post("/t/form", headers=bearer, data=body) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location) == (303, "/t/form")
    assert taken() == 1


def test_many_at_once_under_one_key_have_one_effect(app: Flask, bearer: Headers, taken) -> None:
    """Fifty at once; each gets the one answer or, on PostgreSQL, 409 while the first runs.

    Red when `_claim` claims nothing on PostgreSQL, or `once` does not store the answer.
    """
    clients = [app.test_client() for _ in range(AT_ONCE)]
    gate = threading.Barrier(AT_ONCE)

    def ask(client: FlaskClient, key: str) -> tuple[int, bytes]:
        gate.wait(60)
        answer = client.post("/api/t/take", headers=bearer | {"Idempotency-Key": key})
        return answer.status_code, answer.data

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(count(200)):
            answers = set(pool.map(ask, clients, [f"race{number}"] * AT_ONCE))
            assert len({body for status, body in answers if status == 201}) == 1
            assert {status for status, _ in answers} <= {201, 409}
            assert taken() == number + 1


@pytest.mark.engine("postgresql")
def test_a_request_that_is_still_running_answers_409(
    client: FlaskClient, bearer: Headers, settings, app: Flask
) -> None:
    with app.app_context(), transaction(write=False):
        from marketplace.identity import tokens

        user = tokens.actor_of_token(bearer["Authorization"].removeprefix("Bearer ")).user
    number = int.from_bytes(hashlib.sha256(f"{user}\0t.take\0slow".encode()).digest()[:8], "big", signed=True)
    engine = create_engine(settings.database_url)
    with engine.begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})
        answer = client.post("/api/t/take", headers=bearer | {"Idempotency-Key": "slow"})
        assert (answer.status_code, answer.json["code"]) == (409, "request_running")
    engine.dispose()
    assert client.post("/api/t/take", headers=bearer | {"Idempotency-Key": "slow"}).status_code == 201


def test_a_secret_is_not_kept_for_a_repeat(client: FlaskClient, bearer: Headers, taken, app: Flask) -> None:
    """One effect; the second answer has no body, and the database never holds what was shown once."""
    headers = bearer | {"Idempotency-Key": "s1"}
    assert b"bf_canary" in client.post("/api/t/secret", headers=headers).data
    second = client.post("/api/t/secret", headers=headers)
    assert (second.status_code, second.data) == (204, b"")
    assert taken() == 1
