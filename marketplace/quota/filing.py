"""Filing a plan: the agency writes and files it, its superior approves it or sends it back; an office may register one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Refused
from ..identity import registry
from ..identity import services as identity
from ..notices import services as notices
from . import parameters, rules
from .models import QuotaContractor, QuotaPlan
from .plans import contractors_of, covered_by, last_target, plan_of
from .rules import COUNTING, PLAN
from .successions import check_may_buy


@dataclass(frozen=True)
class Filing:
    """What an agency states of its year. `shared_with_id`: the unit that runs the shared canteen and files for it."""

    year: int
    unit_case: str
    canteen_fen: int = 0
    union_fen: int = 0
    target_fen: int = 0
    ceiling_fen: int | None = None
    shared_with_id: UUID | None = None
    contractor_ids: tuple[UUID, ...] = ()
    note: str = ""


def save_draft(actor: Actor, filing: Filing) -> QuotaPlan:
    """Writes the own agency's plan of a year, as often as wanted until it is filed, and again when it was sent back.

    Raises Refused: year_closed, agency_abolished, base_not_positive, target_not_positive, target_below_minimum,
    ceiling_below_target, plan_has_orders, filer_needed, shared_cycle, contractor_needed, contractor_unfit,
    contractor_named_twice; Conflict: wrong_state.
    """
    actor.require("plan.file")
    agency = identity.own(actor)
    today = clock.today()
    check_may_buy(agency.id, today)
    parameters.check_open_year(agency.division, filing.year, today)
    row = plan_of(agency.id, filing.year)
    if row is None:
        row = QuotaPlan(
            id=new_id(), agency_id=agency.id, year=filing.year, state="draft", committed_fen=0, settled_fen=0
        )
    else:
        row = by_id(QuotaPlan, row.id, what="plan", lock=True)
        PLAN.after("file", row.state)
    with db.session.no_autoflush:  # case and figures fit together only when all of them are set
        row.division = agency.division
        row.unit_case, row.note, row.filed_at = filing.unit_case, filing.note.strip(), clock.now()
        _set_figures(row, filing)
        db.session.add(row)
    db.session.flush()
    _name_contractors(row, filing.contractor_ids if filing.unit_case == "outsourced" else ())
    audit.record(actor, "plan.save", "quota_plan", row.id, year=row.year, target_fen=row.target_fen)
    db.session.flush()
    return row


def _set_figures(row: QuotaPlan, filing: Filing) -> None:
    if filing.unit_case == "shared":
        row.covered_by_id = _filer_of(row, filing.shared_with_id)
        row.canteen_fen = row.union_fen = row.base_fen = row.target_fen = 0
        row.ceiling_fen = row.minimum_basis_points = row.minimum_fen = row.rule_id = None
        return
    canteen = 0 if filing.unit_case == "none" else filing.canteen_fen
    rule = parameters.rule_for(row.division, row.year)
    asks = rules.asked(rule, filing.unit_case, canteen, filing.union_fen, last_target(row.agency_id, row.year))
    if fault := rules.figures_fault(asks, filing.target_fen, filing.ceiling_fen):
        raise fault
    held = row.committed_fen + row.settled_fen
    if filing.ceiling_fen is not None and filing.ceiling_fen < held:
        raise Refused("ceiling_below_held", field="ceiling_fen", held_fen=held)
    row.covered_by_id = None
    row.canteen_fen, row.union_fen, row.base_fen = canteen, filing.union_fen, asks.base_fen
    row.target_fen, row.ceiling_fen = filing.target_fen, filing.ceiling_fen
    row.rule_id = rule.id if rule else None
    row.minimum_basis_points, row.minimum_fen = asks.rate_bp, asks.minimum_fen


def _filer_of(row: QuotaPlan, filer_id: UUID | None) -> UUID:
    """The plan of the unit that files for the shared canteen. Both plans are locked: neither names the other at once."""
    if filer_id is None:
        raise Refused("filer_needed", field="shared_with_id")
    if filer_id == row.agency_id:
        raise Refused("shared_cycle", field="shared_with_id")
    filer = plan_of(filer_id, row.year)
    if filer is None or filer.state not in COUNTING:
        raise Refused("filer_has_no_plan", field="shared_with_id")
    both = select(QuotaPlan.id, QuotaPlan.covered_by_id).where(QuotaPlan.id.in_([filer.id, row.id]))
    locked = dict(db.session.execute(both.order_by(QuotaPlan.id).with_for_update()).all())
    if locked[filer.id] is not None or covered_by(row.id):
        raise Refused("shared_cycle", field="shared_with_id")
    if row.committed_fen or row.settled_fen:
        raise Refused("plan_has_orders", field="unit_case")
    return filer.id


def _name_contractors(row: QuotaPlan, wanted: Iterable[UUID]) -> None:
    ids = list(wanted)
    if row.unit_case == "outsourced" and not ids:
        raise Refused("contractor_needed", field="contractor_ids")
    if len(set(ids)) != len(ids):
        raise Refused("contractor_named_twice", field="contractor_ids")
    held = {named.contractor_id: named for named in contractors_of([row.id]).get(row.id, [])}
    for id_, named in held.items():
        if id_ not in ids:
            db.session.delete(named)
    for id_ in ids:
        if id_ not in held:
            name_contractor(row, id_, date(row.year, 1, 1))


def name_contractor(row: QuotaPlan, contractor_id: UUID, from_day: date, field: str = "contractor_ids") -> None:
    """From that day on, what the contractor buys counts to this plan. Raises Refused: contractor_unfit,
    contractor_named_twice (by this or another unit, in days that overlap)."""
    organisation = identity.named({contractor_id}).get(contractor_id)
    if organisation is None or organisation.kind != "agency" or contractor_id == row.agency_id:
        raise Refused("contractor_unfit", field=field)
    check_may_buy(contractor_id, from_day, field=field)
    overlaps = select(QuotaContractor.id).where(
        QuotaContractor.contractor_id == contractor_id,
        QuotaContractor.year == row.year,
        QuotaContractor.until_day.is_(None) | (QuotaContractor.until_day >= from_day),
    )
    if db.session.scalar(overlaps):
        raise Refused("contractor_named_twice", field=field)
    db.session.add(
        QuotaContractor(id=new_id(), plan_id=row.id, year=row.year, contractor_id=contractor_id, from_day=from_day)
    )
    db.session.flush()


def file(actor: Actor, plan_id: UUID) -> QuotaPlan:
    """The agency files its plan; after the deadline it is marked late. Its superior is told. Raises as save_draft."""
    actor.require("plan.file")
    row = by_id(QuotaPlan, plan_id, QuotaPlan.agency_id == actor.organisation, "plan", lock=True)
    state = PLAN.after("file", row.state)
    today = clock.today()
    check_may_buy(row.agency_id, today)
    days = parameters.check_open_year(row.division, row.year, today)
    row.late = days.filing is not None and today > days.filing
    row.state, row.filed_by, row.filed_at = state, actor.user, clock.now()
    row.decided_by = row.decided_at = None
    row.reason = ""
    audit.record(actor, "plan.file", "quota_plan", row.id, year=row.year, target_fen=row.target_fen, late=row.late)
    notices.done_about("quota_plan", [row.id], "plan_returned")
    notices.done_about("organisation", [row.agency_id], "plan_due", "plan_overdue")
    tell_superior("plan_to_check", row)
    db.session.flush()
    return row


def tell_superior(kind: str, row: QuotaPlan) -> None:
    """The supervising department, or the office of the finest division that the agency lies in."""
    agency = identity.named({row.agency_id})[row.agency_id]
    above = agency.parent_id or registry.office_over(agency.division)
    if above:
        notices.tell(
            kind,
            organisation_id=above,
            about=("quota_plan", row.id),
            number=str(row.year),
            permission="plan.check",
            agency=agency.name,
            year=row.year,
        )


def approve(actor: Actor, plan_id: UUID) -> QuotaPlan:
    """The superior approves what was filed. Raises Refused: not_superior, checker_is_filer; Conflict: wrong_state."""
    row = _to_check(actor, plan_id)
    row.state = PLAN.after("approve", row.state)
    _decided(actor, row, "plan.approve", "plan_approved")
    return row


def send_back(actor: Actor, plan_id: UUID, reason: str) -> QuotaPlan:
    """The superior returns it with a reason. Raises as approve, and Refused('reason_needed')."""
    row = _to_check(actor, plan_id)
    row.state = PLAN.after("send_back", row.state)
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    row.reason = reason.strip()
    _decided(actor, row, "plan.return", "plan_returned")
    return row


def _to_check(actor: Actor, plan_id: UUID) -> QuotaPlan:
    row = superior_of(actor, plan_id)
    if row.filed_by is not None and row.filed_by == actor.user:
        raise Refused("checker_is_filer", field="plan")
    return row


def superior_of(actor: Actor, plan_id: UUID) -> QuotaPlan:
    """The plan, locked, if the actor's organisation stands above its agency. Raises NotFound, Refused('not_superior')."""
    actor.require("plan.check")
    within = visible(actor.scope, agency=QuotaPlan.agency_id, division=QuotaPlan.division)
    row = by_id(QuotaPlan, plan_id, within & (QuotaPlan.state != "draft"), "plan", lock=True)
    if actor.organisation is not None and row.agency_id == actor.organisation:
        raise Refused("not_superior", field="plan")
    return row


def _decided(actor: Actor, row: QuotaPlan, verb: str, kind: str) -> None:
    row.decided_by, row.decided_at = actor.user, clock.now()
    audit.record(actor, verb, "quota_plan", row.id, year=row.year, target_fen=row.target_fen)
    notices.done_about("quota_plan", [row.id], "plan_to_check")
    notices.tell(
        kind,
        organisation_id=row.agency_id,
        about=("quota_plan", row.id),
        number=str(row.year),
        permission="plan.file",
        year=row.year,
    )
    db.session.flush()


def file_plan(
    actor: Actor, agency_id: UUID, year: int, *, base_fen: int, target_fen: int, ceiling_fen: int | None = None
) -> QuotaPlan:
    """An office registers an agency's approved plan, of an own canteen: filing and approval at once.

    Raises Refused: agency_unknown, plan_exists, target_not_positive, target_below_minimum, ceiling_below_target.
    """
    actor.require("plan.approve")
    agency = identity.named({agency_id}).get(agency_id)
    if agency is None or agency.kind != "agency":
        raise Refused("agency_unknown", field="agency_id")
    actor.require_lies_in(agency.division, "agency")
    rule = parameters.rule_for(agency.division, year)
    asks = rules.asked(rule, "own", base_fen, 0, last_target(agency_id, year))
    fault = rules.figures_fault(asks, target_fen, ceiling_fen)
    if fault and fault.code != "base_not_positive":  # an old plan may be registered with its target alone
        raise fault
    if plan_of(agency_id, year):
        raise Refused("plan_exists", field="year", year=year)
    row = QuotaPlan(
        id=new_id(),
        agency_id=agency_id,
        year=year,
        division=agency.division,
        canteen_fen=base_fen,
        base_fen=base_fen,
        rule_id=rule.id if rule else None,
        minimum_basis_points=asks.rate_bp,
        minimum_fen=asks.minimum_fen,
        target_fen=target_fen,
        ceiling_fen=ceiling_fen,
        filed_at=clock.now(),
        decided_by=actor.user,
        decided_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "plan.file", "quota_plan", row.id, year=year, target_fen=target_fen)
    db.session.flush()
    return row
