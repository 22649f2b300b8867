import ast
import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core.errors import DomainError, Refused
from marketplace.edge.messages import WORDS, code_of, flattened, sentence

ROOT = Path(__file__).resolve().parents[2] / "marketplace"
RAISED = {"Refused", "Conflict", "TooMany", "Unavailable", "DomainError"}
Headers = dict[str, str]


def codes() -> set[tuple[str, str]]:
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            choices = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            if name in RAISED:
                found |= {
                    (c.value, path.name) for c in choices if isinstance(c, ast.Constant) and isinstance(c.value, str)
                }
    return found


def test_every_error_code_has_words() -> None:
    assert sorted((code, file) for code, file in codes() if code not in WORDS) == []


def test_a_refusal_names_field_row_and_code(client: FlaskClient, bearer: Headers) -> None:
    answer = client.post("/api/t/refuse", headers=bearer)
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "not_money"
    assert answer.json["errors"] == [
        {"field": "price", "row": 2, "code": "not_money", "detail": "“x”不是金额，应如 1234.50，最多两位小数"}
    ]
    assert answer.json["instance"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/api/t/boom", "/t/boom"])
def test_an_unexpected_error_shows_no_innards_and_is_logged(client: FlaskClient, capsys, path: str) -> None:
    answer = client.get(path, headers={"X-Request-Id": "abcdef1234"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    (logged,) = [line for line in lines if line["event"] == "unexpected"]
    assert logged["request_id"] == "abcdef1234"
    assert "secret detail" in logged["exception"]


def test_logs_carry_the_route_and_never_the_query(client: FlaskClient, capsys) -> None:
    client.get("/account/sign-in?next=/canary-name")
    out = capsys.readouterr().out
    assert "account.sign_in" in out
    assert "canary" not in out


def test_a_throttle_says_when_to_come_back(client: FlaskClient) -> None:
    answer = client.get("/api/t/throttled")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "77")


def test_an_outage_is_503_with_retry_after(client: FlaskClient) -> None:
    answer = client.get("/api/t/gone")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_unknown_addresses_and_methods_keep_their_meaning(client: FlaskClient) -> None:
    assert client.get("/api/nothing").json["code"] == "not_found"
    assert client.get("/nothing").status_code == 404
    answer = client.get("/api/t/take")
    assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)


def test_a_body_beyond_the_limit_is_refused(client: FlaskClient, bearer: Headers, app: Flask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = client.post("/t/form", headers=bearer, data={"a": "x" * 2000})
    assert answer.status_code == 413


def test_a_form_keeps_rows_and_shows_each_error_at_its_control(client: FlaskClient, bearer: Headers, taken) -> None:
    """The blank second row is passed over, so the refusal's row 2 is the control of the third."""
    body = {"lines.0.quantity": "5", "lines.1.quantity": "", "lines.2.quantity": "500"}
    answer = client.post("/t/form", headers=bearer, data=body)
    assert answer.status_code == 422
    assert "lines.2.quantity" in answer.text
    assert taken() == 0
    answer = client.post("/t/form", headers=bearer, data={"lines.0.quantity": "5", "lines.2.quantity": "many"})
    assert "lines.2.quantity" in answer.text


@pytest.mark.unit
def test_a_schema_may_name_our_code_as_its_message() -> None:
    assert code_of("not_money") == "not_money"
    assert code_of("Missing data for required field.") == "required"
    assert code_of("Not a valid aware datetime.") == "not_a_moment"
    assert code_of("anything else") == "invalid"


@pytest.mark.unit
def test_nested_messages_say_field_and_row() -> None:
    (found,) = flattened({"lines": {3: {"quantity": ["Not a valid integer."]}}})
    assert (found.code, found.field, found.row) == ("not_a_number", "lines.3.quantity", 4)


def test_facts_are_shown_as_people_write_them(app: Flask) -> None:
    with app.test_request_context():
        assert "12 MB" in sentence(DomainError("too_large"))
        assert sentence(Refused("file_too_large", limit_mb=8)) == "文件太大，不超过 8 MB"
