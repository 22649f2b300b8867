import pytest
from flask import Blueprint, Flask, url_for
from flask.testing import FlaskClient

from marketplace.core.db import new_id
from marketplace.edge.guard import check, guard, is_write, undeclared

Headers = dict[str, str]


def test_every_route_declares_its_guard(app: Flask) -> None:
    assert undeclared(app) == []


def test_a_route_without_a_guard_stops_the_start(settings) -> None:
    from marketplace.app import create_app

    app = create_app(settings)
    blueprint = Blueprint("bare", __name__)
    blueprint.get("/bare")(lambda: "open")
    app.register_blueprint(blueprint)
    with pytest.raises(RuntimeError, match=r"GET bare\."):
        check(app)
    assert app.test_client().get("/bare").status_code == 403


def test_a_guard_must_say_something() -> None:
    with pytest.raises(ValueError, match="permission"):
        guard()


def test_a_page_sends_strangers_to_the_sign_in_and_back(client: FlaskClient) -> None:
    answer = client.get("/t/plan?year=2026")
    assert (answer.status_code, answer.location) == (302, "/account/sign-in?next=/t/plan?year%3D2026")


def test_the_api_asks_strangers_for_a_token(client: FlaskClient) -> None:
    answer = client.get("/api/t/plan")
    assert (answer.status_code, answer.json["code"]) == (401, "sign_in_needed")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.content_type == "application/problem+json"


def test_a_wrong_token_is_never_taken_for_the_public(client: FlaskClient) -> None:
    for path in ("/api/t/boom", "/api/t/plan"):
        assert client.get(path, headers={"Authorization": "Bearer bf_wrong"}).status_code == 401


def test_a_role_without_the_permission_is_refused(client: FlaskClient, bearer: Headers) -> None:
    assert client.get("/api/t/plan", headers=bearer).json["code"] == "forbidden"
    assert client.get("/t/plan", headers=bearer).status_code == 403


def test_no_get_route_may_write(app: Flask) -> None:
    """Its transaction is a read on both engines (test_transactions.py shows that such a one cannot write)."""
    values = {"UUIDConverter": new_id(), "IntegerConverter": 1}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        arguments = {name: values.get(type(converter).__name__, "x") for name, converter in rule._converters.items()}
        for method in ("GET", "HEAD"):
            with app.test_request_context():
                path = url_for(rule.endpoint, **arguments)
            with app.test_request_context(path, method=method):
                assert not is_write(), rule.endpoint
