"""How many days a return or a dispute may take: a place's own from a day on, or the rules' (after_rules.TERMS)."""

from datetime import date

from sqlalchemy import func, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db
from ..core.errors import Refused
from .after_models import AfterTerm
from .after_rules import TERMS


def days(kind: str, division: str, day: date) -> int:
    """Days of a kind in a division: the nearest place that set its own, from a day that has come."""
    prefixes = ["", *(division[:length] for length in (2, 4, 6, 9, 12))]
    query = select(AfterTerm.days).where(
        AfterTerm.kind == kind, AfterTerm.prefix.in_(prefixes), AfterTerm.from_day <= day
    )
    order = func.length(AfterTerm.prefix).desc(), AfterTerm.from_day.desc()
    found = db.session.scalar(query.order_by(*order).limit(1))
    return TERMS[kind] if found is None else found


def set_days(actor: Actor, kind: str, number: int, from_day: date) -> AfterTerm:
    """An office's own days for its division. Raises Refused: not_a_choice, day_in_past, out_of_range, named_twice."""
    actor.require("order_dispute.decide")
    if kind not in TERMS:
        raise Refused("not_a_choice", field="kind")
    if from_day < clock.today():
        raise Refused("day_in_past", field="from_day")
    if not 1 <= number <= 180:
        raise Refused("out_of_range", field="days")
    key = actor.scope.division or "", kind, from_day
    if db.session.get(AfterTerm, key):
        raise Refused("named_twice", field="from_day")
    row = AfterTerm(prefix=key[0], kind=kind, from_day=from_day, days=number)
    db.session.add(row)
    audit.record(actor, "order_dispute.terms", "division", row.prefix, kind=kind, days=number)
    db.session.flush()
    return row
