"""Names the machine and how quiet it is: a figure without them says little."""

import os
import platform
import sqlite3
import subprocess
import time
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any


def named() -> dict[str, Any]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _read("/proc/cpuinfo").splitlines()
            if line.lower().startswith(("model name", "hardware"))
        ),
        platform.processor() or platform.machine(),
    )
    memory = next(
        (int(line.split()[1]) // 1024 for line in _read("/proc/meminfo").splitlines() if "MemTotal" in line), 0
    )
    return {
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_mb": memory,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in ("flask", "sqlalchemy", "gunicorn", "psycopg")},
        "load_average": os.getloadavg(),
        "commit": _commit(),
        **noise(),
    }


def noise() -> dict[str, float]:
    """A fixed piece of work, eleven times: its fastest run, and how much longer the slowest took."""
    times = []
    for _ in range(11):
        began = time.perf_counter()
        sum(n * n for n in range(300_000))
        times.append((time.perf_counter() - began) * 1000)
    return {"fixed_work_ms": round(min(times), 1), "fixed_work_slowest_over_fastest": round(max(times) / min(times), 2)}


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return found.stdout.strip()
