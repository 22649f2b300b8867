"""Owed, received, payable, overdue: by supplier, household and division. Statements in SQL, bounded by what they show.

What a household is owed of a supplier and has received stands in its standing; what sales brought since the last
distribution has no household yet and is shown as the supplier's alone. Ages are counted oldest first: what was received
paid the oldest debts, so what is older than 30 days and not paid is max(0, owed − debts of the last 30 days − received).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select, union_all

from ..core import clock
from ..core.db import db
from ..households import services as households
from ..linkage import debts
from ..linkage import services as linkage
from ..linkage.standing import Standing
from .models import Distribution, DistributionHousehold, DistributionPool, Payout, Pool, PoolMovement

AGES = (30, 60, 90)
OPEN = ("to_pay", "held", "sent", "failed")


@dataclass(frozen=True)
class Owed:
    """Fen of one household, supplier or place (`key`): received pays the oldest first, `over_30_fen` is overdue more
    than 30 days, and so on. `payable_fen` and `recoverable_fen` are sums over households, never netted."""

    key: Any
    owed_fen: int
    received_fen: int
    payable_fen: int
    recoverable_fen: int
    over_30_fen: int
    over_60_fen: int
    over_90_fen: int
    households: int


@dataclass(frozen=True)
class Owing:
    """What a supplier owes its households now, fen, by age in days and by mechanism.

    `slips_fen` are paid as slips; `pools_fen` is everything else, `undistributed_fen` of it not yet divided.
    """

    owed_fen: int
    received_fen: int
    recoverable_fen: int
    slips_fen: int
    pools_fen: int
    undistributed_fen: int
    up_to_30_fen: int
    up_to_60_fen: int
    older_fen: int
    over_90_fen: int
    by_mechanism: dict[str, int]
    households: int

    @property
    def total_fen(self) -> int:
        return self.slips_fen + self.pools_fen


def owing(supplier_id: UUID) -> Owing:
    """What the supplier owes now; the caller has checked scope."""
    row = _one(_grouped(_standings(supplier_id=supplier_id), None))
    tail, tail_ages = _tail(supplier_id)
    slips_fen = min(sum(fen for _, fen in linkage.unpaid_by_day(supplier_id)), row.payable_fen)
    total = row.payable_fen + sum(tail.values())
    over = [
        held + young for held, young in zip((row.over_30_fen, row.over_60_fen, row.over_90_fen), tail_ages, strict=True)
    ]
    return Owing(
        owed_fen=row.owed_fen,
        received_fen=row.received_fen,
        recoverable_fen=row.recoverable_fen,
        slips_fen=slips_fen,
        pools_fen=total - slips_fen,
        undistributed_fen=sum(tail.values()),
        up_to_30_fen=total - over[0],
        up_to_60_fen=over[0] - over[1],
        older_fen=over[1],
        over_90_fen=over[2],
        by_mechanism=_by_mechanism(supplier_id, slips_fen, row.payable_fen - slips_fen, tail),
        households=row.households,
    )


def owing_by_household(
    supplier_id: UUID, *, only: str = "payable", page: int = 1, size: int = 50, ids: Sequence[UUID] | None = None
) -> tuple[list[Owed], int]:
    """A supplier's households with what they are owed, most first, and how many there are.

    `only`: 'payable', 'overdue' (more than 30 days), 'recoverable' or 'all'; `ids` narrows. The caller checked scope.
    """
    rows = _standings(supplier_id=supplier_id, household_ids=ids).subquery()
    wanted = {"payable": rows.c.payable, "overdue": rows.c.over_30, "recoverable": rows.c.recoverable}.get(only)
    query = select(rows) if wanted is None else select(rows).where(wanted > 0)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (rows.c.recoverable if only == "recoverable" else rows.c.payable).desc(), rows.c.household_id
    found = db.session.execute(query.order_by(*order).limit(size).offset((page - 1) * size))
    return [_owed(row, row.household_id) for row in found], total


def owing_in_division(division: str, by: str = "supplier") -> list[Owed]:
    """What households living in a division's prefix are owed: by 'supplier' (id), 'township' or 'village' (12 digits).

    Most payable first. `households` counts those with something payable, each once per row.
    """
    rows = _standings(prefix=division)
    return sorted(
        (_owed(row, row.key) for row in db.session.execute(_grouped(rows, by))),
        key=lambda row: (-row.payable_fen, str(row.key)),
    )


def _standings(
    *, supplier_id: UUID | None = None, prefix: str | None = None, household_ids: Sequence[UUID] | None = None
) -> Select[Any]:
    """A row per household and supplier: owed, received, payable, recoverable and what is older than AGES."""
    narrowed: Any = None
    query: Select[Any]
    if prefix is not None:
        places = households.places(prefix).subquery()
        narrowed = select(places.c.id)
        query = select(places.c.present_division.label("place")).join(Standing, Standing.household_id == places.c.id)
    else:
        query = select(Standing.household_id.label("place"))
    recent = _recent(supplier_id, narrowed)
    query = query.outerjoin(
        recent,
        (recent.c.household_id == Standing.household_id) & (recent.c.supplier_id == Standing.supplier_id),
    )
    if supplier_id is not None:
        query = query.where(Standing.supplier_id == supplier_id)
    if household_ids is not None:
        query = query.where(Standing.household_id.in_(household_ids))
    left = Standing.owed_fen - Standing.received_fen
    return query.add_columns(
        Standing.household_id,
        Standing.supplier_id,
        Standing.owed_fen.label("owed"),
        Standing.received_fen.label("received"),
        _above_zero(left).label("payable"),
        _above_zero(-left).label("recoverable"),
        *(_above_zero(left - func.coalesce(recent.c[f"young_{age}"], 0)).label(f"over_{age}") for age in AGES),
    )


def _above_zero(value: Any) -> ColumnElement[int]:
    return case((value > 0, value), else_=0)


def _recent(supplier_id: UUID | None, narrowed: Any) -> Any:
    """(household, supplier) → what became owed in the last 30, 60 and 90 days: a bounded part of the history."""
    today = clock.today()
    oldest = today - timedelta(days=AGES[-1])
    listed = (
        select(
            DistributionHousehold.household_id,
            Distribution.supplier_id,
            Distribution.cut_on.label("day"),
            DistributionHousehold.share_fen.label("fen"),
        )
        .join(Distribution, Distribution.id == DistributionHousehold.distribution_id)
        .where(Distribution.state.in_(("approving", "approved")), Distribution.cut_on > oldest)
    )
    if supplier_id is not None:
        listed = listed.where(Distribution.supplier_id == supplier_id)
    if narrowed is not None:
        listed = listed.where(DistributionHousehold.household_id.in_(narrowed))
    both = union_all(listed, debts.younger(oldest, supplier_id, narrowed)).subquery()
    household, supplier, day, fen = both.c
    return (
        select(
            household.label("household_id"),
            supplier.label("supplier_id"),
            *(func.sum(case((day > today - timedelta(days=age), fen), else_=0)).label(f"young_{age}") for age in AGES),
        )
        .group_by(household, supplier)
        .subquery()
    )


def _grouped(rows: Select[Any], by: str | None) -> Select[Any]:
    held = rows.subquery()
    places = {"supplier": held.c.supplier_id, "township": func.substr(held.c.place, 1, 9), "village": held.c.place}
    sums: list[ColumnElement[Any]] = [
        func.coalesce(func.sum(held.c[name]), 0).label(name)
        for name in ("owed", "received", "payable", "recoverable", *(f"over_{age}" for age in AGES))
    ]
    sums.append(func.count(case((held.c.payable > 0, held.c.household_id)).distinct()).label("households"))
    if by is None:
        return select(*sums)
    key = places[by] + "000" if by == "township" else places[by]
    return select(key.label("key"), *sums).group_by(key)


def _owed(row: Any, key: Any) -> Owed:
    return Owed(
        key=key,
        owed_fen=int(row.owed),
        received_fen=int(row.received),
        payable_fen=int(row.payable),
        recoverable_fen=int(row.recoverable),
        over_30_fen=int(row.over_30),
        over_60_fen=int(row.over_60),
        over_90_fen=int(row.over_90),
        households=int(getattr(row, "households", 1)),
    )


def _one(query: Select[Any]) -> Owed:
    return _owed(db.session.execute(query).one(), None)


def _tail(supplier_id: UUID) -> tuple[dict[str, int], list[int]]:
    """Mechanism → fen in debt pools that no distribution has divided, and how much of it is older than each of AGES."""
    open_ = (Pool.supplier_id == supplier_id) & Pool.makes_debt & (Pool.total_fen != Pool.distributed_fen)
    query = select(Pool.mechanism, func.sum(Pool.total_fen - Pool.distributed_fen)).where(open_)
    tail = {mechanism: int(fen) for mechanism, fen in db.session.execute(query.group_by(Pool.mechanism)) if fen > 0}
    if not tail:
        return {}, [0] * len(AGES)
    today = clock.today()
    moved = PoolMovement.after_fen - PoolMovement.before_fen
    oldest = today - timedelta(days=AGES[-1])
    young = db.session.execute(
        select(*(func.sum(case((PoolMovement.day > today - timedelta(days=age), moved), else_=0)) for age in AGES))
        .join(Pool, Pool.id == PoolMovement.pool_id)
        .where(open_, PoolMovement.period >= clock.period(oldest), PoolMovement.day > oldest)
    ).one()
    total = sum(tail.values())
    return tail, [max(0, total - max(0, int(fen or 0))) for fen in young]


def _by_mechanism(supplier_id: UUID, slips_fen: int, rest_fen: int, tail: dict[str, int]) -> dict[str, int]:
    """Slips and what is not yet divided exactly; what is listed in proportion to what its distributions divided."""
    found = {"outright": slips_fen} if slips_fen else {}
    for mechanism, fen in tail.items():
        found[mechanism] = found.get(mechanism, 0) + fen
    if rest_fen <= 0:
        return found
    open_ = select(Payout.distribution_id).where(Payout.supplier_id == supplier_id, Payout.state.in_(OPEN)).distinct()
    query = (
        select(Pool.mechanism, func.sum(DistributionPool.after_fen - DistributionPool.before_fen))
        .join(Pool, Pool.id == DistributionPool.pool_id)
        .where(DistributionPool.distribution_id.in_(open_), Pool.makes_debt)
        .group_by(Pool.mechanism)
    )
    parts = {mechanism: int(fen) for mechanism, fen in db.session.execute(query) if fen > 0}
    for kind, fen in debts.flows_by_kind(supplier_id=supplier_id).items():
        parts[kind] = parts.get(kind, 0) + max(0, fen)
    parts = {mechanism: fen for mechanism, fen in parts.items() if fen}
    whole, left = sum(parts.values()), rest_fen
    for place, (mechanism, part) in enumerate(sorted(parts.items()), 1):
        fen = left if place == len(parts) else rest_fen * part // whole
        left -= fen
        found[mechanism] = found.get(mechanism, 0) + fen
    if not parts:
        found["outright"] = found.get("outright", 0) + rest_fen
    return {mechanism: fen for mechanism, fen in found.items() if fen}


def unpaid_of_households(supplier_id: UUID) -> dict[UUID, int]:
    """Household → fen payable now; what flowed into pools since the last distribution has no household yet."""
    left = Standing.owed_fen - Standing.received_fen
    query = select(Standing.household_id, left).where(Standing.supplier_id == supplier_id, left > 0)
    return {household: int(fen) for household, fen in db.session.execute(query)}
