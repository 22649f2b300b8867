"""Running the demo: once, into an empty database, from a fixed seed."""

import gc
import random
import time
from datetime import timedelta

from ...catalogue import services as catalogue
from ...core import clock, outbox
from ...core.actor import SYSTEM
from ...core.db import transaction
from ...core.errors import Conflict
from ...identity import services as identity
from ...regions import defaults
from ...search import gather
from . import after, delivery, papers, people, repeating, sourcing, statement
from .people import Progress, Size
from .year import Year

SEED = 20260818
WHOLE = Size()


def is_empty() -> bool:
    with transaction(write=False):
        return not identity.any_organisation()


def load(progress: Progress, seed: int = SEED, size: Size = WHOLE) -> float:
    """Loads the demo and returns its seconds. Raises Conflict('demo_not_empty') if there is anything already."""
    if not is_empty():
        raise Conflict("demo_not_empty")
    began = time.perf_counter()
    gc.set_threshold(100_000, 50, 50)  # a long run makes many short-lived rows; collecting seldom saves a tenth
    with transaction():
        defaults.load(SYSTEM, lambda done, total: progress("行政区划", done, total))
    rng = random.Random(seed)
    now = clock.now()
    start = (now - timedelta(days=365)).date()
    cast = people.make(rng, start, size, progress)
    Year(cast, rng, now, progress).run()
    with transaction():
        people.recent(cast)
        repeating.make(cast)
        sourcing.make(cast)
        delivery.make(cast)
        after.make(cast)
        statement.make(cast)
        papers.make(cast)
        catalogue.refresh_references()
        gather.rebuild()
    while outbox.relay({"offers_changed": lambda _events: None}):  # the index holds all of it already
        pass
    return time.perf_counter() - began
