"""The description is complete, and the page shows all of it without a script."""

import re
from typing import Any

import pytest
from flask import Flask

from marketplace.core.db import transaction
from tests.api.callers import Caller
from tests.factories import world as factory
from tests.factories.world import World

# A question; and what calls Stripe between transactions of its own, where the row is the key: asked again, the same.
SAME_AGAIN = ("recognise", "/card-payments", "/card-payments/{payment_id}/stop", "/card-account")
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def spec(app: Flask) -> Any:
    return Caller(app).get("openapi.json")


def operations(spec: Any) -> list[tuple[str, str, Any]]:
    return [
        (method, path, item[method]) for path, item in spec["paths"].items() for method in METHODS if method in item
    ]


def test_every_route_of_the_api_is_described(app: Flask, spec: Any) -> None:
    known = {(path, method.upper()) for method, path, _ in operations(spec)}
    served = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and not rule.endpoint.startswith("api_docs.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == known
    assert spec["openapi"] == "3.1.0"


def test_every_refusal_is_a_problem_document_and_every_post_names_its_key(spec: Any) -> None:
    for method, path, operation in operations(spec):
        for status in (status for status in operation["responses"] if status >= "400"):
            name = operation["responses"][status]["$ref"].rpartition("/")[2]
            content = spec["components"]["responses"][name]["content"]
            assert list(content) == ["application/problem+json"], (path, status)
        headers = {one["name"] for one in operation.get("parameters", []) if one["in"] == "header" and one["required"]}
        assert ("Idempotency-Key" in headers) == (method == "post" and not path.endswith(SAME_AGAIN)), path
        assert operation["summary"], path
        assert operation["security"], path


def test_money_is_integers_and_quantities_are_strings(spec: Any) -> None:
    for name, schema in spec["components"]["schemas"].items():
        for field, part in schema.get("properties", {}).items():
            types = part.get("type", [])
            kinds = {types} if isinstance(types, str) else set(types)
            if field == "fen" or field.endswith("_fen"):
                assert kinds <= {"integer", "null"}, (name, field)
            if (
                field in ("quantity", "gross", "tare", "net", "size", "stock", "minimum", "accepted")
                and "example" in part
            ):
                assert kinds <= {"string", "null"} or field == "size", (name, field)
            assert "number" not in kinds, (name, field)


def test_the_page_shows_every_operation_without_a_script(app: Flask, spec: Any) -> None:
    with transaction():
        factory.base()
    page = Caller(app)("GET", "/api/v1/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    for _method, path, operation in operations(spec):
        assert path in page.text
        assert operation["summary"] in page.text


def test_a_line_too_large_for_any_purse_is_refused_and_not_overflown(app: Flask, caller: Any) -> None:
    """Red when nothing bounds a line's money: SQLite then answers with an overflow, PostgreSQL with another."""
    with transaction():
        world = World.build(
            pricing="weighed",
            order_unit="箱",
            content=10**7,
            stock=10**10,
            breaks=[(10_000, 10**8)],
        )
    requester = caller(world.requester)
    id_ = requester.post("requisitions", {"title": "采购"})["id"]
    lines = {"lines": [{"offer_id": str(world.offer), "quantity": "10000000.000"}]}
    [line] = requester.change("PUT", f"requisitions/{id_}/lines", lines, 1)["lines"]
    assert (line["money_fen"], [problem["code"] for problem in line["problems"]]) == (0, ["line_too_large"])
