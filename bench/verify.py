"""`flask verify` over a book of two million settled lines: seconds of each check, and the most memory.

`python -m bench.verify [LINES]` makes the book under var/bench (`bench/book.py`) if it is not there, on SQLite and on a
PostgreSQL of its own, and runs the verifier in a process of its own. Nothing is asserted.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from . import machine
from .servers import ROOT, postgres
from .world import VAR, application, command, settings

LINES = 2_000_000


def measure(lines: int = LINES, engines: tuple[str, ...] = ("SQLite", "PostgreSQL")) -> list[dict[str, Any]]:
    found = []
    with ExitStack() as stack:
        for engine in engines:
            folder = VAR / f"book-{engine.lower()}-{lines}"
            url = ""
            if engine == "PostgreSQL":
                server = stack.enter_context(postgres())
                server.run("postgres", "CREATE DATABASE book")
                url = server.url("book")
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
            env = settings(folder, url)
            if url or not (folder / "built").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                command("db", "upgrade", env=env)
                _child("build", env, str(lines))
                (folder / "built").touch()
            if url:
                server.run("book", "VACUUM ANALYZE")
            found.append({"engine": engine, "lines": lines, **_child("verify", env)})
    return found


def _child(step: str, env: dict[str, str], *words: str) -> dict[str, Any]:
    line = [sys.executable, "-m", "bench.verify", f"--{step}", *words]
    done = subprocess.run(line, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{step}: {done.stderr[-3000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def lines(found: list[dict[str, Any]]) -> Iterator[list[str]]:
    """One row per check, the engines beside each other; the sum, faults and memory below."""
    yield ["check", *(f"{run['engine']} ms" for run in found)]
    for name in found[0]["checks"]:
        yield [name, *(f"{run['checks'].get(name, 0):,}" for run in found)]
    yield ["together, s", *(f"{run['seconds']:,.1f}" for run in found)]
    yield ["of the processor (client), s", *(f"{run['cpu_s']:,.1f}" for run in found)]
    yield ["faults", *(f"{run['faults']:,}" for run in found)]
    yield ["most memory, MB", *(f"{run['most_mb']:,}" for run in found)]


def _build(count: int) -> dict[str, Any]:
    from . import book

    with application(dict(os.environ)).app_context():
        return book.build(count, lambda words: print(words, file=sys.stderr, flush=True))


def _verify() -> dict[str, Any]:
    from marketplace.cli.verify import NEED_A_WORKER
    from marketplace.core.actor import SYSTEM
    from marketplace.core.db import transaction
    from marketplace.reporting import verification

    with application(dict(os.environ)).app_context():
        unfit = {check.__name__ for check in NEED_A_WORKER}
        checks = [check for check in verification.checks() if check.__name__ not in unfit]
        started = time.perf_counter()
        with transaction():
            run_id = verification.start(SYSTEM, len(checks)).id
        done = list(verification.work(run_id, None, checks))
        seconds = time.perf_counter() - started
    return {
        "checks": {one.name: one.ms for one in done},
        "wrong": {one.name: one.shown[:3] for one in done if one.faults},
        "faults": sum(one.faults for one in done),
        "seconds": seconds,
        "cpu_s": sum(resource.getrusage(resource.RUSAGE_SELF)[:2]),
        "most_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    from .__main__ import show, show_machine

    parser = argparse.ArgumentParser(prog="python -m bench.verify")
    parser.add_argument("count", nargs="?", type=int, default=LINES, metavar="LINES")
    parser.add_argument("--engine", choices=("SQLite", "PostgreSQL"))
    parser.add_argument("--build", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--verify", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.build:
        print(json.dumps(_build(chosen.build)))
    elif chosen.verify:
        print(json.dumps(_verify()))
    else:
        show_machine(machine.named())
        show("verify", lines(measure(chosen.count, (chosen.engine,) if chosen.engine else ("SQLite", "PostgreSQL"))))


if __name__ == "__main__":
    main()
