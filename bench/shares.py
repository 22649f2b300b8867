"""Requests per second of the hot pages as shares of the bare page, in one run on one machine.

Bare page, bare hello and our pages are served by gunicorn with two sync workers and asked over 16 connections by the
same generator. A target takes turns with the bare page, second by second, and its share is the median of the turns'
shares: what else the machine does hits both. `cpu ms` is the processor's time that workers and database spend on an
answer, and `share by cpu` the bare page's beside it: they move less where the machine is shared. Public pages are remembered for a minute (price, stock and state are asked
anew each time), so each is asked for before its turns: the steady state of a busy site. `made anew` is the product page
that no worker remembers: each request asks for another quantity.
"""

import itertools
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import bare, world
from .load import Outcome, get, run
from .pages import ENGLISH, WORDS
from .servers import Postgres, Server, gunicorn, run_counted

SECONDS = 1.0
TURNS = 15


@dataclass(frozen=True)
class Target:
    name: str
    share: float | None = None  # to reach; QUALITY.md, Speed
    oscar: float | None = None
    vendure: float | None = None


TARGETS = {
    "bare": Target("bare page, PostgreSQL"),
    "hello": Target("bare hello"),
    "product": Target("product page, PostgreSQL", 0.40, 0.052, 0.092),
    "product_anew": Target("product page made anew, PostgreSQL"),
    "catalogue": Target("catalogue of 24 with counts, PostgreSQL", 0.25, 0.0016, 0.032),
    "search": Target("search, one word with counts, PostgreSQL", 0.20, 0.0037, 0.0019),
    "product_embedded": Target("product page, embedded"),
    "product_anew_embedded": Target("product page made anew, embedded"),
    "catalogue_embedded": Target("catalogue of 24 with counts, embedded"),
    "search_embedded": Target("search, one word with counts, embedded", 0.08, 0.0037, 0.0019),
}


def requests(var: Path) -> dict[str, list[bytes]]:
    """What is asked: every product on sale, the catalogue's pages, words."""
    from sqlalchemy import select

    from marketplace.catalogue.models import Offer
    from marketplace.core.db import db

    with world.application(world.settings(var)).app_context():
        codes = list(db.session.scalars(select(Offer.code).where(Offer.state == "on_sale")))
    pages = max(1, len(codes) // 24)
    return {
        "product": [get(f"/products/{code}") for code in codes],
        "product_anew": [get(f"/products/{code}?quantity={n}") for n in range(1, 60) for code in codes],
        "catalogue": [get(f"/catalogue?page={n}") for n in range(1, pages + 1)],
        "search": [get(f"/catalogue?q={quote(word)}") for word in (*WORDS, *ENGLISH)],
    }


def measure(server: Postgres, url: str, seconds: float = SECONDS, turns: int = TURNS) -> list[dict[str, Any]]:
    """One row per target: requests per second and shares of the bare page (medians, and each turn's), p95 in ms."""
    asked = requests(world.VAR)
    bare.fill(server.url("postgres"))
    with ExitStack() as stack:
        scratch = world.VAR / "served"
        plain = stack.enter_context(
            gunicorn("bench.bare:app", {"BARE_URL": server.url("postgres")}, scratch / "bare", probe="/hello")
        )
        large = stack.enter_context(gunicorn("wsgi:app", {"DATABASE_URL": url}, scratch / "postgres"))
        embedded = stack.enter_context(gunicorn("wsgi:app", {"DATABASE_URL": ""}, world.VAR))
        plan: dict[str, tuple[Server, list[bytes]]] = {"bare": (plain, [get("/")]), "hello": (plain, [get("/hello")])}
        for name, wanted in asked.items():
            plan[name] = (large, wanted)
            plan[f"{name}_embedded"] = (embedded, wanted)
        return [_taken(TARGETS[name], server, plain, *found, seconds, turns) for name, found in plan.items()]


def _slice(database: Postgres, at: Server, asked: Iterator[bytes], seconds: float, what: str) -> Outcome:
    outcome = run_counted(database, at, asked, seconds)
    if outcome.failed:
        raise RuntimeError(f"{what}: {outcome.statuses}")
    return outcome


def _taken(
    target: Target, database: Postgres, plain: Server, at: Server, wanted: list[bytes], seconds: float, turns: int
) -> dict[str, Any]:
    _warm(at, wanted[:500])
    asked = itertools.cycle(wanted[::-1])  # what was asked before the turns comes last, where there is more
    pairs = []
    for _turn in range(turns):
        bare_one = _slice(database, plain, itertools.repeat(get("/")), seconds / 2, "the bare page")
        pairs.append((bare_one, _slice(database, at, asked, seconds, target.name)))
    shares = [ours.per_second / bare_one.per_second for bare_one, ours in pairs]
    cpu = statistics.median(ours.cpu_ms for _, ours in pairs)
    return {
        "what": target.name,
        "per_s": round(statistics.median(ours.per_second for _, ours in pairs), 1),
        "runs": [round(ours.per_second) for _, ours in pairs],
        "bare_runs": [round(bare_one.per_second) for bare_one, _ in pairs],
        "p95_ms": round(statistics.median(ours.percentile(95) for _, ours in pairs), 1),
        "share": round(statistics.median(shares), 4),
        "shares": [round(share, 3) for share in shares],
        "cpu_ms": round(cpu, 2),
        "share_by_cpu": round(statistics.median(bare_one.cpu_ms for bare_one, _ in pairs) / cpu, 4),
        "to_reach": target.share,
        "oscar": target.oscar,
        "vendure": target.vendure,
    }


def _warm(server: Server, wanted: list[bytes]) -> None:
    """Every request six times or more, so that each worker has met nearly all of them."""
    run(server.port, iter(wanted * 6 if len(wanted) > 20 else wanted * 10))


def lines(found: list[dict[str, Any]]) -> Iterator[list[str]]:
    yield [
        "what",
        "per s",
        "p95 ms",
        "share",
        "least–most",
        "cpu ms",
        "share by cpu",
        "to reach",
        "django-oscar",
        "Vendure",
        "",
    ]
    for row in found:
        short = row["to_reach"] is not None and row["share"] < row["to_reach"]
        yield [
            row["what"],
            f"{row['per_s']:,.0f}",
            f"{row['p95_ms']:.0f}",
            f"{row['share']:.3f}",
            f"{min(row['shares']):.2f}–{max(row['shares']):.2f}",
            f"{row['cpu_ms']:.2f}",
            f"{row['share_by_cpu']:.2f}",
            *(("" if row[name] is None else f"{row[name]:g}") for name in ("to_reach", "oscar", "vendure")),
            "short of it" if short else "",
        ]
