"""The award: by line, perhaps to several, with a reason where a cheaper one was passed over or the guard is crossed.

One transaction, once: agreed prices and a draft of the bulk order for every agency, everybody told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import SYSTEM, Actor
from ..core.db import db, insert_rows, new_id
from ..core.errors import DomainError, Many, Refused
from ..findings import services as findings
from ..identity import services as identity
from ..notices import services as notices
from ..procurement import services as procurement
from ..quota import services as quota
from . import quotations, reads, rules
from .compare import Answer, Compared, compare
from .models import Award, Request, RequestParty
from .requests import own


@dataclass
class Part:
    """What of a line goes to whom: `row` is where it was typed, `quantity` thousandths of the line's unit."""

    row: int
    compared: Compared
    answer: Answer
    quantity: int
    reason: str
    cheapest: bool = True


def award(actor: Actor, request_id: UUID, parts: Sequence[dict[str, Any]], version: int | None = None) -> list[Award]:
    """Awards a request whose deadline is over. `parts`: dicts of line_id, quotation_id, quantity, reason.

    Raises Refused: awarder_is_writer, agency_abolished, nothing_awarded; Conflict: wrong_state, changed_meanwhile; Many with rows:
    line_unknown, quotation_unknown, named_twice, quantity_zero, beyond_quoted, beyond_wanted, quotation_lapsed,
    offer_changed, offer_withdrawn, not_eligible_…, award_reason_needed, above_reference, below_minimum.
    """
    actor.require("requisition.approve")
    request = own(actor, request_id, version)
    state = rules.REQUEST.after("award", request.state)
    if actor.user == request.created_by:
        raise Refused("awarder_is_writer", field="approver")
    quota.check_may_buy(request.agency_id, clock.today())
    lines = compare(actor, request).lines
    chosen = _chosen(parts, lines)
    _judge(chosen, lines)
    rows = _written(request, chosen)
    request.state, request.awarded_by, request.awarded_at = state, actor.user, clock.now()
    _make_orders(request, chosen)
    _open_findings(request, rows, chosen)
    _end_quotations(request, {part.answer.quotation.id for part in chosen})
    audit.record(actor, "request.award", "request", request.id, awards=len(rows))
    db.session.flush()
    return awards_of([request.id])[request.id]


def _chosen(parts: Sequence[dict[str, Any]], lines: list[Compared]) -> list[Part]:
    """The parts with what they are parts of. Raises Many, Refused('nothing_awarded')."""
    if not parts:
        raise Refused("nothing_awarded", field="parts")
    by_line = {one.line.id: one for one in lines}
    chosen: list[Part] = []
    wrong: list[DomainError] = []
    seen: set[tuple[UUID, UUID]] = set()
    for no, part in enumerate(parts, 1):
        line = by_line.get(part["line_id"])
        answers = {one.quotation.id: one for one in line.answers} if line else {}
        answer = answers.get(part["quotation_id"])
        key = part["line_id"], part["quotation_id"]
        if line is None:
            wrong.append(Refused("line_unknown", field="line_id", row=no))
        elif answer is None:
            wrong.append(Refused("quotation_unknown", field="quotation_id", row=no))
        elif key in seen:
            wrong.append(Refused("named_twice", field="quotation_id", row=no))
        elif part["quantity"] <= 0:
            wrong.append(Refused("quantity_zero", field="quantity", row=no))
        else:
            chosen.append(Part(no, line, answer, part["quantity"], (part.get("reason") or "").strip()))
        seen.add(key)
    if wrong:
        raise Many(wrong)
    return chosen


def _judge(chosen: list[Part], lines: list[Compared]) -> None:
    """Marks who is not the cheapest. Raises Many with every part's problem."""
    wrong: list[DomainError] = []
    for line in lines:
        parts = [part for part in chosen if part.compared is line]
        given = {part.answer.quotation.id: part.quantity for part in parts}
        awardable = [one for one in line.answers if one.grant_id and not one.changed and not one.lapsed]
        asked = [rules.Asked(one.quotation.id, one.line.comparable_fen, one.line.most) for one in awardable]
        passed_over = rules.not_cheapest(asked, given)
        for part in parts:
            part.cheapest = part.answer.quotation.id not in passed_over
            wrong += _problems(part)
        if sum(given.values()) > line.wanted:
            wrong.append(Refused("beyond_wanted", field="quantity", row=parts[-1].row, wanted_qty=line.wanted))
    if wrong:
        raise Many(wrong)


def _problems(part: Part) -> list[DomainError]:
    answer, row = part.answer, part.row
    wrong: list[DomainError] = []
    if part.quantity > answer.line.most:
        wrong.append(Refused("beyond_quoted", field="quantity", row=row, most_qty=answer.line.most))
    if answer.lapsed:
        wrong.append(Refused("quotation_lapsed", field="quotation_id", row=row, day=answer.quotation.valid_until))
    if answer.changed:
        wrong.append(Refused("offer_changed", field="quotation_id", row=row))
    if answer.offer.state != "on_sale":
        wrong.append(Refused("offer_withdrawn", field="quotation_id", row=row))
    if not answer.grant_id:
        wrong.append(Refused(f"not_eligible_{answer.why_not}", field="quotation_id", row=row))
    if not part.reason and not part.cheapest:
        wrong.append(Refused("award_reason_needed", field="reason", row=row))
    elif not part.reason and answer.over_basis_points:
        over, reference = answer.over_basis_points, part.compared.reference_fen
        wrong.append(Refused("above_reference", field="reason", row=row, over=over, reference_fen=reference))
    return wrong


def _written(request: Request, chosen: list[Part]) -> list[dict[str, Any]]:
    rows = [
        {
            "id": new_id(),
            "request_id": request.id,
            "line_id": part.compared.line.id,
            "quotation_id": part.answer.quotation.id,
            "supplier_id": part.answer.quotation.supplier_id,
            "offer_id": part.answer.offer.id,
            "quantity": part.quantity,
            "price_fen": part.answer.line.price_fen,
            "comparable_fen": part.answer.line.comparable_fen,
            "reference_fen": part.compared.reference_fen,
            "over_basis_points": part.answer.over_basis_points,
            "cheapest": part.cheapest,
            "reason": part.reason[:200],
        }
        for part in chosen
    ]
    insert_rows(Award, rows)
    return rows


@dataclass
class _Bought:
    """One agency's part of an award: thousandths of the order unit."""

    part: Part
    quantity: int


def _make_orders(request: Request, chosen: list[Part]) -> None:
    """Agreed prices and a draft for every agency that gets something."""
    parties = {party.agency_id: party for party in reads.parties_of(request.id)}
    bought = _divided(request, chosen)
    agencies = identity.named(set(bought))
    for agency_id, parts in bought.items():
        ids = catalogue.agree(
            [
                {
                    "offer_id": one.part.answer.offer.id,
                    "agency_id": agency_id,
                    "price_fen": one.part.answer.line.price_fen,
                    "from_day": clock.today(),
                    "until_day": request.until_day,
                    "ceiling": one.quantity,
                    "source_kind": "quotation",
                    "source_id": request.id,
                    "number": request.number,
                }
                for one in parts
            ]
        )
        party = parties[agency_id]
        draft = _draft(request, party, parts, ids)
        party.requisition_id = draft.id
        notices.tell(
            "request_awarded",
            organisation_id=agency_id,
            about=("requisition", draft.id),
            number=draft.number,
            permission="requisition.edit",
            request=request.number,
            title=request.title,
            name=agencies[agency_id].name,
        )


def _draft(request: Request, party: RequestParty, parts: list[_Bought], ids: list[UUID]) -> Any:
    """A draft of the bulk order in the name of who asked: whoever awards may still approve it as another person."""
    buyer = replace(SYSTEM, user=party.joined_by, organisation=party.agency_id)
    days = [one.part.compared.line for one in parts]
    draft = procurement.open_requisition(
        buyer,
        title=request.title,
        deliver_on=max(min(line.from_day for line in days), clock.today()),
        address=party.address,
        contact=party.contact,
    )
    lines = [
        {
            "offer_id": one.part.answer.offer.id,
            "quantity": one.quantity,
            "agreed_id": agreed_id,
            "reason": one.part.reason,
        }
        for one, agreed_id in zip(parts, ids, strict=True)
    ]
    procurement.put_lines(buyer, draft.id, lines)
    audit.record(buyer, "requisition.from_request", "requisition", draft.id, request=request.number)
    return draft


def _divided(request: Request, chosen: list[Part]) -> dict[UUID, list[_Bought]]:
    """Agency → its parts in whole packs. Raises Many of Refused('below_minimum') where a part is too small to order."""
    wants = reads.wants_of(request.id)
    bought: dict[UUID, list[_Bought]] = {}
    wrong: list[DomainError] = []
    for line_id in dict.fromkeys(part.compared.line.id for part in chosen):
        parts = [part for part in chosen if part.compared.line.id == line_id]
        divided = rules.shares(wants[line_id], [part.quantity for part in parts], line_id)
        for part, shares in zip(parts, divided, strict=True):
            offer, per_unit = part.answer.offer, part.answer.line.per_unit
            for agency_id, share in shares.items():
                quantity = rules.order_quantity(share, per_unit, offer.pack)
                if 0 < quantity < offer.minimum:
                    wrong.append(Refused("below_minimum", field="quantity", row=part.row, minimum=offer.minimum))
                elif quantity:
                    bought.setdefault(agency_id, []).append(_Bought(part, quantity))
    if wrong:
        raise Many(wrong)
    return bought


def _open_findings(request: Request, rows: list[dict[str, Any]], chosen: list[Part]) -> None:
    findings.open_many(
        [
            {
                "kind": "above_reference",
                "object_kind": "award",
                "object_id": str(row["id"]),
                "division": request.division,
                "facts": {
                    "number": request.number,
                    "code": part.answer.offer.code,
                    "over": part.answer.over_basis_points,
                },
            }
            for row, part in zip(rows, chosen, strict=True)
            if part.answer.over_basis_points
        ]
    )


def _end_quotations(request: Request, winners: set[UUID]) -> None:
    """Every quotation that stands is awarded or lost, and its supplier told which."""
    notices.done_about("request", [request.id])
    tellings = []
    for row in quotations.standing(request.id):
        won = row.id in winners
        row.state = rules.QUOTATION.after("award" if won else "lose", row.state)
        kind = "quotation_won" if won else "quotation_lost"
        tellings.append(
            notices.Telling(kind, row.supplier_id, ("request", request.id), request.number, "quotation.edit")
        )
    notices.tell_many(tellings)


def awards_of(request_ids: Sequence[UUID]) -> dict[UUID, list[Award]]:
    """Request → its awards in the order of lines, one statement. For the buyers; a supplier reads its own alone."""
    query = select(Award).where(Award.request_id.in_(request_ids)).order_by(Award.line_id, Award.id)
    found: dict[UUID, list[Award]] = {id_: [] for id_ in request_ids}
    for row in db.session.scalars(query):
        found[row.request_id].append(row)
    return found


def visible_awards(actor: Actor, request: Request) -> list[Award]:
    """A request's awards as the actor may see them: the agencies that buy under it all, a supplier its own."""
    rows = awards_of([request.id])[request.id]
    if actor.kind == "supplier":
        return [row for row in rows if row.supplier_id == actor.scope.supplier]
    buyers = {party.agency_id for party in reads.parties_of(request.id)}
    return rows if actor.scope.everything or buyers & actor.scope.agencies else []
