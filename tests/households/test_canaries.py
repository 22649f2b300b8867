"""Numbers of a person are found nowhere in the clear: a whole path with known ones, then a search of all it left.

Red when a column keeps one, an idempotency key keeps an answer that reveals, a log line a form, a URL an argument.
"""

import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from marketplace.core import clock, outbox
from marketplace.core.db import Base, db, transaction
from marketplace.households import services as households
from marketplace.households.models import Member, Payee
from marketplace.identity.models import User
from marketplace.identity.sign_in import hash_password
from marketplace.search import gather
from marketplace.worker import HANDLERS
from tests.factories import people
from tests.factories.world import World

PASSWORD = "a long enough password"
ID, PROXY_ID = people.id_number(911), people.id_number(912)
ACCOUNT, PROXY_ACCOUNT = "6222029876543210987", "6217001234509876543"
PHONE = "13987654321"
EXPORTS = ("/supplier/households?format=csv", "/office/volume?format=csv", "/office/payees", "/office/trail")
CANARIES = (ID, PROXY_ID, ACCOUNT, PROXY_ACCOUNT, PHONE)


class Person:
    """Somebody at a browser; remembers every URL it was at or was sent to."""

    def __init__(self, app: Flask, user: User) -> None:
        self.client: FlaskClient = app.test_client()
        self.urls: list[str] = []
        user.password = hash_password(PASSWORD)
        self.name = user.sign_in_name

    def sign_in(self) -> "Person":
        assert self.post("/account/sign-in", name=self.name, password=PASSWORD).status_code == 303
        return self

    def get(self, url: str):
        self.urls.append(url)
        answer = self.client.get(url)
        self.urls.append(answer.headers.get("Location", ""))
        return answer

    def post(self, url: str, at: str | None = None, **body):
        page = self.get(at or url).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        key = re.search(r'name="_key" value="([^"]+)"', page)
        self.urls.append(url)
        body |= {"csrf_token": token} | ({"_key": key.group(1)} if key else {})
        answer = self.client.post(url, data=body, content_type="multipart/form-data")
        self.urls.append(answer.headers.get("Location", ""))
        return answer


@pytest.fixture
def path(app: Flask) -> dict:
    """A whole path through pages and services with known numbers."""
    with transaction():
        world = World.build()
        clerk = people.office()
        users = {name: db.session.get_one(User, one.user) for name, one in
                 {"city": world.office, "clerk": clerk, "manager": world.manager}.items()}  # fmt: skip
        seats = {name: Person(app, user) for name, user in users.items()}
    city, town, manager = (seats[name].sign_in() for name in ("city", "clerk", "manager"))
    home, other = world.households[:2]
    return {
        "world": world,
        "clerk": clerk,
        "city": city,
        "town": town,
        "manager": manager,
        "home": home,
        "other": other,
    }


def walk(path: dict) -> None:
    city, town, manager, home, other = (path[name] for name in ("city", "town", "manager", "home", "other"))
    world: World = path["world"]
    new = f"/office/households/{home}/members/new"
    # What was typed wrongly is shown again to who typed it, and is nowhere else.
    assert town.post(new, name="张三0", relation="spouse", id_number=ID[:-1], phone=PHONE).status_code == 422
    assert town.post(new, name="张三0", relation="head", id_number=ID, phone=PHONE).status_code == 303
    twice = f"/office/households/{other}/members/new"
    assert town.post(twice, name="张三1", relation="other", id_number=ID).status_code == 422
    with transaction(write=False):
        member = db.session.scalars(select(Member)).one()
    payee_new = f"/supplier/households/{home}/payees/new"
    card = {"kind": "card", "member_id": str(member.id), "bank": "演示农商银行", "account": ACCOUNT}
    assert manager.post(payee_new, **card, holder_name="别人").status_code == 422
    assert manager.post(payee_new, **card, holder_name="张三0").status_code == 303
    proxy = {
        "kind": "bank",
        "member_id": "",
        "bank": "演示农商银行",
        "account": PROXY_ACCOUNT,
        "holder_name": "王五",
        "proxy_name": "王五",
        "proxy_relation": "邻居",
        "proxy_id_number": PROXY_ID,
        "until": (clock.today() + timedelta(days=30)).isoformat(),
    }
    answer = town.post(f"/office/households/{other}/payees/new", **proxy, file=(BytesIO(b"%PDF-1.4"), "委托书.pdf"))
    assert answer.status_code == 303
    with transaction(write=False):
        payees = {row.household_id: row.id for row in db.session.scalars(select(Payee))}
    for id_ in payees.values():
        answer = city.post(f"/office/payees/{id_}/approve", at="/office/payees")
        assert answer.status_code == 303, answer.text
    page = city.post(f"/office/members/{member.id}/number", reason="核对身份")
    assert ID in page.text
    assert PHONE in page.text
    assert page.headers["Cache-Control"] == "no-store"
    page = manager.post(f"/supplier/payees/{payees[home]}/number", reason="制作银行文件")
    assert ACCOUNT in page.text
    for number in (ID, ACCOUNT, PHONE):
        assert city.post(f"/office/members/{member.id}/number", reason=f"查 {number}").status_code == 422
    api(city, f"/api/v1/payees/{payees[other]}/reveal")
    with transaction():
        lot = world.lot()
        world.settled(lot, 100_000)
        households.reveal_accounts(world.office, list(payees.values()), "十一月兑付银行文件")
        households.record_change(
            world.office, other, households.NewChange("merged", clock.today(), "村委证明 1 号", parts=[(home, 10_000)])
        )
        gather.rebuild()
    outbox.relay(HANDLERS)
    for seat in (city, town, manager):
        every_page(seat, path)


def api(seat: Person, url: str) -> None:
    """Reveals through the API with the browser's session; a repeat under the same key answers nothing."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', seat.get("/account/confirm").text).group(1)
    headers = {"Idempotency-Key": "canary", "X-CSRFToken": token}
    answers = [seat.client.post(url, json={"reason": "核对账号"}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 204], answers[0].text
    assert answers[0].json["account"] == PROXY_ACCOUNT
    assert answers[1].data == b""


def every_page(seat: Person, path: dict) -> None:
    """Every GET of the household's things shows at most the last four."""
    with transaction(write=False):
        ids = {
            "household_id": path["home"],
            "member_id": db.session.scalars(select(Member.id)).first(),
            "payee_id": db.session.scalars(select(Payee.id)).first(),
        }
    for rule in seat.client.application.url_map.iter_rules():
        if rule.arguments and rule.arguments <= set(ids) and "GET" in rule.methods:
            with seat.client.application.test_request_context():
                url = rule.build({name: ids[name] for name in rule.arguments})[1]
            assert not leaks(seat.get(url).text), url
    for url in EXPORTS:
        assert not leaks(seat.get(url).text), url


def forms(canary: str) -> Iterator[str]:
    """As it would look in a dump."""
    raw = canary.encode()
    yield canary
    yield raw.hex()
    yield base64.b64encode(raw).decode().rstrip("=")
    yield canary[-10:]


def leaks(found: str) -> list[str]:
    return [canary for canary in CANARIES for form in forms(canary) if form in found]


def dump() -> dict[str, str]:
    """Every row of every table as text, bytes as hex and as what they say."""
    tables = {}
    with transaction(write=False):
        for table in Base.metadata.sorted_tables:
            values = [value for row in db.session.execute(text(f'SELECT * FROM "{table.name}"')) for value in row]
            plain = [bytes(v) if isinstance(v, bytes | memoryview) else v for v in values]
            tables[table.name] = "\n".join(
                f"{v.hex()} {v.decode('latin-1')}" if isinstance(v, bytes) else str(v) for v in plain
            )
    return tables


def test_numbers_are_found_nowhere_in_the_clear(app: Flask, path: dict, capfd: pytest.CaptureFixture[str]) -> None:
    walk(path)
    told = capfd.readouterr()
    assert "office.member_new" in told.out  # the logs were caught
    assert not leaks(told.out + told.err)
    assert not leaks("\n".join(url for who in ("city", "town", "manager") for url in path[who].urls))
    tables = dump()
    assert {"member", "payee", "audit_event", "idempotency_key", "outbox_event", "entry"} <= set(tables)
    assert not {name: found for name, rows in tables.items() if (found := leaks(rows))}
    files = [file for file in app.config["SETTINGS"].var.rglob("*") if file.is_file()]
    assert files  # at least the paper that names the proxy
    assert not [str(file) for file in files if leaks(file.read_bytes().decode("latin-1"))]


def test_a_shown_answer_is_not_kept_with_its_key(app: Flask, path: dict) -> None:
    """Red when a page that reveals can be stored: its row of the idempotency keys would hold the number."""
    walk(path)
    with transaction(write=False):
        rows = db.session.execute(text("SELECT route, body FROM idempotency_key")).all()
    assert not [route for route, body in rows if "reveal" in route and body]


def test_what_no_key_opens_is_an_honest_page(app: Flask, path: dict) -> None:
    """A damaged value answers 409 with our words: no internals, no other person's number."""
    walk(path)
    with transaction():
        member = db.session.scalars(select(Member)).first()
        member.id_sealed = bytes(member.id_sealed[:-1]) + bytes([member.id_sealed[-1] ^ 1])
        id_ = member.id
    answer = path["city"].post(f"/office/members/{id_}/number", reason="核对身份")
    assert answer.status_code == 409
    assert "无法还原" in answer.text
    assert "Traceback" not in answer.text
    assert not leaks(answer.text)
