"""The supervisor with real children: whichever way one ends, none is left."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from marketplace.cli import serve

pytestmark = pytest.mark.unit

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)",
]


def test_when_one_child_ends_the_other_is_ended_and_the_code_is_its_own():
    children = {"web": serve._start(SLEEPER), "worker": serve._start([sys.executable, "-c", "raise SystemExit(3)"])}
    assert serve.supervise(children, every=0.02) == 3
    assert all(child.poll() is not None for child in children.values())


def test_a_child_that_ends_without_an_error_is_still_a_failure_of_the_whole():
    children = {"worker": serve._start([sys.executable, "-c", ""])}
    assert serve.supervise(children, every=0.02) == 1


def test_a_child_that_will_not_end_is_killed():
    child = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout.readline() == b"ready\n"
    serve.stop([child], grace=0.2)
    assert child.returncode == -signal.SIGKILL
    child.stdout.close()


def test_a_signal_to_the_supervisor_ends_the_children_and_counts_as_success():
    before = signal.signal(signal.SIGTERM, serve._on_signal)
    children = {"web": serve._start(SLEEPER), "worker": serve._start(SLEEPER)}
    try:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        assert serve.supervise(children, every=0.02) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert all(child.returncode is not None for child in children.values())
