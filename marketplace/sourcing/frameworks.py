"""Framework agreements (框架协议): prices and ceilings for a time, signed by the supplier, called off by bulk orders.

Drawn is what approved order lines have taken from a ceiling (`catalogue.agreed`). An amendment is another framework
that ends the one before it when it is signed, and goes on counting what was drawn.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Conflict, DomainError, Many, Refused
from ..core.numbers import numbered
from ..identity import services as identity
from ..notices import services as notices
from ..procurement import services as procurement
from ..quota import services as quota
from . import rules
from .framework_reads import framework, lines_of, parties_of, shown_state
from .models import Framework, FrameworkLine, FrameworkParty

MOST_LINES = 200


def draft(actor: Actor, *, supplier_id: UUID, lines: Sequence[dict[str, Any]], **fields: Any) -> Framework:
    """Writes a draft of the actor's agency with a supplier.

    `lines`: dicts of offer_id, price_fen (per price unit), ceiling (thousandths of the order unit for each agency, None
    without limit). `fields`: title, from_day, until_day, and optionally terms, agency_ids (of the actor's subtree;
    itself alone if none is named), request_id, previous_id.
    Raises Refused: ends_before_start, supplier_unknown, agency_outside, no_lines; Many with rows.
    """
    actor.require("requisition.edit")
    supplier = identity.named({supplier_id}).get(supplier_id)
    if supplier is None or supplier.kind != "supplier":
        raise Refused("supplier_unknown", field="supplier_id")
    agencies = _checked(actor, supplier_id, lines, fields)
    row = Framework(
        id=new_id(),
        number=numbered("KJ", clock.today().year)[0],
        agency_id=actor.organisation,
        supplier_id=supplier_id,
        request_id=fields.get("request_id"),
        previous_id=fields.get("previous_id"),
        created_by=actor.user,
        created_at=clock.now(),
        **_head(fields),
    )
    db.session.add(row)
    db.session.flush()
    _put_below(row, agencies, lines)
    audit.record(actor, "framework.draft", "framework", row.id)
    db.session.flush()
    return row


def redraft(
    actor: Actor, framework_id: UUID, version: int | None = None, *, lines: Sequence[dict[str, Any]], **fields: Any
) -> Framework:
    """Writes an own draft anew, as `draft` takes it; the supplier stays. Raises Conflict: wrong_state."""
    actor.require("requisition.edit")
    row = _own(actor, framework_id, version)
    row.state = rules.FRAMEWORK.after("edit", row.state)
    agencies = _checked(actor, row.supplier_id, lines, fields)
    for name, value in _head(fields).items():
        setattr(row, name, value)
    row.created_by, row.created_at = actor.user, clock.now()
    for model in (FrameworkLine, FrameworkParty):
        db.session.execute(delete(model).where(model.framework_id == row.id))
    _put_below(row, agencies, lines)
    db.session.flush()
    return row


def _head(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in ("title", "from_day", "until_day")} | {"terms": fields.get("terms") or ""}


def _checked(actor: Actor, supplier_id: UUID, lines: Sequence[dict[str, Any]], fields: dict[str, Any]) -> list[UUID]:
    """The agencies that may call off. Raises as `draft` says."""
    if fields["until_day"] < fields["from_day"]:
        raise Refused("ends_before_start", field="until_day")
    agencies = list(dict.fromkeys(fields.get("agency_ids") or [actor.organisation]))
    for no, agency_id in enumerate(agencies, 1):
        if agency_id not in actor.scope.agencies:
            raise Refused("agency_outside", field="agency_ids", row=no)
    if not lines:
        raise Refused("no_lines", field="lines")
    if len(lines) > MOST_LINES:
        raise Refused("too_many_lines", field="lines", limit=MOST_LINES)
    offers = catalogue.by_ids({line["offer_id"] for line in lines})
    wrong: list[DomainError] = []
    seen: set[UUID] = set()
    for no, line in enumerate(lines, 1):
        offer = offers.get(line["offer_id"])
        if offer is None or offer.supplier_id != supplier_id:
            wrong.append(Refused("offer_unknown", field="offer_id", row=no))
        elif offer.id in seen:
            wrong.append(Refused("line_twice", field="offer_id", row=no, offer=offer.code))
        if line["price_fen"] <= 0:
            wrong.append(Refused("price_needed", field="price_fen", row=no))
        if line.get("ceiling") is not None and line["ceiling"] <= 0:
            wrong.append(Refused("quantity_zero", field="ceiling", row=no))
        seen.add(line["offer_id"])
    if wrong:
        raise Many(wrong)
    return agencies


def _put_below(row: Framework, agencies: list[UUID], lines: Sequence[dict[str, Any]]) -> None:
    db.session.execute(
        insert(FrameworkParty), [{"framework_id": row.id, "agency_id": agency_id} for agency_id in agencies]
    )
    db.session.execute(
        insert(FrameworkLine),
        [
            {
                "framework_id": row.id,
                "no": no,
                "offer_id": line["offer_id"],
                "price_fen": line["price_fen"],
                "ceiling": line.get("ceiling"),
            }
            for no, line in enumerate(lines, 1)
        ],
    )


def propose(actor: Actor, framework_id: UUID, version: int | None = None) -> Framework:
    """Another person than its writer sends the draft to the supplier to sign.

    Raises Refused: proposer_is_writer, agency_abolished, day_in_past; ceiling_below_drawn in an amendment.
    """
    actor.require("requisition.approve")
    row = _own(actor, framework_id, version)
    state = rules.FRAMEWORK.after("propose", row.state)
    if actor.user == row.created_by:
        raise Refused("proposer_is_writer", field="approver")
    quota.check_may_buy(row.agency_id, clock.today())
    if row.until_day < clock.today():
        raise Refused("day_in_past", field="until_day")
    if source := row.previous_id or row.request_id:
        _drawn_before(row, lines_of([row.id])[row.id], catalogue.agreed_of([source]).get(source, []))
    row.state, row.proposed_by, row.proposed_at = state, actor.user, clock.now()
    notices.tell(
        "framework_to_sign",
        organisation_id=row.supplier_id,
        about=("framework", row.id),
        number=row.number,
        permission="framework.sign",
        who=actor.organisation_name,
    )
    audit.record(actor, "framework.propose", "framework", row.id)
    db.session.flush()
    return row


def sign(actor: Actor, framework_id: UUID) -> Framework:
    """The supplier signs: its prices are owed from then on; what it amends, or the award that it came from, ends in the
    same moment, and what was drawn under that counts on.

    Raises Conflict: wrong_state; Refused: day_in_past; Many: ceiling_below_drawn, offer_withdrawn.
    """
    actor.require("framework.sign")
    row = _to_sign(actor, framework_id)
    state = rules.FRAMEWORK.after("sign", row.state)
    if row.until_day < clock.today():
        raise Refused("day_in_past", field="until_day")
    lines = lines_of([row.id])[row.id]
    drawn = _replaced(row, lines)
    catalogue.agree(
        [
            {
                "offer_id": line.offer_id,
                "agency_id": agency_id,
                "price_fen": line.price_fen,
                "from_day": row.from_day,
                "until_day": row.until_day,
                "ceiling": line.ceiling,
                "used": drawn.get((agency_id, line.offer_id), 0),
                "source_kind": "framework",
                "source_id": row.id,
                "number": row.number,
            }
            for agency_id in parties_of([row.id])[row.id]
            for line in lines
        ]
    )
    row.state, row.signed_by, row.signed_at = state, actor.user, clock.now()
    _told(actor, row, "framework_signed")
    audit.record(actor, "framework.sign", "framework", row.id)
    db.session.flush()
    return row


def _replaced(row: Framework, lines: list[FrameworkLine]) -> dict[tuple[UUID, UUID], int]:
    """Ends the framework before, or the award's prices of these offers: their rows are locked by that, so that nothing
    is drawn from them meanwhile."""
    if row.previous_id:
        source = row.previous_id
        before = by_id(Framework, source, what="framework", lock=True)
        before.state = rules.FRAMEWORK.after("replace", before.state)
        before.ended_at = clock.now()
        catalogue.end_agreed(source)
    elif row.request_id:
        source = row.request_id
        catalogue.end_agreed(source, {line.offer_id for line in lines}, parties_of([row.id])[row.id])
    else:
        return {}
    return _drawn_before(row, lines, catalogue.agreed_of([source]).get(source, []))


def _drawn_before(row: Framework, lines: list[FrameworkLine], earlier: list[Any]) -> dict[tuple[UUID, UUID], int]:
    """(agency, offer) → thousandths drawn under the framework before. Raises Many of Refused('ceiling_below_drawn')."""
    drawn = {(one.agency_id, one.offer_id): one.used for one in earlier}
    agencies = parties_of([row.id])[row.id]
    wrong: list[DomainError] = []
    for line in lines:
        most = max((drawn.get((agency_id, line.offer_id), 0) for agency_id in agencies), default=0)
        if line.ceiling is not None and line.ceiling < most:
            wrong.append(Refused("ceiling_below_drawn", field="ceiling", row=line.no, drawn_qty=most))
    if wrong:
        raise Many(wrong)
    return drawn


def decline(actor: Actor, framework_id: UUID, reason: str) -> Framework:
    """The supplier does not sign, and says why. Raises Refused('reason_needed')."""
    actor.require("framework.sign")
    row = _to_sign(actor, framework_id)
    row.state, row.reason = rules.FRAMEWORK.after("decline", row.state), _reason(reason)
    _told(actor, row, "framework_declined")
    audit.record(actor, "framework.decline", "framework", row.id)
    db.session.flush()
    return row


def withdraw(actor: Actor, framework_id: UUID) -> Framework:
    """The agency takes a draft or a proposal back."""
    actor.require("requisition.edit")
    row = _own(actor, framework_id)
    row.state = rules.FRAMEWORK.after("withdraw", row.state)
    notices.done_about("framework", [row.id])
    audit.record(actor, "framework.withdraw", "framework", row.id)
    db.session.flush()
    return row


def end(actor: Actor, framework_id: UUID, reason: str) -> Framework:
    """The agency ends one in force: nothing more is called off; orders already approved go on."""
    actor.require("requisition.approve")
    row = _own(actor, framework_id)
    row.state, row.reason = rules.FRAMEWORK.after("end", row.state), _reason(reason)
    row.ended_at = clock.now()
    catalogue.end_agreed(row.id)
    notices.tell(
        "framework_ended",
        organisation_id=row.supplier_id,
        about=("framework", row.id),
        number=row.number,
        permission="framework.sign",
    )
    audit.record(actor, "framework.end", "framework", row.id, reason=row.reason)
    db.session.flush()
    return row


def amend(actor: Actor, framework_id: UUID) -> Framework:
    """A draft that is to replace a framework in force, as that stands. Raises Conflict: wrong_state, amendment_open."""
    actor.require("requisition.edit")
    row = _own(actor, framework_id)
    rules.FRAMEWORK.after("replace", row.state)
    waiting = select(Framework.id).where(Framework.previous_id == row.id, Framework.state.in_(("draft", "proposed")))
    if db.session.scalar(waiting):
        raise Conflict("amendment_open", what="framework")
    lines = [
        {"offer_id": line.offer_id, "price_fen": line.price_fen, "ceiling": line.ceiling}
        for line in lines_of([row.id])[row.id]
    ]
    return draft(
        actor,
        supplier_id=row.supplier_id,
        lines=lines,
        agency_ids=parties_of([row.id])[row.id],
        previous_id=row.id,
        **{name: getattr(row, name) for name in ("title", "terms", "from_day", "until_day", "request_id")},
    )


def call_off(actor: Actor, framework_id: UUID, lines: Sequence[dict[str, Any]], deliver_on: date | None = None) -> Any:
    """A draft of the actor's agency's bulk order at the framework's prices: offer_id and quantity (thousandths of the
    order unit) each. What is drawn is drawn when it is approved; `check` says before what the ceiling leaves.

    Raises Conflict('wrong_state') where the framework does not hold today; Refused: no_lines; Many: offer_unknown.
    """
    actor.require("requisition.edit")
    row = framework(actor, framework_id)
    rules.FRAMEWORK.after("end", shown_state(row))
    agreed = {
        one.offer_id: one
        for one in catalogue.agreed_of([row.id]).get(row.id, [])
        if one.agency_id == actor.organisation
    }
    if not agreed:
        raise Refused("not_a_party", field="lines")
    if row.from_day > clock.today():
        raise Refused("framework_not_begun", field="lines", day=row.from_day)
    if not lines:
        raise Refused("no_lines", field="lines")
    wrong = [
        Refused("offer_unknown", field="offer_id", row=no)
        for no, line in enumerate(lines, 1)
        if line["offer_id"] not in agreed
    ]
    if wrong:
        raise Many(wrong)
    order = procurement.open_requisition(actor, title=row.title, deliver_on=deliver_on)
    procurement.put_lines(actor, order.id, [dict(line) | {"agreed_id": agreed[line["offer_id"]].id} for line in lines])
    return order


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    return reason.strip()


def _told(actor: Actor, row: Framework, kind: str) -> None:
    notices.done_about("framework", [row.id])
    notices.tell(
        kind,
        organisation_id=row.agency_id,
        about=("framework", row.id),
        number=row.number,
        permission="requisition.edit",
        who=actor.organisation_name,
    )


def _own(actor: Actor, framework_id: UUID, version: int | None = None) -> Framework:
    row = by_id(Framework, framework_id, Framework.agency_id == actor.organisation, "framework", lock=True)
    if version is not None and row.version != version:
        raise Conflict("changed_meanwhile", what="framework")
    return row


def _to_sign(actor: Actor, framework_id: UUID) -> Framework:
    within = (Framework.supplier_id == actor.organisation) & (Framework.proposed_at.is_not(None))
    return by_id(Framework, framework_id, within, "framework", lock=True)
