"""Every link that a role's pages show opens for that role."""

import re
from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask

from marketplace.core.actor import Actor
from marketplace.core.db import transaction
from tests.api.callers import Caller, token_of
from tests.factories.county import County

ROLES = ("manager", "clerk", "requester", "approver", "receiver", "finance", "office")
LINK = re.compile(r'<a[^>]* href="([^"#]+)')


@pytest.fixture
def county(app: Flask) -> County:
    with transaction():
        return County()


def callers(app: Flask, county: County) -> dict[str, Caller]:
    with transaction():
        people: dict[str, Actor] = {role: getattr(county.world, role) for role in ROLES}
        return {role: Caller(app, token_of(actor), actor) for role, actor in people.items()} | {"public": Caller(app)}


def test_no_page_links_to_what_its_reader_may_not_open(app: Flask, county: County) -> None:
    """Two URLs of each route, followed from the start page and the role's home.

    Red when a page that several audiences share names one audience's page (a report's row linking to the office's order).
    """
    broken = {}
    for role, caller in callers(app, county).items():
        for path, (status, seen_on) in walked(app, caller).items():
            if status >= 400:
                broken[f"{role}: {path}"] = f"{status}, linked from {seen_on}"
    assert broken == {}


def walked(app: Flask, caller: Caller) -> dict[str, tuple[int, str]]:
    """Status of each page, and the page that linked to it."""
    routes = app.url_map.bind("localhost")
    found: dict[str, tuple[int, str]] = {}
    of_route: dict[str, int] = {}
    waiting = deque([("/", ""), ("/account/", "")])
    while waiting:
        path, seen_on = waiting.popleft()
        endpoint, _values = routes.match(urlsplit(path).path)
        if path in found or of_route.get(endpoint, 0) >= 2 or endpoint in ("account.sign_out", "static"):
            continue
        of_route[endpoint] = of_route.get(endpoint, 0) + 1
        answer = caller("GET", path)
        found[path] = (answer.status_code, seen_on)
        if location := answer.headers.get("Location"):
            waiting.append((location, path))
        if answer.mimetype == "text/html":
            waiting.extend((link, path) for link in links(path, answer.text))
    return found


def links(path: str, text: str) -> list[str]:
    wanted = (urljoin(f"http://localhost{path}", link.replace("&amp;", "&")) for link in LINK.findall(text))
    return [link.removeprefix("http://localhost") for link in wanted if link.startswith("http://localhost/")]
