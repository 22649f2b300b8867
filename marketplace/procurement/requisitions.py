"""Bulk orders while they are filled, and reading them; `submitting` hands them on, `approvals` decides them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.orm.attributes import flag_modified

from ..catalogue import services as catalogue
from ..channels import services as channels
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, fetch, locking, new_id, visible
from ..core.errors import Conflict, DomainError, Many, Refused
from ..core.numbers import numbered
from ..identity import services as identity
from .checking import check
from .models import Requisition, RequisitionLine
from .plan_models import RequisitionPart
from .rules import REQUISITION

MAX_LINES = 2_000
HEAD_FIELDS = ("title", "deliver_on", "window", "address", "contact", "budget_line", "counted_as")


def open_requisition(actor: Actor, *, title: str, channel: str = channels.ONLINE, **head: Any) -> Requisition:
    """Opens a draft of the actor's agency. `head`: deliver_on, window, address, contact, budget_line, counted_as."""
    actor.require("requisition.edit")
    channels.require(channel)
    agency = identity.named({actor.organisation})[actor.organisation] if actor.organisation else None
    row = Requisition(
        id=new_id(),
        number=numbered("PR", clock.today().year)[0],
        agency_id=actor.organisation,
        division=agency.division if agency else "",
        title=title,
        channel=channel,
        created_by=actor.user,
        created_at=clock.now(),
        **{name: head[name] for name in HEAD_FIELDS if head.get(name) is not None},
    )
    row.address = row.address or (agency.address if agency else "")
    db.session.add(row)
    audit.record(actor, "requisition.open", "requisition", row.id)
    db.session.flush()
    return row


def put_head(actor: Actor, requisition_id: UUID, version: int | None = None, **head: Any) -> Requisition:
    """Changes title, channel, delivery or budget line of an own draft. Raises Conflict by version."""
    row = own(actor, requisition_id, version)
    row.state = REQUISITION.after("edit", row.state)
    for name in HEAD_FIELDS:
        if name in head:
            setattr(row, name, head[name])
    if "channel" in head:
        row.channel = channels.require(head["channel"])
    db.session.flush()
    return row


def put_lines(
    actor: Actor, requisition_id: UUID, lines: Sequence[dict[str, Any]], version: int | None = None
) -> Requisition:
    """Replaces a draft's lines: offer_id, quantity (thousandths), counts (default True), reason (default ''),
    agreed_id (the agreed price to call off, default None).

    Quantities may still break the offer's rules, as somebody who types must be able to; `check` tells.
    Raises Refused: too_many_lines; Many with rows: offer_unknown, line_twice, agreed_unknown.
    """
    row = own(actor, requisition_id, version)
    row.state = REQUISITION.after("edit", row.state)
    if len(lines) > MAX_LINES:
        raise Refused("too_many_lines", field="lines", limit=MAX_LINES)
    offers = catalogue.goods(line["offer_id"] for line in lines)
    agreed = catalogue.agreed({line["agreed_id"] for line in lines if line.get("agreed_id")})
    seen: set[UUID] = set()
    errors: list[DomainError] = []
    for no, line in enumerate(lines, 1):
        if line["offer_id"] not in offers:
            errors.append(Refused("offer_unknown", field="offer_id", row=no))
        elif line["offer_id"] in seen:
            errors.append(Refused("line_twice", field="offer_id", row=no, offer=offers[line["offer_id"]].code))
        elif line.get("agreed_id") and not _fits(agreed.get(line["agreed_id"]), row, line["offer_id"]):
            errors.append(Refused("agreed_unknown", field="agreed_id", row=no))
        seen.add(line["offer_id"])
    if errors:
        raise Many(errors)
    db.session.execute(delete(RequisitionLine).where(RequisitionLine.requisition_id == row.id))
    gone = RequisitionPart.offer_id.not_in([line["offer_id"] for line in lines])
    db.session.execute(delete(RequisitionPart).where(RequisitionPart.requisition_id == row.id, gone))
    if lines:
        db.session.execute(
            insert(RequisitionLine),
            [
                {
                    "requisition_id": row.id,
                    "no": no,
                    "offer_id": line["offer_id"],
                    "quantity": line["quantity"],
                    "counts": line.get("counts", True),
                    "reason": line.get("reason", "")[:200],
                    "agreed_id": line.get("agreed_id"),
                }
                for no, line in enumerate(lines, 1)
            ],
        )
    row.total_fen = sum(item.money_fen for item in check(row))
    flag_modified(row, "total_fen")  # other lines of the same sum are another version too
    db.session.flush()
    return row


def _fits(agreed: Any, row: Requisition, offer_id: UUID) -> bool:
    """Another agency's agreed price answers as one that does not exist."""
    return agreed is not None and agreed.agency_id == row.agency_id and agreed.offer_id == offer_id


def own(actor: Actor, requisition_id: UUID, version: int | None = None) -> Requisition:
    if not actor.may("requisition.approve"):
        actor.require("requisition.edit")
    row = fetch(_OWN, "requisition", id=requisition_id, agency=actor.organisation)
    if version is not None and row.version != version:
        raise Conflict("changed_meanwhile", what="requisition")
    return row


# Built once: every verb begins with it.
_OWN = locking(
    select(Requisition).where(Requisition.id == bindparam("id"), Requisition.agency_id == bindparam("agency"))
)


def requisition(actor: Actor, requisition_id: UUID) -> Requisition:
    """A bulk order within scope. Raises NotFound."""
    actor.require("requisition.read")
    within = visible(actor.scope, agency=Requisition.agency_id)
    return by_id(Requisition, requisition_id, within, "requisition")


def listed(actor: Actor, *, state: str | None = None, page: int = 1, size: int = 25) -> tuple[list[Requisition], int]:
    """Bulk orders within scope, newest first, and how many there are."""
    actor.require("requisition.read")
    query = select(Requisition).where(visible(actor.scope, agency=Requisition.agency_id))
    if state:
        query = query.where(Requisition.state == state)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(query.order_by(Requisition.created_at.desc()).limit(size).offset((page - 1) * size))
    return list(rows), total


def drafts(actor: Actor, limit: int = 20) -> list[Requisition]:
    """The agency's drafts, newest first: where a line may be put."""
    query = select(Requisition).where(Requisition.agency_id == actor.organisation, Requisition.state == "draft")
    return list(db.session.scalars(query.order_by(Requisition.created_at.desc()).limit(limit)))


def waiting(actor: Actor) -> dict[str, int]:
    """How many of the agency's bulk orders are in each state."""
    query = select(Requisition.state, func.count()).where(Requisition.agency_id == actor.organisation)
    return dict(db.session.execute(query.group_by(Requisition.state)).all())
