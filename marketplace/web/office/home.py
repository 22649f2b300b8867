"""The office's home: what was sold, who received what, what is wrong."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import render_template

from ...attribution import services as attribution
from ...core import clock
from ...core.actor import Actor
from ...edge.current import actor
from ...edge.guard import guard
from ...findings import services as findings
from ...households import services as households
from ...identity import services as identity
from ...payments import services as payments
from ...procurement import services as procurement
from ...quota import services as quota
from ...reporting import services as reporting
from .. import navigation
from . import asking, blueprint, words

SHOWN = 6


@navigation.counter("office")
def waiting(actor: Actor) -> dict[str, int]:
    """Open findings; undecided disputes and payees to approve or stop, beside their menu entries."""
    found = {"findings": sum(findings.open_by_kind(actor).values())} if actor.may("finding.read") else {}
    payees = households.count_waiting(actor) if actor.may("payee.approve") else 0
    orders = procurement.disputes_waiting(actor) + procurement.recalls_waiting(actor)
    return found | {"households": attribution.waiting(actor) + payees, "orders": orders}


@blueprint.get("/")
@guard("report.read")
def home() -> str:
    today = clock.today()
    question = replace(asking.asked(actor()), first=today.year * 100 + 1, last=clock.period(today))
    report = reporting.volume(actor(), question, "origin", depth=2)
    return render_template(
        "office/home.html",
        report=report,
        place=asking.place_name(question.origin),
        year=today.year,
        months=asking.columns_chart(report),
        bars=asking.bars_chart(report, 8),
        to_rows=asking.arguments(question),
        rows_url=asking.row_links(),
        gone_bp=year_gone(today),
        disputes=attribution.waiting(actor()),
        **_behind(actor(), today),
        **_wrong(actor(), today),
    )


def year_gone(day: date) -> int:
    """Basis points of the year that are over."""
    first, following = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return 10_000 * (day - first).days // (following - first).days


def _behind(actor: Actor, today: date) -> dict[str, Any]:
    """The plans that lie furthest behind the year, and how many do."""
    plans = quota.listed(actor, today.year) if actor.may("plan.read") else []
    gone = year_gone(today)
    late = [plan for plan in plans if (plan.settled_fen + plan.committed_fen) * 10_000 < plan.target_fen * gone]
    shown = late[:SHOWN]
    return {
        "plans": plans,
        "late_plans": shown,
        "late_count": len(late),
        "agencies": identity.named({plan.agency_id for plan in shown}),
    }


def _wrong(actor: Actor, today: date) -> dict[str, Any]:
    """Open findings by kind and overdue bills, as far as the actor may see them."""
    found: dict[str, Any] = {"found": {}, "due": None, "overdue": [], "parties": {}, "finding_words": words.FINDINGS}
    if actor.may("finding.read"):
        found["found"] = findings.open_by_kind(actor)
    if actor.may("bill.read"):
        bills, _ = payments.listed(actor, state="to_pay", due_before=today, size=SHOWN)
        parties = {bill.agency_id for bill in bills} | {bill.supplier_id for bill in bills}
        found |= {"due": payments.due(actor), "overdue": bills, "parties": identity.named(parties)}
    return found
