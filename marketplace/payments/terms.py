"""Terms of billing and paying between an agency and a supplier: proposed by the one, agreed by the other, from a day on."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, Refused
from ..identity import services as identity
from ..notices import services as notices
from . import rules
from .models import PaymentTerm


@dataclass(frozen=True)
class Terms:
    """What holds where nothing was agreed: a bill per acceptance, on credit, 30 days from delivery, 0.05 % a day."""

    billing: str = "acceptance"
    terms: str = "credit"
    clock: str = "delivery"
    days: int = rules.DAYS_TO_PAY
    interest_ppm: int = rules.INTEREST_PPM


def terms_on(agency_id: UUID, supplier_id: UUID, day: date) -> Terms:
    """The terms agreed for that day: those that began last."""
    query = (
        select(PaymentTerm)
        .where(
            PaymentTerm.agency_id == agency_id,
            PaymentTerm.supplier_id == supplier_id,
            PaymentTerm.state == "agreed",
            PaymentTerm.from_day <= day,
        )
        .order_by(PaymentTerm.from_day.desc())
        .limit(1)
    )
    row = db.session.scalar(query)
    return Terms(row.billing, row.terms, row.clock, row.days, row.interest_ppm) if row else Terms()


def propose_term(
    actor: Actor,
    *,
    supplier_id: UUID,
    from_day: date,
    billing: str,
    terms: str,
    clock_from: str,
    days: int,
    interest_ppm: int,
    contract: str = "",
) -> PaymentTerm:
    """The agency proposes terms from a day on; they hold once the supplier agrees.

    Raises Refused: not_a_supplier, day_in_past, days_to_pay_too_many (above 60), contract_needed (a clock that starts at
    acceptance, more than 30 days, or interest of less than 0.05 % a day are the contract's to say).
    """
    actor.require("term.propose")
    found = identity.named({supplier_id}).get(supplier_id)
    if found is None or found.kind != "supplier":
        raise Refused("not_a_supplier", field="supplier_id")
    if from_day < clock.today():
        raise Refused("day_in_past", field="from_day")
    if not 1 <= days <= rules.MOST_DAYS:
        raise Refused("days_to_pay_too_many", field="days", most=rules.MOST_DAYS)
    softer = clock_from == "acceptance" or days > rules.DAYS_TO_PAY or interest_ppm < rules.INTEREST_PPM
    if softer and not contract.strip():
        raise Refused("contract_needed", field="contract")
    row = PaymentTerm(
        id=new_id(),
        agency_id=actor.organisation,
        supplier_id=supplier_id,
        from_day=from_day,
        billing=billing,
        terms=terms,
        clock=clock_from,
        days=days,
        interest_ppm=interest_ppm,
        contract=contract.strip(),
        proposed_by=actor.user,
        proposed_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        actor, "term.propose", "payment_term", row.id, supplier=str(supplier_id), from_day=from_day.isoformat()
    )
    notices.tell("term_proposed", organisation_id=supplier_id, about=("payment_term", row.id), permission="term.answer")
    return row


def answer_term(actor: Actor, term_id: UUID, *, agreed: bool) -> PaymentTerm:
    """The supplier agrees, or does not. Raises Conflict: wrong_state, payment_term_exists (others from the same day)."""
    actor.require("term.answer")
    row = by_id(PaymentTerm, term_id, PaymentTerm.supplier_id == actor.organisation, "payment_term", lock=True)
    state = rules.TERM.after("agree" if agreed else "refuse", row.state)
    same = select(PaymentTerm.id).where(
        PaymentTerm.agency_id == row.agency_id,
        PaymentTerm.supplier_id == row.supplier_id,
        PaymentTerm.from_day == row.from_day,
        PaymentTerm.state == "agreed",
    )
    if agreed and db.session.scalar(same):
        raise Conflict("payment_term_exists")
    row.state, row.answered_by, row.answered_at = state, actor.user, clock.now()
    audit.record(actor, "term.agree" if agreed else "term.refuse", "payment_term", row.id)
    notices.done_about("payment_term", [row.id])
    if agreed:
        who = identity.named({row.supplier_id})[row.supplier_id].name
        notices.tell("term_agreed", organisation_id=row.agency_id, about=("payment_term", row.id), who=who)
    db.session.flush()
    return row


def term(actor: Actor, term_id: UUID) -> PaymentTerm:
    """One within scope. Raises NotFound."""
    actor.require("bill.read")
    seen = visible(actor.scope, supplier=PaymentTerm.supplier_id, agency=PaymentTerm.agency_id)
    return by_id(PaymentTerm, term_id, seen, "payment_term")


def terms_listed(actor: Actor) -> list[PaymentTerm]:
    """Terms within scope, the newest first."""
    actor.require("bill.read")
    seen = visible(actor.scope, supplier=PaymentTerm.supplier_id, agency=PaymentTerm.agency_id)
    return list(db.session.scalars(select(PaymentTerm).where(seen).order_by(PaymentTerm.from_day.desc()).limit(500)))
