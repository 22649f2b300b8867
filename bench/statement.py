"""A household's statement in a book of two million settled lines, and a line expanded to its five thousand households.

`python -m bench.statement [--lines N] [--postgresql]`: makes the book once under var/bench/book, rows in bulk without
the services, and prints p50 and p95. Twenty suppliers over 24 months: four share a dividend among 5,000 households,
sixteen among 200; each month four lots of a hundred slips; every line feeds its lot's pool and its supplier's roster's;
every month but the present one is cut and paid. Nothing is asserted.
"""

import argparse
import json
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

from . import machine, world
from .servers import ROLE, Postgres, postgres

BOOK = world.VAR / "book"
LINES, MONTHS, SUPPLIERS, LARGE, HOUSEHOLDS, SMALL = 2_000_000, 24, 20, 4, 5_000, 200
LOTS, SLIPS = 4, 100
ASKED = 200
SHOWN = {"p50": "p50_ms", "p95": "p95_ms", "most": "most_ms", "cpu p50": "cpu_p50_ms", "cpu p95": "cpu_p95_ms"}
AT = "2026-01-01 00:00:00.000000"
VILLAGE, COUNTY = "430225103201", "430225000000"


def id_(table: int, number: int) -> str:
    """An id as SQLite keeps it: of a table, in the order it was made."""
    return f"{table:012x}{number:020x}"


class Fill:
    """Inserts rows of some columns; what a table needs besides gets a plain value of its type."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.rows = 0

    def into(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        names = columns.split()
        held = self.connection.execute(f'PRAGMA table_xinfo("{table}")').fetchall()
        more = {
            name: "x" * 12 if "CHAR(12)" in type_ and name == "division" else AT if type_.startswith("DATETIME") else
            "2026-01-01" if type_ == "DATE" else 0 if type_ in ("BIGINT", "BOOLEAN", "INTEGER") else "0" * 32
            if type_ == "CHAR(32)" else ""
            for _, name, type_, needed, default, _, hidden in held
            if needed and default is None and not hidden and name not in names
        }  # fmt: skip
        quoted = ", ".join(f'"{name}"' for name in (*names, *more))
        rest = tuple(more.values())
        sql = f'INSERT INTO "{table}" ({quoted}) VALUES ({", ".join("?" * (len(names) + len(more)))})'
        cursor = self.connection.executemany(sql, ((*row, *rest) for row in rows))
        self.rows += cursor.rowcount


def months() -> list[int]:
    """The last 24 months, the present one last."""
    from marketplace.core import clock

    today = clock.today()
    number = today.year * 12 + today.month - 1
    return [one // 12 * 100 + one % 12 + 1 for one in range(number - MONTHS + 1, number + 1)]


def last_day(period: int) -> date:
    year, month = divmod(period, 100)
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def build(lines: int) -> float:
    """The book as an SQLite file; its seconds, 0 if it is there already."""
    stamp, wanted = BOOK / "stamp", f"{lines} {world._schema()} {months()[-1]}"
    if stamp.exists() and stamp.read_text() == wanted:
        return 0.0
    shutil.rmtree(BOOK, ignore_errors=True)
    BOOK.mkdir(parents=True)
    print(f"making a book of {lines:,} settled lines in {BOOK}, some minutes …", flush=True)
    began = time.perf_counter()
    world.command("db", "upgrade", env=world.settings(BOOK))
    connection = sqlite3.connect(BOOK / "bangfu.sqlite", isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-512000")
    connection.execute("BEGIN")
    fill = Fill(connection)
    _fixed(fill)
    members = _rosters(fill)
    for supplier in range(SUPPLIERS):
        _supplier(fill, supplier, members[supplier], lines // SUPPLIERS // MONTHS)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()
    stamp.write_text(wanted)
    print(f"{fill.rows:,} rows", flush=True)
    return time.perf_counter() - began


def _fixed(fill: Fill) -> None:
    """Places, organisations, households, agreements."""
    places = [("430000000000", "湖南省", 1, None), ("430200000000", "株洲市", 2, "430000000000")]
    places += [(COUNTY, "炎陵县", 3, "430200000000"), ("430225103000", "中村瑶族乡", 4, COUNTY)]
    places += [(VILLAGE, "道任村", 5, "430225103000")]
    fill.into("division", "code name level parent_code has_households", ((*row, 1) for row in places))
    kinds = [("supplier", "cooperative")] * SUPPLIERS + [("office", None), ("agency", None)]
    fill.into(
        "organisation",
        "id kind supplier_kind name division prefix created_at version",
        (
            (id_(1, n), kind, sort, f"{kind} {n}", COUNTY, COUNTY[:6] if kind == "office" else "", AT, 1)
            for n, (kind, sort) in enumerate(kinds)
        ),
    )
    fill.into(
        "household",
        "id code pseudonym head_name division present_division group_name size class created_at version",
        (
            (
                id_(2, n),
                f"430225-{n:06d}",
                n.to_bytes(16, "big"),
                f"张三{n}",
                VILLAGE,
                VILLAGE,
                "一组",
                4,
                "none",
                AT,
                1,
            )
            for n in range(HOUSEHOLDS)
        ),
    )
    agreement = (
        "id number supplier_id kind basis rate_basis_points weights service_order starts_on state terms created_at"
    )
    for supplier in range(SUPPLIERS):
        rows = [
            ("produce", "outright", None, "share", 10),
            ("dividend", None, 200, "equal", 20),
        ]
        fill.into(
            "agreement",
            agreement,
            (
                (
                    id_(3, supplier * 2 + n),
                    f"LJ-{supplier}-{n}",
                    id_(1, supplier),
                    *row,
                    "2024-01-01",
                    "in_force",
                    "",
                    AT,
                )
                for n, row in enumerate(rows)
            ),
        )


def _rosters(fill: Fill) -> list[list[int]]:
    """Who shares each supplier's dividend: all, or two hundred by chance."""
    chance = random.Random(7)
    members = [
        list(range(HOUSEHOLDS)) if supplier < LARGE else sorted(chance.sample(range(HOUSEHOLDS), SMALL))
        for supplier in range(SUPPLIERS)
    ]
    fill.into(
        "roster",
        "id agreement_id from_day households created_at",
        ((id_(4, n), id_(3, n * 2 + 1), "2024-01-01", len(members[n]), AT) for n in range(SUPPLIERS)),
    )
    fill.into(
        "roster_entry",
        "roster_id household_id weight",
        ((id_(4, n), id_(2, one), 1 + one % 3) for n in range(SUPPLIERS) for one in members[n]),
    )
    return members


def _supplier(fill: Fill, supplier: int, members: list[int], each: int) -> None:
    """A supplier's two years, month by month: lots with slips, lines, movements, the cut and its payouts."""
    from marketplace.attribution.rules import apportion

    chance, mine = random.Random(supplier), id_(1, supplier)
    roster = {"id": id_(5, supplier * 10_000), "total": 0, "cut": 0, "seq": 0}
    weights = [(one.to_bytes(16, "big"), 1 + one % 3) for one in members]
    shared = [0] * len(members)
    owed: dict[int, int] = {}
    received: dict[int, int] = {}
    for month, period in enumerate(months()):
        day, base = last_day(period), supplier * MONTHS + month
        lots = [_lot(fill, supplier, base * LOTS + n, day, period, chance, owed, received) for n in range(LOTS)]
        _lines(fill, supplier, base * each, each, day, period, roster, lots, chance)
        if month == MONTHS - 1:
            _pools(fill, mine, supplier, lots, cut=False)
            break
        _pools(fill, mine, supplier, lots, cut=True)
        after = apportion(roster["total"], weights, UUID(roster["id"]).bytes)
        parts = [(one, new - old) for one, new, old in zip(members, after, shared, strict=True) if new != old]
        _cut(fill, supplier, base, day, period, roster, parts, lots)
        for one, fen in parts:
            owed[one] = owed.get(one, 0) + fen
            received[one] = received.get(one, 0) + fen
        shared, roster["cut"] = after, roster["total"]
    fill.into(
        "pool",
        "id kind source_id supplier_id agreement_id mechanism makes_debt total_fen distributed_fen sold seq",
        [(roster["id"], "roster", id_(4, supplier), mine, id_(3, supplier * 2 + 1), "dividend", 1, roster["total"], roster["cut"], 0, roster["seq"])],
    )  # fmt: skip
    fill.into(
        "standing",
        "id household_id supplier_id owed_fen received_fen",
        (
            (id_(6, supplier * HOUSEHOLDS + one), id_(2, one), mine, fen, received.get(one, 0))
            for one, fen in owed.items()
        ),
    )
    fill.into(
        "figure",
        "dimension key period lines money_fen attributed_fen owed_fen",
        (("supplier", str(UUID(mine)), period, each, each * 24_000, each * 14_880, each * 480) for period in months()),
    )


def _lot(fill, supplier, number, day, period, chance, owed, received):  # type: ignore[no-untyped-def]
    """A lot of a hundred slips, paid at the gate."""
    mine, lot = id_(1, supplier), id_(7, number)
    givers = chance.sample(range(HOUSEHOLDS), SLIPS)
    rows, payments, costs = [], [], []
    for n, one in enumerate(givers):
        fen = 60_000 + 100 * chance.randrange(200)
        slip = id_(8, number * SLIPS + n)
        costs.append((one, fen))
        owed[one] = owed.get(one, 0) + fen
        received[one] = received.get(one, 0) + fen
        rows.append((slip, f"GB-{number}-{n}", mine, id_(3, supplier * 2), id_(2, one), VILLAGE, "outright", "黄桃", "", "千克",
                     101_000, 1_000, 100_000, fen // 100, 0, fen, fen, day.isoformat(), period, lot, AT))  # fmt: skip
        payments.append(
            (id_(9, number * SLIPS + n), slip, mine, id_(2, one), VILLAGE, fen, day.isoformat(), period, "cash", "收条")
        )
    fill.into(
        "slip",
        "id number supplier_id agreement_id household_id division basis item grade unit gross tare net price_fen"
        " deduction_fen payable_fen paid_fen delivered_on period lot_id recorded_at",
        rows,
    )
    fill.into(
        "farm_payment", "id slip_id supplier_id household_id division fen paid_on period method evidence", payments
    )
    cost = sum(fen for _, fen in costs)
    fill.into(
        "lot",
        "id number supplier_id product_id agreement_id basis division harvested_on size taken cost_fen households created_at",
        [(lot, f"PC-{number}", mine, "0" * 32, id_(3, supplier * 2), "outright", VILLAGE, day.isoformat(), 10**10, 0, cost, SLIPS, AT)],
    )  # fmt: skip
    return {"lot": lot, "id": id_(5, supplier * 10_000 + 1 + number), "total": 0, "seq": 0, "costs": costs}


def _lines(fill, supplier, first, each, day, period, roster, lots, chance):  # type: ignore[no-untyped-def]
    """The month's settled lines and what they moved."""
    mine, moved, agency = id_(1, supplier), [], id_(1, SUPPLIERS + 1)

    def settled() -> Iterator[tuple[Any, ...]]:
        for n in range(each):
            line, lot = id_(10, first + n), lots[n % LOTS]
            money = 20_000 + chance.randrange(8_000)
            for pool, fen in ((lot, money * 3 // 5), (roster, money // 50)):
                pool["seq"] += 1
                moved.append(
                    (pool["id"], pool["seq"], pool["total"], pool["total"] + fen, line, day.isoformat(), period)
                )
                pool["total"] += fen
            yield (line, line, "0" * 32, "0" * 32, "0" * 32, lot["lot"], mine, agency, "0" * 32, "peach", "online", VILLAGE, COUNTY,
                   1, day.isoformat(), period, 20_000, 20_000, money, money * 3 // 5 + money // 50, money // 50)  # fmt: skip

    fill.into(
        "settled_line",
        "id line_id order_id order_line_id bill_id lot_id supplier_id agency_id product_id category_code channel origin"
        " agency_division eligible day period quantity net money_fen attributed_fen owed_fen",
        settled(),
    )
    fill.into("pool_movement", "pool_id seq before_fen after_fen source_id day period", moved)


def _pools(fill, mine, supplier, lots, *, cut):  # type: ignore[no-untyped-def]
    fill.into(
        "pool",
        "id kind source_id supplier_id agreement_id mechanism makes_debt total_fen distributed_fen sold seq",
        (
            (lot["id"], "lot", lot["lot"], mine, id_(3, supplier * 2), "produce", 0, lot["total"], lot["total"] if cut else 0, 0, lot["seq"])
            for lot in lots
        ),
    )  # fmt: skip


def _cut(fill, supplier, base, day, period, roster, parts, lots):  # type: ignore[no-untyped-def]
    """The month's distribution, approved, posted and paid."""
    from marketplace.attribution.rules import apportion

    run, mine = id_(11, base), id_(1, supplier)
    fill.into(
        "distribution",
        "id number supplier_id cut_on state total_fen households prepared_at approved_at notice_days",
        [(run, f"FP-{base}", mine, day.isoformat(), "approved", sum(fen for _, fen in parts), len(parts), AT, AT, 7)],
    )
    pools = [(run, roster["id"], roster["cut"], roster["total"], AT)]
    pools += [(run, lot["id"], 0, lot["total"], AT) for lot in lots]
    fill.into("distribution_pool", "distribution_id pool_id before_fen after_fen posted_at", pools)
    shares = [(run, roster["id"], id_(2, one), fen) for one, fen in parts]
    for lot in lots:
        fen = apportion(
            lot["total"], [(one.to_bytes(16, "big"), cost) for one, cost in lot["costs"]], UUID(lot["id"]).bytes
        )
        shares += [
            (run, lot["id"], id_(2, one), part) for (one, _), part in zip(lot["costs"], fen, strict=True) if part
        ]
    fill.into("distribution_share", "distribution_id pool_id household_id fen", shares)
    fill.into(
        "payout",
        "id distribution_id supplier_id household_id part division fen state channel paid_on period method evidence",
        (
            (id_(12, base * HOUSEHOLDS + one), run, mine, id_(2, one), 0, VILLAGE, fen, "paid", "cash", day.isoformat(), period, "cash", "花名册")
            for one, fen in parts
        ),
    )  # fmt: skip


def spread(run: Callable[[Any], Any], items: Iterable[Any]) -> dict[str, float]:
    """p50, p95 and most, in ms, of one call per item; `cpu` is this process's own time, which others do not lengthen."""
    times, cpu = [], []
    for item in items:
        began, worked = time.perf_counter(), time.process_time()
        run(item)
        times.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
    wall, own = quantiles(times, n=100), quantiles(cpu, n=100)
    return {
        "p50_ms": round(wall[49], 1),
        "p95_ms": round(wall[94], 1),
        "most_ms": round(max(times), 1),
        "cpu_p50_ms": round(own[49], 1),
        "cpu_p95_ms": round(own[94], 1),
        "calls": len(times),
    }


def measure(env: dict[str, str]) -> dict[str, Any]:
    """Statements of 200 households, by the service and as the office's page; a line's households."""
    from flask import Flask

    from marketplace.attribution import services as attribution
    from marketplace.attribution import shares
    from marketplace.core.actor import SYSTEM
    from marketplace.core.db import transaction
    from marketplace.identity import services as identity
    from marketplace.identity import tokens
    from marketplace.identity.models import User

    app: Flask = world.application(env)
    chance, periods = random.Random(3), (months()[0], months()[-1])
    asked = [UUID(id_(2, one)) for one in chance.sample(range(HOUSEHOLDS), ASKED)]
    found: dict[str, Any] = {}

    def statement(household: UUID) -> None:
        with transaction(write=False):
            attribution.overview(household, periods=periods).by_month()

    def rows(household: UUID) -> None:
        with transaction(write=False):
            attribution.statement(household, periods=periods).by_month()

    def one_month(household: UUID) -> None:
        with transaction(write=False):
            shown = attribution.statement(household, periods=(months()[-2],) * 2)
            assert all(share.weights_total for share in shown.pools)

    def line(number: int) -> None:
        with transaction(write=False):
            opened = attribution.households_of_line(UUID(id_(10, number)))
            assert sum(len(shares_) for _, _, shares_ in opened) > HOUSEHOLDS

    with app.app_context():
        with transaction():
            name = f"bench{time.time_ns()}"
            user = identity.add_user(SYSTEM, UUID(id_(1, SUPPLIERS)), name, "局长", {"office_head"}, "x")
            who = identity.actor_of(_user(User, user.id))
            token = tokens.create_token(who, "bench")[1]
        first = asked[:1]
        shares._weights.forget(), shares._places.forget(), shares._shares.forget()
        found["the first statement of a worker"] = spread(statement, first * 2)
        found["statement of 24 months"] = spread(statement, asked)
        found["statement of 24 months, every row"] = spread(rows, asked)
        found["one month with its weights"] = spread(one_month, asked)
        large = chance.sample(range(LARGE * MONTHS * _lines_each()), ASKED)
        found["a line's 5,000 households"] = spread(line, large)
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}

    def page(household: UUID, query: str = "") -> None:
        answer = client.get(f"/office/households/{household}{query}", headers=headers)
        assert answer.status_code == 200, answer.text[-500:]

    page(asked[0])
    found["the office's page, 24 months"] = spread(page, asked)
    month = f"?month={months()[-2] // 100}-{months()[-2] % 100:02d}"
    found["the office's page, one month"] = spread(lambda household: page(household, month), asked)
    return found


def _user(model: Any, user_id: UUID) -> Any:
    from marketplace.core.db import db

    return db.session.get_one(model, user_id)


def _lines_each() -> int:
    """Settled lines of a supplier's month."""
    from sqlalchemy import func, select

    from marketplace.core.db import db, transaction
    from marketplace.settlement.models import Figure

    with transaction(write=False):
        return int(db.session.execute(select(func.max(Figure.lines))).scalar_one())


@contextmanager
def on_postgresql(stack: ExitStack) -> Iterator[dict[str, str]]:
    """The same rows in a PostgreSQL of its own, used by the role that owns nothing."""
    from marketplace.core.guards import application_role_sql

    server: Postgres = stack.enter_context(postgres())
    server.run("postgres", f"CREATE ROLE {ROLE} LOGIN", "CREATE DATABASE bangfu")
    world.command("db", "upgrade", env=world.settings(BOOK / "postgres", server.url("bangfu")))
    server.run("bangfu", *application_role_sql(ROLE))
    app = world.application(world.settings(BOOK))
    with app.app_context():
        world._copy_rows(server)
    server.run("bangfu", "VACUUM ANALYZE")
    yield world.settings(BOOK / "postgres", server.url("bangfu", ROLE))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.statement", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--postgresql", action="store_true", help="the same book on PostgreSQL too, some minutes more")
    chosen = parser.parse_args()
    result: dict[str, Any] = {
        "machine": machine.named(),
        "lines": chosen.lines,
        "built_s": round(build(chosen.lines), 1),
    }
    show(result, "SQLite", measure(world.settings(BOOK)))
    if chosen.postgresql:
        with ExitStack() as stack, on_postgresql(stack) as env:
            show(result, "PostgreSQL", measure(env))
    result["machine"]["after"] = machine.noise()
    out = Path(BOOK) / "statement.json"
    out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    print(f"written to {out}")


def show(result: dict[str, Any], engine: str, found: dict[str, Any]) -> None:
    result[engine] = found
    print(f"\n{engine}, {result['lines']:,} settled lines, load {machine.named()['load_average'][0]:.1f}")
    for name, figures in found.items():
        cells = "  ".join(f"{word} {figures[key]:8.1f}" for word, key in SHOWN.items())
        print(f"  {name:36} {cells} ms")


if __name__ == "__main__":
    main()
