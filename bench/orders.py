"""Twenty-line orders through the API, of one supplier and over five: placed, confirmed, accepted, settled; raw inserts beside.

An order is placed by two people: submit (stock held, steps frozen), then approve (quota, eligibility, one order per
supplier). Over five suppliers it is confirmed, accepted and settled five times, and its share counts all five: orders
of twenty lines per second, not requests. It settles when the supplier confirms the payment: each line is attributed to
two pools, in the same transaction. Drafts, shipments and transfers between have their own rows in the table, and count
for no share. The bare page is taken before and after each share: what else the machine does hits both.
"""

import itertools
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Table, create_engine, insert

from . import bare, market, world
from .load import Outcome, get, post, put
from .market import Pair
from .servers import Postgres, Server, gunicorn, run_counted

ORDERS = 120
PAIRS = 16
QUANTITY = "10.000"
RAW_ROWS = 20_000
BATCH = 1000
BARE_S = 2.0
TO_REACH = 0.05
PEERS = {"placed": (0.0010, 0.0023)}
SPREADS = {"": 1, ", five suppliers": 5}
TAKEN = {
    "placed": ("submitted", "approved"),
    "confirmed": ("confirmed",),
    "accepted": ("accepted",),
    "settled": ("settled",),
}
STEPS = ("drafted", "submitted", "approved", "confirmed", "shipped", "accepted", "transferred", "settled")


def measure(server: Postgres, url: str, count: int = ORDERS) -> list[dict[str, Any]]:
    """One row per engine: orders per second of each step, shares of the bare page, lines per second, raw inserts."""
    bare.fill(server.url("postgres"))
    rows = [_on(server, "PostgreSQL", world.VAR / "served" / "postgres", url, count)]
    with world.copied() as var:
        world.command("search", "rebuild", env=world.settings(var))
        rows.append(_on(server, "SQLite", var, "", count))
    return rows


def _on(server: Postgres, name: str, var: Path, url: str, count: int) -> dict[str, Any]:
    var.mkdir(parents=True, exist_ok=True)
    app = world.application(world.settings(var, url))
    with app.app_context():
        pairs = market.pairs(PAIRS, 2 * -(-count // PAIRS) + 8)
        raw = raw_inserts(server.url("bangfu") if url else f"sqlite:///{var / world.FILE.name}")
    found: dict[str, Any] = {"engine": name, "orders": count, "steps": {}} | raw
    with ExitStack() as stack:
        plain = stack.enter_context(
            gunicorn("bench.bare:app", {"BARE_URL": server.url("postgres")}, var / "bare", probe="/hello")
        )
        ours = stack.enter_context(gunicorn("wsgi:app", {"DATABASE_URL": url}, var))
        for named, spread in SPREADS.items():
            walk = Walk(server, ours, plain, pairs, spread)
            walk.take(len(pairs) * 2)  # warm
            steps, beside = walk.take(count)
            found["steps"] |= {step + named: _step(outcome) for step, outcome in steps.items()}
            for what, of in TAKEN.items():
                found |= _share(what + named, [steps[step] for step in of], beside[what], count)
    found["settled_lines_per_s"] = round(found["settled_per_s"] * market.LINES)
    return found


def _step(outcome: Outcome) -> dict[str, float]:
    return {
        "per_s": round(outcome.per_second, 1),
        "p95_ms": round(outcome.percentile(95), 1),
        "cpu_ms": round(outcome.cpu_ms, 1),
    }


def _share(what: str, steps: list[Outcome], beside: list[Outcome], count: int) -> dict[str, float]:
    """Orders of twenty lines per second and their share of the bare page; milliseconds of the processor for each."""
    bare_rate = statistics.mean(one.per_second for one in beside)
    rate = count / sum(step.seconds for step in steps)
    cpu = sum(step.cpu_ms * step.answers for step in steps) / count
    return {
        f"{what}_bare_per_s": round(bare_rate, 1),
        f"{what}_per_s": round(rate, 1),
        f"{what}_share": round(rate / bare_rate, 4),
        f"{what}_p95_ms": round(max(step.percentile(95) for step in steps), 1),
        f"{what}_cpu_ms": round(cpu, 1),
        f"{what}_share_by_cpu": round(statistics.mean(one.cpu_ms for one in beside) / cpu, 4),
    }


@dataclass(frozen=True)
class Walk:
    """Orders of twenty lines over `spread` suppliers, step after step, by every pair's agency in turn."""

    database: Postgres
    server: Server
    plain: Server
    pairs: list[Pair]
    spread: int

    def take(self, count: int) -> tuple[dict[str, Outcome], dict[str, list[Outcome]]]:
        """What each step gave, and the bare page beside each share. Raises RuntimeError where one does not answer 2xx."""
        done: dict[str, Outcome] = {}
        beside: dict[str, list[Outcome]] = {}
        of = [self.pairs[n % len(self.pairs)] for n in range(count)]
        sellers = {offer: pair for pair in self.pairs for offer in pair.offers}

        def step(name: str, requests: list[bytes]) -> list[Any]:
            done[name], found = self._sent(name, requests)
            return found

        def turn(what: str) -> None:
            asked = itertools.repeat(get("/"))
            beside.setdefault(what, []).append(run_counted(self.database, self.plain, asked, BARE_S))

        head = {"title": "测量", "deliver_on": _day(7), "window": "上午", "address": "测量街 1 号", "contact": "食堂"}
        drafts = [row["id"] for row in step("opened", [_send("requester", pair, "requisitions", head) for pair in of])]
        both = list(zip(of, drafts, strict=True))
        step("drafted", [_fill(pair, draft, self.goods(n)) for n, (pair, draft) in enumerate(both)])
        turn("placed")
        step("submitted", [_send("requester", pair, f"requisitions/{draft}/submit") for pair, draft in both])
        placed = step("approved", [_send("approver", pair, f"requisitions/{draft}/approve") for pair, draft in both])
        turn("placed")
        ids = [(pair, order["id"]) for pair, row in zip(of, placed, strict=True) for order in row["items"]]
        read = step("read", [get(f"/api/v1/orders/{id_}", buyer.headers("requester")) for buyer, id_ in ids])
        buyers = [buyer for buyer, _ in ids]
        suppliers = [sellers[UUID(row["lines"][0]["offer_id"])] for row in read]
        turn("confirmed")
        opened = step(
            "confirmed",
            [_send("manager", pair, f"orders/{row['id']}/confirm") for pair, row in zip(suppliers, read, strict=True)],
        )
        turn("confirmed")
        shipped = step(
            "shipped",
            [
                _send(
                    "manager",
                    pair,
                    f"orders/{row['id']}/shipments",
                    {"parts": _parts(pair, row), "expected_on": _day(7)},
                )
                for pair, row in zip(suppliers, opened, strict=True)
            ],
        )
        turn("accepted")
        accepted = step(
            "accepted",
            [
                _send("receiver", pair, f"shipments/{row['id']}/acceptance", {"lines": _counts(row), "witness": "乙"})
                for pair, row in zip(buyers, shipped, strict=True)
            ],
        )
        turn("accepted")
        transfers = step(
            "transferred",
            [
                _send(
                    "finance",
                    pair,
                    f"bills/{row['bill_id']}/transfers",
                    {"fen": row["money_fen"], "paid_on": _day(0), "bank_serial": row["id"][:20]},
                )
                for pair, row in zip(buyers, accepted, strict=True)
            ],
        )
        turn("settled")
        step(
            "settled",
            [
                _send("manager", pair, f"transfers/{row['id']}/confirm")
                for pair, row in zip(suppliers, transfers, strict=True)
            ],
        )
        turn("settled")
        return done, beside

    def goods(self, number: int) -> list[UUID]:
        """Twenty offers: of the agency's own pair, or four of each of five pairs from it on, other ones of each."""
        each = market.LINES // self.spread
        return [
            offer
            for ahead in range(self.spread)
            for offer in self.pairs[(number + ahead) % len(self.pairs)].offers[ahead * each : (ahead + 1) * each]
        ]

    def _sent(self, name: str, requests: list[bytes]) -> tuple[Outcome, list[Any]]:
        outcome = run_counted(self.database, self.server, iter(requests), keep=True)
        if outcome.failed or outcome.answers != len(requests):
            wrong = next((body for body in outcome.bodies.values() if b'"status"' in body), b"")
            raise RuntimeError(f"{name}: {outcome.statuses} {wrong[:600].decode(errors='replace')}")
        return outcome, [json.loads(outcome.bodies[n]) for n in range(len(requests))]


def _send(who: str, pair: Pair, path: str, body: Any = None) -> bytes:
    headers = pair.headers(who) | {"Idempotency-Key": uuid4().hex}
    return post(f"/api/v1/{path}", json.dumps(body).encode() if body is not None else b"", headers)


def _day(ahead: int) -> str:
    from marketplace.core import clock

    return (clock.today() + timedelta(days=ahead)).isoformat()


def _fill(pair: Pair, draft: str, offers: list[UUID]) -> bytes:
    lines = [{"offer_id": str(offer), "quantity": QUANTITY} for offer in offers]
    headers = pair.headers("requester") | {"If-Match": '"1"'}
    return put(f"/api/v1/requisitions/{draft}/lines", json.dumps({"lines": lines}).encode(), headers)


def _parts(pair: Pair, order: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"order_line_id": line["id"], "lot_id": str(pair.lots[UUID(line["offer_id"])]), "quantity": QUANTITY}
        for line in order["lines"]
    ]


def _counts(shipment: dict[str, Any]) -> list[dict[str, str]]:
    return [{"shipment_line_id": line["id"], "accepted": QUANTITY} for line in shipment["lines"]]


def raw_inserts(url: str) -> dict[str, float]:
    """Rows per second into a table like settled_line, its checks and indexes with it: in batches, and by COPY.

    Foreign keys and the guard are left out: this is the machine's limit, not ours.
    """
    from marketplace.core.clock import today
    from marketplace.settlement.models import SettledLine

    like = _like(SettledLine.__table__)
    engine = create_engine(url)
    rows = [_sample(like, today()) for _ in range(RAW_ROWS)]
    found: dict[str, float] = {}
    like.metadata.drop_all(engine)
    like.metadata.create_all(engine)
    try:
        began = time.perf_counter()
        with engine.begin() as connection:
            for start in range(0, RAW_ROWS, BATCH):
                connection.execute(insert(like), rows[start : start + BATCH])
        found["raw_rows_per_s"] = round(RAW_ROWS / (time.perf_counter() - began))
        if engine.dialect.name == "postgresql":
            found["copy_rows_per_s"] = round(_copied(engine, like))
    finally:
        like.metadata.drop_all(engine)
        engine.dispose()
    return found


def _like(table: Any) -> Table:
    """The same columns, checks and indexes under another name."""
    columns = [
        Column(one.name, one.type, primary_key=one.primary_key, nullable=one.nullable, autoincrement=False)
        for one in table.columns
    ]
    checks = [CheckConstraint(one.sqltext.text) for one in table.constraints if isinstance(one, CheckConstraint)]
    copy = Table("bench_settled_line", MetaData(), *columns, *checks)
    for index in table.indexes:
        columns = [copy.columns[column.name] for column in index.columns]
        Index(f"bench_{index.name}", *columns, **index.dialect_kwargs)
    return copy


def _sample(table: Table, day: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        column.name: uuid4() for column in table.columns if str(column.type).startswith("CHAR(32)")
    }
    values |= {column.name: 1 for column in table.columns if "INT" in str(column.type)}
    values |= {
        column.name: "430225103201"[: getattr(column.type, "length", None)]
        for column in table.columns
        if str(column.type).startswith("VARCHAR")
    }
    sale = {"line_id": values["id"], "reverses_id": None, "concerns_period": None}
    return values | sale | {"eligible": True, "day": day, "period": 202611}


def _copied(engine: Any, table: Table) -> float:
    names = [column.name for column in table.columns]
    rows = [[row[name] for name in names] for row in (_sample(table, _today()) for _ in range(RAW_ROWS))]
    connection = engine.raw_connection()
    try:
        began = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()
        return RAW_ROWS / (time.perf_counter() - began)
    finally:
        connection.close()


def _today() -> Any:
    from marketplace.core.clock import today

    return today()


def lines(found: list[dict[str, Any]]) -> Iterator[list[str]]:
    yield ["20-line orders", *(row["engine"] for row in found)]
    yield [f"per s, share (to reach {TO_REACH:g}), by cpu, p95 ms, bare page per s", *("" for _ in found)]
    for what in (taken + named for named in SPREADS for taken in TAKEN):
        shown = "{0:.1f}, {1:.3f}, {2:.3f}, {3:.0f}, {4:,.0f}"
        keys = ("per_s", "share", "share_by_cpu", "p95_ms", "bare_per_s")
        peers = f" (django-oscar, Vendure: {', '.join(f'{peer:g}' for peer in PEERS[what])})" if what in PEERS else ""
        yield [what + peers, *(shown.format(*(row[f"{what}_{key}"] for key in keys)) for row in found)]
    yield ["settled lines, per s", *(f"{row['settled_lines_per_s']:,}" for row in found)]
    yield ["raw rows in batches, per s", *(f"{row['raw_rows_per_s']:,}" for row in found)]
    yield ["raw rows by COPY, per s", *(f"{row.get('copy_rows_per_s', 0):,}" for row in found)]
    for step in (taken + named for named in SPREADS for taken in STEPS):
        yield [
            f"  {step}: requests per s, p95 ms, cpu ms",
            *("{per_s:.1f}, {p95_ms:.0f}, {cpu_ms:.1f}".format(**row["steps"][step]) for row in found),
        ]
