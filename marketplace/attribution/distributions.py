"""Distributions: a cut of a supplier's pools, by two persons, and the payouts that follow, marked paid by hand."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import case, func, insert, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, change_rows, db, new_id, visible
from ..core.errors import Conflict, Many, Refused
from ..core.numbers import numbered
from ..households import services as households
from ..identity import services as identity
from ..ledger.services import AccountRef, Line, Posting, post_many
from ..linkage import standing
from ..linkage.accounts import owed, paid
from .models import Distribution, DistributionPool, DistributionShare, Payout, Pool, PoolMovement
from .shares import interval


def prepare(actor: Actor, cut_on: date) -> Distribution:
    """Drafts the supplier's distribution of everything settled up to a day. One draft at a time.

    Raises Refused: nothing_to_distribute, day_in_future; Conflict: distribution_open.
    """
    actor.require("distribution.prepare")
    if cut_on > clock.today():
        raise Refused("day_in_future", field="cut_on")
    open_draft = select(Distribution.id).where(
        Distribution.supplier_id == actor.organisation, Distribution.state == "draft"
    )
    if db.session.scalar(open_draft):
        raise Conflict("distribution_open")
    cuts = _cuts(actor.organisation, cut_on)
    if not cuts:
        raise Refused("nothing_to_distribute", field="cut_on")
    row = Distribution(
        id=new_id(),
        number=numbered("FP", cut_on.year)[0],
        supplier_id=actor.organisation,
        cut_on=cut_on,
        total_fen=sum(after - pool.distributed_fen for pool, after in cuts if pool.makes_debt),
        households=0,
        prepared_by=actor.user,
        prepared_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    row.households = _write_shares(row.id, cuts)
    audit.record(actor, "distribution.prepare", "distribution", row.id, total_fen=row.total_fen)
    db.session.flush()
    return row


def _cuts(supplier_id: UUID | None, cut_on: date) -> list[tuple[Pool, int]]:
    """The supplier's pools that grew since their last distribution, each with its total on the day."""
    after = func.max(PoolMovement.after_fen)
    query = (
        select(Pool, after)
        .join(PoolMovement, PoolMovement.pool_id == Pool.id)
        .where(Pool.supplier_id == supplier_id, PoolMovement.day <= cut_on)
        .group_by(*Pool.__table__.columns)
        .having(after > Pool.distributed_fen)
        .order_by(Pool.id)
    )
    return [(pool, int(total)) for pool, total in db.session.execute(query)]


def _write_shares(distribution_id: UUID, cuts: Sequence[tuple[Pool, int]]) -> int:
    """Inserts every household's share of every pool; returns how many households are owed something by it."""
    pools, rows, owing = [], [], set()
    for pool, after in cuts:
        pools.append(
            {
                "distribution_id": distribution_id,
                "pool_id": pool.id,
                "before_fen": pool.distributed_fen,
                "after_fen": after,
            }
        )
        for household, fen in interval(pool.kind, pool.source_id, pool.id, pool.distributed_fen, after).items():
            if fen:
                rows.append(
                    {"distribution_id": distribution_id, "pool_id": pool.id, "household_id": household, "fen": fen}
                )
                if pool.makes_debt:
                    owing.add(household)
    db.session.execute(insert(DistributionPool), pools)
    db.session.execute(insert(DistributionShare), rows)
    return len(owing)


def approve(actor: Actor, distribution_id: UUID) -> Distribution:
    """Another person approves: shares are posted to the ledger and the payout list is made.

    Raises Refused('approver_is_preparer'), Conflict: wrong_state, pool_moved (somebody distributed in between).
    """
    actor.require("distribution.approve")
    row = by_id(
        Distribution, distribution_id, Distribution.supplier_id == actor.organisation, "distribution", lock=True
    )
    if row.state != "draft":
        raise Conflict("wrong_state", what="distribution", state=row.state, verb="approve")
    if actor.user is not None and actor.user == row.prepared_by:
        raise Refused("approver_is_preparer", field="approver")
    cuts = db.session.scalars(select(DistributionPool).where(DistributionPool.distribution_id == row.id)).all()
    changed = change_rows(
        Pool,
        [{"id": cut.pool_id, "before": cut.before_fen, "after": cut.after_fen} for cut in cuts],
        set_=lambda pool, wanted: {"distributed_fen": wanted.after},
        where=lambda pool, wanted: pool.distributed_fen == wanted.before,
    )
    if len(changed) != len(cuts):
        raise Conflict("pool_moved")
    totals = _post_shares(row)
    standing.add_owed(row.supplier_id, totals)
    _insert_payouts(row, totals)
    row.state, row.approved_by, row.approved_at = "approved", actor.user, clock.now()
    audit.record(actor, "distribution.approve", "distribution", row.id, total_fen=row.total_fen)
    db.session.flush()
    return row


def _post_shares(row: Distribution) -> dict[UUID, int]:
    """One journal per pool; returns what each household is owed by the pools that make debt."""
    query = (
        select(DistributionShare, Pool.makes_debt)
        .join(Pool, Pool.id == DistributionShare.pool_id)
        .where(DistributionShare.distribution_id == row.id)
        .order_by(DistributionShare.pool_id, DistributionShare.household_id)
    )
    region = _region(row.supplier_id)
    lines: dict[UUID, list[Line]] = {}
    totals: dict[UUID, int] = {}
    for share, makes_debt in db.session.execute(query):
        kind = owed if makes_debt else traced
        target = kind(share.household_id, row.supplier_id)
        lines.setdefault(share.pool_id, []).append(
            Line(AccountRef("pool", share.pool_id, row.supplier_id), target, share.fen)
        )
        if makes_debt:
            totals[share.household_id] = totals.get(share.household_id, 0) + share.fen
    post_many(
        [
            Posting("distribution", f"{row.id.hex}:{str(pool)[-12:]}", region, row.cut_on, part)
            for pool, part in lines.items()
        ]
    )
    return totals


def traced(household_id: UUID, supplier_id: UUID) -> AccountRef:
    """What sales traced to a household whose slips made the debt before."""
    return AccountRef("traced", household_id, supplier_id)


def _region(supplier_id: UUID) -> str:
    return identity.named({supplier_id})[supplier_id].division


def _insert_payouts(row: Distribution, totals: dict[UUID, int]) -> None:
    known = households.by_ids(list(totals))
    if totals:
        db.session.execute(
            insert(Payout),
            [
                {
                    "id": new_id(),
                    "distribution_id": row.id,
                    "supplier_id": row.supplier_id,
                    "household_id": household,
                    "division": known[household].present_division,
                    "fen": fen,
                    "state": "to_pay",
                    "method": "",
                    "evidence": "",
                }
                for household, fen in totals.items()
            ],
        )


def discard(actor: Actor, distribution_id: UUID) -> Distribution:
    """Drops a draft, so that another can be prepared."""
    actor.require("distribution.prepare")
    row = by_id(
        Distribution, distribution_id, Distribution.supplier_id == actor.organisation, "distribution", lock=True
    )
    if row.state != "draft":
        raise Conflict("wrong_state", what="distribution", state=row.state, verb="discard")
    row.state = "discarded"
    audit.record(actor, "distribution.discard", "distribution", row.id)
    db.session.flush()
    return row


def mark_paid(actor: Actor, payout_ids: Sequence[UUID], *, paid_on: date, method: str, evidence: str) -> int:
    """Records that payouts were paid, with evidence. Each once, whoever else clicks. Returns how many.

    Raises Refused: evidence_needed, method_unknown, day_in_future; Many with rows: already_paid (or unknown).
    """
    actor.require("payout.record")
    if not evidence.strip():
        raise Refused("evidence_needed", field="evidence")
    if method not in ("cash", "transfer"):
        raise Refused("method_unknown", field="method", value=method)
    if paid_on > clock.today():
        raise Refused("day_in_future", field="paid_on")
    changed = change_rows(
        Payout,
        [{"id": payout, "period": clock.period(paid_on)} for payout in payout_ids],
        set_=lambda payout, wanted: {
            "state": "paid",
            "paid_on": paid_on,
            "period": wanted.period,
            "method": method,
            "evidence": evidence.strip(),
            "paid_by": actor.user,
        },
        where=lambda payout, wanted: (payout.state == "to_pay") & (payout.supplier_id == actor.organisation),
        returning=("id", "household_id", "supplier_id", "division", "fen"),
    )
    done = {row.id for row in changed}
    errors = [
        Refused("already_paid", field="payouts", row=no) for no, id_ in enumerate(payout_ids, 1) if id_ not in done
    ]
    if errors:
        raise Many(errors)
    received: dict[UUID, int] = {}
    for row in changed:
        received[row.household_id] = received.get(row.household_id, 0) + row.fen
    if changed and standing.receive(changed[0].supplier_id, received):
        raise Refused("paid_beyond_owed", field="payouts")
    post_many(
        [
            Posting(
                "payout",
                str(row.id),
                row.division,
                paid_on,
                [Line(owed(row.household_id, row.supplier_id), paid(row.supplier_id), row.fen)],
            )
            for row in changed
        ]
    )
    audit.record(actor, "payout.paid", "supplier", actor.organisation or "", count=len(changed))
    return len(changed)


def listed(actor: Actor) -> list[Distribution]:
    actor.require("statement.read")
    query = select(Distribution).where(visible(actor.scope, supplier=Distribution.supplier_id))
    return list(db.session.scalars(query.order_by(Distribution.prepared_at.desc())))


def distribution(actor: Actor, distribution_id: UUID) -> Distribution:
    actor.require("statement.read")
    return by_id(Distribution, distribution_id, visible(actor.scope, supplier=Distribution.supplier_id), "distribution")


def payouts_of(distribution_id: UUID) -> list[Payout]:
    """The payout list, by village and household; the caller has checked scope."""
    query = select(Payout).where(Payout.distribution_id == distribution_id).order_by(Payout.division, Payout.id)
    return list(db.session.scalars(query))


def shares_of(distribution_id: UUID) -> dict[UUID, int]:
    """Household → fen that a draft would pay: the debt pools' shares together."""
    query = (
        select(DistributionShare.household_id, func.sum(DistributionShare.fen))
        .join(Pool, Pool.id == DistributionShare.pool_id)
        .where(DistributionShare.distribution_id == distribution_id, Pool.makes_debt)
        .group_by(DistributionShare.household_id)
    )
    return {household: int(fen) for household, fen in db.session.execute(query)}


def waiting_fen(supplier_id: UUID, day: date) -> int:
    """What a distribution cut on a day would pay out, fen."""
    return sum(after - pool.distributed_fen for pool, after in _cuts(supplier_id, day) if pool.makes_debt)


def paid_so_far(distribution_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Distribution → (fen paid, payouts still to pay), one statement; the caller has checked scope."""
    query = (
        select(
            Payout.distribution_id,
            func.sum(case((Payout.state == "paid", Payout.fen), else_=0)),
            func.sum(case((Payout.state == "to_pay", 1), else_=0)),
        )
        .where(Payout.distribution_id.in_(distribution_ids))
        .group_by(Payout.distribution_id)
    )
    return {id_: (int(fen), int(left)) for id_, fen, left in db.session.execute(query)}
