"""Apportionment of a pool, and what the demo's load took if this run loaded it."""

import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

WEIGHTS = 5000
TOTALS = (1_000, 123_456_789, 10**13)
TURNS = 9


def measure(demo: dict[str, float]) -> list[dict[str, Any]]:
    from marketplace.attribution.rules import apportion

    random_ = random.Random(5)
    weights = [(number.to_bytes(16), random_.randint(1, 2_000_000)) for number in range(WEIGHTS)]
    found = []
    for total in TOTALS:
        times = []
        for _ in range(TURNS):
            began = time.perf_counter()
            shares = apportion(total, weights, b"pool")
            times.append((time.perf_counter() - began) * 1000)
        assert sum(shares) == total
        found.append(
            {
                "what": f"apportion {total:,} fen among {WEIGHTS:,}",
                "value": round(statistics.median(times), 1),
                "unit": "ms",
            }
        )
    return found + [{"what": name, "value": value, "unit": "s"} for name, value in demo.items()]


def lines(found: list[dict[str, Any]]) -> Iterator[list[str]]:
    yield ["what", "median", ""]
    for row in found:
        yield [row["what"], f"{row['value']:,}", row["unit"]]
