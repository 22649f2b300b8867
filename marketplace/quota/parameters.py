"""Parameters by year and region: set by one person with their source, confirmed by another, in force from then on."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import NotFound, Refused
from ..regions import services as regions
from ..regions.rules import PREFIX
from . import rules
from .models import QuotaPlan, QuotaRule
from .rules import Calendar

FIGURES = (
    "base",
    "minimum_bp",
    "encouraged_bp",
    "not_below_last_year",
    "union_share_bp",
    "filing_md",
    "counting_md",
    "warn_md",
    "needs_review",
    "lead_days",
    "pay_days",
    "confirm_days",
    "source",
)


def rule_for(division: str, year: int) -> QuotaRule | None:
    """What a division's agencies are asked in a year: see rules.finest. Never another year's."""
    prefixes = ["", *(division[:digits] for digits in PREFIX.values())]
    query = select(QuotaRule).where(QuotaRule.year == year, QuotaRule.prefix.in_(prefixes))
    return rules.finest(db.session.scalars(query), division)


def rules_of(year: int | None = None) -> list[QuotaRule]:
    """Every parameter of a year, or of all years, newest first, the whole country's before its parts. Public."""
    query = select(QuotaRule).order_by(QuotaRule.year.desc(), QuotaRule.prefix)
    return list(db.session.scalars(query.where(QuotaRule.year == year) if year else query))


def count_reviewed_only(plan_ids: Any) -> set[UUID]:
    """Those of some plans (ids, or a query of them) whose region counts an order only once it has been reviewed."""
    asking = select(QuotaRule.year).where(QuotaRule.needs_review, QuotaRule.status == "confirmed")
    years = set(db.session.scalars(asking))
    if not years:
        return set()
    query = select(QuotaPlan.id, QuotaPlan.division, QuotaPlan.year)
    ruling = {year: rules_of(year) for year in years}
    return {
        id_
        for id_, division, year in db.session.execute(
            query.where(QuotaPlan.id.in_(plan_ids), QuotaPlan.year.in_(years))
        )
        if rules.reviewed_only(rules.finest(ruling[year], division))
    }


def calendar_for(division: str, year: int) -> Calendar:
    return rules.calendar(rule_for(division, year), year)


def set_rule(actor: Actor, year: int, prefix: str, **figures: Any) -> QuotaRule:
    """Sets a region's parameter of a year; it asks nothing until another person confirms it, also where it replaces one.

    `prefix`: 2, 4, 6, 9 or 12 digits, '' the whole country. `figures`: FIGURES. Raises Refused: not_a_prefix,
    region_unknown, encouraged_below_minimum, source_needed; NotFound outside the actor's division.
    """
    actor.require("plan.rule")
    actor.require_lies_in(prefix, "region")
    _check_region(prefix)
    minimum, encouraged = figures.get("minimum_bp"), figures.get("encouraged_bp")
    if encouraged is not None and encouraged < (minimum or 0):
        raise Refused("encouraged_below_minimum", field="encouraged_bp")
    if minimum is not None and not figures.get("source", "").strip():
        raise Refused("source_needed", field="source")
    query = select(QuotaRule).where(QuotaRule.year == year, QuotaRule.prefix == prefix)
    row = db.session.scalar(query.with_for_update())
    before = {name: getattr(row, name) for name in FIGURES} if row else {}
    if row is None:
        row = QuotaRule(id=new_id(), year=year, prefix=prefix)
        db.session.add(row)
    for name, value in figures.items():
        setattr(row, name, value)
    row.status, row.set_by, row.set_at = "unconfirmed", actor.user, clock.now()
    row.confirmed_by = row.confirmed_at = None
    audit.record(actor, "quota_rule.set", "quota_rule", row.id, year=year, prefix=prefix, before=before, after=figures)
    db.session.flush()
    return row


def _check_region(prefix: str) -> None:
    if prefix and (len(prefix) not in PREFIX.values() or not (prefix.isascii() and prefix.isdigit())):
        raise Refused("not_a_prefix", field="prefix")
    if prefix:
        try:
            regions.division(prefix.ljust(12, "0"))
        except NotFound:
            raise Refused("region_unknown", field="prefix") from None


def confirm_rule(actor: Actor, rule_id: UUID) -> QuotaRule:
    """Another person confirms that the figures are what was published. Raises Refused: confirmer_is_setter, rate_needed;
    Conflict: wrong_state; NotFound outside the actor's division."""
    actor.require("plan.rule")
    row = by_id(QuotaRule, rule_id, what="quota_rule", lock=True)
    actor.require_lies_in(row.prefix, "quota_rule")
    state = rules.RULE.after("confirm", row.status)
    if row.minimum_bp is None:
        raise Refused("rate_needed", field="minimum_bp")
    if row.set_by is not None and row.set_by == actor.user:
        raise Refused("confirmer_is_setter", field="rule")
    row.status, row.confirmed_by, row.confirmed_at = state, actor.user, clock.now()
    audit.record(actor, "quota_rule.confirm", "quota_rule", row.id, year=row.year, prefix=row.prefix)
    db.session.flush()
    return row


def check_open_year(division: str, year: int, today: date) -> Calendar:
    """The calendar of a year that still counts. Raises Refused('year_closed')."""
    days = calendar_for(division, year)
    if today > days.counting:
        raise Refused("year_closed", field="year", year=year, day=days.counting)
    return days
