"""Distributions: a cut of a supplier's pools and flows, by two persons. Small ones are done at once, large ones as jobs.

preparing (shares are written, `filling`) → draft → approving (shares are posted, payouts listed, `listing`) → approved.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, case, cast, exists, func, insert, null, select

from ..core import audit, clock, jobs
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, Forbidden, NotFound, Refused
from ..core.numbers import numbered
from ..core.states import States
from ..identity import services as identity
from ..linkage import debts
from ..notices import services as notices
from . import filling, listing
from .models import Distribution, DistributionHousehold, DistributionPool, DistributionShare, Payout, Pool, PoolMovement
from .owing import OPEN

AT_ONCE = 100  # pools that a request divides itself; more are a job
STATES = States(
    "distribution",
    {
        "fill": ({"preparing"}, "draft"),
        "approve": ({"draft"}, "approving"),
        "list": ({"approving"}, "approved"),
        "discard": ({"preparing", "draft"}, "discarded"),
    },
)


class Cut(NamedTuple):
    pool_id: UUID
    before_fen: int
    after_fen: int
    makes_debt: bool


def prepare(
    actor: Actor, cut_on: date, *, notice_days: int = notices.DAYS, at_once: bool | None = None
) -> Distribution:
    """Drafts the supplier's distribution of everything settled or recorded up to a day. One at a time.

    `at_once` overrules the size that decides whether the shares are written now or by a job (then state `preparing`).
    Raises Refused: nothing_to_distribute, day_in_future; Conflict: distribution_open.
    """
    actor.require("distribution.prepare")
    if actor.organisation is None:
        raise NotFound("organisation")
    if cut_on > clock.today():
        raise Refused("day_in_future", field="cut_on")
    if db.session.scalar(select(Distribution.id).where(_open_of(actor.organisation))):
        raise Conflict("distribution_open")
    cuts = _cuts(actor.organisation, cut_on)
    now = clock.now()
    if not cuts and not _anything_else(actor.organisation, cut_on):
        raise Refused("nothing_to_distribute", field="cut_on")
    row = Distribution(
        id=new_id(),
        number=numbered("FP", cut_on.year)[0],
        supplier_id=actor.organisation,
        cut_on=cut_on,
        state="preparing",
        total_fen=sum(cut.after_fen - cut.before_fen for cut in cuts if cut.makes_debt),
        households=0,
        previous_id=_latest(actor.organisation),
        notice_days=notice_days,
        prepared_by=actor.user,
        prepared_at=now,
    )
    db.session.add(row)
    db.session.flush()
    if cuts:
        db.session.execute(
            insert(DistributionPool),
            [
                {
                    "distribution_id": row.id,
                    "pool_id": cut.pool_id,
                    "before_fen": cut.before_fen,
                    "after_fen": cut.after_fen,
                    "posted_at": None,
                }
                for cut in cuts
            ],
        )
    if len(cuts) <= AT_ONCE if at_once is None else at_once:
        filling.fill_all(row)
    else:
        row.job_id = jobs.start(actor, "distribution_prepare", distribution_id=str(row.id)).id
    audit.record(actor, "distribution.prepare", "distribution", row.id, total_fen=row.total_fen)
    db.session.flush()
    return row


def _open_of(supplier_id: UUID):  # type: ignore[no-untyped-def]
    return (Distribution.supplier_id == supplier_id) & Distribution.state.in_(("preparing", "draft", "approving"))


def _latest(supplier_id: UUID) -> UUID | None:
    query = select(Distribution.id).where(Distribution.supplier_id == supplier_id, Distribution.state == "approved")
    return db.session.scalar(query.order_by(Distribution.cut_on.desc(), Distribution.approved_at.desc()).limit(1))


def _cuts(supplier_id: UUID, cut_on: date) -> list[Cut]:
    """The supplier's pools that moved since their last distribution, each with its total on the day.

    The total of now less what moved after the day: the history before is not read.
    """
    moved = func.sum(PoolMovement.after_fen - PoolMovement.before_fen)
    query = (
        select(PoolMovement.pool_id, moved)
        .join(Pool, Pool.id == PoolMovement.pool_id)
        .where(Pool.supplier_id == supplier_id, PoolMovement.period >= clock.period(cut_on), PoolMovement.day > cut_on)
        .group_by(PoolMovement.pool_id)
    )
    later = dict(db.session.execute(query).all())  # type: ignore[arg-type]
    columns = (Pool.id, Pool.distributed_fen, Pool.total_fen, Pool.makes_debt)
    pools = db.session.execute(
        select(*columns)
        .where(Pool.supplier_id == supplier_id, Pool.total_fen != Pool.distributed_fen)
        .order_by(Pool.id)
    )
    cuts = [
        Cut(id_, before, max(0, total - int(later.get(id_, 0))), makes_debt) for id_, before, total, makes_debt in pools
    ]
    return [cut for cut in cuts if cut.after_fen != cut.before_fen]


def _anything_else(supplier_id: UUID, cut_on: date) -> bool:
    """Flows that no list has taken, or payouts that were taken back and come again."""
    flows = debts.unlisted_flows(supplier_id, cut_on, clock.now()).limit(1)
    again = select(Payout.id).where(*filling.coming_again(supplier_id)).limit(1)
    return db.session.execute(flows).first() is not None or db.session.scalar(again) is not None


def adopt(actor: Actor, distribution_id: UUID) -> Distribution:
    """A person takes what the worker proposed for its own draft: it has checked it and another may approve."""
    actor.require("distribution.prepare")
    row = _locked(actor, distribution_id)
    if row.state != "draft" or row.prepared_by is not None:
        raise Conflict("wrong_state", what="distribution", state=row.state, verb="adopt")
    row.prepared_by = actor.user
    audit.record(actor, "distribution.adopt", "distribution", row.id)
    db.session.flush()
    return row


def approve(actor: Actor, distribution_id: UUID, *, at_once: bool | None = None) -> Distribution:
    """Another person approves: shares are posted, the payout list is made and posted in the villages.

    A supplier's own second person, or for a one-person supplier the village's officer (`may_witness`).
    Raises Refused: approver_is_preparer, draft_not_checked; Conflict: wrong_state, pool_moved; Forbidden, NotFound.
    """
    if actor.kind == "office":
        actor.require("distribution.witness")
        row = _locked(actor, distribution_id)
        require_witness(actor, row)
    else:
        actor.require("distribution.approve")
        row = _locked(actor, distribution_id)
    state = STATES.after("approve", row.state)
    if row.prepared_by is None and actor.user is not None:
        raise Refused("draft_not_checked", field="approver")
    if actor.user is not None and actor.user == row.prepared_by:
        raise Refused("approver_is_preparer", field="approver")
    row.state, row.approved_by, row.approved_at = state, actor.user, clock.now()
    pools = db.session.scalar(
        select(func.count()).select_from(DistributionPool).where(DistributionPool.distribution_id == row.id)
    )
    if (pools or 0) <= AT_ONCE if at_once is None else at_once:
        listing.list_all(row)
    else:
        row.job_id = jobs.start(actor, "distribution_approve", distribution_id=str(row.id)).id
    audit.record(actor, "distribution.approve", "distribution", row.id, total_fen=row.total_fen)
    db.session.flush()
    return row


def discard(actor: Actor, distribution_id: UUID) -> Distribution:
    """Drops a draft, so that another can be prepared."""
    actor.require("distribution.prepare")
    row = _locked(actor, distribution_id)
    row.state = STATES.after("discard", row.state)
    audit.record(actor, "distribution.discard", "distribution", row.id)
    db.session.flush()
    return row


def _locked(actor: Actor, distribution_id: UUID) -> Distribution:
    """The supplier's own, or one that an office may look at."""
    own = Distribution.supplier_id == actor.organisation
    return by_id(Distribution, distribution_id, None if actor.kind == "office" else own, "distribution", lock=True)


def require_witness(actor: Actor, row: Distribution) -> None:
    """The second person of a one-person supplier is an officer of where its households live (RULES.md, Linkage).

    An office of a township or village in which every household of the list lives, or of the supplier's county.
    Raises Forbidden (the supplier has a second person), NotFound (elsewhere).
    """
    prefix = actor.scope.division or ""
    county = identity.named({row.supplier_id})[row.supplier_id].division[:6]
    if prefix != county and not (len(prefix) in (9, 12) and _all_live_in(row.id, prefix)):
        raise NotFound("distribution")
    if identity.people_of(row.supplier_id) > 1:
        raise Forbidden("distribution.approve")


def _all_live_in(distribution_id: UUID, prefix: str) -> bool:
    columns = func.min(DistributionHousehold.division), func.max(DistributionHousehold.division)
    first, last = db.session.execute(
        select(*columns).where(DistributionHousehold.distribution_id == distribution_id)
    ).one()
    return first is not None and first.startswith(prefix) and last.startswith(prefix)


def to_witness(actor: Actor) -> list[Distribution]:
    """Drafts that wait for this office's officer as the second person, oldest first."""
    actor.require("distribution.witness")
    prefix = actor.scope.division or ""
    if len(prefix) < 6:
        return []
    suppliers = {row.id for row in identity.suppliers_in(prefix[:6])}
    alone = {id_ for id_ in suppliers if identity.people_of(id_) == 1}
    query = select(Distribution).where(
        Distribution.supplier_id.in_(alone), Distribution.state == "draft", Distribution.prepared_by.is_not(None)
    )
    rows = db.session.scalars(query.order_by(Distribution.prepared_at))
    return [row for row in rows if len(prefix) == 6 or _all_live_in(row.id, prefix)]


def witnessed(actor: Actor, distribution_id: UUID) -> Distribution:
    """A draft as its officer sees it before approving. Raises NotFound, Forbidden."""
    actor.require("distribution.witness")
    row = by_id(Distribution, distribution_id, None, "distribution")
    require_witness(actor, row)
    return row


def propose_month_end(supplier_id: UUID) -> Distribution | None:
    """Drafts the last month's end for a supplier if something waits and nobody cut there yet: proposed, never approved."""
    cut_on = clock.today().replace(day=1) - timedelta(days=1)
    done = select(Distribution.id).where(
        _open_of(supplier_id) | ((Distribution.supplier_id == supplier_id) & (Distribution.cut_on >= cut_on))
    )
    if db.session.scalar(done.limit(1)):
        return None
    try:
        return prepare(Actor(kind="system", organisation=supplier_id, name="system"), cut_on)
    except Refused:
        return None


def suppliers_waiting() -> list[UUID]:
    """Whoever has pools that moved, or flows that no list has taken, up to the last month's end."""
    cut_on = clock.today().replace(day=1) - timedelta(days=1)
    moved = set(db.session.scalars(select(Pool.supplier_id).where(Pool.total_fen != Pool.distributed_fen).distinct()))
    return sorted(moved | debts.suppliers_with_unlisted_flows(cut_on))


def listed(actor: Actor) -> list[Distribution]:
    actor.require("statement.read")
    query = select(Distribution).where(visible(actor.scope, supplier=Distribution.supplier_id))
    return list(db.session.scalars(query.order_by(Distribution.prepared_at.desc())))


def distribution(actor: Actor, distribution_id: UUID) -> Distribution:
    actor.require("statement.read")
    return by_id(Distribution, distribution_id, visible(actor.scope, supplier=Distribution.supplier_id), "distribution")


class Preview(NamedTuple):
    """One household now and in the run before: `fen` is due now; None where it does not stand in one of the two."""

    household_id: UUID
    division: str
    group_name: str
    before_fen: int | None
    share_fen: int | None
    flow_fen: int | None
    fen: int | None
    set_off_fen: int | None

    @property
    def due_fen(self) -> int | None:
        return None if self.share_fen is None else self.share_fen + (self.flow_fen or 0)

    @property
    def difference_fen(self) -> int:
        return (self.due_fen or 0) - (self.before_fen or 0)

    @property
    def kind(self) -> str:
        """new, gone, more, less or same."""
        if self.before_fen is None:
            return "new"
        if self.share_fen is None:
            return "gone"
        return "more" if self.difference_fen > 0 else "less" if self.difference_fen < 0 else "same"


CHANGES = ("new", "gone", "more", "less", "same")


def preview(
    row: Distribution, *, only: str = "", division: str | None = None, page: int = 1, size: int = 100
) -> tuple[list[Preview], int]:
    """The list by village, group and household beside the run before, and how many; the caller has checked scope."""
    now, then = DistributionHousehold, DistributionHousehold.__table__.alias("previous")  # type: ignore[attr-defined]
    due = now.share_fen + now.flow_fen
    before = then.c.share_fen + then.c.flow_fen
    same = (then.c.distribution_id == row.previous_id) & (then.c.household_id == now.household_id)
    here = (
        select(
            now.household_id, now.division, now.group_name, before.label("before_fen"), now.share_fen, now.flow_fen,
            now.fen, now.set_off_fen,
        )
        .outerjoin(then, same)
        .where(now.distribution_id == row.id)
    )  # fmt: skip
    conditions = {"new": before.is_(None), "more": due > before, "less": due < before, "same": due == before}
    if only in conditions:
        here = here.where(conditions[only])
    if only == "gone":
        here = _gone(row, then)
    if division:
        here = here.where((then.c.division if only == "gone" else now.division) == division)
    total = db.session.scalar(select(func.count()).select_from(here.subquery())) or 0
    held = here.subquery()
    order = held.c.division, held.c.group_name, held.c.household_id
    found = db.session.execute(select(held).order_by(*order).limit(size).offset((page - 1) * size))
    return [Preview(*line) for line in found], total


def _gone(row: Distribution, then):  # type: ignore[no-untyped-def]
    """`then`: the table's alias for the run before, which the caller may narrow."""
    now = DistributionHousehold
    held = exists().where(now.distribution_id == row.id, now.household_id == then.c.household_id)
    nothing = [cast(null(), BigInteger) for _ in range(4)]
    return select(
        then.c.household_id, then.c.division, then.c.group_name, (then.c.share_fen + then.c.flow_fen).label("before_fen"),
        nothing[0].label("share_fen"), nothing[1].label("flow_fen"), nothing[2].label("fen"), nothing[3].label("set_off_fen"),
    ).where(then.c.distribution_id == row.previous_id, ~held)  # fmt: skip


def changes_of(row: Distribution) -> dict[str, int]:
    """How many households are new, gone, get more, less or the same as in the run before. Two statements."""
    now, then = DistributionHousehold, DistributionHousehold.__table__.alias("previous")  # type: ignore[attr-defined]
    due, before = now.share_fen + now.flow_fen, then.c.share_fen + then.c.flow_fen
    kind = case((before.is_(None), "new"), (due > before, "more"), (due < before, "less"), else_="same")
    same = (then.c.distribution_id == row.previous_id) & (then.c.household_id == now.household_id)
    query = select(kind, func.count()).outerjoin(then, same).where(now.distribution_id == row.id).group_by(kind)
    found = dict.fromkeys(CHANGES, 0) | {kind: int(count) for kind, count in db.session.execute(query)}
    found["gone"] = db.session.scalar(select(func.count()).select_from(_gone(row, then).subquery())) or 0
    return found


def by_mechanism(row: Distribution) -> dict[str, int]:
    """Mechanism → fen that the distribution divides: of pools that make debt, and of flows. The caller checked scope."""
    query = (
        select(Pool.mechanism, func.sum(DistributionPool.after_fen - DistributionPool.before_fen))
        .join(Pool, Pool.id == DistributionPool.pool_id)
        .where(DistributionPool.distribution_id == row.id, Pool.makes_debt)
        .group_by(Pool.mechanism)
        .order_by(Pool.mechanism)
    )
    found = {mechanism: int(fen) for mechanism, fen in db.session.execute(query)}
    if row.state in ("approving", "approved"):
        return found | debts.flows_by_kind(distribution_id=row.id)
    flows = db.session.scalar(
        select(func.sum(DistributionHousehold.flow_fen)).where(DistributionHousehold.distribution_id == row.id)
    )
    return found | ({"flows": int(flows)} if flows else {})


class VillageTotal(NamedTuple):
    division: str
    households: int
    due_fen: int
    fen: int | None
    set_off_fen: int | None


def by_village(distribution_id: UUID) -> list[VillageTotal]:
    """Villages with households and sums; `fen` and `set_off_fen` once it is listed. The caller has checked scope."""
    held = DistributionHousehold
    query = (
        select(
            held.division,
            func.count(),
            func.sum(held.share_fen + held.flow_fen),
            func.sum(held.fen),
            func.sum(held.set_off_fen),
        )
        .where(held.distribution_id == distribution_id)
        .group_by(held.division)
        .order_by(held.division)
    )
    return [
        VillageTotal(place, int(n), int(due), None if fen is None else int(fen), None if off is None else int(off))
        for place, n, due, fen, off in db.session.execute(query)
    ]


def shares_of(distribution_id: UUID) -> dict[UUID, int]:
    """Household → fen that is due to it by a distribution; the caller has checked scope."""
    held = DistributionHousehold
    query = select(held.household_id, held.share_fen + held.flow_fen).where(held.distribution_id == distribution_id)
    return {household: int(fen) for household, fen in db.session.execute(query)}


def progress_of(row: Distribution) -> tuple[int, int]:
    """(pools done, pools) of the step that a distribution is in."""
    pools = db.session.scalar(
        select(func.count()).select_from(DistributionPool).where(DistributionPool.distribution_id == row.id)
    )
    done = select(func.count()).where(DistributionPool.distribution_id == row.id)
    if row.state == "preparing":
        shared = exists().where(
            DistributionShare.distribution_id == row.id, DistributionShare.pool_id == DistributionPool.pool_id
        )
        return db.session.scalar(done.where(shared)) or 0, pools or 0
    return db.session.scalar(done.where(DistributionPool.posted_at.is_not(None))) or 0, pools or 0


def waiting_fen(supplier_id: UUID, day: date) -> int:
    """What a distribution cut on a day would divide, fen: pools and flows, before anything is set off."""
    flows = debts.unlisted_flows(supplier_id, day, clock.now()).subquery()
    fen = db.session.scalar(select(func.coalesce(func.sum(flows.c.fen), 0))) or 0
    return int(fen) + sum(cut.after_fen - cut.before_fen for cut in _cuts(supplier_id, day) if cut.makes_debt)


def paid_so_far(distribution_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Distribution → (fen paid, payouts still open), one statement; the caller has checked scope."""
    query = (
        select(
            Payout.distribution_id,
            func.sum(case((Payout.state == "paid", Payout.fen), else_=0)),
            func.sum(case((Payout.state.in_(OPEN), 1), else_=0)),
        )
        .where(Payout.distribution_id.in_(distribution_ids))
        .group_by(Payout.distribution_id)
    )
    return {id_: (int(fen), int(left)) for id_, fen, left in db.session.execute(query)}
