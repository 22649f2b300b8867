"""The OpenAPI 3.1 description at /api/v1/openapi.json, and the page at /api/v1/docs that shows it."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template
from flask_smorest import Api as SmorestApi
from marshmallow import Schema, fields

from ..core.fields import Whole
from ..edge import guard
from ..edge.problems import TITLES
from .blueprint import Blueprint as Nouns

PROBLEM = "application/problem+json"
ABOUT = """Everything the pages do, from the same services.

**Units.** Money: integer fen, CNY, fields end in `_fen`. Quantities: decimal strings with three decimals ("497.600"),
never JSON numbers. Ratios: integer basis points. Days: ISO, Asia/Shanghai. Moments: ISO with zone, answered in UTC.
Months: integers (202611). Ids: UUIDs. Divisions: 12-digit codes.

**Who.** `Authorization: Bearer …` with a token of one's own (`POST /me/tokens`, or the account page), or the browser's
session, whose writes need `X-CSRFToken`. An id outside one's scope answers 404, exactly as an unknown one.

**Once.** Every POST with an effect needs an `Idempotency-Key`. The same key with the same body answers the same again
and does nothing (`Idempotent-Replay: true`); with another body it is refused (422); while the first is still running
it answers 409. Refusals are not kept: correct the body and send it with the same key or a new one.

**Two editors.** What can be edited has an `ETag`; PATCH and PUT need it as `If-Match` (428 without, 412 when somebody
else was first, with both versions' values).

**Problems.** Every refusal is RFC 9457 `application/problem+json` with a stable `code`, a sentence in the language of
`Accept-Language` (Chinese or English) and `errors`, which name field and row (from 1)."""


class ProblemPartSchema(Schema):
    field = fields.String(required=True, allow_none=True)
    row = Whole(required=True, allow_none=True, metadata={"description": "Row of a list, from 1"})
    code = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemSchema(Schema):
    """RFC 9457."""

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True, metadata={"example": "Unprocessable Entity"})
    status = Whole(400, 599, required=True, metadata={"example": 422})
    code = fields.String(required=True, metadata={"description": "Stable", "example": "beyond_stock"})
    detail = fields.String(required=True, metadata={"description": "A sentence that says what would be right"})
    instance = fields.String(required=True, metadata={"description": "The request's id"})
    errors = fields.List(fields.Nested(ProblemPartSchema), required=True)
    current = fields.Dict(metadata={"description": "Of 412: the fields as they stand"})
    yours = fields.Dict(metadata={"description": "Of 412: the fields as they were sent"})


class Api(SmorestApi):  # type: ignore[misc]
    """flask-smorest with our problems: its own error handler and error documents stand aside."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        app.config.update(
            API_TITLE="帮扶 Bangfu API",
            API_VERSION="v1",
            OPENAPI_VERSION="3.1.0",
            API_SPEC_OPTIONS={"info": {"description": ABOUT}, "servers": [{"url": "/"}]},
        )
        super().__init__(app)
        self.spec.components.security_scheme(
            "token", {"type": "http", "scheme": "bearer", "description": "A token of one's own"}
        )
        self.spec.components.security_scheme(
            "session",
            {
                "type": "apiKey",
                "in": "cookie",
                "name": app.config["SESSION_COOKIE_NAME"],
                "description": "The browser's session; writes also need the header X-CSRFToken",
            },
        )

    def _register_error_handlers(self) -> None:
        """The edge answers errors."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            response: dict[str, Any] = {"description": status.phrase}
            if status >= 400:
                response["content"] = {PROBLEM: {"schema": self.ERROR_SCHEMA}}
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                response["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "string"}}}
            self.spec.components.response(status.name, response, lazy=True)


pages = Blueprint("api_docs", __name__)
METHODS = ("get", "post", "put", "patch", "delete")


@pages.get("/api/v1/openapi.json")
@guard.guard(public=True, anonymous=True)
def description() -> Response:
    """The description itself, for tools."""
    return jsonify(_spec())


@pages.get("/api/v1/docs")
@guard.guard(public=True)
def show() -> str:
    """The description as a page, group by group; no script is needed to read it."""
    return render_template("api/docs.html", groups=groups(), titles=TITLES, nouns=nouns())


def _spec() -> dict[str, Any]:
    described: dict[str, Any] = current_app.extensions["api_description"]
    return described


def nouns() -> dict[str, Any]:
    titles: dict[str, Any] = current_app.extensions["api_nouns"]
    return titles


def groups() -> dict[str, list[dict[str, Any]]]:
    """Noun → its operations in their order, each with what a reader needs."""
    spec = _spec()
    found: dict[str, list[dict[str, Any]]] = {noun: [] for noun in nouns()}
    for path, item in spec["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS:
            if method in item:
                found[item[method]["tags"][0]].append(_operation(spec, path, method, item[method], shared))
    return found


def _operation(
    spec: dict[str, Any], path: str, method: str, operation: dict[str, Any], shared: list[dict[str, Any]]
) -> dict[str, Any]:
    parameters = [resolved(spec, one) for one in [*shared, *operation.get("parameters", [])]]
    body = next(iter(operation.get("requestBody", {}).get("content", {}).items()), None)
    answers = []
    for status, response in sorted(operation["responses"].items()):
        response = resolved(spec, response)
        content = next(iter(response.get("content", {}).items()), None)
        answers.append(
            {
                "status": int(status),
                "type": content[0] if content else None,
                "rows": rows(spec, content[1].get("schema", {})) if content and int(status) < 400 else [],
            }
        )
    return {
        "path": path,
        "method": method.upper(),
        "anchor": f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "permission": operation.get("x-permission"),
        "public": {} in operation["security"],
        "parameters": [
            {
                "name": one["name"],
                "in": one["in"],
                "required": one.get("required", False),
                "type": kind(spec, one.get("schema", {})),
                "description": one.get("description", ""),
            }
            for one in parameters
        ],
        "body": {"type": body[0], "rows": rows(spec, body[1].get("schema", {}))} if body else None,
        "answers": answers,
    }


def resolved(spec: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A part, or what its $ref names."""
    while "$ref" in part:
        found: Any = spec
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def rows(spec: dict[str, Any], schema: dict[str, Any], before: str = "", depth: int = 0) -> list[dict[str, Any]]:
    """A schema's fields, nested ones below their parent with its name before theirs."""
    schema = resolved(spec, schema)
    if schema.get("type") == "array":
        return rows(spec, schema.get("items", {}), before, depth)
    found = []
    for name, field in schema.get("properties", {}).items():
        inner = resolved(spec, field)
        found.append(
            {
                "name": before + name,
                "type": kind(spec, field),
                "required": name in schema.get("required", []),
                "description": inner.get("description", "") if "properties" not in inner else "",
                "example": inner.get("example"),
            }
        )
        below = resolved(spec, inner.get("items", inner))
        if depth < 3 and "properties" in below:
            found += rows(spec, below, f"{before}{name}{'[]' if inner.get('type') == 'array' else ''}.", depth + 1)
    return found


def kind(spec: dict[str, Any], schema: dict[str, Any]) -> str:
    """A field's type in a few words."""
    schema = resolved(spec, schema)
    if "anyOf" in schema:
        return " | ".join(kind(spec, one) for one in schema["anyOf"])
    types = schema.get("type", "object")
    if "enum" in schema:
        return " | ".join("null" if value is None else f'"{value}"' for value in schema["enum"])
    if types == "array":
        return f"{kind(spec, schema.get('items', {}))}[]"
    words = " | ".join(types) if isinstance(types, list) else str(types)
    return f"{words} ({schema['format']})" if "format" in schema else words


def finish(app: Flask, api: Api) -> None:
    """When every blueprint is registered: the description as it stands, and the page."""
    nouns = [blueprint for blueprint in app.blueprints.values() if isinstance(blueprint, Nouns)]
    app.extensions["api_description"] = api.spec.to_dict()
    app.extensions["api_nouns"] = {blueprint.noun: blueprint.title for blueprint in nouns}
    app.register_blueprint(pages)
