"""How a view of the API is written:

    @blueprint.post("/offers", summary=_("上架"))
    @blueprint.takes(NewOfferSchema)        # the JSON body; `asks` reads the query
    @blueprint.gives(OfferSchema, 201)
    @guard("offer.edit")
    def list_offer(data: dict[str, Any]) -> Any:

What every answer may be (problems, headers, security) is documented from the guard and the decorators, not by hand.
Every POST with an effect needs an `Idempotency-Key`: the edge does it once and answers the same again.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from http import HTTPStatus
from typing import Any

import marshmallow
from flask import Request, Response, request
from flask_smorest import Blueprint as SmorestBlueprint
from flask_smorest.utils import get_appcontext
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from ..core import fields
from ..core.errors import Refused
from ..edge import guard, idempotency

View = Callable[..., Any]
SOURCES = {"query": fields.QUERY, "json": fields.JSON, "form": fields.FORM, "files": fields.FORM}


class Parser(FlaskParser):
    """Reads JSON strictly; unknown names are refused in bodies and queries alike."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": marshmallow.RAISE}

    def parse(self, argmap: Any, req: Any = None, *, location: str | None = None, **options: Any) -> Any:
        with fields.reading(SOURCES.get(location or "json", fields.JSON)):
            return super().parse(argmap, req, location=location, **options)

    def load_json(self, req: Request, schema: Any) -> Any:
        """The body. Raises 415 for another type, 400 for what is no JSON, too deep or has endless digits."""
        body = req.get_data(cache=True)
        if not body:
            return {}
        if req.mimetype != "application/json" and not req.mimetype.endswith("+json"):
            raise UnsupportedMediaType
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise BadRequest from None


class Blueprint(SmorestBlueprint):
    ARGUMENTS_PARSER = Parser()

    def __init__(self, noun: str, title: Any) -> None:
        super().__init__(f"api_{noun}", __name__, description=str(noun))
        self.noun, self.title = noun, title
        self._prepare_doc_cbks.append(describe)
        self.before_request(need_key)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        *,
        summary: Any = "",
        **options: Any,
    ) -> None:
        about = deepcopy(getattr(view_func, "_apidoc", {}))
        view_func._apidoc = about | {"guard": getattr(view_func, "declared_guard", None), "summary_words": str(summary)}
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, tags=[self.noun], **options)

    def route(self, rule: str, *, parameters: Any = None, tags: Any = None, **options: Any) -> Callable[[View], View]:
        def declare(view: View) -> View:
            self.add_url_rule(rule, options.pop("endpoint", None), view, parameters=parameters, **options)
            return view

        return declare

    def takes(self, schema: Any, **options: Any) -> Callable[[View], View]:
        """The JSON body."""
        declare: Callable[[View], View] = self.arguments(schema, **options)
        return declare

    def asks(self, schema: Any) -> Callable[[View], View]:
        """The query."""
        declare: Callable[[View], View] = self.arguments(schema, location="query")
        return declare

    def gives(self, schema: Any = None, status: int = 200, **options: Any) -> Callable[[View], View]:
        """What a good answer is."""
        declare: Callable[[View], View] = self.response(status, schema, **options)
        return declare

    def versioned(self, view: View) -> View:
        """The answer carries its `version` as ETag, for If-Match. No 304: stock and prices move without a version."""

        @wraps(view)
        def wrapper(*args: Any, **values: Any) -> Response:
            response: Response = view(*args, **values)
            if response.status_code < 300:
                response.set_etag(str(get_appcontext()["result_dump"]["version"]))
            return response

        wrapper._apidoc = deepcopy(getattr(wrapper, "_apidoc", {})) | {"versioned": True}  # type: ignore[attr-defined]
        return wrapper

    @staticmethod
    def may_match(view: View) -> View:
        """The verb takes If-Match where the caller has seen a version."""
        view._apidoc = deepcopy(getattr(view, "_apidoc", {})) | {"optional_match": True}  # type: ignore[attr-defined]
        return view


def need_key() -> None:
    """Raises Refused('key_needed') for a POST with an effect and no key."""
    if request.method == "POST" and guard.is_write() and not request.headers.get(idempotency.HEADER):
        raise Refused("key_needed", field=idempotency.HEADER)


KEY_PARAMETER = {
    "in": "header",
    "name": idempotency.HEADER,
    "required": True,
    "description": "Chosen by the client, new for each intent. The same key and body again answer the same and do "
    "nothing; another body under it is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": idempotency.MAX_KEY, "pattern": "^[!-~]+$"},
    "example": "0199a8c0-7d1e-7c40-9d0a-5b6f0e4f2a11",
}
MATCH_PARAMETER = {
    "in": "header",
    "name": "If-Match",
    "description": "The ETag of the version that was seen",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    "example": '"3"',
}
ETAG = {"description": "The version, for If-Match", "schema": {"type": "string"}}
SECURITY = [{"token": []}, {"session": []}]


def describe(doc: dict[str, Any], about: dict[str, Any], *, method: str, **_options: Any) -> dict[str, Any]:
    """Adds to an operation what follows from its guard and kind: problems, key, security, permission."""
    declared: guard.Guard = about["guard"]
    about["docstring"] = _words(about)
    doc["security"] = [{}, *SECURITY] if declared.public else SECURITY
    if declared.permission:
        doc["x-permission"] = declared.permission
    body = "requestBody" in doc
    writes = declared.writes and method not in ("get", "head")
    statuses = {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE}
    if not declared.public:
        statuses.add(HTTPStatus.FORBIDDEN)
    if writes:
        statuses |= {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
    if body:
        statuses |= {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
    if about.get("versioned"):
        for status in about["success_status_codes"]:
            doc["responses"][status].setdefault("headers", {})["ETag"] = ETAG
    if about.get("versioned") and method in ("patch", "put"):
        statuses |= {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED}
        doc.setdefault("parameters", []).append(MATCH_PARAMETER | {"required": True})
    if about.get("optional_match"):
        statuses.add(HTTPStatus.PRECONDITION_FAILED)
        doc.setdefault("parameters", []).append(MATCH_PARAMETER | {"required": False})
    if method == "post" and writes:
        doc.setdefault("parameters", []).append(KEY_PARAMETER)
    for status in statuses:
        doc["responses"].setdefault(status.value, status.name)
    return doc


def _words(about: dict[str, Any]) -> dict[str, str]:
    """Summary in the screens' language; the docstring is the description."""
    written = about["docstring"]
    text = "\n\n".join(part for part in (written.get("summary"), written.get("description")) if part)
    return {"summary": about["summary_words"], **({"description": text} if text else {})}
