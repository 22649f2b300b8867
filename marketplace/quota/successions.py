"""Units that were merged, renamed or abolished: they buy nothing more, and their plan follows the successor."""

from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db
from ..core.errors import Refused
from ..identity import services as identity
from .models import QuotaPlan, QuotaSuccession


def check_may_buy(agency_id: UUID, day: date, field: str = "agency") -> None:
    """Whether a unit may send and approve new orders on a day. Raises Refused('agency_abolished'). One statement."""
    if (since := db.session.scalar(_ABOLISHED, {"agency": agency_id, "day": day})) is not None:
        raise Refused("agency_abolished", field=field, day=since)


# Built once: every bulk order asks it, twice.
_ABOLISHED = select(QuotaSuccession.abolished_on).where(
    QuotaSuccession.organisation_id == bindparam("agency"), QuotaSuccession.abolished_on <= bindparam("day")
)


def abolish(
    actor: Actor, organisation_id: UUID, *, abolished_on: date, document: str, successor_id: UUID | None = None
) -> QuotaSuccession:
    """An office records that a unit was abolished, merged into or renamed as another, by which document.

    Its plans of that year and later become the successor's where that has none; else they stay, keep what they counted,
    and are shown at the successor's place. Raises Refused: agency_unknown, already_abolished, day_in_future,
    successor_unfit, succession_cycle; NotFound outside the office's division.
    """
    actor.require("plan.approve")
    agencies = identity.named({organisation_id} | ({successor_id} if successor_id else set()))
    agency = agencies.get(organisation_id)
    if agency is None or agency.kind != "agency":
        raise Refused("agency_unknown", field="organisation_id")
    actor.require_lies_in(agency.division, "agency")
    if abolished_on > clock.today():
        raise Refused("day_in_future", field="abolished_on")
    if db.session.get(QuotaSuccession, organisation_id):
        raise Refused("already_abolished", field="organisation_id")
    if successor_id:
        successor = agencies.get(successor_id)
        if successor is None or successor.kind != "agency" or successor_id == organisation_id:
            raise Refused("successor_unfit", field="successor_id")
        if organisation_id in _followers(successor_id):
            raise Refused("succession_cycle", field="successor_id")
        check_may_buy(successor_id, clock.today(), field="successor_id")
    row = QuotaSuccession(
        organisation_id=organisation_id,
        abolished_on=abolished_on,
        successor_id=successor_id,
        document=document.strip(),
        recorded_by=actor.user,
        recorded_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "agency.abolish", "organisation", organisation_id, successor=str(successor_id or ""))
    if successor_id:
        _hand_over(actor, organisation_id, successor_id, abolished_on.year)
    db.session.flush()
    return row


def _followers(organisation_id: UUID) -> set[UUID]:
    """Those that a unit was followed by, step by step."""
    following, seen, at = successors(), set(), organisation_id
    while (found := following.get(at)) is not None and found not in seen:
        seen.add(found)
        at = found
    return seen


def _hand_over(actor: Actor, organisation_id: UUID, successor_id: UUID, from_year: int) -> None:
    division = identity.named({successor_id})[successor_id].division
    own = QuotaPlan.agency_id == organisation_id, QuotaPlan.year >= from_year
    has = set(db.session.scalars(select(QuotaPlan.year).where(QuotaPlan.agency_id == successor_id)))
    for row in db.session.scalars(select(QuotaPlan).where(*own).order_by(QuotaPlan.id).with_for_update()):
        if row.year not in has:
            row.agency_id, row.division = successor_id, division
            audit.record(actor, "plan.follow", "quota_plan", row.id, was=str(organisation_id))


def successors(day: date | None = None) -> dict[UUID, UUID | None]:
    """Abolished unit → its successor, of all who are so by a day (today)."""
    query = select(QuotaSuccession.organisation_id, QuotaSuccession.successor_id).where(
        QuotaSuccession.abolished_on <= (day or clock.today())
    )
    return dict(db.session.execute(query).all())


def successions(actor: Actor) -> list[QuotaSuccession]:
    """The recorded ones of units within scope, newest first."""
    actor.require("plan.read")
    rows = list(db.session.scalars(select(QuotaSuccession).order_by(QuotaSuccession.abolished_on.desc())))
    units = identity.named({row.organisation_id for row in rows})
    scope = actor.scope
    return [
        row
        for row in rows
        if scope.everything
        or row.organisation_id in scope.agencies
        or (scope.division is not None and units[row.organisation_id].division.startswith(scope.division))
    ]
