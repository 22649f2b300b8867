"""Nobody sees or touches what is outside their scope, by any route, list, search, export or error text (invariant 17).

The whole URL map, API and pages, as it is when the test runs. Strangers hold every role of their kind, because what one
role cannot do all of them together could; BANGFU_SOAK=1 also tries each role by itself.
"""

import os
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from flask import Flask

from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import Base, db, new_id, transaction
from marketplace.identity import services as identity
from marketplace.identity.permissions import ROLES
from tests.api.callers import Caller, token_of
from tests.factories import world as factory
from tests.factories.county import PUBLISHED, County

REFUSED = {301, 302, 303, 308, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428}
KINDS = ("supplier", "agency", "office")
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def county(app: Flask) -> County:
    with transaction():
        return County()


@pytest.fixture
def strangers(app: Flask, county: County) -> dict[str, Caller]:
    """The public, and callers from Beijing with the roles of their kind."""
    place = factory.BEIJING_COUNTY
    found = {"public": Caller(app)}
    with transaction():
        for kind in KINDS:
            home = identity.add_organisation(SYSTEM, kind, f"东城{kind}", place, level=3).id
            roles = {role for role, (of, _) in ROLES.items() if of == kind}
            teams = [roles, *([{role} for role in sorted(roles)] if os.environ.get("BANGFU_SOAK") == "1" else [])]
            for team in teams:
                actor = factory.actor(home, team)
                found["+".join(sorted(team))] = Caller(app, token_of(actor), actor)
    return found


def routes(app: Flask, county: County, *methods: str) -> Iterator[tuple[str, str, str, set[str]]]:
    """(method, rule, path, names of its arguments) of the whole map, each argument being one of the county's things."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.rpartition(".")[2] == "static" or rule.endpoint == "account.sign_out":
            continue
        names = sorted(rule.arguments)
        for values in product(*(candidates(rule, name, county) for name in names)):
            with app.test_request_context():
                built = rule.build(dict(zip(names, values, strict=True)))
            assert built is not None, rule
            for method in methods:
                if method in (rule.methods or ()):
                    yield method, rule.rule, built[1], set(names)


def candidates(rule: Any, name: str, county: County) -> list[Any]:
    converter = rule._converters[name]
    kind = type(converter).__name__
    if kind == "UUIDConverter":
        return [county.ids[name]] if name in county.ids else sorted(set(county.ids.values()))
    if kind == "AnyConverter":
        return re.findall(r"[\w-]+", converter.regex.removeprefix("(?:"))
    if kind == "IntegerConverter":
        return [clock.today().year]
    return [word[:12] if "{12}" in converter.regex else word for word in county.words.get(name, ["x"])]


def text_of(answer: Any) -> str:
    """An answer's body as text, a spreadsheet's or a picture's too."""
    return str(answer.get_data().decode(errors="replace"))


def leaks(county: County, text: str) -> list[str]:
    return [name for name, word in county.private.items() if word in text]


def test_a_stranger_opens_nothing_of_the_county(app: Flask, county: County, strangers: dict[str, Caller]) -> None:
    """Every GET route: refused, or an answer without a trace of the county's own affairs."""
    wrong = []
    for who, stranger in strangers.items():
        for method, rule, path, names in routes(app, county, "GET"):
            answer = stranger(method, path)
            if answer.status_code >= 500:
                wrong.append(f"{who} {rule}: {answer.status_code}")
            if answer.status_code == 200 and names - PUBLISHED and not names <= PUBLISHED | set(county.words):
                wrong.append(f"{who} {path} ({rule}): 200")
            led_to = answer.location or path  # the reader's own page of the id that was asked for
            if found := leaks(county, text_of(answer).replace(path, "").replace(led_to, "")):
                wrong.append(f"{who} {rule}: {answer.status_code} shows {found}")
            if set(UUIDS.findall(led_to)) - set(UUIDS.findall(path)):
                wrong.append(f"{who} {rule}: {answer.status_code} leads to {led_to}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_filters_find_nothing_foreign(app: Flask, county: County, strangers: dict[str, Caller]) -> None:
    """Every list of the API, asked for each of the county's things that its query can name."""
    spec = Caller(app).get("openapi.json")
    wrong = []
    for path, item in spec["paths"].items():
        if "{" in path or "get" not in item:
            continue
        asked = {one["name"] for one in item["get"].get("parameters", [])}
        filters = {name: [str(value)] for name, value in county.ids.items() if name in asked}
        filters |= {name: words for name, words in county.words.items() if name in asked}
        filters |= {name: ["张三", "430225103201"] for name in asked & {"q", "division", "head_name"}}
        for who, stranger in strangers.items():
            for name, values in filters.items():
                for value in values:
                    answer = stranger("GET", path, query_string={name: value})
                    if found := leaks(county, text_of(answer).replace(value, "")):
                        wrong.append(f"{who} {path}?{name}: shows {found}")
                    if answer.status_code == 200 and not name_is_public(path) and answer.json.get("total"):
                        wrong.append(f"{who} {path}?{name}: total {answer.json['total']}")
    assert not wrong, "\n".join(wrong)


def name_is_public(path: str) -> bool:
    return path.rpartition("/")[2] in ("search", "regions", "channels", "categories", "notices")


def test_a_foreign_id_answers_as_an_unknown_one(app: Flask, county: County, strangers: dict[str, Caller]) -> None:
    """Byte for byte, the request's own id aside: an answer is no oracle for what exists."""
    wrong = []
    for who, stranger in strangers.items():
        for method, rule, path, names in routes(app, county, "GET", "POST", "PATCH", "PUT", "DELETE"):
            if not names or names <= PUBLISHED | set(county.words) or not rule.startswith("/api/"):
                continue
            unknown = path
            for value in county.ids.values():
                unknown = unknown.replace(str(value), str(new_id()))
            body = None if method == "GET" else bodies(app, county).get((method, openapi(rule)))
            kept, lost = (stranger(method, one, body, headers={"If-Match": '"1"'}) for one in (path, unknown))
            if (kept.status_code, said(kept)) != (lost.status_code, said(lost)):
                wrong.append(f"{who} {method} {rule}: {said(kept)} but {said(lost)}")
    assert not wrong, "\n".join(wrong)


def said(answer: Any) -> str:
    return re.sub(r'"instance":"[^"]*"', "", text_of(answer))


def test_a_stranger_changes_nothing_of_the_county(app: Flask, county: County, strangers: dict[str, Caller]) -> None:
    """Every route that writes, with a body that its own people could send."""
    before = rows()
    wrong = []
    for who, stranger in strangers.items():
        for method, rule, path, names in routes(app, county, "POST", "PATCH", "PUT", "DELETE"):
            api = rule.startswith("/api/")
            body = bodies(app, county).get((method, openapi(rule))) if api else None
            answer = stranger(method, path, body, headers={"If-Match": '"1"'}, **({} if api else {"data": {"a": "b"}}))
            if names - set(county.words) and answer.status_code not in REFUSED:
                wrong.append(f"{who} {method} {rule}: {answer.status_code}")
            if found := leaks(county, text_of(answer).replace(path, "")):
                wrong.append(f"{who} {method} {rule}: {answer.status_code} shows {found}")
    now, own = rows(), {str(one.actor.user) for one in strangers.values() if one.actor}
    lost = {
        table: {row for row in kept - now[table] if not any(id_ in row for id_ in own)}
        for table, kept in before.items()
    }
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert {table for table, gone in lost.items() if gone} <= {"number_counter"}


def rows() -> dict[str, set[str]]:
    with transaction(write=False):
        return {
            table.name: {str(tuple(row)) for row in db.session.execute(table.select())}
            for table in Base.metadata.sorted_tables
        }


def openapi(rule: str) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)


_bodies: dict[str, dict[tuple[str, str], Any]] = {}


def bodies(app: Flask, county: County) -> dict[tuple[str, str], Any]:
    """(method, path) → a body that the description allows, naming the county's things."""
    key = str(county.ids["order_id"])
    if key not in _bodies:
        spec = Caller(app).get("openapi.json")
        _bodies[key] = {
            (method.upper(), path): example(
                spec, operation["requestBody"]["content"]["application/json"]["schema"], county
            )
            for path, item in spec["paths"].items()
            for method, operation in item.items()
            if method != "parameters" and "application/json" in operation.get("requestBody", {}).get("content", {})
        }
    return _bodies[key]


def example(spec: Any, schema: Any, county: County, name: str = "") -> Any:
    """The smallest value that a schema allows; ids are the county's."""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    types = schema.get("type", "object")
    kind = types if isinstance(types, str) else types[0]
    if "enum" in schema:
        return next(value for value in schema["enum"] if value)
    if kind == "object":
        needed = schema.get("required", [])
        return {
            key: example(spec, part, county, key) for key, part in schema.get("properties", {}).items() if key in needed
        }
    if kind == "array":
        return [example(spec, schema["items"], county, name.removesuffix("s"))]
    if schema.get("format") == "uuid":
        return str(county.ids[name])
    if schema.get("format") == "date":
        return clock.today().isoformat()
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return True
    return (
        {"pattern": schema.get("example")}["pattern"]
        if "pattern" in schema
        else "X" * max(1, schema.get("minLength", 1))
    )


def test_each_side_keeps_its_own_from_the_other(app: Flask, county: County) -> None:
    """A supplier never sees bulk orders and plans; an agency never sees households, slips, agreements, distributions."""
    world = county.world
    with transaction():
        team = {kind: {role for role, (of, _) in ROLES.items() if of == kind} for kind in KINDS}
        supplier = factory.actor(world.manager.organisation, team["supplier"])
        agency = factory.actor(world.requester.organisation, team["agency"])
        callers = {kind: Caller(app, token_of(actor)) for kind, actor in (("supplier", supplier), ("agency", agency))}
    hidden = {
        "supplier": ("plan_id", "draft"),
        "agency": (
            "household_id",
            "household",
            "household code",
            "slip_id",
            "slip",
            "agreement_id",
            "distribution_id",
            "payout_id",
            "dispute_id",
            "dispute",
            "words",
        ),
    }
    wrong = []
    for kind, one in callers.items():
        for method, rule, path, _ in routes(app, county, "GET"):
            answer = one(method, path)
            found = [name for name in leaks(county, text_of(answer).replace(path, "")) if name in hidden[kind]]
            if found:
                wrong.append(f"{kind} {rule}: {answer.status_code} shows {found}")
    assert not wrong, "\n".join(sorted(set(wrong)))
