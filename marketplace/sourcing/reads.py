"""Reading requests: what an actor may see of them, and what stands below each."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from ..core import clock
from ..core.actor import Actor
from ..core.db import by_id, db, visible
from . import rules
from .models import Invitation, Quotation, Request, RequestLine, RequestParty, RequestWant


def _within(actor: Actor) -> ColumnElement[bool]:
    """Requests of the actor's agencies, and of those that they joined; for suppliers what is addressed or posted."""
    joined = exists().where(RequestParty.request_id == Request.id, visible(actor.scope, agency=RequestParty.agency_id))
    reached = or_(visible(actor.scope, agency=Request.agency_id), joined)
    if actor.scope.supplier is None:
        return reached
    asked = exists().where(Invitation.request_id == Request.id, Invitation.supplier_id == actor.scope.supplier)
    return or_(reached, and_(Request.state != "draft", or_(Request.kind == "demand", asked)))


def request(actor: Actor, request_id: UUID) -> Request:
    """A request within scope. Raises NotFound."""
    actor.require("request.read")
    return by_id(Request, request_id, _within(actor), "request")


def listed(
    actor: Actor, *, kind: str | None = None, state: str | None = None, page: int = 1, size: int = 25
) -> tuple[list[Request], int]:
    """Requests within scope, newest first, and how many there are."""
    actor.require("request.read")
    query = select(Request).where(_within(actor))
    if kind:
        query = query.where(Request.kind == kind)
    if state:
        query = query.where(in_state(state))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Request.created_at.desc(), Request.id.desc()
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def in_state(state: str) -> ColumnElement[bool]:
    """As it is shown now: an open request past its deadline counts as closed."""
    past = Request.answer_by <= clock.now()
    if state == "open":
        return and_(Request.state == "open", ~past)
    if state == "closed":
        return or_(Request.state == "closed", and_(Request.state == "open", past))
    return Request.state == state


def shown_state(row: Request) -> str:
    return rules.state_at(row.state, row.answer_by, clock.now())


def by_ids(ids: Iterable[UUID]) -> dict[UUID, Request]:
    return {row.id: row for row in db.session.scalars(select(Request).where(Request.id.in_(set(ids))))}


def lines_of(request_id: UUID) -> list[RequestLine]:
    query = select(RequestLine).where(RequestLine.request_id == request_id).order_by(RequestLine.no)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def parties_of(request_id: UUID) -> list[RequestParty]:
    """The agencies that buy under a request, in the order of joining: the leading one first."""
    query = select(RequestParty).where(RequestParty.request_id == request_id)
    return list(db.session.scalars(query.order_by(RequestParty.joined_at, RequestParty.agency_id)))


def wants_of(request_id: UUID) -> dict[UUID, dict[UUID, int]]:
    """Line → agency → thousandths wanted, in a settled order; one statement."""
    query = select(RequestWant).join(RequestLine, RequestLine.id == RequestWant.line_id)
    query = query.where(RequestLine.request_id == request_id).order_by(RequestWant.agency_id)
    found: dict[UUID, dict[UUID, int]] = {}
    for row in db.session.scalars(query.execution_options(populate_existing=True)):
        found.setdefault(row.line_id, {})[row.agency_id] = row.quantity
    return found


def invited(request_id: UUID) -> list[UUID]:
    return list(db.session.scalars(select(Invitation.supplier_id).where(Invitation.request_id == request_id)))


def answered(request_id: UUID) -> list[UUID]:
    """The suppliers whose quotation stands. Not for the buyer's eyes before the deadline."""
    query = select(Quotation.supplier_id).where(Quotation.request_id == request_id, Quotation.state != "withdrawn")
    return list(db.session.scalars(query))


def waiting(actor: Actor) -> dict[str, int]:
    """How many of the agency's own requests are in each state as shown, one statement."""
    past = (Request.answer_by <= clock.now()).label("past")
    query = select(Request.state, past, func.count()).where(Request.agency_id == actor.organisation)
    found: dict[str, int] = {}
    for state, over, count in db.session.execute(query.group_by(Request.state, past)):
        shown = "closed" if state == "open" and over else state
        found[shown] = found.get(shown, 0) + count
    return found


def unanswered(actor: Actor) -> int:
    """How many open requests addressed to the supplier wait for its quotation."""
    answered_ = exists().where(
        Quotation.request_id == Request.id,
        Quotation.supplier_id == actor.organisation,
        Quotation.state == "sent",
    )
    query = select(func.count()).select_from(Invitation).join(Request, Request.id == Invitation.request_id)
    query = query.where(Invitation.supplier_id == actor.organisation, in_state("open"), ~answered_)
    return db.session.scalar(query) or 0
