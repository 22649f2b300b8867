"""`make run`: readies the database, then runs gunicorn and the worker as one; when either ends, both do.

The readying is a process of its own, so that this one, which only watches, stays small.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent.parent
GRACE = 12.0  # seconds that a child has to end by itself
START = 60.0  # seconds that the first answer may take


class Stopped(Exception):
    """Somebody asked us to end: Ctrl-C, or a service manager's SIGTERM."""


def _commands() -> dict[str, list[str]]:
    web = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]
    return {"gunicorn": web, "worker": [sys.executable, "-m", "marketplace.worker"]}


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """A child in a session of its own: Ctrl-C reaches us alone, and we end it with all that it started."""
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True)


def _signal(child: subprocess.Popen[bytes], number: int, *, group: bool = False) -> None:
    with suppress(ProcessLookupError):  # it has ended meanwhile, which is what was wanted
        (os.killpg if group else os.kill)(child.pid, number)


def stop(children: Sequence[subprocess.Popen[bytes]], grace: float = GRACE) -> None:
    """Asks every child to end, and after `grace` seconds ends what is left of it and its own children."""
    for child in children:
        if child.poll() is None:
            _signal(child, signal.SIGTERM)
    until = time.monotonic() + grace
    for child in children:
        with suppress(subprocess.TimeoutExpired):  # the next line does not ask any more
            child.wait(max(0.0, until - time.monotonic()))
        _signal(child, signal.SIGKILL, group=True)
        child.wait()


def supervise(children: dict[str, subprocess.Popen[bytes]], *, every: float = 0.3) -> int:
    """Watches until one child ends, ends the others, and returns its code: a child that ends by itself is a failure."""
    try:
        while True:
            for name, child in children.items():
                code = child.poll()
                if code is not None:
                    print(f"{name} ended with code {code}; stopping the rest.", file=sys.stderr, flush=True)
                    return code if code > 0 else 1
            time.sleep(every)
    except (Stopped, KeyboardInterrupt):
        print("\nStopping …", flush=True)
        return 0
    finally:
        stop(list(children.values()))


def _address() -> tuple[str, int]:
    host, _, port = os.environ.get("BANGFU_BIND", "127.0.0.1:8000").rpartition(":")
    return host.strip("[]"), int(port)


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _answers(url: str, children: dict[str, subprocess.Popen[bytes]]) -> bool:
    """Waits for the first answer of any status, as long as both children live."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + START
    while time.monotonic() < until and all(child.poll() is None for child in children.values()):
        try:
            opener.open(url + "/healthz", timeout=5).close()
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.2)
    return False


def prepare() -> None:
    """Migrates the database and loads the demo if it is empty; prints one sign-in per role. Runs in its own process."""
    from click import Command, Group
    from flask.cli import ScriptInfo

    from wsgi import app

    info = ScriptInfo(create_app=lambda: app)

    def run(*words: str) -> None:
        app.cli.main(args=list(words), prog_name="flask", obj=info, standalone_mode=False)

    def has(group: str, name: str) -> bool:
        found: Command | None = app.cli.commands.get(group)
        return isinstance(found, Group) and name in found.commands

    if "migrate" in app.extensions:
        from flask_migrate import upgrade

        with app.app_context():
            upgrade()
    if has("demo", "load"):
        run("demo", "load", "--if-empty")
    if has("demo", "sign-ins"):
        run("demo", "sign-ins")


def _on_signal(number: int, frame: FrameType | None) -> None:
    raise Stopped


def main() -> int:
    host, port = _address()
    if not _free(host, port):
        print(f"{host}:{port} is in use; set BANGFU_BIND to another address.", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _on_signal)
    signal.signal(signal.SIGINT, _on_signal)
    readying = _start([sys.executable, "-m", "marketplace.cli.serve", "prepare"])
    try:
        code = readying.wait()
    except Stopped:
        stop([readying])
        return 130
    if code:
        print(f"The database could not be made ready (code {code}).", file=sys.stderr)
        return code if code > 0 else 1
    children = {name: _start(command) for name, command in _commands().items()}
    url = f"http://{host}:{port}"
    try:
        if _answers(url, children):
            print(f"\n  帮扶  {url}\n  Ctrl-C stops it.\n", flush=True)
    except Stopped:
        stop(list(children.values()))
        return 0
    return supervise(children)


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        prepare()
    else:
        sys.exit(main())
