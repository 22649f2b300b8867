"""Distributions: one pool among 5,000 households at once, and a county's month as jobs of a worker of its own.

The county: 50,000 households in 250 villages, 2,000 pools of 150 households each, all of one supplier: 300,000 shares.
`processor s` is this process's own, not PostgreSQL's or a killed worker's. Rows are made by bulk inserts; each engine has a database of its own. The worker's memory is the most it ever held; in
a second run it is killed in the midst of both jobs, and another one goes on.
"""

import gc
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from .servers import ROLE, ROOT, Postgres, postgres
from .world import VAR, application, command, settings

ONE_POOL, HOUSEHOLDS, POOLS, EACH = 5_000, 50_000, 2_000, 150
ONES = 5  # times that one pool is divided, after a warm-up: the median counts
KILL_AFTER = 4.0  # seconds


def measure(quick: bool = False) -> list[dict[str, Any]]:
    found = []
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        for engine in ("SQLite", "PostgreSQL"):
            folder = VAR / f"distribution-{engine.lower()}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            found += _on(engine, settings(folder, _url(engine, server, folder)), server, quick)
    return found


def _url(engine: str, server: Postgres, folder: Path) -> str:
    if engine == "SQLite":
        command("db", "upgrade", env=settings(folder))
        return ""
    from marketplace.core.guards import application_role_sql

    server.run("postgres", f"CREATE ROLE {ROLE} LOGIN", "CREATE DATABASE county")
    command("db", "upgrade", env=settings(folder, server.url("county")))
    server.run("county", *application_role_sql(ROLE))
    return server.url("county", ROLE)


def _on(engine: str, env: dict[str, str], server: Postgres, quick: bool) -> list[dict[str, Any]]:
    scale = 10 if quick else 1
    made = _child("fill", env, str(ONE_POOL), str(HOUSEHOLDS // scale), str(POOLS // scale), str(EACH))
    if engine == "PostgreSQL":
        server.run("county", "VACUUM ANALYZE")
    runs = [
        {"what": f"one pool among {ONE_POOL:,}", "engine": engine, **_child("one", env, made["one"])},
        {"what": f"{HOUSEHOLDS // scale:,} households, {POOLS // scale:,} pools", "engine": engine}
        | _child("month", env, made["county"]),
        {"what": "the same, worker killed in both jobs", "engine": engine} | _child("killed", env, made["killed"]),
    ]
    return runs


def _child(step: str, env: dict[str, str], *words: str) -> dict[str, Any]:
    """A step in a process of its own: what it holds at most is its own memory."""
    line = [sys.executable, "-m", "bench.distribution", step, *words]
    done = subprocess.run(line, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{step} ended with {done.returncode}: {done.stderr[-3000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def lines(found: list[dict[str, Any]]) -> Iterator[list[str]]:
    yield ["what", "engine", "prepare s", "approve s", "together s", "processor s", "shares", "payouts", "most MB"]
    for row in found:
        yield [
            row["what"],
            row["engine"],
            f"{row['prepare_s']:.2f}",
            f"{row['approve_s']:.2f}",
            f"{row['prepare_s'] + row['approve_s']:.2f}",
            f"{row['cpu_s']:.2f}",
            f"{row['shares']:,}",
            f"{row['payouts']:,}",
            f"{row['most_mb']:.0f}",
        ]


# --- the steps, each in a process of its own ---


def _step_fill(one: str, households: str, pools: str, each: str) -> dict[str, Any]:
    """Two suppliers with the county's pools and one with a single pool; the same households stand in all of them."""
    from marketplace.core.db import new_id, transaction

    villages = [f"430225{100 + place // 16:03d}{201 + place % 16:03d}" for place in range(250)]
    chooser = random.Random(20261122)
    with transaction():
        _county(villages)
        people = [new_id() for _ in range(int(households))]
        _households(people, villages)
        ones = [_supplier(f"一个共分池 {n}", people[: int(one)], 1, int(one), chooser) for n in range(ONES + 1)]
    found = {"one": ",".join(map(str, ones))}
    for name, words in (("county", "全县一月"), ("killed", "全县一月，中断")):
        with transaction():
            found[name] = str(_supplier(words, people, int(pools), int(each), chooser))
    return found


def _bulk(table: str, rows: list[dict[str, Any]]) -> None:
    from marketplace.core.db import Base, db

    for start in range(0, len(rows), 20_000):
        db.session.execute(Base.metadata.tables[table].insert(), rows[start : start + 20_000])


def _county(villages: list[str]) -> None:
    places = [("430000000000", "湖南省", 1, None), ("430200000000", "株洲市", 2, "430000000000")]
    places.append(("430225000000", "炎陵县", 3, "430200000000"))
    townships = sorted({village[:9] for village in villages})
    places += [(f"{code}000", f"第{place}乡", 4, "430225000000") for place, code in enumerate(townships)]
    places += [(code, f"第{place}村", 5, f"{code[:9]}000") for place, code in enumerate(villages)]
    _bulk(
        "division",
        [
            {"code": code, "name": name, "level": level, "parent_code": parent, "has_households": True}
            for code, name, level, parent in places
        ],
    )


def _households(people: list[UUID], villages: list[str]) -> None:
    """Each with a payee in cash, so that nobody is held; the numbers are noise, for none of them is opened."""
    from marketplace.core import clock
    from marketplace.core.db import new_id

    now, today = clock.now(), clock.today()
    user = _user("office", "县局", "430225000000")
    second = _user("office", "市局", "430200000000")
    rows, payees, members = [], [], []
    for place, id_ in enumerate(people):
        village = villages[place % len(villages)]
        common = {"id_sealed": b"x" * 40, "id_index": place.to_bytes(32, "big"), "id_last4": "0000", "created_at": now}
        member = new_id()
        rows.append(
            {
                "id": id_, "code": f"430225-{place:06d}", "pseudonym": place.to_bytes(16, "big"), "head_name": "张三丰",
                "division": village, "present_division": village, "group_name": f"{place % 12 + 1}组", "size": 4,
                "class": "none", "created_at": now, "version": 1,
            }
        )  # fmt: skip
        members.append(
            {"id": member, "household_id": id_, "name": "张三丰", "relation": "head", "joined_on": today} | common
        )
        payees.append(
            {
                "id": new_id(), "household_id": id_, "member_id": member, "name": "张三丰", "relation": "head",
                "from_day": today, "kind": "cash", "bank": "", "account_last4": "", "odd_account": False,
                "state": "approved", "proposed_by": user, "proposed_side": "office", "proposed_at": now,
                "approved_by": second, "approved_side": "office", "approved_at": now, "in_force_from": today,
            }
            | {name: value for name, value in common.items() if name != "created_at"}
        )  # fmt: skip
    _bulk("household", rows)
    _bulk("member", members)
    _bulk("payee", payees)


def _user(kind: str, name: str, division: str) -> UUID:
    from marketplace.core.actor import SYSTEM
    from marketplace.identity import services as identity

    level = {"office": {"level": 3}}.get(kind, {})
    facts: dict[str, Any] = {"supplier": {"supplier_kind": "cooperative"}}.get(kind, {})
    held = identity.add_organisation(SYSTEM, kind, name, division, **level, **facts)
    roles = {"office_head"} if kind == "office" else {"supplier_manager"}
    return UUID(str(identity.add_user(SYSTEM, held.id, f"u-{held.id.hex[-12:]}", name, roles, "x").id))


def _supplier(name: str, people: list[UUID], pools: int, each: int, chooser: random.Random) -> UUID:
    """A supplier with pools of a roster each, into which one sale flowed; returns its organisation."""
    from marketplace.core import clock
    from marketplace.core.actor import SYSTEM
    from marketplace.core.db import db, new_id
    from marketplace.identity import services as identity
    from marketplace.identity.models import User

    user = _user("supplier", name, "430225000000")
    supplier = db.session.get_one(User, user).organisation_id
    identity.add_user(SYSTEM, supplier, f"v-{supplier.hex[-12:]}", f"{name}二", {"supplier_manager"}, "x")
    now, today = clock.now(), clock.today()
    agreements, rosters, entries, rows, movements = [], [], [], [], []
    for place in range(pools):
        agreement, roster, pool = new_id(), new_id(), new_id()
        agreements.append(
            {
                "id": agreement, "number": f"XY-{supplier.hex[-6:]}-{place:05d}", "supplier_id": supplier,
                "kind": "dividend", "rate_basis_points": 200, "weights": "equal", "service_order": 10,
                "starts_on": today, "state": "in_force", "terms": "", "created_at": now, "sale_tied": False,
            }
        )  # fmt: skip
        rosters.append(
            {"id": roster, "agreement_id": agreement, "from_day": today, "households": each, "created_at": now}
        )
        chosen = people if each >= len(people) else chooser.sample(people, each)
        entries += [
            {"roster_id": roster, "household_id": household, "weight": 1 + number % 7}
            for number, household in enumerate(chosen)
        ]
        total = each * chooser.randint(500, 9_000)
        rows.append(
            {
                "id": pool, "kind": "roster", "source_id": roster, "supplier_id": supplier, "agreement_id": agreement,
                "mechanism": "dividend", "makes_debt": True, "total_fen": total, "distributed_fen": 0, "sold": 0,
                "seq": 1,
            }
        )  # fmt: skip
        movements.append(
            {
                "pool_id": pool, "seq": 1, "before_fen": 0, "after_fen": total, "source_id": new_id(), "day": today,
                "period": clock.period(today),
            }
        )  # fmt: skip
    for table, filled in (
        ("agreement", agreements),
        ("roster", rosters),
        ("roster_entry", entries),
        ("pool", rows),
        ("pool_movement", movements),
    ):
        _bulk(table, filled)
    return supplier


def _actors(supplier: UUID) -> list[Any]:
    from sqlalchemy import select

    from marketplace.core.db import db
    from marketplace.identity import services as identity
    from marketplace.identity.models import User

    users = db.session.scalars(select(User).where(User.organisation_id == supplier).order_by(User.sign_in_name))
    return [identity.actor_of(user) for user in users]


def _counted(supplier: UUID) -> dict[str, Any]:
    from sqlalchemy import func, select

    from marketplace.attribution.models import Distribution, DistributionShare, Payout
    from marketplace.core.db import db

    row = db.session.scalars(select(Distribution).where(Distribution.supplier_id == supplier)).one()
    shares = select(func.count()).where(DistributionShare.distribution_id == row.id)
    payouts = select(func.count(), func.sum(Payout.fen)).where(Payout.distribution_id == row.id)
    count, fen = db.session.execute(payouts).one()
    if row.state != "approved" or fen != row.total_fen:
        raise RuntimeError(f"{row.number}: {row.state}, {fen} of {row.total_fen} fen in payouts")
    return {"shares": db.session.scalar(shares), "payouts": int(count), "most_mb": _most_mb()}


def _most_mb() -> float:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def _step_one(suppliers: str) -> dict[str, Any]:
    runs = [_one(UUID(supplier)) for supplier in suppliers.split(",")][1:]
    runs.sort(key=lambda run: run["prepare_s"] + run["approve_s"])
    return runs[len(runs) // 2]


def _one(supplier: UUID) -> dict[str, Any]:
    from marketplace.attribution import services as attribution
    from marketplace.core import clock
    from marketplace.core.db import transaction

    with transaction(write=False):
        first, second = _actors(supplier)
    began, cpu = time.perf_counter(), time.process_time()
    with transaction():
        row = attribution.prepare(first, clock.today(), at_once=True)
    prepared = time.perf_counter()
    with transaction():
        attribution.approve(second, row.id, at_once=True)
    done, cpu = time.perf_counter(), time.process_time() - cpu
    with transaction(write=False):
        return {"prepare_s": prepared - began, "approve_s": done - prepared, "cpu_s": cpu} | _counted(supplier)


def _step_month(supplier: str, work: Any = None) -> dict[str, Any]:
    from marketplace.attribution import services as attribution
    from marketplace.core import clock
    from marketplace.core.db import transaction

    work = work or _work
    with transaction(write=False):
        first, second = _actors(UUID(supplier))
    began, cpu = time.perf_counter(), time.process_time()
    with transaction():
        row = attribution.prepare(first, clock.today(), at_once=False)
    work()
    prepared = time.perf_counter()
    with transaction():
        attribution.approve(second, row.id, at_once=False)
    work()
    done, cpu = time.perf_counter(), time.process_time() - cpu
    with transaction(write=False):
        return {"prepare_s": prepared - began, "approve_s": done - prepared, "cpu_s": cpu} | _counted(UUID(supplier))


def _work() -> None:
    from marketplace.core import jobs
    from marketplace.worker import JOBS

    while jobs.work(JOBS):
        pass


def _step_killed(supplier: str) -> dict[str, Any]:
    return _step_month(supplier, _work_killed)


def _work_killed() -> None:
    """A worker process is killed with SIGKILL in the midst; once it is taken for dead another one ends the job."""
    from sqlalchemy import update

    from marketplace.core import clock, jobs
    from marketplace.core.db import db, transaction

    worker = subprocess.Popen([sys.executable, "-m", "bench.distribution", "work"], cwd=ROOT)
    try:
        worker.wait(timeout=KILL_AFTER)
    except subprocess.TimeoutExpired:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    with transaction():  # the wait for its heartbeat to grow stale is not measured
        db.session.execute(
            update(jobs.Job).where(jobs.Job.state == "running").values(beat_at=clock.now() - 2 * jobs.STALE)
        )
    _work()


def _step_work() -> dict[str, Any]:
    _work()
    return {}


STEPS = {
    "fill": _step_fill,
    "one": _step_one,
    "month": _step_month,
    "killed": _step_killed,
    "work": _step_work,
}


def _main() -> None:
    names = ("BANGFU_DEMO", "BANGFU_VAR", "DATABASE_URL")
    app = application({name: os.environ.get(name, "") for name in names})
    gc.freeze()  # as the servers do: what was loaded is not looked through again
    with app.app_context():
        print(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])))  # type: ignore[operator]


if __name__ == "__main__":
    _main()
