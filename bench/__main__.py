"""`python -m bench [part …]`: measures and prints tables, with JSON beside them in var/bench.json.

Parts: pages, shares, orders, memory, sums, verifier, distribution. Without any, all of them. Every part runs in this process or in
servers that it starts; nothing is asserted. The first run loads the demo into var/bench.
"""

import argparse
import json
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from . import distribution, machine, memory, orders, pages, shares, sums, verifier, world
from .servers import Postgres, postgres

OUT = world.ROOT / "var" / "bench.json"
PARTS = ("pages", "shares", "orders", "memory", "sums", "verifier", "distribution")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures, and prints what it measured.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all of them without any")
    parser.add_argument("--quick", action="store_true", help="shorter runs: a look, no figures to keep")
    chosen = parser.parse_args()
    if wrong := set(chosen.parts) - set(PARTS):
        parser.error(f"unknown part: {', '.join(sorted(wrong))}")
    parts = chosen.parts or PARTS
    result: dict[str, Any] = {"machine": machine.named(), "quick": chosen.quick}
    show_machine(result["machine"])
    result["demo"] = world.demo()
    with ExitStack() as stack:
        server, url = _large(stack, parts, result)
        runs: dict[str, tuple[Callable[[], Any], Callable[[Any], Iterable[list[str]]]]] = {
            "pages": (lambda: pages.measure(15 if chosen.quick else pages.ROUNDS), pages.lines),
            "shares": (lambda: shares.measure(_needed(server), url, *((1.5, 1) if chosen.quick else ())), shares.lines),
            "orders": (
                lambda: orders.measure(_needed(server), url, 24 if chosen.quick else orders.ORDERS),
                orders.lines,
            ),
            "memory": (memory.measure, memory.lines),
            "sums": (lambda: sums.measure(result["demo"]), sums.lines),
            "verifier": (lambda: verifier.measure(300_000 if chosen.quick else verifier.ENTRIES), verifier.lines),
            "distribution": (lambda: distribution.measure(chosen.quick), distribution.lines),
        }
        for part in PARTS:
            if part in parts:
                result[part] = runs[part][0]()
                show(part, runs[part][1](result[part]))
    result["machine"]["after"] = machine.noise()
    OUT.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    print(f"\nwritten to {OUT.relative_to(world.ROOT)}")


def _large(stack: ExitStack, parts: Iterable[str], result: dict[str, Any]) -> tuple[Postgres | None, str]:
    """The PostgreSQL of the parts that need one, filled with the demo's rows."""
    if not {"shares", "orders"} & set(parts):
        return None, ""
    server = stack.enter_context(postgres())
    url, seconds = world.timed(lambda: world.on_postgres(server, world.VAR / "postgres"))
    result["demo"]["copied_to_postgresql_s"] = round(seconds, 1)
    return server, url


def _needed(server: Postgres | None) -> Postgres:
    assert server is not None
    return server


def show_machine(found: dict[str, Any]) -> None:
    print(f"{found['cpu']}, {found['cores']} cores, {found['memory_mb']:,} MB; Python {found['python']}, {found['at']}")
    load = ", ".join(f"{one:.2f}" for one in found["load_average"])
    print(
        f"load average {load}; fixed work {found['fixed_work_ms']} ms, slowest ×{found['fixed_work_slowest_over_fastest']}"
    )


def show(part: str, rows: Iterable[list[str]]) -> None:
    """A table in fixed columns; Chinese characters count twice."""
    table = list(rows)
    widths = [max(_wide(row[place]) for row in table) for place in range(len(table[0]))]
    print(f"\n{part}")
    for row in table:
        cells = (
            " " * (width - _wide(cell)) + cell if place else cell + " " * (width - _wide(cell))
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  " + "  ".join(cells).rstrip(), flush=True)


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


if __name__ == "__main__":
    main()
