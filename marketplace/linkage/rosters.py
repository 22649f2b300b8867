"""Rosters: one immutable version after the other of who shares what, each from a day on."""

from datetime import date
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, is_sqlite, new_id
from ..core.errors import Many, Refused
from ..core.fields import FIRST_DAY
from . import overlaps
from .agreements import own
from .models import Agreement, Consent, Roster, RosterEntry, SettledUntil
from .rules import span_of
from .terms import settled_until


def put_roster(actor: Actor, agreement_id: UUID, from_day: date, weights: dict[UUID, int]) -> Roster:
    """A new version of who shares what from a day on; everybody in it has consented.

    `weights`: household → share, volume in thousandths, or 1. The first version begins with the agreement at the
    earliest, a later one never before today, none on a day whose lines have settled. Raises Refused: roster_empty,
    roster_in_past, roster_after_end, roster_before_settled, roster_exists; Many with rows: no_consent (also for a
    household that does not exist), weight_not_positive, agreement_overlaps.
    """
    actor.require("agreement.edit")
    agreement = own(actor, agreement_id, lock=True)
    if not weights:
        raise Refused("roster_empty", field="weights")
    _check_day(agreement, from_day)
    errors = _problems(agreement, weights)
    if errors:
        raise Many(errors)
    span = span_of(agreement.starts_on, agreement.ends_on, from_day, None)
    overlaps.lock_others(agreement)
    if span and (errors := overlaps.problems(agreement, [(household, span) for household in weights])):
        raise Many(errors)
    row = Roster(
        id=new_id(), agreement_id=agreement_id, from_day=from_day, households=len(weights), created_at=clock.now()
    )
    db.session.add(row)
    db.session.flush()
    equal = agreement.weights == "equal"
    db.session.execute(
        insert(RosterEntry),
        [
            {"roster_id": row.id, "household_id": key, "weight": 1 if equal else weight}
            for key, weight in weights.items()
        ],
    )
    audit.record(actor, "roster.put", "agreement", agreement_id, from_day=from_day.isoformat(), households=len(weights))
    return row


def _check_day(agreement: Agreement, from_day: date) -> None:
    versions = set(db.session.scalars(select(Roster.from_day).where(Roster.agreement_id == agreement.id)))
    if from_day < (clock.today() if versions else agreement.starts_on):
        raise Refused("roster_in_past", field="from_day")
    if agreement.ends_on and from_day > agreement.ends_on:
        raise Refused("roster_after_end", field="from_day", number=agreement.number)
    settled = _settled(agreement.supplier_id)
    if from_day <= settled:
        raise Refused("roster_before_settled", field="from_day", settled=settled)
    if from_day in versions:
        raise Refused("roster_exists", field="from_day")


def _settled(supplier_id: UUID) -> date:
    """The last day of acceptance that has settled, locked until the end, so that none settles meanwhile."""
    build = sqlite.insert if is_sqlite() else postgresql.insert
    first = build(SettledUntil).values(supplier_id=supplier_id, day=FIRST_DAY)
    db.session.execute(
        first.on_conflict_do_nothing(index_elements=["supplier_id"]), execution_options={"synchronize_session": False}
    )
    return settled_until(supplier_id, lock=True) or FIRST_DAY


def _problems(agreement: Agreement, weights: dict[UUID, int]) -> list[Refused]:
    consented = set(db.session.scalars(select(Consent.household_id).where(Consent.agreement_id == agreement.id)))
    return [
        Refused("no_consent" if household not in consented else "weight_not_positive", field="weights", row=number)
        for number, (household, weight) in enumerate(weights.items(), 1)
        if household not in consented or not weight or weight <= 0
    ]


def roster_on(agreement_id: UUID, day: date) -> dict[UUID, int]:
    """Household → weight of the roster in force on a day, empty if there is none."""
    roster = db.session.scalar(
        select(Roster.id)
        .where(Roster.agreement_id == agreement_id, Roster.from_day <= day)
        .order_by(Roster.from_day.desc())
        .limit(1)
    )
    return weights_of_roster(roster) if roster else {}


def weights_of_roster(roster_id: UUID) -> dict[UUID, int]:
    query = select(RosterEntry.household_id, RosterEntry.weight).where(RosterEntry.roster_id == roster_id)
    return dict(db.session.execute(query).all())


def linked_households(supplier_id: UUID) -> set[UUID]:
    """Every household that is or was on a roster of the supplier, each once."""
    query = (
        select(RosterEntry.household_id)
        .join(Roster, Roster.id == RosterEntry.roster_id)
        .join(Agreement, Agreement.id == Roster.agreement_id)
        .where(Agreement.supplier_id == supplier_id)
    )
    return set(db.session.scalars(query.distinct()))


def rosters_of(agreement_id: UUID) -> list[Roster]:
    """The versions of an agreement's roster, newest first; the caller has checked scope."""
    query = select(Roster).where(Roster.agreement_id == agreement_id).order_by(Roster.from_day.desc())
    return list(db.session.scalars(query))


def agreements_of_households(supplier_id: UUID) -> dict[UUID, set[UUID]]:
    """Household → the supplier's agreements on whose rosters it is or was, one statement."""
    query = (
        select(RosterEntry.household_id, Roster.agreement_id)
        .join(Roster, Roster.id == RosterEntry.roster_id)
        .join(Agreement, Agreement.id == Roster.agreement_id)
        .where(Agreement.supplier_id == supplier_id)
        .distinct()
    )
    found: dict[UUID, set[UUID]] = {}
    for household, agreement in db.session.execute(query):
        found.setdefault(household, set()).add(agreement)
    return found
