"""Twenty-line orders through the API: placed, delivered, and settled; and the raw insert rate beside them.

An order is placed by two people: submit, then approve (stock, quota, eligibility, one order per supplier). It settles
when the supplier confirms the payment: twenty lines are attributed to two pools each, in one transaction. The drafts
before and the deliveries between have their own rows in the table, and count for neither share. The bare page is taken
before and after each of the two: what else the machine does hits both.
"""

import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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
PAIRS = 8
QUANTITY = "10.000"
RAW_ROWS = 20_000
BATCH = 1000
BARE_S = 3.0
TO_REACH = {"placed": 0.05, "over_five": 0.05, "settled": 0.05}
PEERS = {"placed": (0.0010, 0.0023), "over_five": (0.0010, 0.0023)}
SUPPLIERS = 5
STEPS_OVER_FIVE = ("submitted, five suppliers", "approved, five suppliers")
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
        pairs = market.pairs(PAIRS, 2 * -(-count // PAIRS) + 4)
        raw = raw_inserts(server.url("bangfu") if url else f"sqlite:///{var / world.FILE.name}")
    with ExitStack() as stack:
        plain = stack.enter_context(
            gunicorn("bench.bare:app", {"BARE_URL": server.url("postgres")}, var / "bare", probe="/hello")
        )
        ours = stack.enter_context(gunicorn("wsgi:app", {"DATABASE_URL": url}, var))
        walk(server, ours, pairs, len(pairs) * 2)  # warm
        beside: dict[str, list[Outcome]] = {}

        def turn(what: str) -> None:
            beside.setdefault(what, []).append(_bare(server, plain))

        steps = walk(server, ours, pairs, count, turn)
        steps |= over_five(server, ours, pairs, count, turn)
    return _row(name, steps, beside, raw)


def _bare(database: Postgres, plain: Server) -> Outcome:
    return run_counted(database, plain, itertools.repeat(get("/")), BARE_S)


def _row(
    name: str, steps: dict[str, Outcome], beside: dict[str, list[Outcome]], raw: dict[str, float]
) -> dict[str, Any]:
    orders = steps["settled"].answers
    found: dict[str, Any] = {"engine": name, "orders": orders}
    for what, of in (
        ("placed", ("submitted", "approved")),
        ("over_five", STEPS_OVER_FIVE),
        ("settled", ("settled",)),
    ):
        rate = orders / sum(steps[step].seconds for step in of)
        cpu = sum(steps[step].cpu_ms for step in of)
        bare_rate = statistics.mean(one.per_second for one in beside[what])
        found |= {
            f"{what}_bare_per_s": round(bare_rate, 1),
            f"{what}_per_s": round(rate, 1),
            f"{what}_share": round(rate / bare_rate, 4),
            f"{what}_cpu_ms": round(cpu, 1),
            f"{what}_share_by_cpu": round(statistics.mean(one.cpu_ms for one in beside[what]) / cpu, 4),
        }
    found["settled_lines_per_s"] = round(steps["settled"].per_second * market.LINES)
    found["steps"] = {
        step: {
            "per_s": round(outcome.per_second, 1),
            "p95_ms": round(outcome.percentile(95), 1),
            "cpu_ms": round(outcome.cpu_ms, 1),
        }
        for step, outcome in steps.items()
    }
    return found | raw


def walk(
    database: Postgres,
    server: Server,
    pairs: list[Pair],
    count: int,
    beside: Callable[[str], object] = lambda step: None,
) -> dict[str, Outcome]:
    """`count` orders through every step, step after step. Raises RuntimeError where a step does not answer 2xx.

    `beside` is called before and after what is placed, and what is settled: the bare page's turns.
    """
    done: dict[str, Outcome] = {}
    of = [pairs[n % len(pairs)] for n in range(count)]

    def step(name: str, requests: list[bytes]) -> list[Any]:
        outcome = run_counted(database, server, iter(requests), keep=True)
        if outcome.failed or outcome.answers != len(requests):
            wrong = next((body for body in outcome.bodies.values() if b'"status"' in body), b"")
            raise RuntimeError(f"{name}: {outcome.statuses} {wrong[:600].decode(errors='replace')}")
        done[name] = outcome
        return [json.loads(outcome.bodies[n]) for n in range(len(requests))]

    def send(who: str, pair: Pair, path: str, body: Any = None) -> bytes:
        headers = pair.headers(who) | {"Idempotency-Key": uuid4().hex}
        return post(f"/api/v1/{path}", json.dumps(body).encode() if body is not None else b"", headers)

    day = _day(7)
    head = {"title": "测量", "deliver_on": day, "window": "上午", "address": "测量街 1 号", "contact": "食堂"}
    drafts = [row["id"] for row in step("opened", [send("requester", pair, "requisitions", head) for pair in of])]
    step("drafted", [_fill(pair, draft) for pair, draft in zip(of, drafts, strict=True)])
    both = list(zip(of, drafts, strict=True))
    beside("placed")
    step("submitted", [send("requester", pair, f"requisitions/{draft}/submit") for pair, draft in both])
    orders = step("approved", [send("approver", pair, f"requisitions/{draft}/approve") for pair, draft in both])
    beside("placed")
    ids = [(pair, row["items"][0]["id"]) for pair, row in zip(of, orders, strict=True)]
    opened = step("confirmed", [send("manager", pair, f"orders/{id_}/confirm") for pair, id_ in ids])
    shipped = step(
        "shipped",
        [
            send("manager", pair, f"orders/{row['id']}/shipments", {"parts": _parts(pair, row), "expected_on": day})
            for pair, row in zip(of, opened, strict=True)
        ],
    )
    accepted = step(
        "accepted",
        [
            send("receiver", pair, f"shipments/{row['id']}/acceptance", {"lines": _counts(row), "witness": "乙"})
            for pair, row in zip(of, shipped, strict=True)
        ],
    )
    transfers = step(
        "transferred",
        [
            send(
                "finance",
                pair,
                f"bills/{row['bill_id']}/transfers",
                {"fen": row["money_fen"], "paid_on": _day(0), "bank_serial": row["id"][:20]},
            )
            for pair, row in zip(of, accepted, strict=True)
        ],
    )
    beside("settled")
    step(
        "settled",
        [send("manager", pair, f"transfers/{row['id']}/confirm") for pair, row in zip(of, transfers, strict=True)],
    )
    beside("settled")
    return done


def over_five(
    database: Postgres, server: Server, pairs: list[Pair], count: int, beside: Callable[[str], object]
) -> dict[str, Outcome]:
    """Twenty lines over five suppliers each: submitted (stock held, steps frozen), approved and split into five orders."""
    done: dict[str, Outcome] = {}
    of = [pairs[n % len(pairs)] for n in range(count)]
    each = market.LINES // SUPPLIERS
    goods = [
        [offer for ahead in range(SUPPLIERS) for offer in pairs[(n + ahead) % len(pairs)].offers[:each]]
        for n in range(len(pairs))
    ]

    def step(name: str, requests: list[bytes]) -> list[Any]:
        outcome = done[name] = run_counted(database, server, iter(requests), keep=True)
        if outcome.failed or outcome.answers != len(requests):
            raise RuntimeError(f"{name}: {outcome.statuses}")
        return [json.loads(outcome.bodies[n]) for n in range(len(requests))]

    def send(who: str, pair: Pair, path: str, body: bytes = b"") -> bytes:
        return post(f"/api/v1/{path}", body, pair.headers(who) | {"Idempotency-Key": uuid4().hex})

    head = {"title": "测量", "deliver_on": _day(7), "window": "上午", "address": "测量街 1 号", "contact": "食堂"}
    drafts = [
        row["id"]
        for row in step("opened", [send("requester", pair, "requisitions", json.dumps(head).encode()) for pair in of])
    ]
    both = list(zip(of, drafts, strict=True))
    step("drafted", [_fill(pair, draft, goods[n % len(pairs)]) for n, (pair, draft) in enumerate(both)])
    beside("over_five")
    submitted, approved = STEPS_OVER_FIVE
    step(submitted, [send("requester", pair, f"requisitions/{draft}/submit") for pair, draft in both])
    step(approved, [send("approver", pair, f"requisitions/{draft}/approve") for pair, draft in both])
    beside("over_five")
    return {name: done[name] for name in STEPS_OVER_FIVE}


def _day(ahead: int) -> str:
    from marketplace.core import clock

    return (clock.today() + timedelta(days=ahead)).isoformat()


def _fill(pair: Pair, draft: str, offers: list[UUID] | None = None) -> bytes:
    lines = [{"offer_id": str(offer), "quantity": QUANTITY} for offer in offers or pair.offers]
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
    values |= {column.name: "430225103201" for column in table.columns if str(column.type).startswith("VARCHAR")}
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
    for what in TO_REACH:
        yield ["bare page beside it, per s", *(f"{row[f'{what}_bare_per_s']:,.0f}" for row in found)]
        yield [f"{what}, per s", *(f"{row[f'{what}_per_s']:.1f}" for row in found)]
        peers = ", ".join(f"{peer:g}" for peer in PEERS.get(what, ())) or "none does it"
        note = f"{what}, share (to reach {TO_REACH[what]:g}; django-oscar, Vendure: {peers})"
        yield [note, *(f"{row[f'{what}_share']:.3f}" for row in found)]
        yield [f"{what}, share by cpu", *(f"{row[f'{what}_share_by_cpu']:.3f}" for row in found)]
    yield ["settled lines, per s", *(f"{row['settled_lines_per_s']:,}" for row in found)]
    yield ["raw rows in batches, per s", *(f"{row['raw_rows_per_s']:,}" for row in found)]
    yield ["raw rows by COPY, per s", *(f"{row.get('copy_rows_per_s', 0):,}" for row in found)]
    for step in (*STEPS, *STEPS_OVER_FIVE):
        yield [
            f"  {step}: per s, p95 ms, cpu ms",
            *("{per_s:.1f}, {p95_ms:.0f}, {cpu_ms:.1f}".format(**row["steps"][step]) for row in found),
        ]
