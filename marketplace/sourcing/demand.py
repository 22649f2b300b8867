"""Posted demand (需求发布) as everybody sees it, and pooled demand (联合采购): joining and leaving."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db
from ..core.errors import Conflict, Many, Refused
from ..identity import services as identity
from ..quota import services as quota
from . import reads, rules
from .models import Request, RequestLine, RequestParty, RequestWant
from .requests import put_party

POSTED = (Request.kind == "demand") & (Request.state != "draft")


def posted(*, state: str | None = "open", page: int = 1, size: int = 25) -> tuple[list[Request], int]:
    """Posted demand, the nearest deadline first, and how many there are: published facts."""
    query = select(Request).where(POSTED)
    if state:
        query = query.where(reads.in_state(state))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (Request.answer_by, Request.number) if state == "open" else (Request.answer_by.desc(), Request.number)
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def one_posted(demand_id: UUID) -> Request:
    """A posted demand. Raises NotFound."""
    return by_id(Request, demand_id, POSTED, "request")


def _joinable(demand_id: UUID) -> Request:
    """A pooled demand that may be joined now, locked. Raises NotFound, Conflict: wrong_state, joining_over."""
    row = by_id(Request, demand_id, POSTED, "request", lock=True)
    rules.REQUEST.after("join", rules.state_at(row.state, row.answer_by, clock.now()))
    if row.join_by is None or row.join_by <= clock.now():
        raise Conflict("joining_over", what="request")
    return row


def join(
    actor: Actor, demand_id: UUID, *, lines: list[dict[str, Any]], address: str = "", contact: str = ""
) -> Request:
    """Another agency buys with the leading one; joining again replaces what it wanted.

    `lines`: dicts of line_id and quantity (thousandths of the line's unit); what is not named is not wanted.
    Raises Refused: lead_has_joined, agency_abolished, no_lines; Many with rows: line_unknown, named_twice, quantity_zero.
    """
    actor.require("requisition.edit")
    row = _joinable(demand_id)
    if row.agency_id == actor.organisation:
        raise Refused("lead_has_joined", field="lines")
    quota.check_may_buy(identity.own(actor).id, clock.today())
    wants = _wants(row, lines)
    _take_out(row, actor)
    put_party(row, actor, {"address": address, "contact": contact}, wants)
    audit.record(actor, "request.join", "request", row.id)
    db.session.flush()
    return row


def _wants(row: Request, lines: list[dict[str, Any]]) -> dict[UUID, int]:
    if not lines:
        raise Refused("no_lines", field="lines")
    known = set(db.session.scalars(select(RequestLine.id).where(RequestLine.request_id == row.id)))
    wants: dict[UUID, int] = {}
    wrong = []
    for no, line in enumerate(lines, 1):
        if line["line_id"] not in known:
            wrong.append(Refused("line_unknown", field="line_id", row=no))
        elif line["line_id"] in wants:
            wrong.append(Refused("named_twice", field="line_id", row=no))
        elif line["quantity"] <= 0:
            wrong.append(Refused("quantity_zero", field="quantity", row=no))
        wants[line["line_id"]] = line["quantity"]
    if wrong:
        raise Many(wrong)
    return wants


def leave(actor: Actor, demand_id: UUID) -> Request:
    """An agency that joined takes itself out, until joining ends. Raises Refused: lead_has_joined, not_joined."""
    actor.require("requisition.edit")
    row = _joinable(demand_id)
    if row.agency_id == actor.organisation:
        raise Refused("lead_has_joined")
    if not _take_out(row, actor):
        raise Refused("not_joined")
    audit.record(actor, "request.leave", "request", row.id)
    db.session.flush()
    return row


def _take_out(row: Request, actor: Actor) -> bool:
    mine = RequestWant.agency_id == actor.organisation
    lines = select(RequestLine.id).where(RequestLine.request_id == row.id)
    db.session.execute(delete(RequestWant).where(mine, RequestWant.line_id.in_(lines)))
    party = delete(RequestParty).where(RequestParty.request_id == row.id, RequestParty.agency_id == actor.organisation)
    return bool(db.session.execute(party.returning(RequestParty.agency_id)).all())
