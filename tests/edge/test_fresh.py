"""A fresh sign-in: numbers of a person in full ask for the password again, and for a person who types it."""

import re
from datetime import timedelta

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from marketplace.app import create_app
from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, transaction
from marketplace.edge.guard import guard
from marketplace.identity import services, sign_in, tokens
from marketplace.settings import Settings

PASSWORD = "a long enough password"


@pytest.fixture
def app(settings: Settings) -> Flask:
    found = create_app(settings)
    found.config["TESTING"] = True
    blueprint = Blueprint("f", __name__)

    @blueprint.route("/api/f/number", methods=["GET", "POST"])
    @guard(signed_in=True, fresh=True, csrf=False)
    def number():
        return {"number": "canary"}

    @blueprint.route("/f/number", methods=["GET", "POST"])
    @guard(signed_in=True, fresh=True, csrf=False)
    def page():
        return "canary"

    found.register_blueprint(blueprint)
    with found.app_context():
        with transaction():
            office = services.add_organisation(SYSTEM, "office", "株洲市农业农村局", "430200000000", level=2)
            services.add_user(SYSTEM, office.id, "luo", "罗例", {"office_clerk"}, sign_in.hash_password(PASSWORD))
        yield found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Signed in now."""
    client = app.test_client()
    assert post(client, "/account/sign-in", name="luo", password=PASSWORD).status_code == 303
    return client


def post(client: FlaskClient, path: str, **body: str):
    page = client.get(path).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    return client.post(path, data={"csrf_token": token, **body})


def later(minutes: float):
    return clock.fixed(clock.now() + timedelta(minutes=minutes))


def test_a_sign_in_is_fresh_for_five_minutes(client: FlaskClient) -> None:
    """Red when the guard does not look at the stamp, or the stamp is not looked at by the clock."""
    assert client.get("/api/f/number").status_code == 200
    with later(4.9):
        assert client.get("/api/f/number").status_code == 200
    with later(5.1):
        answer = client.get("/api/f/number")
    assert (answer.status_code, answer.json["code"]) == (403, "fresh_sign_in_needed")
    assert "canary" not in answer.text


def test_what_it_shows_is_kept_nowhere(app: Flask, client: FlaskClient) -> None:
    """Red when the edge leaves it to each view: a repeat under the same key would be answered from its row."""
    assert client.get("/f/number").headers["Cache-Control"] == "no-store"
    answers = [client.post("/api/f/number", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 204]
    assert answers[0].headers["Cache-Control"] == "no-store"
    with transaction(write=False):
        assert not [body for body in db.session.scalars(text("SELECT body FROM idempotency_key")) if body]


def test_a_page_asks_for_the_password_and_goes_on(client: FlaskClient) -> None:
    with later(6):
        answer = client.get("/f/number?of=1")
        assert (answer.status_code, answer.location) == (303, "/account/confirm?next=/f/number?of%3D1")
        answer = post(client, answer.location, password=PASSWORD)
        assert (answer.status_code, answer.location) == (303, "/f/number?of=1")
        assert client.get("/f/number").text == "canary"
    with later(12):
        assert client.get("/f/number").status_code == 303


def test_a_post_that_came_too_late_is_asked_for_again(client: FlaskClient) -> None:
    with later(6):
        answer = client.post("/f/number")
        assert (answer.status_code, answer.location) == (303, "/account/confirm?next=/f/number")


def test_a_wrong_password_confirms_nothing_and_is_throttled(client: FlaskClient) -> None:
    """Red when the confirmation does not count as an attempt: it would be a way to try passwords."""
    with later(6):
        for _ in range(5):
            answer = post(client, "/account/confirm", password="wrong")
            assert (answer.status_code, "密码不对" in answer.text) == (422, True)
        answer = post(client, "/account/confirm", password=PASSWORD)
        assert answer.status_code == 429
        assert client.get("/api/f/number").status_code == 403


def test_a_token_is_never_fresh(app: Flask, client: FlaskClient) -> None:
    """Red when a bearer token beside a fresh cookie counts as a person who typed a password."""
    with transaction():
        user = db.session.scalars(select(services.User).where(services.User.sign_in_name == "luo")).one()
        secret = tokens.create_token(services.actor_of(user), "test")[1]
    for caller in (app.test_client(), client):
        answer = caller.get("/api/f/number", headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.json["code"]) == (403, "fresh_sign_in_needed")


def test_the_public_is_sent_to_sign_in_first(app: Flask) -> None:
    assert app.test_client().get("/api/f/number").status_code == 401
    assert app.test_client().get("/account/confirm").status_code == 302


def test_a_confirmation_is_told_in_the_trail(client: FlaskClient) -> None:
    with later(6):
        post(client, "/account/confirm", password=PASSWORD)
    with transaction(write=False):
        assert "sign_in.confirm" in set(db.session.scalars(select(AuditEvent.verb)))


def test_nobody_is_sent_elsewhere_after_it(client: FlaskClient) -> None:
    for target in ("https://example.org/", "//example.org", "/\\example.org"):
        answer = post(client, "/account/confirm", password=PASSWORD, next=target)
        assert answer.location == "/office/"
