import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, transaction
from marketplace.identity import services, sign_in
from marketplace.identity.models import SignInAttempt, User

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def people(app: Flask) -> None:
    with transaction():
        agency = services.add_organisation(SYSTEM, "agency", "沿河中学", "430224000000")
        services.add_user(SYSTEM, agency.id, "liu", "刘晓燕", {"requester"}, sign_in.hash_password(PASSWORD))
        gone = services.add_user(SYSTEM, agency.id, "gone", "离职者", {"requester"}, sign_in.hash_password(PASSWORD))
        gone.active = False


def attempt(client: FlaskClient, name: str, password: str, address: str = "10.0.0.1", **more: str):
    page = client.get("/account/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    body = {"name": name, "password": password, "csrf_token": token, **more}
    return client.post("/account/sign-in", data=body, environ_overrides={"REMOTE_ADDR": address})


def words(answer) -> str:
    """The page without what differs by request and without the name that was typed."""
    text = re.sub(r'name="(csrf_token|_key)" value="[^"]*"', "", answer.text)
    return re.sub(r'id="f-name"[^>]*>', "", text)


def test_the_right_password_opens_the_account(client: FlaskClient) -> None:
    answer = attempt(client, "liu", PASSWORD)
    assert answer.status_code == 303
    page = client.get("/account/").text
    assert "刘晓燕" in page
    assert "沿河中学" in page


def test_unknown_name_wrong_password_and_inactive_user_answer_alike(app: Flask) -> None:
    answers = [
        attempt(app.test_client(), name, password, address)
        for name, password, address in [
            ("liu", "wrong", "10.0.0.1"),
            ("nobody", "wrong", "10.0.0.2"),
            ("gone", PASSWORD, "10.0.0.3"),
        ]
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({words(answer) for answer in answers}) == 1
    assert "登录名或密码不对" in answers[0].text


def test_an_unknown_name_costs_a_hash_as_well(app: Flask, client: FlaskClient, monkeypatch) -> None:
    """Red when the hash is looked at for known names only."""
    looked_at = []
    real = sign_in.verify_password
    monkeypatch.setattr(sign_in, "verify_password", lambda *given: looked_at.append(given[1]) or real(*given))
    attempt(client, "nobody", "wrong")
    assert looked_at[0].startswith("$argon2id$")


def test_the_sixth_attempt_on_a_name_waits_even_with_the_right_password(app: Flask, client: FlaskClient) -> None:
    for number in range(5):
        assert attempt(client, "liu", "wrong", f"10.0.1.{number}").status_code == 422
    answer = attempt(client, "liu", PASSWORD, "10.0.1.9")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 901
    with clock.fixed(clock.now() + timedelta(minutes=15, seconds=5)):
        assert attempt(app.test_client(), "liu", PASSWORD).status_code == 303


def test_unknown_names_are_throttled_like_known_ones(client: FlaskClient) -> None:
    statuses = [attempt(client, "nobody", "wrong", f"10.0.2.{number}").status_code for number in range(6)]
    assert statuses == [422] * 5 + [429]


def test_an_address_that_tries_many_names_waits(client: FlaskClient) -> None:
    statuses = [attempt(client, f"name{number}", "wrong").status_code for number in range(31)]
    assert statuses == [422] * 30 + [429]


def test_a_success_clears_the_names_failures(client: FlaskClient, app: Flask) -> None:
    for number in range(4):
        attempt(client, "liu", "wrong", f"10.0.3.{number}")
    assert attempt(app.test_client(), "liu", PASSWORD).status_code == 303
    other = app.test_client()
    assert [attempt(other, "liu", "wrong", "10.0.4.1").status_code for _ in range(5)] == [422] * 5


def test_a_failed_attempt_outlives_its_refused_request_and_names_nobody(client: FlaskClient) -> None:
    attempt(client, "my-password-typed-here", "wrong")
    with transaction(write=False):
        assert db.session.scalar(select(func.count()).select_from(SignInAttempt)) == 1
        (event,) = db.session.scalars(select(AuditEvent).where(AuditEvent.verb == "sign_in.failed"))
        assert (event.object_id, event.facts) == ("unknown", {})


def test_a_sign_in_takes_over_nothing_of_the_session_before(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    attempt(client, "liu", PASSWORD)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert "_user_id" in session


@pytest.mark.parametrize(("hours", "steps"), [(2.1, 1), (12.5, 10)])
def test_a_session_ends_when_idle_and_when_old(client: FlaskClient, hours: float, steps: int) -> None:
    """2 h after its last request, 12 h after the sign-in however busy."""
    attempt(client, "liu", PASSWORD)
    began = clock.now()
    for step in range(1, steps):
        with clock.fixed(began + timedelta(hours=hours * step / steps)):
            assert client.get("/account/").status_code == 200
    with clock.fixed(began + timedelta(hours=hours)):
        assert client.get("/account/").status_code == 302


def test_ending_all_sessions_reaches_other_browsers(app: Flask) -> None:
    here, there = app.test_client(), app.test_client()
    attempt(here, "liu", PASSWORD)
    attempt(there, "liu", PASSWORD)
    token = re.search(r'name="csrf_token" value="([^"]+)"', here.get("/account/").text).group(1)
    assert here.post("/account/sessions/end", data={"csrf_token": token}).status_code == 303
    assert there.get("/account/").status_code == 302


def test_an_inactive_user_loses_the_open_session(client: FlaskClient) -> None:
    attempt(client, "liu", PASSWORD)
    with transaction():
        db.session.scalars(select(User).where(User.sign_in_name == "liu")).one().active = False
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_a_sign_in_leads_nowhere_else(client: FlaskClient, target: str) -> None:
    answer = attempt(client, "liu", PASSWORD, next=target)
    assert answer.location.startswith("/")
    assert "evil" not in answer.location


def test_signing_out_ends_the_session(client: FlaskClient) -> None:
    attempt(client, "liu", PASSWORD)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/account/").text).group(1)
    assert client.post("/account/sign-out", data={"csrf_token": token}).status_code == 303
    assert client.get("/account/").status_code == 302


def test_the_actor_costs_two_statements(app: Flask, client: FlaskClient) -> None:
    from sqlalchemy import event

    attempt(client, "liu", PASSWORD)
    seen: list[str] = []
    engine = db.engine
    listener = lambda *given: seen.append(given[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    try:
        assert client.get("/t-none", headers={}).status_code == 404
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    actor = [one for one in seen if "organisation" in one.lower() and "message" not in one.lower()]
    assert len(actor) == 2
