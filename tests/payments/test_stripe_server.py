"""The gateway against localstripe, a server of others' making, for what it can: CNY PaymentIntents, 3-D Secure, declined
cards, refunds, lists in pages, signed webhooks. It has neither connected accounts nor Checkout: those are `Beside`'s.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

import pytest
import stripe
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.payments import gateway
from marketplace.payments.stripe_models import StripeEvent
from marketplace.settlement import card_reconcile, card_work
from tests.payments.conftest import Counter, built, open_account
from tests.payments.stripe_double import SECRET, StripeDouble
from tests.payments.test_stripe_refunds import ask, refund

# Bound to loopback, and its store stays in memory: left alone it listens everywhere and writes to /tmp.
RUN = """
import sys
from aiohttp import web
from localstripe.resources import Store
Store.dump_to_disk = lambda self: None
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=lambda text: print("ready", flush=True))
"""
KEY = "sk_test_localstripe"
GOOD, ASKS, DECLINED = "4242424242424242", "4000002500003155", "4000000000000341"


class Beside(stripe.RequestsClient):
    """A double beside localstripe: accounts and payment pages from memory, everything else goes to the server.

    A page makes its PaymentIntent at once, with the metadata that Checkout would give it; what the server does not take
    (lists since a moment) is left out of what it is asked.
    """

    def __init__(self) -> None:
        super().__init__(timeout=10)
        self.double = StripeDouble()
        self.pages: dict[str, dict[str, Any]] = {}

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> tuple[Any, int, Any]:
        parts = urlsplit(url)
        if parts.path.startswith(("/v1/accounts", "/v1/account_links")):
            return self.double.request(method, url, headers, post_data)
        if parts.path.startswith("/v1/checkout/sessions"):
            return json.dumps(self._page(method, parts, headers, post_data)), 200, {}
        query = [(name, value) for name, value in parse_qsl(parts.query) if not name.startswith("created[")]
        return super().request(method, urlunsplit(parts._replace(query=urlencode(query))), headers, post_data)

    def _page(self, method: str, parts: Any, headers: Any, post_data: Any) -> dict[str, Any]:
        if method == "get":
            return self.pages[parts.path.rpartition("/")[2]]
        given = dict(parse_qsl(post_data))
        asked = {
            "amount": given["line_items[0][price_data][unit_amount]"],
            "currency": given["line_items[0][price_data][currency]"],
            "metadata[bangfu_payment]": given["payment_intent_data[metadata][bangfu_payment]"],
        }
        intent_url = urlunsplit(parts._replace(path="/v1/payment_intents"))
        intent = json.loads(super().request("post", intent_url, headers, urlencode(asked))[0])
        id_ = f"cs_{intent['id']}"
        self.pages[id_] = {
            "id": id_,
            "object": "checkout.session",
            "status": "open",
            "url": f"https://checkout.stripe.test/{id_}",
            "payment_intent": intent["id"],
            "metadata": {"bangfu_payment": given["metadata[bangfu_payment]"]},
        }
        return self.pages[id_]


class Server:
    """localstripe, as its customers use it."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def __call__(self, path: str, **given: str) -> Any:
        """A POST as Stripe's own page makes it; a refusal's body is the answer too."""
        fields = urlencode({name.replace("__", "[") + ("]" if "__" in name else ""): it for name, it in given.items()})
        asked = Request(f"{self.base}{path}", fields.encode(), {"Authorization": f"Bearer {KEY}"})
        try:
            with urlopen(asked) as answer:
                said = answer.read()
        except OSError as refusal:
            said = refusal.read()  # type: ignore[attr-defined]
        return json.loads(said) if said else None

    def card(self, payment: str, number: str = GOOD) -> Any:
        """The customer types a card and confirms."""
        card = {"card__number": number, "card__exp_month": "12", "card__exp_year": "2030", "card__cvc": "123"}
        method = self("/v1/payment_methods", type="card", **card)["id"]
        self(f"/v1/payment_intents/{payment}", payment_method=method)
        return self(f"/v1/payment_intents/{payment}/confirm")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", RUN, str(number)], stdout=subprocess.PIPE, env=dict(os.environ))
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"ready"
    yield number
    process.send_signal(signal.SIGTERM)
    process.wait(10)


@pytest.fixture
def server(app: Flask, port: int) -> Server:
    return Server(port)


@pytest.fixture
def double(app: Flask, server: Server) -> Iterator[Beside]:
    client = Beside()
    gateway.configure(gateway.Gateway(gateway.Config(KEY, SECRET, server.base), client))
    yield client
    gateway.configure(None)


@pytest.fixture
def counter(app: Flask, client: Any, double: Beside) -> Counter:
    world, lot = built()
    return Counter(world, double.double, client, open_account(world, double.double), lot)


def intent_of(row: Any) -> str:
    return str(row.checkout_id).removeprefix("cs_")


def test_a_card_pays_in_cny_and_the_bill_settles(counter, server):
    row = counter.asked()
    assert server.card(intent_of(row))["status"] == "succeeded"
    assert card_work.look_again(row.id) == "paid"
    assert counter.payment(row.id).state == "succeeded"
    assert counter.bill_now(row.bill_id).state == "paid"


def test_a_card_that_asks_its_holder_pays_after_the_answer(counter, server):
    """3-D Secure: nothing is paid while the holder has not answered, nor when the answer is no."""
    row, said_no = counter.asked(), counter.asked()
    for one, answer in ((row, "true"), (said_no, "false")):
        asked = server.card(intent_of(one), ASKS)
        assert asked["status"] == "requires_action"
        assert card_work.look_again(one.id) == "waiting"
        server(f"/v1/payment_intents/{asked['id']}/_authenticate", client_secret=asked["client_secret"], success=answer)
        card_work.look_again(one.id)
    assert counter.payment(row.id).state == "succeeded"
    refused = counter.payment(said_no.id)
    assert (refused.state, refused.error) == ("open", "payment_intent_authentication_failure")
    assert counter.bill_now(said_no.bill_id).paid_fen == 0


def test_a_declined_card_pays_nothing_and_another_one_does(counter, server):
    row = counter.asked()
    assert server.card(intent_of(row), DECLINED)["error"]["code"] == "card_declined"
    card_work.look_again(row.id)
    assert (counter.payment(row.id).state, counter.payment(row.id).error) == ("open", "card_declined")


def test_refunds_in_parts(counter, server):
    row = counter.asked()
    server.card(intent_of(row))
    card_work.look_again(row.id)
    ids = [ask(counter, counter.payment(row.id), fen) for fen in (1, 5_000)]
    card_work.work()
    assert [refund(id_).state for id_ in ids] == ["succeeded", "succeeded"]
    held = gateway.current().refunds_of(counter.account, intent_of(row))
    assert sorted(one.fen for one in held) == [1, 5_000]


def test_what_no_webhook_told_is_found_in_the_servers_list(counter, server):
    rows = [counter.asked() for _ in range(3)]
    for row in rows:
        server.card(intent_of(row))
    server("/v1/refunds", payment_intent=intent_of(rows[0]), amount="700")
    card_reconcile.run(clock.today(), repair=True)
    assert [counter.payment(row.id).state for row in rows] == ["succeeded"] * 3
    assert counter.payment(rows[0].id).refunded_fen == 700


def test_a_list_of_several_pages_is_read_to_its_end(counter, server, monkeypatch):
    monkeypatch.setattr(gateway, "PAGE", 2)
    made = {intent_of(counter.asked()) for _ in range(5)}
    listed = [one.id for one in gateway.current().payments(counter.account, clock.now())]
    assert made <= set(listed)
    assert len(listed) == len(set(listed))


def test_the_servers_signature_is_taken(app, counter, server):
    """The webhook that another implementation signed is verified and stored. It names no account, so it is nobody's."""
    heard = threading.Event()

    def listening(environ: Any, start: Any) -> Any:
        try:
            return app.wsgi_app(environ, start)
        finally:
            heard.set()

    web = make_server("127.0.0.1", 0, listening, threaded=True)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        hook = {"url": f"http://127.0.0.1:{web.server_port}/stripe/webhook", "secret": SECRET}
        server("/_config/webhooks/bangfu", **hook)
        row = counter.asked()
        server.card(intent_of(row))
        event = None
        while event is None:  # what other tests caused may still be told
            assert heard.wait(20)
            heard.clear()
            event = told(intent_of(row))
    finally:
        web.shutdown()
        thread.join()
        server("/_config/webhooks/bangfu", url="http://127.0.0.1:9/", secret="x")
    assert (event.type, event.account) == ("payment_intent.succeeded", "")
    assert re.match(r"evt_\w+$", event.id)


def told(payment: str) -> StripeEvent | None:
    db.session.rollback()
    with transaction(write=False):
        event = db.session.scalar(select(StripeEvent).where(StripeEvent.object_id == payment))
        if event is not None:
            db.session.expunge(event)
    return event
