"""Agreements, consent and rosters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, insert, or_, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, Many, Refused
from ..core.numbers import numbered
from ..households import services as households
from ..products import services as products
from . import rules
from .models import Agreement, Consent, Roster, RosterEntry


@dataclass(frozen=True)
class Terms:
    """What attribution needs of an agreement in force on a day."""

    agreement_id: UUID
    supplier_id: UUID
    product_id: UUID | None
    kind: str
    basis: str | None
    rate_basis_points: int | None
    rate_fen: int | None
    service_order: int
    roster_id: UUID | None


def draft_agreement(
    actor: Actor,
    *,
    kind: str,
    starts_on: date,
    ends_on: date | None = None,
    basis: str | None = None,
    rate_basis_points: int | None = None,
    rate_fen: int | None = None,
    weights: str = "equal",
    service_order: int = 100,
    product_id: UUID | None = None,
    terms: str = "",
) -> Agreement:
    """Drafts an agreement of the actor's supplier. Raises Refused naming the field."""
    actor.require("agreement.edit")
    rules.check_agreement(kind, basis, rate_basis_points, rate_fen, starts_on, ends_on)
    if weights not in rules.WEIGHTS:
        raise Refused("weights_unknown", field="weights", value=weights)
    if product_id:
        actor.require_own(products.one(product_id).supplier_id, "product")
    row = Agreement(
        id=new_id(),
        number=numbered("LJ", starts_on.year)[0],
        supplier_id=actor.organisation,
        product_id=product_id,
        kind=kind,
        basis=basis if kind == "produce" else None,
        rate_basis_points=rate_basis_points if kind == "dividend" else None,
        rate_fen=rate_fen if kind == "premium" else None,
        weights=weights,
        service_order=service_order,
        starts_on=starts_on,
        ends_on=ends_on,
        terms=terms,
        created_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "agreement.draft", "agreement", row.id, kind=kind)
    db.session.flush()
    return row


def own(actor: Actor, agreement_id: UUID, *, lock: bool = False) -> Agreement:
    condition = Agreement.supplier_id == actor.organisation
    return by_id(Agreement, agreement_id, condition, "agreement", lock=lock)


def record_consents(actor: Actor, agreement_id: UUID, consents: Sequence[dict[str, object]]) -> None:
    """Records households' consent: household_id, day, method, witness, second_witness, file_id (optional).

    Raises Many of Refused with rows: household_unknown, witness_is_clerk, witnesses_same, consent_exists.
    """
    actor.require("agreement.edit")
    agreement = own(actor, agreement_id)
    known = households.by_ids([UUID(str(item["household_id"])) for item in consents])
    given = set(db.session.scalars(select(Consent.household_id).where(Consent.agreement_id == agreement_id)))
    errors, rows = [], []
    for number, item in enumerate(consents, 1):
        problem = _consent_problem(actor, item, known, given)
        if problem:
            errors.append(Refused(problem, field="consents", row=number))
            continue
        given.add(item["household_id"])  # type: ignore[arg-type]
        rows.append({"id": new_id(), "agreement_id": agreement.id, "file_id": None, **item})
    if errors:
        raise Many(errors)
    if rows:
        db.session.execute(insert(Consent), rows)
    audit.record(actor, "agreement.consent", "agreement", agreement_id, count=len(rows))


def _consent_problem(actor: Actor, item: dict[str, object], known: dict, given: set) -> str | None:
    if item["household_id"] not in known:
        return "household_unknown"
    if item["household_id"] in given:
        return "consent_exists"
    if actor.name in (item["witness"], item["second_witness"]):
        return "witness_is_clerk"
    if item["witness"] == item["second_witness"] or not item["witness"]:
        return "witnesses_same"
    return None


def put_roster(actor: Actor, agreement_id: UUID, from_day: date, weights: dict[UUID, int]) -> Roster:
    """A new version of who shares what from a day on, never before today. Everybody in it has consented.

    `weights`: household → share, volume in thousandths, or 1. Raises Refused: roster_empty, roster_in_past,
    roster_exists, and Many of no_consent, weight_not_positive with rows.
    """
    actor.require("agreement.edit")
    agreement = own(actor, agreement_id, lock=True)
    first = db.session.scalar(select(Roster.id).where(Roster.agreement_id == agreement_id).limit(1)) is None
    if not weights:
        raise Refused("roster_empty", field="weights")
    if from_day < (agreement.starts_on if first else clock.today()):
        raise Refused("roster_in_past", field="from_day")
    if db.session.scalar(select(Roster.id).where(Roster.agreement_id == agreement_id, Roster.from_day == from_day)):
        raise Refused("roster_exists", field="from_day")
    consented = set(db.session.scalars(select(Consent.household_id).where(Consent.agreement_id == agreement_id)))
    errors = [
        Refused("no_consent" if household not in consented else "weight_not_positive", field="weights", row=number)
        for number, (household, weight) in enumerate(weights.items(), 1)
        if household not in consented or weight <= 0
    ]
    if errors:
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


def start(actor: Actor, agreement_id: UUID) -> Agreement:
    """Puts a drafted agreement in force. Raises Conflict('wrong_state'), Refused('roster_empty')."""
    actor.require("agreement.edit")
    row = own(actor, agreement_id, lock=True)
    if row.state != "draft":
        raise Conflict("wrong_state", what="agreement", state=row.state, verb="start")
    if db.session.scalar(select(Roster.id).where(Roster.agreement_id == row.id).limit(1)) is None:
        raise Refused("roster_empty", field="weights")
    row.state = "in_force"
    audit.record(actor, "agreement.start", "agreement", row.id)
    db.session.flush()
    return row


def end(actor: Actor, agreement_id: UUID, day: date) -> Agreement:
    """Ends an agreement after a day, never before today: what was settled under it stays. Raises Refused, Conflict."""
    actor.require("agreement.edit")
    row = own(actor, agreement_id, lock=True)
    if row.state != "in_force":
        raise Conflict("wrong_state", what="agreement", state=row.state, verb="end")
    if day < clock.today() or day < row.starts_on:
        raise Refused("end_in_past", field="ends_on")
    row.ends_on = day
    audit.record(actor, "agreement.end", "agreement", row.id, day=day.isoformat())
    db.session.flush()
    return row


def in_force(supplier_ids: Iterable[UUID], day: date) -> set[UUID]:
    """The suppliers that have an agreement with a roster in force on the day."""
    query = (
        select(Agreement.supplier_id)
        .join(Roster, Roster.agreement_id == Agreement.id)
        .where(Agreement.supplier_id.in_(set(supplier_ids)), Roster.from_day <= day, *_in_force_on(day))
    )
    return set(db.session.scalars(query.distinct()))


def _in_force_on(day: date) -> tuple:
    return (
        Agreement.state == "in_force",
        Agreement.starts_on <= day,
        or_(Agreement.ends_on.is_(None), Agreement.ends_on >= day),
    )


def agreements_on(supplier_id: UUID, day: date) -> list[Terms]:
    """The agreements of a supplier in force on a day, in their order of service, each with its roster of that day."""
    newest = (
        select(Roster.agreement_id, func.max(Roster.from_day).label("from_day"))
        .where(Roster.from_day <= day)
        .group_by(Roster.agreement_id)
        .subquery()
    )
    query = (
        select(Agreement, Roster.id)
        .join(newest, newest.c.agreement_id == Agreement.id)
        .join(Roster, (Roster.agreement_id == newest.c.agreement_id) & (Roster.from_day == newest.c.from_day))
        .where(Agreement.supplier_id == supplier_id, *_in_force_on(day))
        .order_by(Agreement.service_order, Agreement.number)
    )
    return [
        Terms(
            agreement_id=row.id,
            supplier_id=row.supplier_id,
            product_id=row.product_id,
            kind=row.kind,
            basis=row.basis,
            rate_basis_points=row.rate_basis_points,
            rate_fen=row.rate_fen,
            service_order=row.service_order,
            roster_id=roster_id,
        )
        for row, roster_id in db.session.execute(query)
    ]


def listed(actor: Actor, supplier_id: UUID | None = None) -> list[Agreement]:
    """Agreements within scope, newest first."""
    actor.require("statement.read")
    query = select(Agreement).where(visible(actor.scope, supplier=Agreement.supplier_id))
    if supplier_id:
        query = query.where(Agreement.supplier_id == supplier_id)
    return list(db.session.scalars(query.order_by(Agreement.starts_on.desc(), Agreement.number.desc())))


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


def consents_of(agreement_id: UUID) -> list[Consent]:
    """Who consented to an agreement; the caller has checked scope."""
    query = select(Consent).where(Consent.agreement_id == agreement_id).order_by(Consent.day, Consent.id)
    return list(db.session.scalars(query))


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


def consented(supplier_id: UUID) -> set[UUID]:
    """Every household that consented to any agreement of the supplier."""
    query = select(Consent.household_id).join(Agreement, Agreement.id == Consent.agreement_id)
    return set(db.session.scalars(query.where(Agreement.supplier_id == supplier_id).distinct()))
