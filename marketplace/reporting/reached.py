"""Households reached, each once: the union of those with a weight in the pools that settled lines fed.

A sealed lot's contributors and a roster version never change, so they are kept in the process; which pools a report's
lines fed is asked anew each time.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import String, Uuid, func, select, type_coerce

from ..attribution.models import Pool, PoolMovement
from ..core.actor import Actor
from ..core.db import db, is_sqlite
from ..linkage.models import RosterEntry, Slip
from ..settlement.models import SettledLine
from .sources import OWING, SETTLED, Asked

REMEMBERED = 200_000  # pools at most
_CHUNK = 5000
Raw = Any  # an id as the driver gives it: thousands of them need no objects
_members: dict[Raw, frozenset[UUID]] = {}
_known: dict[UUID, UUID] = {}  # one object per household, however many pools hold it

Groups = dict[str, frozenset[UUID]]


def reached(actor: Actor, asked: Asked, by: str) -> Groups:
    """Group → households behind its settled lines."""
    column = SETTLED.column(by)
    # One row per group: a year's report of all suppliers has ten thousand pairs, and each row fetched costs.
    pools_of = func.group_concat if is_sqlite() else func.array_agg
    query = (
        select(_raw(column), pools_of(_raw(PoolMovement.pool_id).distinct()))
        .select_from(SettledLine)
        .join(PoolMovement, PoolMovement.source_id == SettledLine.id)
        .group_by(column)
    )
    pools: dict[Raw, list[Raw]] = {
        key: found.split(",") if isinstance(found, str) else found
        for key, found in db.session.execute(SETTLED.narrow(query, actor, asked, by))
    }
    members = members_of(pool for found in pools.values() for pool in found)
    return {
        str(UUID(str(key)) if isinstance(column.type, Uuid) else key): frozenset().union(
            *(members[pool] for pool in found)
        )
        for key, found in pools.items()
    }


def _raw(column: Any) -> Any:
    return type_coerce(column, String) if isinstance(column.type, Uuid) else column


def members_of(pools: Iterable[Raw]) -> dict[Raw, frozenset[UUID]]:
    """Pool → its households; two statements for those not remembered."""
    if len(_members) > REMEMBERED:
        _members.clear()
        _known.clear()
    wanted = set(pools)
    missing = list(wanted - _members.keys())
    for start in range(0, len(missing), _CHUNK):
        chunk = missing[start : start + _CHUNK]
        found: dict[Raw, set[UUID]] = {pool: set() for pool in chunk}
        for source, household in ((Slip.lot_id, Slip.household_id), (RosterEntry.roster_id, RosterEntry.household_id)):
            _find(source, household, found)
        _members.update({pool: frozenset(members) for pool, members in found.items()})
    return {pool: _members[pool] for pool in wanted}


def _find(source: Any, household: Any, found: dict[Raw, set[UUID]]) -> None:
    ids = [UUID(str(pool)) for pool in found]
    query = select(_raw(Pool.id), household).join(Pool, Pool.source_id == source).where(Pool.id.in_(ids)).distinct()
    for pool, member in db.session.execute(query):
        found[pool].add(_known.setdefault(member, member))


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
