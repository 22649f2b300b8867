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

REMEMBERED = 200_000  # pools' sources at most
_CHUNK = 5000
_members: dict[UUID, frozenset[UUID]] = {}
_known: dict[UUID, UUID] = {}  # one object per household, however many pools hold it

Groups = dict[str, frozenset[UUID]]


def reached(actor: Actor, asked: Asked, by: str) -> Groups:
    """Group → households behind its settled lines."""
    column = SETTLED.column(by)
    query = (
        select(column, Pool.kind, Pool.source_id)
        .select_from(SettledLine)
        .join(PoolMovement, PoolMovement.source_id == SettledLine.id)
        .join(Pool, Pool.id == PoolMovement.pool_id)
        .distinct()
    )
    fed = db.session.execute(SETTLED.narrow(query, actor, asked, by)).all()
    members = members_of({(kind, source) for _, kind, source in fed})
    sets: dict[str, list[frozenset[UUID]]] = {}
    for key, _kind, source in fed:
        sets.setdefault(str(key), []).append(members[source])
    return {key: frozenset().union(*parts) for key, parts in sets.items()}


def members_of(sources: Iterable[tuple[str, UUID]]) -> dict[UUID, frozenset[UUID]]:
    """Lot or roster → its households; two statements for those not remembered."""
    if len(_members) > REMEMBERED:
        _members.clear()
        _known.clear()
    wanted = set(sources)
    missing = [(kind, source) for kind, source in wanted if source not in _members]
    lots = [source for kind, source in missing if kind == "lot"]
    rosters = [source for kind, source in missing if kind != "lot"]
    _remember(Slip.lot_id, Slip.household_id, lots)
    _remember(RosterEntry.roster_id, RosterEntry.household_id, rosters)
    return {source: _members[source] for _, source in wanted}


def _remember(source: Any, household: Any, ids: list[UUID]) -> None:
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        found: dict[UUID, set[UUID]] = {id_: set() for id_ in chunk}
        for id_, member in db.session.execute(select(source, household).where(source.in_(chunk)).distinct()):
            found[id_].add(_known.setdefault(member, member))
        _members.update({id_: frozenset(members) for id_, members in found.items()})


def people(actor: Actor, asked: Asked, by: str) -> Groups:
    """Group → every household that any of its figures tells of: the reached, and those of slips and payments."""
    found = {key: set(members) for key, members in reached(actor, asked, by).items()}
    for source in OWING:
        if source.tells(actor, asked, by):
            column = source.column(by)
            query = source.narrow(select(column, source.household).select_from(source.base).distinct(), actor, asked, by)
            for key, household in db.session.execute(query):
                found.setdefault(str(key), set()).add(household)
    return {key: frozenset(members) for key, members in found.items()}
