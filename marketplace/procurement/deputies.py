"""Stand-ins (代理审批): one approver decides for another on the days that were named. The trail shows both."""

from datetime import date
from uuid import UUID

from sqlalchemy import Select, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Refused
from ..identity import services as identity
from .chain_models import Deputy

MAX_DAYS = 366


def name_deputy(
    actor: Actor, *, principal_id: UUID, deputy_id: UUID, from_day: date, until_day: date, reason: str = ""
) -> Deputy:
    """Names who stands in for whom: oneself by oneself, another by who may set the chain; both are approvers.

    Raises Refused: deputy_by_leader, deputy_self, deputy_days, deputy_person, deputy_exists.
    """
    if actor.user == principal_id:
        actor.require("requisition.approve")
    else:
        _refuse_for_another(actor, deputy_id)
    if not clock.today() <= until_day or until_day < from_day or (until_day - from_day).days > MAX_DAYS:
        raise Refused("deputy_days", field="until_day")
    assert actor.organisation is not None
    people = identity.people_with(actor.organisation, "requisition.approve")
    for name, person in (("principal_id", principal_id), ("deputy_id", deputy_id)):
        if person not in people:
            raise Refused("deputy_person", field=name)
    if principal_id == deputy_id:
        raise Refused("deputy_person", field="deputy_id")
    overlapping = select(Deputy.id).where(
        Deputy.principal_id == principal_id,
        Deputy.deputy_id == deputy_id,
        Deputy.ended_at.is_(None),
        Deputy.from_day <= until_day,
        Deputy.until_day >= from_day,
    )
    if db.session.scalar(overlapping.limit(1)):
        raise Refused("deputy_exists", field="deputy_id")
    row = Deputy(
        id=new_id(),
        agency_id=actor.organisation,
        principal_id=principal_id,
        deputy_id=deputy_id,
        from_day=from_day,
        until_day=until_day,
        reason=reason.strip(),
        named_by=actor.user,
        named_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "deputy.name", "user", principal_id, deputy=str(deputy_id), until=until_day.isoformat())
    db.session.flush()
    return row


def _refuse_for_another(actor: Actor, deputy_id: UUID) -> None:
    """Whose step it is, is the chain's to say, and that is the leader's where there is one: an approver who names a
    stand-in for the leader, or steps in for another by their own word, would decide what was not theirs."""
    actor.require("chain.edit")
    assert actor.organisation is not None
    if not actor.may("requisition.lead") and identity.people_with(actor.organisation, "requisition.lead"):
        raise Refused("deputy_by_leader", field="principal_id")
    if actor.user == deputy_id:
        raise Refused("deputy_self", field="deputy_id")


def end_deputy(actor: Actor, deputy_row_id: UUID) -> Deputy:
    """Ends it before its day: by who is stood in for, or who may set the chain. Raises NotFound, Refused('deputy_ended')."""
    actor.require("requisition.approve")
    condition = Deputy.agency_id == actor.organisation
    if not actor.may("chain.edit"):
        condition = condition & (Deputy.principal_id == actor.user)
    row = by_id(Deputy, deputy_row_id, condition, "deputy", lock=True)
    if row.ended_at is not None or row.until_day < clock.today():
        raise Refused("deputy_ended", field="deputy_id")
    row.ended_at, row.ended_by = clock.now(), actor.user
    audit.record(actor, "deputy.end", "user", row.principal_id, deputy=str(row.deputy_id))
    db.session.flush()
    return row


def listed(actor: Actor) -> list[Deputy]:
    """The agency's stand-ins that hold or are to come, soonest first."""
    actor.require("requisition.read")
    query = select(Deputy).where(
        Deputy.agency_id == actor.organisation, Deputy.until_day >= clock.today(), Deputy.ended_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(Deputy.from_day, Deputy.id)))


def stands_in_for(actor: Actor) -> list[Actor]:
    """The people whose deputy the actor is today, as the actors that they are."""
    query = _in_force().where(Deputy.deputy_id == actor.user, Deputy.agency_id == actor.organisation)
    people = [row.principal_id for row in db.session.scalars(query.order_by(Deputy.from_day, Deputy.id))]
    return identity.actors(people)


def of(principal_ids: set[UUID]) -> list[UUID]:
    """Who stands in today for any of these people, one statement."""
    return [row.deputy_id for row in db.session.scalars(_in_force().where(Deputy.principal_id.in_(principal_ids)))]


def _in_force() -> Select[Deputy]:
    today = clock.today()
    return select(Deputy).where(Deputy.from_day <= today, Deputy.until_day >= today, Deputy.ended_at.is_(None))
