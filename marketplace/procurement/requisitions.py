"""Bulk orders until they are decided: filling, checking, submitting, approving into one order per supplier."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm.attributes import flag_modified

from ..accreditation import services as accreditation
from ..accreditation.services import Verdict
from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..channels import services as channels
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, DomainError, Many, Refused
from ..core.money import MAX_FEN
from ..core.numbers import numbered
from ..findings import services as findings
from ..identity import services as identity
from ..products import services as products
from ..quota import services as quota
from .models import Order, OrderLine, Requisition, RequisitionLine
from .rules import REQUISITION

CONFIRM_WITHIN = timedelta(days=2)
MAX_LINES = 500
HEAD_FIELDS = ("title", "deliver_on", "window", "address", "contact", "budget_line")


@dataclass
class CheckedLine:
    """A line with what it would cost today and what stands against it. Money in fen, quantities in thousandths."""

    no: int
    line: RequisitionLine
    offer: Any
    product: Any
    price_fen: int = 0
    money_fen: int = 0
    comparable_fen: int = 0
    reference_fen: int | None = None
    over_basis_points: int = 0
    verdict: Verdict | None = None
    problems: list[DomainError] = field(default_factory=list)


def open_requisition(actor: Actor, *, title: str, channel: str = channels.ONLINE, **head: Any) -> Requisition:
    """Opens a draft of the actor's agency. `head`: deliver_on, window, address, contact, budget_line."""
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
    row = _own(actor, requisition_id, version)
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
    """Replaces a draft's lines: offer_id, quantity (thousandths), counts (default True), reason (default '').

    Quantities may still break the offer's rules, as somebody who types must be able to; `check` tells.
    Raises Refused: too_many_lines; Many with rows: offer_unknown, line_twice.
    """
    row = _own(actor, requisition_id, version)
    row.state = REQUISITION.after("edit", row.state)
    if len(lines) > MAX_LINES:
        raise Refused("too_many_lines", field="lines", limit=MAX_LINES)
    offers = catalogue.by_ids({line["offer_id"] for line in lines})
    seen: set[UUID] = set()
    errors: list[DomainError] = []
    for no, line in enumerate(lines, 1):
        if line["offer_id"] not in offers:
            errors.append(Refused("offer_unknown", field="offer_id", row=no))
        elif line["offer_id"] in seen:
            errors.append(Refused("line_twice", field="offer_id", row=no, offer=offers[line["offer_id"]].code))
        seen.add(line["offer_id"])
    if errors:
        raise Many(errors)
    db.session.execute(delete(RequisitionLine).where(RequisitionLine.requisition_id == row.id))
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
                }
                for no, line in enumerate(lines, 1)
            ],
        )
    row.total_fen = sum(item.money_fen for item in check(row))
    flag_modified(row, "total_fen")  # other lines of the same sum are another version too
    db.session.flush()
    return row


def typed_line(no: int, offer_id: UUID, quantity: int, counts: bool, reason: str) -> RequisitionLine:
    """A line that is only typed, for `check`."""
    return RequisitionLine(no=no, offer_id=offer_id, quantity=quantity, counts=counts, reason=reason)


def lines_of(requisition_id: UUID) -> list[RequisitionLine]:
    query = select(RequisitionLine).where(RequisitionLine.requisition_id == requisition_id).order_by(RequisitionLine.no)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def check(
    row: Requisition, programme: str = "832", lines: Sequence[RequisitionLine] | None = None
) -> list[CheckedLine]:
    """Every line with today's price and every rule it breaks. Statements do not grow with the lines.

    `lines`: instead of those kept, lines as somebody typed them just now (of offers that exist).
    """
    lines = lines_of(row.id) if lines is None else lines
    offers = catalogue.by_ids({line.offer_id for line in lines})
    found = products.by_ids({offer.product_id for offer in offers.values()})
    verdicts = accreditation.eligible(found, clock.today(), programme) if found else {}
    references = catalogue.references({product.category_code for product in found.values()})
    return [
        _checked(line, offers[line.offer_id], found[offers[line.offer_id].product_id], verdicts, references)
        for line in lines
    ]


def _checked(
    line: RequisitionLine, offer: Any, product: Any, verdicts: dict[UUID, Verdict], references: dict
) -> CheckedLine:
    item = CheckedLine(no=line.no, line=line, offer=offer, product=product, verdict=verdicts.get(product.id))
    breaks = [(one.from_quantity, one.price_fen) for one in offer.breaks]
    item.price_fen = prices.price_at(breaks, line.quantity)
    item.reference_fen = references.get((product.category_code, product.comparable_unit))
    item.comparable_fen = prices.comparable_price(
        pricing=offer.pricing,
        price_fen=item.price_fen,
        content=offer.content,
        comparable_per_base=product.comparable_per_base,
    )
    item.over_basis_points = prices.above_reference(item.comparable_fen, item.reference_fen)
    item.problems = _problems(item)
    if not item.problems:
        item.money_fen = prices.money(
            line.quantity, pricing=offer.pricing, price_fen=item.price_fen, content=offer.content
        )
    if item.money_fen > MAX_FEN:  # no sum of lines may leave the database's integers
        item.money_fen = 0
        item.problems = [Refused("line_too_large", field="quantity", row=item.no, most_fen=MAX_FEN)]
    return item


def _problems(item: CheckedLine) -> list[DomainError]:
    offer, line = item.offer, item.line
    problems: list[DomainError] = []
    if offer.state != "on_sale":
        return [Refused("offer_withdrawn", field="offer_id", row=item.no)]
    try:
        prices.check_quantity(
            line.quantity, minimum=offer.minimum, pack=offer.pack, step=offer.step, available=offer.available
        )
    except Refused as refusal:
        refusal.row = item.no
        problems.append(refusal)
    if line.counts and item.verdict and not item.verdict.grant_id:
        problems.append(Refused(f"not_eligible_{item.verdict.reason}", field="counts", row=item.no))
    if item.over_basis_points and not line.reason.strip():
        problems.append(
            Refused(
                "above_reference",
                field="reason",
                row=item.no,
                over=item.over_basis_points,
                reference_fen=item.reference_fen,
            )
        )
    return problems


def submit(actor: Actor, requisition_id: UUID, version: int | None = None) -> Requisition:
    """Hands a complete draft to the approver. Raises Many with every line's and field's problem."""
    return submit_checked(actor, requisition_id, version)[0]


def submit_checked(
    actor: Actor, requisition_id: UUID, version: int | None = None
) -> tuple[Requisition, list[CheckedLine]]:
    """As `submit`, with the lines as they were checked, for an answer that shows them."""
    row = _own(actor, requisition_id, version)
    state = REQUISITION.after("submit", row.state)
    checked = check(row)
    errors = _head_problems(row) + [problem for item in checked for problem in item.problems]
    if not checked:
        errors.append(Refused("no_lines", field="lines"))
    if errors:
        raise Many(errors)
    row.state, row.submitted_by, row.submitted_at, row.reason = state, actor.user, clock.now(), ""
    row.total_fen = sum(item.money_fen for item in checked)
    audit.record(actor, "requisition.submit", "requisition", row.id, total_fen=row.total_fen)
    db.session.flush()
    return row, checked


def _head_problems(row: Requisition) -> list[DomainError]:
    problems: list[DomainError] = [
        Refused("required", field=name) for name in ("title", "address", "contact") if not getattr(row, name).strip()
    ]
    if row.deliver_on is None:
        problems.append(Refused("required", field="deliver_on"))
    elif row.deliver_on < clock.today():
        problems.append(Refused("day_in_past", field="deliver_on"))
    return problems


def approve(actor: Actor, requisition_id: UUID, version: int | None = None) -> list[Order]:
    """Another person approves: stock is reserved, quota committed, and one order per supplier made, in one transaction.

    Raises Refused: approver_is_submitter, beyond_ceiling; Many: every line's problem; Conflict: wrong_state.
    """
    actor.require("requisition.approve")
    row = _own(actor, requisition_id, version)
    state = REQUISITION.after("approve", row.state)
    if actor.user in (row.submitted_by, row.created_by):
        raise Refused("approver_is_submitter", field="approver")
    checked = check(row)
    errors = _head_problems(row) + [problem for item in checked for problem in item.problems]
    if errors:
        raise Many(errors)
    catalogue.reserve(
        {item.offer.id: item.line.quantity for item in checked}, rows={item.offer.id: item.no for item in checked}
    )
    plan = quota.plan_of(row.agency_id, clock.today().year)
    orders, lines = _orders_of(row, checked, plan.id if plan else None)
    if plan:
        quota.commit(plan.id, sum(line["committed_fen"] for line in lines))
    db.session.execute(Order.__table__.insert(), orders)  # type: ignore[attr-defined]
    db.session.execute(OrderLine.__table__.insert(), lines)  # type: ignore[attr-defined]
    row.state, row.decided_by, row.decided_at = state, actor.user, clock.now()
    row.total_fen = sum(order["total_fen"] for order in orders)
    audit.record(actor, "requisition.approve", "requisition", row.id, orders=len(orders), total_fen=row.total_fen)
    _open_price_findings(row, checked)
    db.session.flush()
    return list(db.session.scalars(select(Order).where(Order.requisition_id == row.id).order_by(Order.number)))


def _orders_of(row: Requisition, checked: list[CheckedLine], plan_id: UUID | None) -> tuple[list[dict], list[dict]]:
    by_supplier: dict[UUID, list[CheckedLine]] = {}
    for item in checked:
        by_supplier.setdefault(item.offer.supplier_id, []).append(item)
    suppliers = identity.named(set(by_supplier))
    now = clock.now()
    numbers = numbered("SO", clock.today().year, len(by_supplier))
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for number, (supplier_id, items) in zip(numbers, by_supplier.items(), strict=True):
        order_id = new_id()
        orders.append(
            {
                "id": order_id,
                "number": number,
                "requisition_id": row.id,
                "agency_id": row.agency_id,
                "supplier_id": supplier_id,
                "plan_id": plan_id,
                "division": suppliers[supplier_id].division,
                "agency_division": row.division,
                "channel": row.channel,
                "state": "to_confirm",
                "requested_by": row.created_by,
                "approved_at": now,
                "period": clock.period(clock.today()),
                "confirm_by": now + CONFIRM_WITHIN,
                "deliver_on": row.deliver_on,
                "window": row.window,
                "address": row.address,
                "contact": row.contact,
                "closed_reason": "",
                "total_fen": sum(item.money_fen for item in items),
            }
        )
        lines.extend(_line_values(order_id, no, item, plan_id) for no, item in enumerate(items, 1))
    return orders, lines


def _line_values(order_id: UUID, no: int, item: CheckedLine, plan_id: UUID | None) -> dict[str, Any]:
    offer, product, line = item.offer, item.product, item.line
    counts = bool(line.counts and item.verdict and item.verdict.grant_id)
    committed = prices.at_most(item.money_fen, offer.tolerance_basis_points if offer.pricing == "weighed" else 0)
    return {
        "id": new_id(),
        "order_id": order_id,
        "no": no,
        "offer_id": offer.id,
        "product_id": product.id,
        "name": product.name,
        "code": offer.code,
        "category_code": product.category_code,
        "grant_id": item.verdict.grant_id if item.verdict and counts else None,
        "counts": counts,
        "pricing": offer.pricing,
        "order_unit": offer.order_unit,
        "price_unit": offer.price_unit,
        "base_unit": product.base_unit,
        "content": offer.content,
        "tolerance_basis_points": offer.tolerance_basis_points if offer.pricing == "weighed" else 0,
        "price_fen": item.price_fen,
        "reference_fen": item.reference_fen,
        "price_reason": line.reason,
        "money_fen": item.money_fen,
        "ordered": line.quantity,
        "open": line.quantity,
        **dict.fromkeys(
            [
                "in_transit",
                "accepted",
                "rejected",
                "cancelled",
                "returned",
                "settled",
                "accepted_base",
                "accepted_fen",
                "settled_fen",
            ],
            0,
        ),
        "committed_fen": committed if counts and plan_id else 0,
    }


def _open_price_findings(row: Requisition, checked: list[CheckedLine]) -> None:
    findings.open_many(
        [
            {
                "kind": "above_reference",
                "object_kind": "requisition_line",
                "object_id": f"{row.id}:{item.no}",
                "division": row.division,
                "facts": {"number": row.number, "code": item.offer.code, "over": item.over_basis_points},
            }
            for item in checked
            if item.over_basis_points
        ]
    )


def reject(actor: Actor, requisition_id: UUID, reason: str) -> Requisition:
    """The approver sends it back with a reason. Raises Refused('reason_needed')."""
    actor.require("requisition.approve")
    row = _own(actor, requisition_id)
    state = REQUISITION.after("reject", row.state)
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    row.state, row.reason, row.decided_by, row.decided_at = state, reason.strip(), actor.user, clock.now()
    audit.record(actor, "requisition.reject", "requisition", row.id)
    db.session.flush()
    return row


def withdraw(actor: Actor, requisition_id: UUID) -> Requisition:
    """The requester takes a submitted one back, to change or drop it."""
    actor.require("requisition.edit")
    row = _own(actor, requisition_id)
    row.state = REQUISITION.after("withdraw", row.state)
    audit.record(actor, "requisition.withdraw", "requisition", row.id)
    db.session.flush()
    return row


def _own(actor: Actor, requisition_id: UUID, version: int | None = None) -> Requisition:
    if not actor.may("requisition.approve"):
        actor.require("requisition.edit")
    row = by_id(Requisition, requisition_id, Requisition.agency_id == actor.organisation, "requisition", lock=True)
    if version is not None and row.version != version:
        raise Conflict("changed_meanwhile", what="requisition")
    return row


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
