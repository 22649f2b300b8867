"""A check that takes long: it goes through its rows in batches, tells how far it is, and can go on where it stopped.

It is a check like any other (call it, get a list of what is wrong); `batches(state)` is its longer way.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any

MOST = 1000  # faults of one check; what is found beyond them is not told


@dataclass(frozen=True)
class Batch:
    """`done` of `total` steps; what was wrong in this batch; `state` is JSON from which the check goes on after it."""

    done: int
    total: int
    faults: list[str] = field(default_factory=list)
    state: Any = None


class Batched:
    """Made by decorating a generator of batches, which takes the state to go on from (None: from the start)."""

    __name__: str

    def __init__(self, work: Callable[[Any], Iterator[Batch]]) -> None:
        self.work = work
        update_wrapper(self, work)

    def __call__(self) -> list[str]:
        found: list[str] = []
        for batch in self.work(None):
            found += batch.faults
            if len(found) >= MOST:
                break
        return found

    def batches(self, state: Any = None) -> Iterator[Batch]:
        return self.work(state)
