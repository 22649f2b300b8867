"""Which households settled money reached, each counted once."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from ..linkage import services as linkage
from .models import Pool, PoolMovement


def households_reached(year: int | None = None, line_ids: Iterable[UUID] | None = None) -> int:
    """How many households had a pool that something flowed into, each once: in a year, by these settled lines, or ever.

    One statement, whatever the number of pools.
    """
    query = select(Pool.source_id).join(PoolMovement, PoolMovement.pool_id == Pool.id)
    if year is not None:
        query = query.where(PoolMovement.period.between(year * 100 + 1, year * 100 + 12))
    if line_ids is not None:
        query = query.where(PoolMovement.source_id.in_(set(line_ids)))
    return linkage.count_households_of(query)
