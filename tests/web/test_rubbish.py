"""Every form of the pages against rubbish in each of its controls: told in words, never a 500.

The forms are those that the pages show to the small county's own people; what schemathesis does to the API's bodies.
A soak posts all of them, some ten thousand, in twenty minutes.
"""

import random
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask

from marketplace.core.db import transaction
from marketplace.identity.permissions import ROLES
from tests.api.callers import Caller, token_of
from tests.api.test_scope import routes
from tests.counts import SOAK
from tests.factories import world as factory
from tests.factories.county import County

RUBBISH = [
    "", " ", "\0", "\x1b[31m", "\u202egnp.exe", "０", "１５", "-1", "0.0005", "1,5", "NaN", "1e999", "9" * 5000, "1" + "0" * 30,
    "0001-01-01", "9999-12-31", "2026-02-30", "=cmd|' /C calc'!A0", "<script>", "字" * 10_000, "' OR 1=1 --", "{{7*7}}",
    "00000000-0000-0000-0000-000000000000", "no-such-verb:1:2:3", "../../etc/passwd", "%s%n", "//evil.example", "\r\nX: y",
]  # fmt: skip
SIDES = {"supplier": "supplier", "agency": "buyer", "office": "office"}
OTHERS = tuple(f"/{side}/" for side in SIDES.values())
SAMPLE = None if SOAK else 100  # so many posts, chosen by one seed


class Forms(HTMLParser):
    """`found`: (method, action, {name: value}) of each form of a page, with what its controls hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = True
            self.found.append((held.get("method", "get").lower(), held.get("action", ""), {}))
        elif self._open and tag in ("input", "select", "textarea", "button") and held.get("name"):
            self.found[-1][2].setdefault(held["name"], held.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


@pytest.fixture
def county(app: Flask) -> County:
    with transaction():
        return County()


@pytest.fixture
def people(app: Flask, county: County) -> list[Caller]:
    """One of each kind of organisation, with all roles of its kind."""
    homes = {"supplier": county.world.manager, "agency": county.world.requester, "office": county.world.office}
    with transaction():
        found = [Caller(app)]
        for kind, one in homes.items():
            actor = factory.actor(one.organisation, {role for role, (of, _) in ROLES.items() if of == kind})
            found.append(Caller(app, token_of(actor), actor))
    return found


def forms(app: Flask, county: County, caller: Caller) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The forms of the pages that a caller opens, each kind of form once. A soak opens the other sides' pages as well:
    their addresses are sent around."""
    seen = set()
    own = (f"/{SIDES[caller.actor.kind]}/", "/messages/", "/papers/", "/certificates/") if caller.actor else ("/",)
    for _method, rule, path, _names in routes(app, county, "GET"):
        if rule.startswith(("/api/", "/account/", *(() if caller.actor else OTHERS))) or not (
            SOAK or rule.startswith(own)
        ):
            continue
        answer = caller("GET", path)
        assert answer.status_code < 500, (path, caller.actor and caller.actor.kind)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        page = Forms()
        page.feed(answer.text)
        for method, action, held in page.found:
            key = method, rule, action.partition("?")[0].rstrip("0123456789abcdef-"), tuple(held)
            if key not in seen and not action.startswith(("http", "/account/")):
                seen.add(key)
                yield method, action or path, held


@pytest.mark.engine("sqlite")
def test_no_form_answers_rubbish_with_a_500(app: Flask, county: County, people: list[Caller]) -> None:
    tried: list[tuple[Caller, str, str, dict[str, str]]] = []
    for caller in people:
        for method, action, held in forms(app, county, caller):
            tried += [(caller, method, action, held | {name: value}) for name in held for value in RUBBISH]
    assert len(tried) > 4_000
    for caller, method, action, data in random.Random(4).sample(tried, SAMPLE) if SAMPLE else tried:
        answer = sent(caller, method, action, data)
        wrong = {name: value[:40] for name, value in data.items() if value in RUBBISH}
        assert answer.status_code < 500, (method, action, wrong)


def sent(caller: Caller, method: str, action: str, data: dict[str, str]) -> Any:
    if method == "get":
        return caller("GET", action.partition("?")[0], query_string=data)
    return caller("POST", action, data={name: value for name, value in data.items() if name != "_key"})
