"""What an approval does: shares into ledger and standings, the payout list, the notices. Each step is what is missing.

A payout of a household = max(0, owed − received − what is left on its slips − its other open payouts), computed while
its standing is locked: nobody who pays at the same moment can make it more than is owed.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from ..core import clock
from ..core.db import by_id, change_rows, db, is_sqlite, new_id, rows_as_query, transaction
from ..core.errors import Conflict
from ..core.jobs import Job, Progress
from ..households import services as households
from ..identity import services as identity
from ..ledger.periods import posting_day
from ..ledger.services import AccountRef, Line, Posting, post_many
from ..linkage import debts, standing
from ..linkage.accounts import owed
from ..linkage.standing import Standing
from ..notices import services as notices
from . import payees
from .models import (
    Distribution,
    DistributionHousehold,
    DistributionPool,
    DistributionShare,
    Payout,
    Pool,
)
from .owing import OPEN

POOLS = 100  # that one step posts: a transaction of about a second
HOUSEHOLDS = 5_000
VILLAGES = 200


class Share(NamedTuple):
    pool_id: UUID
    household_id: UUID
    fen: int
    makes_debt: bool


def list_all(row: Distribution) -> None:
    """Everything that follows an approval, in the present transaction."""
    while _step(row):
        pass


def list_job(job: Job, progress: Progress) -> dict[str, Any]:
    """The same in short transactions; a killed worker's job goes on where the data ends."""
    distribution_id = UUID(job.payload["distribution_id"])
    steps = 0
    with transaction(write=False):
        total = _work_left(distribution_id)
    while True:
        with transaction():
            row = by_id(Distribution, distribution_id, None, "distribution", lock=True)
            if row.state != "approving":  # another worker has done it
                return {"number": row.number, "state": row.state}
            more = _step(row)
        steps += 1
        if not more:
            return {"number": row.number, "state": "approved"}
        with transaction(write=False):
            left = _work_left(distribution_id)
        progress(max(0, total - left), total, row.number)


def _work_left(distribution_id: UUID) -> int:
    """Pools to post and households to list."""
    pools = select(func.count()).where(
        DistributionPool.distribution_id == distribution_id, DistributionPool.posted_at.is_(None)
    )
    held = select(func.count()).where(
        DistributionHousehold.distribution_id == distribution_id, DistributionHousehold.fen.is_(None)
    )
    return (db.session.scalar(pools) or 0) + (db.session.scalar(held) or 0)


def _step(row: Distribution) -> bool:
    """Posts some pools, else lists some households, else posts some villages' notices, else ends. Whether to go on."""
    if _post_pools(row) or _list_households(row) or _post_notices(row):
        return True
    row.state = "approved"
    db.session.flush()
    return False


def _post_pools(row: Distribution) -> bool:
    """One journal per pool, the other way round for who gives back; the standings with it."""
    cuts = db.session.execute(
        select(DistributionPool.pool_id, DistributionPool.before_fen, DistributionPool.after_fen)
        .where(DistributionPool.distribution_id == row.id, DistributionPool.posted_at.is_(None))
        .order_by(DistributionPool.pool_id)
        .limit(POOLS)
    ).all()
    if not cuts:
        return False
    changed = change_rows(
        Pool,
        [{"id": cut.pool_id, "before": cut.before_fen, "after": cut.after_fen} for cut in cuts],
        set_=lambda pool, wanted: {"distributed_fen": wanted.after},
        where=lambda pool, wanted: pool.distributed_fen == wanted.before,
    )
    if len(changed) != len(cuts):
        raise Conflict("pool_moved")
    ids = [cut.pool_id for cut in cuts]
    _post_shares(row, ids)
    db.session.execute(
        update(DistributionPool)
        .where(DistributionPool.distribution_id == row.id, DistributionPool.pool_id.in_(ids))
        .values(posted_at=clock.now()),
        execution_options={"synchronize_session": False},
    )
    return True


def _post_shares(row: Distribution, pool_ids: Sequence[UUID]) -> None:
    query = (
        select(DistributionShare.pool_id, DistributionShare.household_id, DistributionShare.fen, Pool.makes_debt)
        .join(Pool, Pool.id == DistributionShare.pool_id)
        .where(DistributionShare.distribution_id == row.id, DistributionShare.pool_id.in_(pool_ids))
        .order_by(DistributionShare.pool_id, DistributionShare.household_id)
    )
    lines: dict[UUID, list[Line]] = {}
    grown: dict[UUID, int] = {}
    accounts: dict[tuple[bool, UUID], AccountRef] = {}
    pools = {pool_id: AccountRef("pool", pool_id, row.supplier_id) for pool_id in pool_ids}
    for share in map(Share._make, db.session.execute(query)):
        key = (share.makes_debt, share.household_id)
        if (target := accounts.get(key)) is None:
            kind = owed if share.makes_debt else traced
            target = accounts[key] = kind(share.household_id, row.supplier_id)
        pool = pools[share.pool_id]
        line = Line(pool, target, share.fen) if share.fen > 0 else Line(target, pool, -share.fen)
        lines.setdefault(share.pool_id, []).append(line)
        if share.makes_debt:
            grown[share.household_id] = grown.get(share.household_id, 0) + share.fen
    region = identity.named({row.supplier_id})[row.supplier_id].division
    day, concerns = posting_day(region, row.cut_on)
    post_many(
        [
            Posting("distribution", f"{row.id.hex}:{str(pool)[-12:]}", region, day, part, concerns)
            for pool, part in lines.items()
        ]
    )
    standing.add_owed(row.supplier_id, grown)


def traced(household_id: UUID, supplier_id: UUID) -> AccountRef:
    """What sales traced to a household whose slips made the debt before."""
    return AccountRef("traced", household_id, supplier_id)


def _list_households(row: Distribution) -> bool:
    """Payouts of some more households; those that come to nothing after set-off are listed without one."""
    held = DistributionHousehold
    rows = db.session.execute(
        select(held.household_id, held.division, (held.share_fen + held.flow_fen).label("due"))
        .where(held.distribution_id == row.id, held.fen.is_(None))
        .order_by(held.household_id)
        .limit(HOUSEHOLDS)
    ).all()
    if not rows:
        return False
    _take_flows(row)
    due = {line.household_id: int(line.due) for line in rows}
    asked = rows_as_query([], [{"id": household} for household in due]).subquery()
    ids = select(asked.c.id)
    left = _payable(row.supplier_id, ids)
    for household, fen in debts.unpaid_of_slips(row.supplier_id, ids).items():
        left[household] = left.get(household, 0) - fen
    _take_open_into_account(row, ids, left)
    payable = {household: max(0, left.get(household, 0)) for household in due}
    places = {line.household_id: line.division for line in rows}
    parts = payees.parts_of(row, {household: fen for household, fen in payable.items() if fen}, ids)
    payouts = [
        {
            "id": new_id(),
            "distribution_id": row.id,
            "supplier_id": row.supplier_id,
            "household_id": part.household_id,
            "part": part.no,
            "division": places[part.household_id],
            "fen": part.fen,
            "state": "to_pay" if part.payee_id else "held",
            "reason": part.reason,
            "payee_id": part.payee_id,
            "channel": part.channel,
            "account_last4": part.account_last4,
            "method": "",
            "evidence": "",
        }
        for part in parts
    ]
    if payouts:
        db.session.execute(Payout.__table__.insert(), payouts)  # type: ignore[attr-defined]
    _write_listed(row.id, payable)
    return True


def _take_flows(row: Distribution) -> None:
    """The flows that the draft showed are this list's from now on. Raises Conflict('pool_moved') if they are others."""
    held = DistributionHousehold
    taken = debts.list_flows(row.supplier_id, row.cut_on, row.prepared_at, row.id)
    if taken:
        shown = db.session.scalar(select(func.sum(held.flow_fen)).where(held.distribution_id == row.id))
        if int(shown or 0) != taken:
            raise Conflict("pool_moved")


def _payable(supplier_id: UUID, ids: Any) -> dict[UUID, int]:
    """Household → owed − received, its standing locked until the transaction ends, in order."""
    query = select(Standing.household_id, Standing.owed_fen - Standing.received_fen).where(
        Standing.supplier_id == supplier_id, Standing.household_id.in_(ids)
    )
    if not is_sqlite():
        query = query.order_by(Standing.id).with_for_update()
    return {household: int(fen) for household, fen in db.session.execute(query)}


def _take_open_into_account(row: Distribution, ids: Any, left: dict[UUID, int]) -> None:
    """Other open payouts are not paid twice. Where they are more than is still owed, they come anew with this list."""
    query = select(Payout.id, Payout.household_id, Payout.fen, Payout.state).where(
        Payout.supplier_id == row.supplier_id, Payout.household_id.in_(ids), Payout.state.in_(OPEN)
    )
    again: list[dict[str, Any]] = []
    for payout in db.session.execute(query.order_by(Payout.id)):
        remaining = left.get(payout.household_id, 0) - payout.fen
        if remaining < 0 and payout.state != "sent":
            again.append({"id": payout.id})
            continue
        left[payout.household_id] = remaining
    change_rows(
        Payout,
        again,
        set_=lambda payout, wanted: {"state": "void", "reason": "carried", "payee_id": None},
        where=lambda payout, wanted: payout.state.in_(("to_pay", "held", "failed")),
    )
    db.session.execute(  # what was taken back before comes with this list
        update(Payout)
        .where(
            Payout.supplier_id == row.supplier_id,
            Payout.household_id.in_(ids),
            Payout.state == "void",
            Payout.reason == "withdrawn",
        )
        .values(reason="carried"),
        execution_options={"synchronize_session": False},
    )


def _write_listed(distribution_id: UUID, payable: dict[UUID, int]) -> None:
    """One statement; on SQLite a batch by key, because it would read all of a joined list for each household."""
    held: Any = DistributionHousehold.__table__
    of_list = update(held).where(held.c.distribution_id == distribution_id)
    rows = [{"id": household, "fen": fen} for household, fen in sorted(payable.items())]
    due = held.c.share_fen + held.c.flow_fen
    if not is_sqlite():
        wanted = rows_as_query(["fen"], rows).cte("wanted").c
        db.session.execute(
            of_list.where(held.c.household_id == wanted.id).values(fen=wanted.fen, set_off_fen=due - wanted.fen)
        )
        return
    db.session.execute(
        of_list.where(held.c.household_id == bindparam("of_household")).values(
            fen=bindparam("to_fen"), set_off_fen=due - bindparam("to_fen")
        ),
        [{"of_household": row["id"], "to_fen": row["fen"]} for row in rows],
    )


def _post_notices(row: Distribution) -> bool:
    """The lists of some more villages are posted there, masked."""
    if not row.notice_days:
        return False
    held = DistributionHousehold
    posted = notices.villages_of("distribution", row.id)
    villages = db.session.scalars(
        select(held.division).where(held.distribution_id == row.id).distinct().order_by(held.division)
    )
    missing = [village for village in villages if village not in posted][:VILLAGES]
    if not missing:
        return False
    lines = db.session.execute(
        select(held.household_id, held.division, held.group_name, held.fen)
        .where(held.distribution_id == row.id, held.division.in_(missing))
        .order_by(held.division, held.group_name, held.household_id)
    ).all()
    named = households.names_of([line.household_id for line in lines])
    by_village: dict[str, list[tuple[str, str, str, int, UUID]]] = {}
    for line in lines:
        name, code = named[line.household_id]
        by_village.setdefault(line.division, []).append(
            (line.group_name, name, code, int(line.fen or 0), line.household_id)
        )
    notices.post_many(
        "distribution",
        row.id,
        supplier_id=row.supplier_id,
        number=row.number,
        days=row.notice_days,
        notices=[notices.NewNotice(village, part) for village, part in by_village.items()],
    )
    return True
