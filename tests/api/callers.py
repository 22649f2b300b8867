"""Callers of the API: one per role, each with a token of its own."""

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.db import new_id
from marketplace.identity import services as identity
from marketplace.identity import tokens
from marketplace.identity.permissions import ROLES as ALL_ROLES
from tests.factories import world as factory

PREFIX = "/api/v1"
ROLES = {
    "manager": "supplier_manager",
    "clerk": "supplier_clerk",
    "requester": "requester",
    "approver": "approver",
    "receiver": "receiver",
    "finance": "finance",
    "office": "office_head",
}


class Caller:
    """Calls as one actor, or as the public without a token. Each POST has a key of its own unless one is given."""

    def __init__(self, app: Flask, token: str | None = None, actor: Actor | None = None) -> None:
        self.app, self.token, self.actor = app, token, actor

    def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method == "POST":
            headers.setdefault("Idempotency-Key", str(new_id()))
        if json is not None:
            options["json"] = json
        path = path if path.startswith("/") else f"{PREFIX}/{path}"
        return self.app.test_client().open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        answer = self("GET", path, **options)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """A POST that must succeed."""
        answer = self("POST", path, json, **options)
        assert answer.status_code in (200, 201), (path, answer.status_code, answer.text)
        return answer.json

    def change(self, method: str, path: str, json: Any, version: int) -> Any:
        answer = self(method, path, json, headers={"If-Match": f'"{version}"'})
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json

    def refused(self, method: str, path: str, json: Any = None, status: int = 422, **options: Any) -> Any:
        """The problem document of a call that must be refused with that status."""
        answer = self(method, path, json, **options)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        assert answer.content_type == "application/problem+json"
        assert answer.json["status"] == status
        return answer.json


def token_of(actor: Actor) -> str:
    return tokens.create_token(actor, "test")[1]


def neighbours() -> dict[str, Actor]:
    """Another supplier, agency and office, in Beijing: nothing of the small county is theirs."""
    place = factory.BEIJING_COUNTY
    supplier = identity.add_organisation(SYSTEM, "supplier", "东城某公司", place, supplier_kind="enterprise")
    agency = identity.add_organisation(SYSTEM, "agency", "东城某小学", place, agency_kind="budget_unit")
    office = identity.add_organisation(SYSTEM, "office", "东城区农业农村局", place, level=3)
    kinds = {"supplier": supplier.id, "agency": agency.id, "office": office.id}
    found = {}
    for role, (kind, _permissions) in ALL_ROLES.items():
        if kind in kinds:
            found[role] = factory.actor(kinds[kind], {role})
    return found
