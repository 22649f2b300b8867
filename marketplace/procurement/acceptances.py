"""Acceptance: what really arrived, per order line, shipment and lot. Called by settlement, which bills it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from ..catalogue import rules as prices
from ..core import audit, clock
from ..core.actor import SYSTEM, Actor
from ..core.db import by_id, change_rows, db, insert_rows, new_id
from ..core.errors import DomainError, Many, NotFound, Refused
from ..core.numbers import numbered
from ..identity import services as identity
from ..linkage import services as linkage
from ..notices import services as notices
from ..quota import services as quota
from . import acceptance_drafts as drafts
from . import crates, evidence, rules, weighings
from .delivery_models import SeenPaper, Weighing
from .evidence import Seen
from .models import Acceptance, AcceptanceLine, Order, OrderLine, Shipment, ShipmentLine
from .orders import lines_of, lock_accepted, lock_orders, recommit, within
from .weighings import Scale


@dataclass(frozen=True)
class Count:
    """What was found of one shipment line: thousandths of the order unit accepted; `net` thousandths of the base unit
    where it is weighed, or the `scales` that make it; a reason where less was accepted than shipped.

    `papers`: the checklist as ticked; None where none was kept. `sensory`: good or off; `quick_test`: pass or fail.
    """

    shipment_line_id: UUID
    accepted: int
    net: int | None = None
    reason: str = ""
    scales: tuple[Scale, ...] = ()
    papers: tuple[Seen, ...] | None = None
    packages: int | None = None
    temperature_tenths: int | None = None
    sensory: str = ""
    quick_test: str = ""
    best_before: date | None = None


def record_acceptance(
    actor: Actor, shipment_id: UUID, counts: Sequence[Count], *, witness: str = "", note: str = ""
) -> tuple[Acceptance, Order]:
    """Records the acceptance of a whole shipment by somebody who did not request it: the first signature.

    With a second inspector present and named it is signed by two; without, it waits for `sign_acceptance`.
    Raises Refused: receiver_is_requester, witness_is_receiver; Many with rows: more_than_shipped, reason_needed,
    net_needed, net_beyond_tolerance, crate_tare_above_gross, net_differs, not_counted, papers_missing, papers_not_seen,
    paper_expired, test_failed, sensory_off; Conflict: wrong_state.
    """
    actor.require("delivery.accept")
    order, lines, shipment = _arrived(shipment_id, Order.agency_id == actor.organisation)
    rules.SHIPMENT.after("accept", shipment.state)
    if actor.user is not None and actor.user == order.requested_by:
        raise Refused("receiver_is_requester", field="receiver")
    if witness.strip() and witness.strip() == actor.name:
        raise Refused("witness_is_receiver", field="witness")
    by_line = {line.id: line for line in lines}
    lots = linkage.kept(line.lot_id for line in shipment.lines)
    papers = evidence.papers_of(shipment, lots)
    _check_counts(shipment, counts, by_line, papers, {lot.id for lot in lots.values() if lot.blocked})
    values = _take(shipment, counts, lines, order)
    row = _insert(actor, shipment, order, values, witness=witness.strip(), note=note)
    _keep_evidence(values, counts, papers)
    audit.record(actor, "delivery.accept", "order", order.id, acceptance=row.number, money_fen=row.money_fen)
    _tell(actor, row, order)
    db.session.flush()
    return row, order


def record_deemed(shipment_id: UUID) -> tuple[Acceptance, Order]:
    """Nobody came in time: everything but a recalled lot's goods counts as accepted at its nominal weight.

    Raises Conflict('wrong_state').
    """
    order, lines, shipment = _arrived(shipment_id)
    rules.SHIPMENT.after("deem", shipment.state)
    by_line = {line.id: line for line in lines}
    recalled = linkage.blocked((line.lot_id for line in shipment.lines), lock=True)
    counts = [
        Count(line.id, 0, reason="recalled")
        if line.lot_id in recalled
        else Count(line.id, line.quantity, prices.nominal_base(line.quantity, by_line[line.order_line_id].content))
        for line in shipment.lines
    ]
    values = _take(shipment, counts, lines, order)
    row = _insert(SYSTEM, shipment, order, values, state="deemed", deemed_on=clock.today())
    audit.record(SYSTEM, "delivery.deem", "order", order.id, acceptance=row.number, money_fen=row.money_fen)
    _tell(SYSTEM, row, order)
    db.session.flush()
    return row, order


def _arrived(shipment_id: UUID, condition: Any = None) -> tuple[Order, list[OrderLine], Shipment]:
    """A shipment with its order and lines, locked. Raises NotFound."""
    of = select(Order.id).join(Shipment, Shipment.order_id == Order.id).where(Shipment.id == shipment_id)
    orders = lock_orders(of if condition is None else of.where(condition))
    if not orders:
        raise NotFound("shipment")
    shipment = by_id(Shipment, shipment_id, what="shipment", lock=True)
    return orders[0], lines_of([shipment.order_id])[shipment.order_id], shipment


def _take(shipment: Shipment, counts: Sequence[Count], lines: Sequence[OrderLine], order: Order) -> list[dict]:
    """Moves quantities and what they hold of the plan; returns the acceptance lines' values."""
    values = _accept(shipment, counts, {line.id: line for line in lines})
    released = recommit(lines)
    order.state = rules.order_state(lines, confirmed=True)
    shipment.state = rules.SHIPMENT.after("accept", shipment.state)
    db.session.flush()  # the lines in one executemany; the database refuses a broken identity
    if order.plan_id:
        quota.release(order.plan_id, released)
    return values


def _check_counts(
    shipment: Shipment,
    counts: Sequence[Count],
    by_line: dict[UUID, OrderLine],
    papers: dict[UUID, list[tuple[str, Any]]],
    recalled: set[UUID],
) -> None:
    shipped = {line.id: line for line in shipment.lines}
    if any(count.shipment_line_id not in shipped for count in counts):
        raise NotFound("shipment_line")
    counted = {count.shipment_line_id for count in counts}
    errors: list[DomainError] = []
    for count in counts:
        line = shipped[count.shipment_line_id]
        try:
            _check_count(count, line, by_line[line.order_line_id])
        except Refused as refusal:
            errors.append(refusal)
        if count.accepted and line.lot_id in recalled:
            errors.append(Refused("lot_recalled", field="accepted", row=line.no))
        if count.accepted:
            errors.extend(evidence.check_papers(papers[line.id], count.papers, line.no))
    errors.extend(
        Refused("not_counted", field="accepted", row=line.no) for line in shipment.lines if line.id not in counted
    )
    if len(counted) != len(counts):
        errors.append(Refused("line_counted_twice", field="lines"))
    if errors:
        raise Many(errors)


def _check_count(count: Count, line: ShipmentLine, of: OrderLine) -> None:
    if not 0 <= count.accepted <= line.quantity:
        raise Refused("more_than_shipped", field="accepted", row=line.no, shipped=line.quantity)
    if count.accepted < line.quantity and count.reason not in rules.REJECT_REASONS:
        raise Refused("reject_reason_needed", field="reason", row=line.no)
    if count.quick_test == "fail" and count.accepted:
        raise Refused("test_failed", field="quick_test", row=line.no)
    if count.sensory == "off" and count.accepted == line.quantity:
        raise Refused("sensory_off", field="sensory", row=line.no)
    net = weighings.net_of(count.scales, count.net, line.no)
    if of.pricing == "weighed" and count.accepted:
        if net is None:
            raise Refused("net_needed", field="net", row=line.no)
        nominal = prices.nominal_base(count.accepted, of.content)
        rules.check_net(net, nominal, of.tolerance_basis_points, line.no)


def _accept(shipment: Shipment, counts: Sequence[Count], by_line: dict[UUID, OrderLine]) -> list[dict]:
    """Moves the lines' quantities and returns the acceptance lines' values, money cumulative per order line."""
    by_count = {count.shipment_line_id: count for count in counts}
    values = []
    for no, line in enumerate(shipment.lines, 1):
        count, of = by_count[line.id], by_line[line.order_line_id]
        nominal = prices.nominal_base(of.accepted + count.accepted, of.content) - prices.nominal_base(
            of.accepted, of.content
        )
        weighed = weighings.net_of(count.scales, count.net, line.no) if of.pricing == "weighed" else None
        net = (weighed or 0) if of.pricing == "weighed" and count.accepted else nominal
        before, added = (of.accepted, count.accepted) if of.pricing == "counted" else (of.accepted_base, net)
        money = rules.delivered_money(of.pricing, of.price_fen, before=before, added=added)
        rejected = line.quantity - count.accepted
        of.in_transit -= line.quantity
        of.accepted += count.accepted
        of.rejected += rejected
        of.accepted_base += net
        of.accepted_fen += money
        values.append(
            {
                "id": new_id(),
                "no": no,
                "shipment_line_id": line.id,
                "order_line_id": of.id,
                "lot_id": line.lot_id,
                "accepted": count.accepted,
                "rejected": rejected,
                "net": net,
                "money_fen": money,
                "reason": count.reason if rejected else "",
                "packages": line.packages if count.packages is None else count.packages,
                "temperature_tenths": count.temperature_tenths,
                "sensory": count.sensory,
                "quick_test": count.quick_test,
                "best_before": count.best_before,
            }
        )
    return values


def _insert(actor: Actor, shipment: Shipment, order: Order, values: list[dict], **how: Any) -> Acceptance:
    day, two = clock.today(), bool(how.get("witness"))
    row = Acceptance(
        id=new_id(),
        number=numbered("YS", day.year)[0],
        shipment_id=shipment.id,
        order_id=order.id,
        day=day,
        period=clock.period(day),
        at=clock.now(),
        accepted_by=actor.user,
        signed_at=clock.now() if two else None,
        money_fen=sum(value["money_fen"] for value in values),
        **{"state": "signed" if two else "signing", **how},
    )
    db.session.add(row)
    db.session.flush()
    lines = [
        {"acceptance_id": row.id, **value, "returned": 0, "returned_net": 0, "returned_fen": 0} for value in values
    ]
    insert_rows(AcceptanceLine, lines)
    set_committed_value(row, "lines", [AcceptanceLine(**line) for line in lines])  # as they stand there: not read again
    change_rows(
        ShipmentLine,
        [
            {"id": value["shipment_line_id"], "accepted": value["accepted"], "rejected": value["rejected"]}
            for value in values
        ],
        set_=lambda line, wanted: {"accepted": wanted.accepted, "rejected": wanted.rejected},
        where=lambda line, wanted: line.accepted + line.rejected == 0,
    )
    crates.arrived(actor, shipment, order)
    drafts.drop(shipment.id)
    return row


def _keep_evidence(values: Sequence[dict], counts: Sequence[Count], papers: dict[UUID, list[tuple[str, Any]]]) -> None:
    by_count = {count.shipment_line_id: count for count in counts}
    lines = [(value["id"], by_count[value["shipment_line_id"]]) for value in values]
    insert_rows(Weighing, [row for id_, count in lines for row in weighings.rows_of(id_, count.scales)])
    seen = [row for id_, count in lines for row in evidence.rows_of(id_, papers[count.shipment_line_id], count.papers)]
    insert_rows(SeenPaper, seen)


def _tell(actor: Actor, row: Acceptance, order: Order) -> None:
    """Who must sign next, or the supplier that all have."""
    notices.done_about("shipment", [row.shipment_id])
    facts: dict[str, Any] = {"number": row.number, "total_fen": row.money_fen}
    ours: dict[str, Any] = {"organisation_id": order.agency_id, "about": ("acceptance", row.id)}
    ours |= {"permission": "delivery.accept", **facts}
    if row.state == "signing":
        notices.tell("acceptance_to_sign", **ours)
        return
    who = actor.organisation_name or identity.named({order.agency_id})[order.agency_id].name
    theirs: dict[str, Any] = {"organisation_id": order.supplier_id, "about": ("order", order.id), "who": who, **facts}
    if row.state == "signed":
        notices.tell("delivery_accepted", **theirs)
    else:
        notices.tell("acceptance_deemed", **ours)
        notices.tell("delivery_deemed", **theirs)


def sign_acceptance(actor: Actor, acceptance_id: UUID) -> tuple[Acceptance, Order]:
    """The second signature, by another user of the agency than who signed first and who requested the order.

    What was deemed accepted takes two: the first answers it, the second signs. Raises Refused: second_is_first,
    receiver_is_requester; Conflict: wrong_state.
    """
    actor.require("delivery.accept")
    order, row = lock_accepted(acceptance_id, Order.agency_id == actor.organisation)
    verb = "answer" if row.state == "deemed" and row.accepted_by is None else "sign"
    state = rules.ACCEPTANCE.after(verb, row.state)
    if actor.user is not None and actor.user == order.requested_by:
        raise Refused("receiver_is_requester", field="receiver")
    if actor.user == row.accepted_by:
        raise Refused("second_is_first", field="second")
    row.state = state
    if verb == "answer":
        row.accepted_by = actor.user
    else:
        row.second_by, row.signed_at = actor.user, clock.now()
    audit.record(actor, f"delivery.{verb}", "order", order.id, acceptance=row.number)
    if state == "signed":
        notices.done_about("acceptance", [row.id])
        _tell(actor, row, order)
    db.session.flush()
    return row, order


def of_orders(order_ids: Iterable[UUID]) -> dict[UUID, list[Acceptance]]:
    """Acceptances by order, oldest first; the caller has checked scope."""
    found: dict[UUID, list[Acceptance]] = {}
    query = select(Acceptance).where(Acceptance.order_id.in_(set(order_ids))).order_by(Acceptance.at)
    for row in db.session.scalars(query):
        found.setdefault(row.order_id, []).append(row)
    return found


def acceptance(actor: Actor, acceptance_id: UUID) -> tuple[Acceptance, Order]:
    """An acceptance within scope, with its order. Raises NotFound."""
    actor.require("order.read")
    row = by_id(Acceptance, acceptance_id, Acceptance.order_id.in_(select(Order.id).where(within(actor))), "acceptance")
    return row, by_id(Order, row.order_id)
