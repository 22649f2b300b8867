"""Where the journal stands, as a page and a probe show it: chains, the unsealed window, checkpoints, keys, guards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_

from ..core import guards
from ..core.actor import Actor
from ..core.db import db
from ..core.errors import NotFound
from . import checkpoints, seals
from .checkpoints import PublicKey
from .models import Checkpoint, Seal
from .seals import Window

_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Chain:
    """`name` is 'all', or the six digits of the county whose journals it holds; `hash` is its last seal's."""

    name: str
    seq: int
    hash: str
    sealed_at: datetime


@dataclass(frozen=True)
class State:
    chains: list[Chain]
    window: Window
    checkpoints: Sequence[Checkpoint]
    checkpoints_count: int
    keys: list[PublicKey]
    guards: list[str]

    @property
    def sealed(self) -> int:
        return sum(chain.seq for chain in self.chains)


def state(actor: Actor, *, limit: int, offset: int = 0) -> State:
    """The journal's state with a page of checkpoints, newest first. Raises Forbidden."""
    actor.require("verify.read")
    heads = seals.heads()
    places = tuple_(Seal.chain, Seal.seq)
    times = {
        (row.chain, row.seq): row.sealed_at
        for row in db.session.execute(
            select(Seal.chain, Seal.seq, Seal.sealed_at).where(places.in_([head[:2] for head in heads]))
        )
    }
    return State(
        chains=[Chain(head.chain, head.seq, head.hash.hex(), times[head.chain, head.seq]) for head in heads],
        window=seals.window(),
        checkpoints=checkpoints.newest(limit, offset),
        checkpoints_count=checkpoints.count(),
        keys=checkpoints.public_keys(),
        guards=guards.faults(db.session.connection()),
    )


def checkpoint(actor: Actor, no: int) -> Checkpoint:
    """Raises Forbidden, NotFound."""
    actor.require("verify.read")
    row = checkpoints.one(no) if 0 < no <= _LARGEST else None
    if row is None:
        raise NotFound("checkpoint")
    return row


def checkpoints_of(actor: Actor, *, limit: int, offset: int = 0) -> tuple[Sequence[Checkpoint], int]:
    """Newest first, and how many there are. Raises Forbidden."""
    actor.require("verify.read")
    return checkpoints.newest(limit, offset), checkpoints.count()


def public_keys(actor: Actor) -> list[PublicKey]:
    """The oldest first. Raises Forbidden."""
    actor.require("verify.read")
    return checkpoints.public_keys()


def public_key(actor: Actor, id_: str) -> PublicKey:
    """Raises Forbidden, NotFound."""
    for key in public_keys(actor):
        if key.id == id_:
            return key
    raise NotFound("key")
