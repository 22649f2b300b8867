"""A real server, a real worker and a real browser on a fresh database. Each person has a browser of their own.

`site` is the running product with a small county in it; `people("clerk")` gives that person's page, signed in.
Every page that a person sees is watched: a script error, a CSP violation, a missing file or a server error fails the
test at its end, unless it is in what the test `expects`.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask_babel import force_locale, gettext
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    expect,
    sync_playwright,
)

from marketplace.core.db import db, transaction
from marketplace.identity.models import User
from marketplace.identity.sign_in import hash_password
from marketplace.products import services as products
from tests.factories.world import TOWNSHIP, World, start_agreement
from tests.faults.test_kill import ROOT, free_port, start

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
PASSWORD = "for-tests-only-2026"
WHO = ("manager", "clerk", "requester", "approver", "receiver", "finance", "office")
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
PATIENCE = 15.0  # seconds until what the worker owes must show

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "e2e":
            item.add_marker("browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; the tests are skipped where there is none, unless BANGFU_REQUIRE_BROWSER=1."""
    if not os.access(CHROMIUM, os.X_OK):
        if os.environ.get("BANGFU_REQUIRE_BROWSER") == "1":
            pytest.fail("no chromium, and BANGFU_REQUIRE_BROWSER=1 asks for it")
        pytest.skip("no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        env = os.environ | {"LANGUAGE": "en_US"}  # its own language, which orders the parts of a date typed by keyboard
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=env)
        yield browser
        browser.close()


@dataclass
class Site:
    """The running product: its address, its county, and the application in this process on the same database."""

    url: str
    app: Flask
    world: World
    log: Path
    language: str = "zh"

    def words(self, text: str, **facts: object) -> str:
        """What the catalogue says in the test's language."""
        with self.app.test_request_context(), force_locale(LOCALES[self.language]):
            return gettext(text, **facts)


def county() -> World:
    """Six families, an agreement to buy and one to share, a product on sale, and one that nobody listed or recognised."""
    world = World.build(families=6)
    start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
    world.extra["lot"] = world.lot(1_000_000, price_fen=680)
    world.extra["gift"] = products.add_product(
        world.manager, code="YL-HT-0500", name="炎陵黄桃 礼盒", category_code="peach", base_unit="千克", origin=TOWNSHIP
    ).id
    for name in WHO:
        user = db.session.get_one(User, getattr(world, name).user)
        user.sign_in_name, user.password = name, hash_password(PASSWORD)
    return world


def stop(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def site(app: Flask, database: Any, tmp_path: Path) -> Iterator[Site]:
    """gunicorn and the worker as `make run` starts them; both write into one log."""
    with transaction():
        world = county()
    database.forget()
    settings, port = database.settings, free_port()
    log = tmp_path / "log"
    said = log.open("ab")
    server = start(settings, port, said)
    env = os.environ | {
        "BANGFU_DEMO": "1",
        "BANGFU_VAR": str(settings.var),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "PASSWORD_SALT": settings.password_salt,
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "marketplace.worker"],
        cwd=ROOT,
        env=env,
        start_new_session=True,
        stdout=said,
        stderr=subprocess.STDOUT,
    )
    try:
        yield Site(f"http://127.0.0.1:{port}", app, world, log)
    finally:
        stop(worker)
        stop(server)
        said.close()


@dataclass
class Watch:
    """What went wrong on the pages that were seen; `expects` names statuses that the test itself asks for."""

    wrong: list[str] = field(default_factory=list)
    expects: set[int] = field(default_factory=set)

    def console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.wrong.append(f"{message.location.get('url')}: {message.text}")

    def error(self, error: Any) -> None:
        self.wrong.append(f"script: {error}")

    def answer(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expects:
            self.wrong.append(f"{response.request.method} {response.url}: {response.status}")


class Person:
    """One person at a browser: opens paths, presses what is on the page, reads figures."""

    def __init__(self, site: Site, context: BrowserContext, watch: Watch) -> None:
        self.site, self.context, self.watch = site, context, watch
        self.page: Page = context.new_page()
        self.page.on("console", watch.console)
        self.page.on("pageerror", watch.error)
        self.page.on("response", watch.answer)

    def open(self, path: str) -> Page:
        self.page.goto(self.site.url + path)
        return self.page

    def sign_in(self, name: str) -> "Person":
        self.open("/account/sign-in")
        form = self.page.locator("form:has(#f-password)")
        form.locator("#f-name").fill(name)
        form.locator("#f-password").fill(PASSWORD)
        form.locator("button").click()
        expect(self.page).not_to_have_url(re.compile("sign-in"))
        expect(self.page.locator("html")).to_have_attribute(
            "lang", re.compile("^en" if self.site.language == "en" else "^zh")
        )
        return self

    def press(self, button: str | Locator) -> None:
        """Clicks and waits for the page that comes; a refusal with its words fails here."""
        found = self.page.locator(button) if isinstance(button, str) else button
        with self.page.expect_navigation():
            found.click()
        expect(self.page.locator("[role=alert]")).to_have_count(0)

    def follow(self, pattern: str) -> None:
        """The first link in the page's body whose address has the pattern."""
        link = self.page.locator(f"main a[href*='{pattern}']").first
        target = link.get_attribute("href") or ""
        link.click()
        expect(self.page).to_have_url(re.compile(re.escape(urlsplit(target).path)))

    def heading(self, text: str, **facts: object) -> None:
        expect(self.page.locator("h1")).to_contain_text(self.site.words(text, **facts))

    def figure(self, number: int) -> Locator:
        """The page's figure at that place."""
        return self.page.locator(".bf-figures > *").nth(number)

    def path(self) -> str:
        return urlsplit(self.page.url).path


@pytest.fixture
def people(site: Site, browser: Browser) -> Iterator[Callable[..., Person]]:
    """people("clerk") signs that person in once and gives the same browser again; people() is anybody.

    `phone` is 390 px wide with touch; `scripts=False` switches JavaScript off.
    """
    known: dict[tuple[str | None, bool, bool], Person] = {}
    watch = Watch()

    def enter(name: str | None = None, phone: bool = False, scripts: bool = True) -> Person:
        key = (name, phone, scripts)
        if key not in known:
            context = browser.new_context(
                **(PHONE if phone else DESK), java_script_enabled=scripts, locale="zh-CN", timezone_id="Asia/Shanghai"
            )
            context.set_default_timeout(15_000)
            context.add_cookies([{"name": "lang", "value": site.language, "url": site.url}])
            person = Person(site, context, watch)
            known[key] = person.sign_in(name) if name else person
        return known[key]

    enter.expects = watch.expects  # type: ignore[attr-defined]
    yield enter
    for person in known.values():
        person.context.close()
    if watch.wrong:
        print(*[line for line in site.log.read_text().splitlines() if '"level": "info"' not in line], sep="\n")
    assert watch.wrong == []


def eventually(look: Callable[[], bool]) -> None:
    """Looks until it is so: what the worker does has no event in the browser."""
    until = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < until, "the worker did not come to it"
        time.sleep(0.1)  # between two looks


def yuan(text: str) -> int:
    """'¥3,936.00' → 393600 fen."""
    whole, _point, part = re.sub(r"[^\d.]", "", text).partition(".")
    return int(whole) * 100 + int((part or "0").ljust(2, "0"))


money = partial("¥{0:,.2f}".format)
