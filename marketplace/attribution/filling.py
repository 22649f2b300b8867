"""The shares of a draft: apportioned pool by pool, then summed by household. Each step is what the data lacks yet."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, insert, literal, select, union_all

from ..core.db import by_id, db, transaction
from ..core.errors import Conflict
from ..core.jobs import Job, Progress
from ..households import services as households
from ..linkage import debts
from .models import Distribution, DistributionHousehold, DistributionPool, DistributionShare, Payout, Pool
from .shares import interval

ROWS = 20_000  # shares that one step writes: a transaction of about a second


def fill_all(row: Distribution) -> None:
    """Writes all of a draft's shares in the present transaction."""
    while fill_step(row):
        pass


def fill_job(job: Job, progress: Progress) -> dict[str, Any]:
    """The same in short transactions; a killed worker's job goes on where the shares end."""
    distribution_id, done, total = UUID(job.payload["distribution_id"]), 0, 0
    with transaction(write=False):
        total = _pools_left(distribution_id)
    while True:
        with transaction():
            row = by_id(Distribution, distribution_id, None, "distribution", lock=True)
            if row.state != "preparing":  # discarded meanwhile, or another worker has done it
                return {"number": row.number, "state": row.state}
            more = fill_step(row)
        with transaction(write=False):
            done = total - _pools_left(distribution_id)
        progress(done, total, row.number)
        if not more:
            return {"number": row.number, "state": "draft"}


def _left(distribution_id: UUID) -> Any:
    """The pools of a draft that have no shares: each has at least one, because its total moved."""
    shared = exists().where(
        DistributionShare.distribution_id == distribution_id, DistributionShare.pool_id == DistributionPool.pool_id
    )
    return select(DistributionPool).where(DistributionPool.distribution_id == distribution_id, ~shared)


def _pools_left(distribution_id: UUID) -> int:
    return db.session.scalar(select(func.count()).select_from(_left(distribution_id).subquery())) or 0


def fill_step(row: Distribution) -> bool:
    """Writes the shares of some more pools, or, when there are none, ends the filling. Returns whether to go on."""
    held = _left(row.id).subquery()
    query = (
        select(held.c.pool_id, held.c.before_fen, held.c.after_fen, Pool.kind, Pool.source_id)
        .join(Pool, Pool.id == held.c.pool_id)
        .order_by(held.c.pool_id)
        .limit(200)
    )
    rows: list[dict[str, Any]] = []
    for pool_id, before, after, kind, source in db.session.execute(query).all():
        rows.extend(
            {"distribution_id": row.id, "pool_id": pool_id, "household_id": household, "fen": fen}
            for household, fen in interval(kind, source, pool_id, before, after).items()
            if fen
        )
        if len(rows) >= ROWS:
            break
    if rows:
        db.session.execute(DistributionShare.__table__.insert(), rows)  # type: ignore[attr-defined]
        return True
    _end(row)
    return False


def coming_again(supplier_id: UUID) -> tuple[ColumnElement[bool], ...]:
    """Payouts that were taken back and that no list has taken since."""
    return Payout.supplier_id == supplier_id, Payout.state == "void", Payout.reason == "withdrawn"


def _end(row: Distribution) -> None:
    """Sums what is due by household, in one statement: debt pools' shares, flows, and whose payout comes again."""
    zero = literal(0)
    of_pools = (
        select(DistributionShare.household_id, DistributionShare.fen.label("share"), zero.label("flow"))
        .join(Pool, Pool.id == DistributionShare.pool_id)
        .where(DistributionShare.distribution_id == row.id, Pool.makes_debt)
    )
    flows = debts.unlisted_flows(row.supplier_id, row.cut_on, row.prepared_at).subquery()
    of_flows = select(flows.c.household_id, zero.label("share"), flows.c.fen.label("flow"))
    again = select(Payout.household_id, zero.label("share"), zero.label("flow")).where(*coming_again(row.supplier_id))
    both = union_all(of_pools, of_flows, again).subquery()
    places = households.places().subquery()
    columns = ("distribution_id", "household_id", "division", "group_name", "share_fen", "flow_fen")
    found = (
        select(
            literal(row.id, DistributionHousehold.distribution_id.type),
            both.c.household_id,
            places.c.present_division,
            places.c.group_name,
            func.sum(both.c.share),
            func.sum(both.c.flow),
        )
        .join(places, places.c.id == both.c.household_id)
        .group_by(both.c.household_id, places.c.present_division, places.c.group_name)
    )
    table: Any = DistributionHousehold.__table__
    db.session.execute(insert(table).from_select(columns, found))
    held = DistributionHousehold
    count, total = db.session.execute(
        select(func.count(), func.sum(held.share_fen + held.flow_fen)).where(held.distribution_id == row.id)
    ).one()
    if row.state != "preparing":
        raise Conflict("wrong_state", what="distribution", state=row.state, verb="fill")
    row.state, row.households, row.total_fen = "draft", int(count), int(total or 0)
    db.session.flush()
