"""Invariants 7 and 8 over server processes: 200 buyers at 50 units, with stale drafts, edits, double clicks, two
approvers at once, withdrawals and cancellations. What is sold and held never passes the stock, nor the plan its ceiling.
"""

import http.client
import json
import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import count as counting
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select

from marketplace.catalogue import services as catalogue
from marketplace.core.db import db, transaction
from marketplace.identity import tokens
from marketplace.procurement import services as procurement
from marketplace.procurement.models import Order, OrderLine, Requisition, RequisitionLine
from marketplace.quota.models import QuotaPlan
from marketplace.settlement.checks import CHECKS
from tests.counts import SOAK
from tests.factories.world import World, actor
from tests.faults.test_kill import free_port, start

BUYERS, UNITS, SERVERS, ROUNDS = (200, 50, 3, 300) if SOAK else (30, 8, 3, 2)
AT_ONCE, PRICE = 24, 1_200
EXPECTED = {
    "beyond_stock",
    "beyond_ceiling",
    "wrong_state",
    "changed_meanwhile",
    "precondition_failed",
    "request_running",
    "many",
    "busy",
}


class Buyer:
    """Asks one of the servers, over a connection of its own; refusals are kept by code, anything else by status."""

    def __init__(self, ports: list[int], seed: int, requester: str, approvers: list[str]) -> None:
        self.ports, self.chance = ports, random.Random(seed)
        self.requester, self.approvers = requester, approvers
        self.refused: list[str] = []
        self.broken: list[Any] = []

    def ask(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.chance.choice(self.ports), timeout=60)
        headers |= {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if method == "POST":
            headers.setdefault("Idempotency-Key", uuid4().hex)
        try:
            connection.request(method, f"/api/v1/{path}", json.dumps(body or {}), headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status < 300:
            return content
        codes = [error["code"] for error in content.get("errors", [])] or [content.get("code", "")]
        self.refused += codes
        if not set(codes) <= EXPECTED or answer.status >= 500:
            self.broken.append((method, path, answer.status, content))
        return None

    def buys(self, draft: str, offer: str) -> None:
        """A stale draft, edited or as it is; some click twice, some think better of it, two approve at once."""
        chance = self.chance.random
        if chance() < 0.15:
            self.edits(draft, offer)
        key = {"Idempotency-Key": uuid4().hex}
        clicks = [self.submits(draft, **key), self.submits(draft, **key), self.submits(draft)]
        sent = at_once(clicks if chance() < 0.1 else clicks[:1])
        if not any(sent) and chance() < 0.95:
            return
        if chance() < 0.2:
            self.ask(self.requester, "POST", f"requisitions/{draft}/withdraw")
            self.submits(draft)()
        acts = [lambda one=one: self.ask(one, "POST", f"requisitions/{draft}/approve") for one in self.approvers]
        if chance() < 0.2:
            acts += [lambda: self.edits(draft, offer), lambda: self.cancels(draft)]
            acts.append(lambda: self.ask(self.requester, "POST", f"requisitions/{draft}/withdraw"))
        at_once(acts)
        if chance() < 0.1:
            at_once([lambda: self.cancels(draft)] * 2)

    def submits(self, draft: str, **headers: str) -> Any:
        return lambda: self.ask(self.requester, "POST", f"requisitions/{draft}/submit", **headers)

    def edits(self, draft: str, offer: str) -> None:
        row = self.ask(self.requester, "GET", f"requisitions/{draft}")
        lines = {"lines": [{"offer_id": offer, "quantity": f"{self.chance.randint(1, 2)}.000"}]}
        match = {"If-Match": f'"{row["version"]}"'}
        self.ask(self.requester, "PUT", f"requisitions/{draft}/lines", lines, **match)

    def cancels(self, draft: str) -> None:
        """All of it, and orders again as much."""
        row = self.ask(self.requester, "GET", f"requisitions/{draft}")
        for order_id in row["order_ids"]:
            order = self.ask(self.requester, "GET", f"orders/{order_id}")
            lines = [{"order_line_id": line["id"], "quantity": line["open"]} for line in order["lines"]]
            self.ask(self.requester, "POST", f"orders/{order_id}/cancel", {"lines": lines, "reason": "多订了"})


def at_once(acts: list[Any]) -> list[Any]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result() for one in [pool.submit(act) for act in acts]]


def test_many_buyers_over_three_servers_never_buy_more_than_there_is(app, database, engine):
    """Red when `reserve` loses its WHERE, `firm` reserves again, `release` gives back what it did not hold, or two
    approvals of one bulk order both make orders. Red too when a deadlock or a 500 reaches a buyer."""
    ports = [free_port() for _ in range(SERVERS)]
    seeds = counting(1)
    with transaction():
        world = World.build(stock=UNITS * 1000, minimum=1_000, pack=1_000, breaks=[(1_000, PRICE)])
        second = actor(world.requester.organisation, {"approver"})
        requester = tokens.create_token(world.requester, "r")[1]
        approvers = [tokens.create_token(one, "a")[1] for one in (world.approver, second)]
    database.forget()
    servers = [start(database.settings, port) for port in ports]
    try:
        for _round in range(ROUNDS):
            with transaction():
                offer = catalogue.one(world.offer)
                catalogue.set_stock(world.manager, world.offer, offer.reserved + UNITS * 1000)
                carts = (
                    select(Requisition.id).where(Requisition.state == "draft").order_by(Requisition.id).limit(BUYERS)
                )
                drafts = [str(id_) for id_ in db.session.scalars(carts)]  # of who got nothing: stale by now
                drafts += [str(world.draft(1_000)) for _ in range(BUYERS - len(drafts))]
                stock = offer.reserved + UNITS * 1000
                plan = db.session.scalars(select(QuotaPlan)).one()  # in every other round it has room for half of them
                plan.ceiling_fen = plan.committed_fen + UNITS * PRICE // 2 if _round % 2 else None
            database.forget()
            buyers = [Buyer(ports, next(seeds), requester, approvers) for _ in drafts]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(lambda pair: pair[0].buys(pair[1], str(world.offer)), zip(buyers, drafts, strict=True)))
            assert [one.broken for one in buyers if one.broken] == []
            assert any("beyond_stock" in one.refused for one in buyers)
            whole(world, stock)
            if _round % 20 == 0 or _round == ROUNDS - 1:
                with transaction(write=False):
                    assert [fault for check in CHECKS for fault in check()] == []
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def whole(world: World, stock: int) -> None:
    with transaction(write=False):
        offer = catalogue.one(world.offer)
        open_ = db.session.scalar(select(func.sum(OrderLine.open))) or 0
        holding = select(func.sum(RequisitionLine.quantity)).join(Requisition)
        held = db.session.scalar(holding.where(Requisition.hold_until.is_not(None))) or 0
        assert offer.reserved == open_ + held <= stock
        approved = db.session.scalar(select(func.count()).where(Requisition.state == "approved"))
        assert db.session.scalar(select(func.count(Order.id))) == approved
        plan = db.session.scalars(select(QuotaPlan)).one()
        assert plan.committed_fen == db.session.scalar(select(func.sum(OrderLine.committed_fen)))
        assert plan.ceiling_fen is None or plan.committed_fen <= plan.ceiling_fen
    sells_the_rest(world)


def sells_the_rest(world: World) -> None:
    """Sold out exactly when more is wanted: what is left can be bought to the last unit, and not one more."""
    with transaction():
        db.session.scalars(select(QuotaPlan)).one().ceiling_fen = None
        left = catalogue.one(world.offer).available
        if left:
            draft = world.draft(left)
            procurement.submit(world.requester, draft)
            procurement.approve(world.approver, draft)
        assert catalogue.one(world.offer).available == 0
