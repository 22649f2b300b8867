"""Checks of stock, quantities, plans, consent and the outbox; part of `checks.CHECKS`."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, or_, select, union_all
from sqlalchemy.orm import aliased

from ..catalogue.models import Offer
from ..core import clock
from ..core.db import db
from ..core.outbox import OutboxEvent
from ..linkage.models import Consent, Roster, RosterEntry
from ..procurement.models import OrderLine, Requisition, RequisitionLine
from ..quota.models import QuotaContractor, QuotaPlan

STUCK = timedelta(hours=1)


def stock_reserved_is_what_lines_hold() -> list[str]:
    """What an offer has reserved is what its order lines have open and what bulk orders under decision hold, never
    below zero nor above its stock."""
    holding = select(RequisitionLine.offer_id, RequisitionLine.quantity).join(
        Requisition, Requisition.id == RequisitionLine.requisition_id
    )
    open_lines = select(OrderLine.offer_id, OrderLine.open.label("quantity")).where(OrderLine.open > 0)
    both = union_all(open_lines, holding.where(Requisition.hold_until.is_not(None))).subquery()
    held = select(both.c.offer_id, func.sum(both.c.quantity).label("open")).group_by(both.c.offer_id).subquery()
    open_ = func.coalesce(held.c.open, 0)
    query = (
        select(Offer.id, Offer.code, Offer.stock, Offer.reserved, open_)
        .outerjoin(held, held.c.offer_id == Offer.id)
        .where(or_(Offer.reserved != open_, Offer.reserved < 0, Offer.reserved > Offer.stock))
    )
    return [
        f"offer {code}: {reserved} of {stock} reserved, its lines hold {lines}"
        for _, code, stock, reserved, lines in db.session.execute(query)
    ]


def order_lines_keep_their_quantity() -> list[str]:
    """Ordered is open, in transit, accepted, rejected and cancelled together; returned and settled lie in accepted."""
    line = OrderLine
    whole = line.open + line.in_transit + line.accepted + line.rejected + line.cancelled
    parts = (line.open, line.in_transit, line.accepted, line.rejected, line.cancelled, line.returned)
    query = select(line.id, line.ordered, whole).where(
        or_(
            line.ordered != whole,
            *(part < 0 for part in parts),
            line.returned > line.accepted,
            line.settled > line.accepted,
        )
    )
    return [
        f"order line {id_}: {ordered} ordered, its parts make {sum_}"
        for id_, ordered, sum_ in db.session.execute(query)
    ]


def plans_stay_below_their_ceiling() -> list[str]:
    """Committed and settled money of a plan together stay within its ceiling, where it has one."""
    both = QuotaPlan.committed_fen + QuotaPlan.settled_fen
    query = select(QuotaPlan.id, both, QuotaPlan.ceiling_fen).where(
        or_(both > QuotaPlan.ceiling_fen, QuotaPlan.committed_fen < 0)
    )
    return [f"plan {id_}: {fen} fen of {ceiling}" for id_, fen, ceiling in db.session.execute(query)]


def each_unit_is_counted_by_one_plan() -> list[str]:
    """A plan that another covers is covered by one that counts; no contractor is named twice for the same days."""
    filer = aliased(QuotaPlan)
    chained = (
        select(QuotaPlan.id)
        .join(filer, filer.id == QuotaPlan.covered_by_id)
        .where(or_(filer.covered_by_id.is_not(None), filer.year != QuotaPlan.year))
    )
    first, second = aliased(QuotaContractor), aliased(QuotaContractor)
    days = or_(first.until_day.is_(None), first.until_day >= second.from_day)
    twice = (
        select(second.contractor_id)
        .distinct()
        .join(first, (first.contractor_id == second.contractor_id) & (first.year == second.year))
        .where(first.id != second.id, first.from_day <= second.from_day, days)
    )
    return [f"plan {id_}: covered by one that is covered itself" for id_ in db.session.scalars(chained)] + [
        f"contractor {id_}: named twice for the same days" for id_ in db.session.scalars(twice)
    ]


def everybody_on_a_roster_consented() -> list[str]:
    """Nobody stands on a roster without having said yes to its agreement."""
    query = (
        select(RosterEntry.roster_id, RosterEntry.household_id)
        .join(Roster, Roster.id == RosterEntry.roster_id)
        .outerjoin(
            Consent,
            (Consent.agreement_id == Roster.agreement_id) & (Consent.household_id == RosterEntry.household_id),
        )
        .where(Consent.id.is_(None))
    )
    return [
        f"roster {roster}: household {household} did not consent" for roster, household in db.session.execute(query)
    ]


def the_outbox_moves() -> list[str]:
    """No event waits for an hour: whatever followed from a commit was done."""
    query = select(OutboxEvent.id, OutboxEvent.topic, OutboxEvent.attempts, OutboxEvent.error).where(
        OutboxEvent.done_at.is_(None), OutboxEvent.at < clock.now() - STUCK
    )
    return [
        f"event {id_} ({topic}): not done after {attempts} attempts, {error or 'no worker runs'}"
        for id_, topic, attempts, error in db.session.execute(query)
    ]


CHECKS: list[Callable[[], list[str]]] = [
    stock_reserved_is_what_lines_hold,
    order_lines_keep_their_quantity,
    plans_stay_below_their_ceiling,
    each_unit_is_counted_by_one_plan,
    everybody_on_a_roster_consented,
    the_outbox_moves,
]
# What fails by itself once no worker runs: a stopped system, a restored backup.
NEED_A_WORKER = {the_outbox_moves}
