"""A household stands once in each mechanism for a product: agreements that overlap for it are refused.

Same supplier, same product (an agreement on all products meets every other), same kind and basis, and days in common:
the time on a roster, within the agreement's own dates.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, or_, select

from ..core.db import db
from ..core.errors import Refused
from .models import Agreement, Roster, RosterEntry
from .rules import Span, span_of

Standing = tuple[UUID, Span]


def lock_others(agreement: Agreement) -> None:
    """Whoever changes who stands where does it one after the other, so that two do not miss each other."""
    same = Agreement.supplier_id == agreement.supplier_id, Agreement.kind == agreement.kind
    db.session.execute(select(Agreement.id).where(*same).order_by(Agreement.id).with_for_update()).all()


def problems(agreement: Agreement, wanted: Iterable[Standing]) -> list[Refused]:
    """A refusal for each household that another agreement in force holds meanwhile, naming that one's number."""
    rows = list(wanted)
    held: dict[UUID, list[tuple[str, Span]]] = {}
    for household, number, span in _others(agreement):
        held.setdefault(household, []).append((number, span))
    errors = []
    for row, (household, span) in enumerate(rows, 1):
        found = next((number for number, other in held.get(household, []) if span.meets(other)), None)
        if found:
            errors.append(Refused("agreement_overlaps", field="weights", row=row, number=found))
    return errors


def standings(agreement: Agreement) -> list[Standing]:
    """Household and time of everybody on the agreement's own rosters."""
    return [(household, span) for household, _, span in _spans([Agreement.id == agreement.id])]


def _others(agreement: Agreement) -> list[tuple[UUID, str, Span]]:
    conditions = [
        Agreement.supplier_id == agreement.supplier_id,
        Agreement.kind == agreement.kind,
        Agreement.basis.is_(None) if agreement.basis is None else Agreement.basis == agreement.basis,
        Agreement.sale_tied == agreement.sale_tied,
        Agreement.id != agreement.id,
        Agreement.state == "in_force",
    ]
    if agreement.product_id:
        conditions.append(or_(Agreement.product_id.is_(None), Agreement.product_id == agreement.product_id))
    return _spans(conditions)


def _spans(conditions: list) -> list[tuple[UUID, str, Span]]:
    following = func.lead(Roster.from_day).over(partition_by=Roster.agreement_id, order_by=Roster.from_day)
    versions = select(Roster.id, Roster.agreement_id, Roster.from_day, following.label("until")).subquery()
    query = (
        select(RosterEntry.household_id, Agreement, versions.c.from_day, versions.c.until)
        .join(versions, versions.c.id == RosterEntry.roster_id)
        .join(Agreement, Agreement.id == versions.c.agreement_id)
        .where(*conditions)
    )
    found = []
    for household, agreement, from_day, until in db.session.execute(query):
        span = span_of(agreement.starts_on, agreement.ends_on, from_day, until)
        if span is not None:
            found.append((household, agreement.number, span))
    return found
