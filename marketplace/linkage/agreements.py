"""Agreements and consent."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, Many, Refused
from ..core.numbers import numbered
from ..households import services as households
from ..products import services as products
from . import overlaps, rules
from .models import Agreement, Consent, Roster


def draft_agreement(
    actor: Actor,
    *,
    kind: str,
    starts_on: date,
    ends_on: date | None = None,
    basis: str | None = None,
    rate_basis_points: int | None = None,
    rate_fen: int | None = None,
    sale_tied: bool = False,
    weights: str = "equal",
    service_order: int = 100,
    product_id: UUID | None = None,
    terms: str = "",
) -> Agreement:
    """Drafts an agreement of the actor's supplier. Raises Refused naming the field.

    `rate_basis_points` are of the line's net money (dividend) or of what it brings above the floor (`floor_plus`);
    `rate_fen` is for one price unit (premium, sale-tied piece wage), piece, work day, 亩 and year, or share.
    """
    actor.require("agreement.edit")
    rules.check_agreement(kind, basis, rate_basis_points, rate_fen, starts_on, ends_on, sale_tied)
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
        rate_basis_points=rate_basis_points
        if kind == "dividend" or (kind == "produce" and basis == "floor_plus")
        else None,
        rate_fen=rate_fen if kind in rules.FEN_RATE_ALLOWED else None,
        sale_tied=sale_tied,
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


def start(actor: Actor, agreement_id: UUID) -> Agreement:
    """Puts a drafted agreement in force.

    Raises Conflict('wrong_state'), Refused('roster_empty'), Many of agreement_overlaps.
    """
    actor.require("agreement.edit")
    row = own(actor, agreement_id, lock=True)
    if row.state != "draft":
        raise Conflict("wrong_state", what="agreement", state=row.state, verb="start")
    if db.session.scalar(select(Roster.id).where(Roster.agreement_id == row.id).limit(1)) is None:
        raise Refused("roster_empty", field="weights")
    overlaps.lock_others(row)
    if errors := overlaps.problems(row, overlaps.standings(row)):
        raise Many(errors)
    row.state = "in_force"
    audit.record(actor, "agreement.start", "agreement", row.id)
    db.session.flush()
    return row


def end(actor: Actor, agreement_id: UUID, day: date) -> Agreement:
    """Ends an agreement after a day, never before today: what was settled under it stays. Raises Conflict, Refused.

    Never later than agreed either: the households consented to its dates, so a longer time is a new agreement.
    """
    actor.require("agreement.edit")
    row = own(actor, agreement_id, lock=True)
    if row.state != "in_force":
        raise Conflict("wrong_state", what="agreement", state=row.state, verb="end")
    if day < clock.today() or day < row.starts_on:
        raise Refused("end_in_past", field="ends_on")
    if row.ends_on is not None and day > row.ends_on:
        raise Refused("end_later", field="ends_on", agreed=row.ends_on)
    row.ends_on = day
    audit.record(actor, "agreement.end", "agreement", row.id, day=day.isoformat())
    db.session.flush()
    return row


def listed(actor: Actor, supplier_id: UUID | None = None) -> list[Agreement]:
    """Agreements within scope, newest first."""
    actor.require("statement.read")
    query = select(Agreement).where(visible(actor.scope, supplier=Agreement.supplier_id))
    if supplier_id:
        query = query.where(Agreement.supplier_id == supplier_id)
    return list(db.session.scalars(query.order_by(Agreement.starts_on.desc(), Agreement.number.desc())))


def consents_of(agreement_id: UUID) -> list[Consent]:
    """Who consented to an agreement; the caller has checked scope."""
    query = select(Consent).where(Consent.agreement_id == agreement_id).order_by(Consent.day, Consent.id)
    return list(db.session.scalars(query))


def consented(supplier_id: UUID) -> set[UUID]:
    """Every household that consented to any agreement of the supplier."""
    query = select(Consent.household_id).join(Agreement, Agreement.id == Consent.agreement_id)
    return set(db.session.scalars(query.where(Agreement.supplier_id == supplier_id).distinct()))
