"""Households reached, each once: the union of those with a weight in the pools that settled lines fed.

A sealed lot's contributors and a roster version never change, so they are kept in the process; which pools a report's
lines fed is asked anew each time.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..attribution.models import Pool, PoolMovement
from ..core.actor import Actor
from ..core.db import db
from ..linkage.models import RosterEntry, Slip
from ..settlement.models import SettledLine
from .sources import OWING, SETTLED, Asked

REMEMBERED = 200_000  # pools at most
_CHUNK = 5000
_members: dict[UUID, frozenset[UUID]] = {}
_known: dict[UUID, UUID] = {}  # one object per household, however many pools hold it

Groups = dict[str, frozenset[UUID]]


def reached(actor: Actor, asked: Asked, by: str) -> Groups:
    """Group → households behind its settled lines."""
    column = SETTLED.column(by)
    query = (
        select(column, PoolMovement.pool_id)
        .select_from(SettledLine)
        .join(PoolMovement, PoolMovement.source_id == SettledLine.id)
        .distinct()
    )
    fed = db.session.execute(SETTLED.narrow(query, actor, asked, by)).all()
    members = members_of({pool for _, pool in fed})
    sets: dict[str, list[frozenset[UUID]]] = {}
    for key, pool in fed:
        sets.setdefault(str(key), []).append(members[pool])
    return {key: frozenset().union(*parts) for key, parts in sets.items()}


def members_of(pools: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Pool → its households; two statements for those not remembered."""
    if len(_members) > REMEMBERED:
        _members.clear()
        _known.clear()
    wanted = set(pools)
    missing = list(wanted - _members.keys())
    for start in range(0, len(missing), _CHUNK):
        chunk = missing[start : start + _CHUNK]
        _remember(Slip.lot_id, Slip.household_id, chunk)
        _remember(RosterEntry.roster_id, RosterEntry.household_id, chunk)
    return {pool: _members.get(pool, frozenset()) for pool in wanted}


def _remember(source: Any, household: Any, pools: list[UUID]) -> None:
    query = select(Pool.id, household).join(Pool, Pool.source_id == source).where(Pool.id.in_(pools)).distinct()
    found: dict[UUID, set[UUID]] = {}
    for pool, member in db.session.execute(query):
        found.setdefault(pool, set()).add(_known.setdefault(member, member))
    _members.update({pool: frozenset(members) for pool, members in found.items()})


def people(actor: Actor, asked: Asked, by: str) -> Groups:
    """Group → every household that any of its figures tells of: the reached, and those of slips and payments."""
    found = {key: set(members) for key, members in reached(actor, asked, by).items()}
    for source in OWING:
        if source.tells(actor, asked, by):
            column = source.column(by)
            query = source.narrow(
                select(column, source.household).select_from(source.base).distinct(), actor, asked, by
            )
            for key, household in db.session.execute(query):
                found.setdefault(str(key), set()).add(household)
    return {key: frozenset(members) for key, members in found.items()}
