"""Times the search room: `python -m bench.search_engine [documents] [DATABASE_URL]`; without a URL, SQLite and Whoosh.

Prints documents indexed per second, and p50 and p95 in ms of searches with all filters' counts: cold (postings read
from the index), warm (postings known, results not), and remembered.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from marketplace.app import create_app
from marketplace.core.db import db, transaction
from marketplace.search import services
from marketplace.search.documents import Query
from marketplace.search.models import SearchCounter, SearchDocument
from marketplace.settings import from_environment
from tests.search.documents import DAY, market

TEXTS = ["黄桃", "大蒜", "炎陵", "礼盒", "山茶油", "红茶", "土鸡蛋", "peach", "ht", "合作社", "黄桃 礼盒", "冬笋 精选"]


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def figures(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=20)
    return {"p50_ms": round(statistics.median(times), 2), "p95_ms": round(cuts[18], 2)}


def measure(count: int) -> dict[str, object]:
    documents = market(count)
    with transaction():
        writing = timed(lambda: services.rebuild(documents))
    searches = services.engine()
    loading = timed(searches.refresh)
    found: dict[str, object] = {
        "documents": count,
        "indexed_per_s": round(count / writing * 1000),
        "first_read_ms": round(loading),
    }
    with transaction(write=False):
        services.search(Query(day=DAY))
        cold = [timed(lambda text=text: services.search(Query(day=DAY, text=text))) for text in TEXTS]
        found["word_cold"] = figures(cold)
        warm = [
            timed(lambda text=text, page=page: services.search(Query(day=DAY, text=text, page=page)))
            for page in range(2, 22)
            for text in TEXTS
        ]
        found["word_warm"] = figures(warm)
        empty = [timed(lambda page=page: services.search(Query(day=DAY, page=page))) for page in range(2, 42)]
        found["no_word"] = figures(empty)
        found["remembered"] = figures([timed(lambda: services.search(Query(day=DAY, text="黄桃"))) for _ in range(200)])
        found["misspelt"] = figures(
            [timed(lambda i=i: services.search(Query(day=DAY, text="皇桃", page=i))) for i in range(20)]
        )

    def change(number: int) -> None:
        with transaction():
            services.replace([documents[number]])

    found["write_one"] = figures([timed(lambda n=n: change(n)) for n in range(20)])
    after = []
    for number in range(20):
        change(number)
        with transaction(write=False):
            after.append(timed(lambda: services.search(Query(day=DAY, text="黄桃"))))
    found["word_after_a_write"] = figures(after)
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        env = {"BANGFU_DEMO": "1", "BANGFU_VAR": folder, **({"DATABASE_URL": sys.argv[2]} if len(sys.argv) > 2 else {})}
        app = create_app(from_environment({**os.environ, **env}))
        with app.app_context():
            db.metadata.create_all(db.engine, tables=[SearchDocument.__table__, SearchCounter.__table__])
            result = measure(count)
            result["engine"] = type(services.engine()).__name__
            status = Path("/proc/self/status").read_text() if Path("/proc/self/status").exists() else ""
            result["resident_mb"] = next(
                (int(line.split()[1]) // 1024 for line in status.splitlines() if "VmRSS" in line), 0
            )
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
