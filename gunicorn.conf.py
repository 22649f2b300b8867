"""How gunicorn serves: it finds this file by its name. BANGFU_WORKERS, BANGFU_BIND and BANGFU_VAR set it."""

import gc
import os
import shutil
from pathlib import Path

bind = os.environ.get("BANGFU_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("BANGFU_WORKERS", "2"))
worker_class = "sync"
preload_app = True  # the workers share what the application holds before they are forked
control_socket_disable = True  # else gunicorn opens a socket in the home folder
timeout = 60
graceful_timeout = 10
keepalive = 5
limit_request_line = 8190
limit_request_fields = 64
max_requests = 20_000
max_requests_jitter = 2_000
accesslog = None  # the application logs its requests, with their ids
loglevel = "warning"

# The workers' counters are summed through files of this folder; it must be known before the client is imported.
_metrics = Path(
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(Path(os.environ.get("BANGFU_VAR", "var")) / "metrics"))
)
shutil.rmtree(_metrics, ignore_errors=True)
_metrics.mkdir(parents=True, exist_ok=True)


def when_ready(server):
    gc.collect()
    gc.freeze()  # a collection in a worker would copy the shared pages
    gc.set_threshold(20_000, 20, 20)  # a request makes some thousands of objects and leaves none: looking less often


def post_fork(server, worker):
    """A connection that the parent opened must not be used by two processes."""
    from marketplace.core.db import db
    from wsgi import app

    with app.app_context():
        for engine in db.engines.values():
            engine.dispose(close=False)


def child_exit(server, worker):
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
