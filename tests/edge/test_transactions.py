import pytest
from flask import Flask
from flask.testing import FlaskClient

Headers = dict[str, str]


def test_an_answer_below_400_commits(client: FlaskClient, bearer: Headers, taken) -> None:
    assert client.post("/api/t/take", headers=bearer).status_code == 201
    assert taken() == 1


@pytest.mark.parametrize("path", ["/api/t/refuse", "/api/t/shown-again"])
def test_a_refusal_and_a_form_shown_again_leave_nothing(client: FlaskClient, bearer: Headers, taken, path: str) -> None:
    assert client.post(path, headers=bearer).status_code == 422
    assert taken() == 0


def test_a_get_cannot_write_on_either_engine(client: FlaskClient, bearer: Headers, taken) -> None:
    """Red when `choose_kind` opens every request as a write."""
    answer = client.get("/api/t/writes", headers=bearer)
    assert answer.status_code == 500
    assert taken() == 0


def test_a_broken_off_write_runs_again_on_a_fresh_session(client: FlaskClient, bearer: Headers, taken) -> None:
    answer = client.post("/api/t/broken-off?times=2", headers=bearer)
    assert (answer.status_code, answer.json) == (200, {"runs": 3})
    assert taken() == 1


def test_a_write_broken_off_three_times_is_refused_for_now(client: FlaskClient, bearer: Headers, taken) -> None:
    answer = client.post("/api/t/broken-off?times=3", headers=bearer)
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "5"
    assert taken() == 0


def test_a_stale_version_is_a_conflict(client: FlaskClient, bearer: Headers) -> None:
    answer = client.post("/api/t/stale", headers=bearer)
    assert (answer.status_code, answer.json["code"]) == (409, "changed_meanwhile")
    assert "secret" not in answer.text


def test_a_database_that_is_gone_answers_503_and_recovers(
    app: Flask, client: FlaskClient, bearer: Headers, settings, tmp_path
):
    if not settings.sqlite:
        pytest.skip("the server is shared by the tests; faults on PostgreSQL have their own")
    from marketplace.core.db import db

    file = settings.var / "test.sqlite"
    with app.app_context():
        db.engine.dispose()
    for part in settings.var.glob("test.sqlite*"):
        part.rename(tmp_path / part.name)
    file.mkdir()
    answer = client.post("/api/t/take", headers=bearer)
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    assert client.get("/account/", headers={}).status_code == 302
    file.rmdir()
    for part in tmp_path.glob("test.sqlite*"):
        part.rename(settings.var / part.name)
    assert client.post("/api/t/take", headers=bearer).status_code == 201
