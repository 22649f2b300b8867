"""Requests per second of the hot pages as shares of the bare page, in one run on one machine.

Bare page, bare hello and our pages are served by gunicorn with two sync workers and asked over 16 connections by the
same generator. Each is measured several times in turn, and the medians are compared: a slow minute hits all of them.
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
from .load import get, run
from .pages import ENGLISH, WORDS
from .servers import Postgres, Server, gunicorn

SECONDS = 4.0
TURNS = 3


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
    "catalogue": Target("catalogue of 24 with counts, PostgreSQL", 0.25, 0.0016, 0.032),
    "search": Target("search, one word with counts, PostgreSQL", 0.20, 0.0037, 0.0019),
    "product_embedded": Target("product page, embedded"),
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
        "catalogue": [get(f"/catalogue?page={n}") for n in range(1, pages + 1)],
        "search": [get(f"/catalogue?q={quote(word)}") for word in (*WORDS, *ENGLISH)],
    }


def measure(server: Postgres, url: str, seconds: float = SECONDS, turns: int = TURNS) -> list[dict[str, Any]]:
    """One row per target: requests per second (median of the turns, and all), share of the bare page, p95 in ms."""
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
        for at, wanted in plan.values():
            _warm(at, wanted)
        rates: dict[str, list[float]] = {name: [] for name in plan}
        late: dict[str, list[float]] = {name: [] for name in plan}
        for _turn in range(turns):
            for name, (at, wanted) in plan.items():
                outcome = run(at.port, itertools.cycle(wanted), seconds)
                if outcome.failed:
                    raise RuntimeError(f"{name}: {outcome.statuses}")
                rates[name].append(outcome.per_second)
                late[name].append(outcome.percentile(95))
    return _rows(rates, late)


def _warm(server: Server, wanted: list[bytes]) -> None:
    """Every request twice, so that each worker has met most of them."""
    run(server.port, iter(wanted * 2 if len(wanted) > 20 else wanted * 20))


def _rows(rates: dict[str, list[float]], late: dict[str, list[float]]) -> list[dict[str, Any]]:
    yardstick = statistics.median(rates["bare"])
    return [
        {
            "what": target.name,
            "per_s": round(statistics.median(rates[name]), 1),
            "runs": [round(rate) for rate in rates[name]],
            "p95_ms": round(statistics.median(late[name]), 1),
            "share": round(statistics.median(rates[name]) / yardstick, 4),
            "to_reach": target.share,
            "oscar": target.oscar,
            "vendure": target.vendure,
        }
        for name, target in TARGETS.items()
        if rates.get(name)
    ]


def lines(found: list[dict[str, Any]]) -> Iterator[list[str]]:
    yield ["what", "per s", "runs", "p95 ms", "share", "to reach", "django-oscar", "Vendure", ""]
    for row in found:
        short = row["to_reach"] is not None and row["share"] < row["to_reach"]
        yield [
            row["what"],
            f"{row['per_s']:,.0f}",
            " ".join(map(str, row["runs"])),
            f"{row['p95_ms']:.0f}",
            f"{row['share']:.3f}",
            *(("" if row[name] is None else f"{row[name]:g}") for name in ("to_reach", "oscar", "vendure")),
            "short of it" if short else "",
        ]
