"""The English catalogue: complete, up to date with the sources, and what an English reader sees around the data."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.db import db, transaction
from marketplace.identity import services as identity
from marketplace.identity import tokens
from marketplace.identity.models import Organisation, User
from marketplace.regions.models import Division
from marketplace.search import gather
from marketplace.search import services as search
from tests.factories.world import YANLING, ZHUZHOU, World, actor, start_agreement

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "translations/en/LC_MESSAGES/messages.po"
KEYWORDS = DEFAULT_KEYWORDS | parse_keywords(["_l", "lazy_pgettext:1c,2"])  # as `make texts` gathers them
HAN = re.compile(r"[\u3400-\u9fff]")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")
WORDED = {"nav", "h1", "h2", "h3", "th", "button", "label", "legend"}  # elements that hold our words, not data
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def of_sources() -> set[tuple[str | None, str]]:
    """(context, text) of everything that is marked in code and templates."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(str(ROOT), methods, options, keywords=KEYWORDS, strip_comment_tags=True)
    return {(context, forms(text)[0]) for _file, _line, text, _comments, context in found}


def test_the_catalogue_holds_the_texts_of_the_sources_and_no_others() -> None:
    held = {(message.context, forms(message.id)[0]) for message in catalogue() if message.id}
    assert held == of_sources(), "run `make texts` and translate what is new"


def test_every_text_has_its_english() -> None:
    empty = [message.id for message in catalogue() if message.id and not all(forms(message.string))]
    assert not empty
    assert not [message.id for message in catalogue() if message.fuzzy and message.id]


def test_the_english_takes_the_same_facts_as_the_chinese() -> None:
    for message in catalogue():
        facts = {frozenset(PLACEHOLDER.findall(text)) for text in forms(message.id)}
        for text in forms(message.string) if message.id else []:
            assert frozenset(PLACEHOLDER.findall(text)) in facts, message.id


def test_the_english_is_plain() -> None:
    for message in catalogue():
        for text in forms(message.string) if message.id else []:
            assert not re.search(r"\bplease\b|[<>]", text, re.IGNORECASE), text
            assert set(HAN.findall(text)) <= set(HAN.findall("".join(forms(message.id)))), text
            assert not re.search("[，。；“”’]", text), f"full-width in the fonts of the pages: {text}"


class _Words(HTMLParser):
    """What stands in the worded elements, their labels for phones and screen readers among it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.foreign: list[bool] = []  # says lang="zh-CN": the switch of language
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [given[name] or "" for name in ("data-label", "placeholder") if name in given]
        if tag not in VOID:
            self.open.append(tag)
            self.foreign.append(given.get("lang", "").startswith("zh"))

    def handle_endtag(self, tag: str) -> None:
        while self.open and tag in self.open:
            self.foreign.pop()
            if self.open.pop() == tag:
                break

    def handle_data(self, data: str) -> None:
        if WORDED & set(self.open) and not any(self.foreign) and "script" not in self.open:
            self.found.append(data)


@pytest.fixture
def english(app: Flask, client: FlaskClient) -> FlaskClient:
    compiled = CATALOGUE.with_suffix(".mo")
    if not compiled.exists() or compiled.stat().st_mtime < CATALOGUE.stat().st_mtime:
        with compiled.open("wb") as file:
            write_mo(file, catalogue())
    client.set_cookie("lang", "en")
    return client


@pytest.fixture
def world(app: Flask) -> World:
    with transaction():
        world = World.build(families=6)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        lot = world.lot(1_000_000, price_fen=680)
        world.extra["order"] = world.settled(lot, 200_000).order_id
        world.extra["shipment"] = world.shipped(lot, 50_000)
        for name, kind, place, level, role in (
            ("county", "office", YANLING, 3, "office_head"),
            ("auditor", "auditor", ZHUZHOU, 2, "auditor"),
            ("platform", "platform", ZHUZHOU, 2, "platform"),
        ):
            made = identity.add_organisation(SYSTEM, kind, f"单位 {name}", place, level=level)
            world.extra[name] = actor(made.id, {role})
    with transaction():
        search.rebuild(gather.documents())
    return world


def names() -> list[str]:
    """Data that heads a page or a filter, the longest first."""
    with transaction(write=False):
        columns = (Organisation.name, Organisation.short_name, Division.name, User.display_name)
        found = {name for column in columns for name in db.session.scalars(select(column)) if name}
    return sorted(found | {"炎陵黄桃 大果", "炎陵黄桃", "水果", "黄桃", "茶叶", "株洲", "中文"}, key=len, reverse=True)


def pages(app: Flask, world: World) -> Iterator[tuple[Actor | None, str]]:
    people = {
        "public": [None],
        "account": [None, world.manager],
        "supplier": [world.manager],
        "buyer": [world.requester, world.receiver, world.finance],
        "office": [world.extra["county"], world.extra["platform"], world.extra["auditor"]],
    }
    for rule in app.url_map.iter_rules():
        for person in (
            people.get(rule.endpoint.split(".")[0], []) if "GET" in (rule.methods or ()) and not rule.arguments else []
        ):
            yield person, rule.rule
    for person, url in (
        (None, "/products/YL-HT-0312"),
        (world.requester, f"/buyer/orders/{world.extra['order']}"),
        (world.receiver, f"/buyer/shipments/{world.extra['shipment']}/accept"),
        (world.manager, f"/supplier/orders/{world.extra['order']}"),
        (world.extra["county"], f"/office/orders/{world.extra['order']}"),
    ):
        yield person, url


@pytest.mark.engine("sqlite")
def test_menus_headings_table_heads_and_buttons_are_english(app: Flask, world: World, english: FlaskClient) -> None:
    data, opened = names(), 0
    secrets: dict[UUID, str] = {}
    left: list[tuple[str, str]] = []
    for person, url in pages(app, world):
        if person and person.user not in secrets:
            with transaction():
                secrets[person.user] = tokens.create_token(person, "test")[1]
        headers = {"Authorization": f"Bearer {secrets[person.user]}"} if person else {}
        answer = english.get(url, headers=headers)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        opened += 1
        for text in _Words(answer.text).found:
            for name in data:
                text = text.replace(name, "")
            if HAN.search(text):
                left.append((url, text.strip()))
    assert opened > 40
    assert not left
