"""Standing orders (定期订货): the same lines on the week's days within term, drafted ahead of each delivery.

A draft is made in the name of who set the order up, so it is submitted by a person and approved by another, at that
day's prices, stock and eligibility: nothing is ordered by a clock alone.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, DomainError, Many, NotFound, Refused
from ..core.numbers import numbered
from ..core.states import States
from ..identity import services as identity
from ..notices import services as notices
from ..procurement import services as procurement
from ..quota import services as quota
from .calendar import Rhythm, Span, delivery_days
from .standing_models import AgencySpan, StandingLine, StandingOrder, StandingRun

STANDING = States(
    "standing_order",
    {
        "edit": ({"active", "paused"}, "active"),
        "pause": ({"active"}, "paused"),
        "resume": ({"paused"}, "active"),
        "end": ({"active", "paused"}, "ended"),
    },
)
HEAD = (
    "title", "from_day", "until_day", "weekdays", "every_weeks", "on_holiday", "in_term", "ahead_days",
    "window", "address", "contact", "budget_line", "counted_as",
)  # fmt: skip
MOST_DAYS = timedelta(days=400)
MOST_LINES = 200


def put_span(actor: Actor, kind: str, name: str, from_day: date, until_day: date) -> AgencySpan:
    """Adds a term (学期) or days without delivery. Raises Refused: ends_before_start, span_overlaps."""
    actor.require("requisition.edit")
    if until_day < from_day:
        raise Refused("ends_before_start", field="until_day")
    same = select(AgencySpan.id).where(
        AgencySpan.agency_id == actor.organisation,
        AgencySpan.kind == kind,
        AgencySpan.from_day <= until_day,
        AgencySpan.until_day >= from_day,
    )
    if db.session.scalar(same.limit(1)):
        raise Refused("span_overlaps", field="from_day")
    row = AgencySpan(
        id=new_id(), agency_id=actor.organisation, kind=kind, name=name, from_day=from_day, until_day=until_day
    )
    db.session.add(row)
    db.session.flush()
    return row


def drop_span(actor: Actor, span_id: UUID) -> None:
    """Takes a term or closed days off the agency's calendar; drafts that were made stay. Raises NotFound."""
    actor.require("requisition.edit")
    db.session.delete(by_id(AgencySpan, span_id, AgencySpan.agency_id == actor.organisation, "agency_span"))
    db.session.flush()


def spans(agency_id: UUID) -> list[AgencySpan]:
    query = select(AgencySpan).where(AgencySpan.agency_id == agency_id)
    return list(db.session.scalars(query.order_by(AgencySpan.from_day)))


def open_standing(actor: Actor, *, lines: Sequence[dict[str, Any]], **head: Any) -> StandingOrder:
    """Sets up a standing order of the actor's agency. `head`: HEAD; `lines`: offer_id, quantity, counts, reason.

    Raises Refused: ends_before_start, days_too_many, weekday_needed, no_lines, too_many_lines; Many: offer_unknown,
    line_twice, quantity_zero with rows.
    """
    actor.require("requisition.edit")
    _check_head(head)
    row = StandingOrder(
        id=new_id(),
        number=numbered("DQ", clock.today().year)[0],
        agency_id=actor.organisation,
        created_by=actor.user,
        created_at=clock.now(),
        **head,
    )
    db.session.add(row)
    db.session.flush()
    _put_lines(row, lines)
    audit.record(actor, "standing.open", "standing_order", row.id, number=row.number)
    db.session.flush()
    return row


def change_standing(
    actor: Actor, standing_id: UUID, *, lines: Sequence[dict[str, Any]], version: int | None = None, **head: Any
) -> StandingOrder:
    """Changes what comes; drafts that were made stay. Raises as `open_standing`, Conflict: changed_meanwhile."""
    row = own(actor, standing_id)
    if version is not None and row.version != version:
        raise Conflict("changed_meanwhile", what="standing_order")
    STANDING.after("edit", row.state)
    _check_head({name: getattr(row, name) for name in HEAD} | head)
    for name, value in head.items():
        setattr(row, name, value)
    _put_lines(row, lines)
    audit.record(actor, "standing.change", "standing_order", row.id)
    db.session.flush()
    return row


def _check_head(head: dict[str, Any]) -> None:
    if head["until_day"] < head["from_day"]:
        raise Refused("ends_before_start", field="until_day")
    if head["until_day"] - head["from_day"] > MOST_DAYS:
        raise Refused("days_too_many", field="until_day", limit=MOST_DAYS.days)
    if not head["weekdays"] or set(head["weekdays"]) - set("1234567"):
        raise Refused("weekday_needed", field="weekdays")


def _put_lines(row: StandingOrder, lines: Sequence[dict[str, Any]]) -> None:
    check_goods(lines)
    db.session.execute(delete(StandingLine).where(StandingLine.standing_order_id == row.id))
    values = [
        {
            "standing_order_id": row.id,
            "no": no,
            "offer_id": line["offer_id"],
            "quantity": line["quantity"],
            "counts": line.get("counts", True),
            "reason": line.get("reason", ""),
        }
        for no, line in enumerate(lines, 1)
    ]
    db.session.execute(insert(StandingLine), values)


def check_goods(lines: Sequence[dict[str, Any]]) -> None:
    """Every line names an offer that exists, each once, and a quantity. Raises as `open_standing` says."""
    if not lines:
        raise Refused("no_lines", field="lines")
    if len(lines) > MOST_LINES:
        raise Refused("too_many_lines", field="lines", limit=MOST_LINES)
    offers = catalogue.by_ids({line["offer_id"] for line in lines})
    seen: set[UUID] = set()
    errors: list[DomainError] = []
    for no, line in enumerate(lines, 1):
        if line["offer_id"] not in offers:
            errors.append(Refused("offer_unknown", field="offer_id", row=no))
        elif line["offer_id"] in seen:
            errors.append(Refused("line_twice", field="offer_id", row=no, offer=offers[line["offer_id"]].code))
        elif line["quantity"] <= 0:
            errors.append(Refused("quantity_zero", field="quantity", row=no))
        seen.add(line["offer_id"])
    if errors:
        raise Many(errors)


def turn(actor: Actor, standing_id: UUID, verb: str) -> StandingOrder:
    """pause, resume or end. Raises Conflict('wrong_state')."""
    row = own(actor, standing_id)
    row.state = STANDING.after(verb, row.state)
    audit.record(actor, f"standing.{verb}", "standing_order", row.id)
    db.session.flush()
    return row


def own(actor: Actor, standing_id: UUID) -> StandingOrder:
    actor.require("requisition.edit")
    own_ = StandingOrder.agency_id == actor.organisation
    return by_id(StandingOrder, standing_id, own_, "standing_order", lock=True)


def standing_order(actor: Actor, standing_id: UUID) -> StandingOrder:
    """One within scope. Raises NotFound."""
    actor.require("requisition.read")
    within = visible(actor.scope, agency=StandingOrder.agency_id)
    return by_id(StandingOrder, standing_id, within, "standing_order")


def standing_orders(actor: Actor, *, page: int = 1, size: int = 25) -> tuple[list[StandingOrder], int]:
    """Those within scope, living ones first, and how many there are."""
    actor.require("requisition.read")
    query = select(StandingOrder).where(visible(actor.scope, agency=StandingOrder.agency_id))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = query.order_by(StandingOrder.state == "ended", StandingOrder.number.desc())
    return list(db.session.scalars(rows.limit(size).offset((page - 1) * size))), total


def standing_lines(standing_ids: Iterable[UUID]) -> dict[UUID, list[StandingLine]]:
    """Lines by standing order, one statement."""
    query = select(StandingLine).where(StandingLine.standing_order_id.in_(set(standing_ids)))
    found: dict[UUID, list[StandingLine]] = {}
    for line in db.session.scalars(query.order_by(StandingLine.no)):
        found.setdefault(line.standing_order_id, []).append(line)
    return found


def runs_of(standing_id: UUID) -> dict[date, StandingRun]:
    """Delivery day → what became of it."""
    query = select(StandingRun).where(StandingRun.standing_order_id == standing_id)
    return {run.deliver_on: run for run in db.session.scalars(query)}


def days_of(row: StandingOrder) -> list[date]:
    """Every delivery day of a standing order by the agency's calendar as it is now."""
    known = spans(row.agency_id)
    of = {
        kind: [Span(span.from_day, span.until_day) for span in known if span.kind == kind]
        for kind in ("term", "closed")
    }
    days = frozenset(int(day) for day in row.weekdays)
    rhythm = Rhythm(row.from_day, row.until_day, days, row.every_weeks, row.on_holiday)
    return delivery_days(rhythm, of["term"] if row.in_term else (), of["closed"])


def due() -> list[tuple[UUID, date]]:
    """(standing order, delivery day) that should be drafted by today and are not."""
    today = clock.today()
    found = []
    for row in db.session.scalars(
        select(StandingOrder).where(StandingOrder.state == "active").order_by(StandingOrder.id)
    ):
        made = runs_of(row.id)
        until = today + timedelta(days=row.ahead_days)
        found += [(row.id, day) for day in days_of(row) if today <= day <= until and day not in made]
    return found


def draft_for(standing_id: UUID, deliver_on: date) -> UUID | None:
    """Drafts the bulk order of one delivery day, once, in the name of who set it up; None where it was made already, or
    where nobody can act for it any more, or its unit is abolished."""
    row = by_id(StandingOrder, standing_id, lock=True)
    if row.state != "active" or deliver_on in runs_of(standing_id):
        return None
    if row.agency_id in quota.successors():
        _ran(row, deliver_on, skipped="abolished")
        return None
    actor = _maker(row)
    if actor is None:
        _ran(row, deliver_on, skipped="nobody")
        notices.tell(
            "standing_without_person",
            organisation_id=row.agency_id,
            about=("standing_order", row.id),
            number=row.number,
            permission="requisition.edit",
            day=deliver_on.isoformat(),
        )
        return None
    head = {name: getattr(row, name) for name in ("window", "address", "contact", "budget_line", "counted_as")}
    draft = procurement.open_requisition(actor, title=row.title, deliver_on=deliver_on, **head)
    lines = standing_lines([row.id]).get(row.id, [])
    procurement.put_lines(actor, draft.id, _with_agreed(row.agency_id, lines))
    _ran(row, deliver_on, requisition_id=draft.id)
    notices.tell(
        "standing_drafted",
        organisation_id=row.agency_id,
        about=("requisition", draft.id),
        number=draft.number,
        permission="requisition.edit",
        act_by=deliver_on - timedelta(days=min(row.ahead_days, 2)),
        day=deliver_on.isoformat(),
    )
    return draft.id


def _maker(row: StandingOrder) -> Actor | None:
    """Who set it up, while that person may still fill bulk orders."""
    try:
        actor = identity.actor_by_id(row.created_by) if row.created_by else None
    except NotFound:
        return None
    return actor if actor is not None and actor.may("requisition.edit") else None


def _ran(row: StandingOrder, deliver_on: date, *, requisition_id: UUID | None = None, skipped: str = "") -> None:
    run = StandingRun(
        standing_order_id=row.id,
        deliver_on=deliver_on,
        requisition_id=requisition_id,
        skipped=skipped,
        at=clock.now(),
    )
    db.session.add(run)
    db.session.flush()


def _with_agreed(agency_id: UUID, lines: Sequence[StandingLine]) -> list[dict[str, Any]]:
    """The lines with the cheapest agreed price that still has room for each."""
    agreed = catalogue.agreed_for(agency_id, {line.offer_id for line in lines}, clock.today())
    return [
        {
            "offer_id": line.offer_id,
            "quantity": line.quantity,
            "counts": line.counts,
            "reason": line.reason,
            "agreed_id": next(
                (
                    one.id
                    for one in agreed.get(line.offer_id, ())
                    if one.ceiling is None or one.ceiling - one.used >= line.quantity
                ),
                None,
            ),
        }
        for line in lines
    ]


def skip_day(actor: Actor, standing_id: UUID, deliver_on: date) -> None:
    """Leaves one coming delivery day out. Raises Refused('day_not_planned'), Conflict('standing_drafted')."""
    row = own(actor, standing_id)
    if deliver_on in runs_of(row.id):
        raise Conflict("standing_drafted")
    if deliver_on < clock.today() or deliver_on not in days_of(row):
        raise Refused("day_not_planned", field="day")
    _ran(row, deliver_on, skipped="asked")
    audit.record(actor, "standing.skip", "standing_order", row.id, day=deliver_on.isoformat())
