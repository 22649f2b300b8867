"""Resident memory of each web worker with the demo, after requests over all faces, and the start-up time.

`resident` counts every page that the worker touches, shared ones too; `own` is what nobody shares: the workers are
forked from one loaded process. The bound is 200 MB resident.
"""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import world
from .load import get, run
from .pages import PAGES, PEOPLE, Rows, signed_in, urls_of
from .servers import gunicorn

BOUND_MB = 200
REQUESTS = 800


def measure() -> list[dict[str, Any]]:
    with world.copied() as var:
        world.command("search", "rebuild", env=world.settings(var))
        requests = _requests(var)
        with gunicorn("wsgi:app", {"DATABASE_URL": ""}, var) as server:
            idle = [_of(pid) for pid in server.workers()]
            outcome = run(server.port, itertools.islice(itertools.cycle(requests), REQUESTS))
            rows = [{"when": "started", "start_ms": round(server.start_ms), "workers": idle}]
            rows.append(
                {"when": f"after {outcome.answers} requests", "workers": [_of(pid) for pid in server.workers()]}
            )
            rows[1]["statuses"] = outcome.statuses
            return [*rows, {"when": "the master", "workers": [_of(server.pid)]}]


def _requests(var: Path) -> list[bytes]:
    """Every kind of page by who opens it, in a mixed order; the cookies are a signed-in person's."""
    app = world.application(world.settings(var))
    with app.app_context():
        rows = Rows()
    cookies = {who: _cookie(signed_in(app, name)) for who, name in PEOPLE.items()} | {"public": {}}
    asked = [
        get(url, cookies[page.who])
        for page in PAGES
        if page.endpoint in app.view_functions
        for url in urls_of(app, page, rows)[:30]
    ]
    random.Random(1).shuffle(asked)
    return asked


def _cookie(client: Any) -> dict[str, str]:
    cookie = client.get_cookie("bangfu")
    return {"Cookie": f"bangfu={cookie.value}"} if cookie else {}


def _of(pid: int) -> dict[str, float]:
    """MB of a process: resident, and its own."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes: dict[str, int] = {}
    for line in text.splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0])
    return {
        "resident_mb": round(sizes["Rss"] / 1024, 1),
        "own_mb": round((sizes["Private_Clean"] + sizes["Private_Dirty"]) / 1024, 1),
    }


def lines(found: list[dict[str, Any]]) -> Iterator[list[str]]:
    yield ["when", "resident MB per worker", "own MB", "start ms", ""]
    for row in found:
        resident = [one["resident_mb"] for one in row["workers"]]
        over = "over the bound" if max(resident) >= BOUND_MB else ""
        failed = sum(count for status, count in row.get("statuses", {}).items() if status >= 400)
        yield [
            row["when"],
            ", ".join(f"{one:.0f}" for one in resident),
            ", ".join(f"{one['own_mb']:.0f}" for one in row["workers"]),
            str(row.get("start_ms", "")),
            over or (f"{failed} not answered well" if failed else ""),
        ]
