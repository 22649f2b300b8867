"""Acceptance: what really arrived, per order line, shipment and lot. Called by settlement, which bills it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, select

from ..catalogue import rules as prices
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, change_rows, db, new_id
from ..core.errors import DomainError, Many, NotFound, Refused
from ..core.numbers import numbered
from ..quota import services as quota
from . import rules
from .models import Acceptance, AcceptanceLine, Order, OrderLine, Shipment, ShipmentLine
from .orders import locked, recommit, within
from .shipments import missing_papers


@dataclass(frozen=True)
class Count:
    """What was found of one shipment line: thousandths of the order unit accepted; `net` thousandths of the base unit
    where it is weighed; a reason where less was accepted than shipped."""

    shipment_line_id: UUID
    accepted: int
    net: int | None = None
    reason: str = ""


def record_acceptance(
    actor: Actor, shipment_id: UUID, counts: Sequence[Count], *, witness: str = "", note: str = ""
) -> tuple[Acceptance, Order]:
    """Records the acceptance of a whole shipment by somebody who did not request it: the first signature.

    With a second inspector present and named it is signed by two; without, it waits for `sign_acceptance`.
    Raises Refused: receiver_is_requester, witness_is_receiver; Many with rows: more_than_shipped, reason_needed,
    net_needed, net_beyond_tolerance, not_counted, papers_missing; Conflict: wrong_state.
    """
    actor.require("delivery.accept")
    here = Shipment.order_id.in_(select(Order.id).where(Order.agency_id == actor.organisation))
    order_id = db.session.scalar(select(Shipment.order_id).where(Shipment.id == shipment_id, here))
    if order_id is None:
        raise NotFound("shipment")
    order, lines = locked(order_id, Order.agency_id == actor.organisation)
    shipment = by_id(Shipment, shipment_id, what="shipment", lock=True)
    arrived = rules.SHIPMENT.after("accept", shipment.state)
    if actor.user is not None and actor.user == order.requested_by:
        raise Refused("receiver_is_requester", field="receiver")
    if witness.strip() and witness.strip() == actor.name:
        raise Refused("witness_is_receiver", field="witness")
    by_line = {line.id: line for line in lines}
    _check_counts(shipment, counts, by_line)
    values = _accept(shipment, counts, by_line)
    released = recommit(lines)
    state = rules.order_state(lines, confirmed=True)
    db.session.flush()
    if order.plan_id:
        quota.release(order.plan_id, released)
    order.state, shipment.state = state, arrived
    return _insert(actor, shipment, order, values, witness, note), order


def _check_counts(shipment: Shipment, counts: Sequence[Count], by_line: dict[UUID, OrderLine]) -> None:
    shipped = {line.id: line for line in shipment.lines}
    if any(count.shipment_line_id not in shipped for count in counts):
        raise NotFound("shipment_line")
    missing = missing_papers(shipment)
    counted = {count.shipment_line_id for count in counts}
    errors: list[DomainError] = []
    for count in counts:
        line = shipped[count.shipment_line_id]
        try:
            _check_count(count, line, by_line[line.order_line_id])
        except Refused as refusal:
            errors.append(refusal)
        if count.accepted and line.id in missing:
            errors.append(Refused("papers_missing", field="papers", row=line.no, papers=missing[line.id]))
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
    if of.pricing == "weighed" and count.accepted:
        if count.net is None:
            raise Refused("net_needed", field="net", row=line.no)
        nominal = prices.nominal_base(count.accepted, of.content)
        rules.check_net(count.net, nominal, of.tolerance_basis_points, line.no)


def _accept(shipment: Shipment, counts: Sequence[Count], by_line: dict[UUID, OrderLine]) -> list[dict]:
    """Moves the lines' quantities and returns the acceptance lines' values, money cumulative per order line."""
    by_count = {count.shipment_line_id: count for count in counts}
    values = []
    for no, line in enumerate(shipment.lines, 1):
        count, of = by_count[line.id], by_line[line.order_line_id]
        nominal = prices.nominal_base(of.accepted + count.accepted, of.content) - prices.nominal_base(
            of.accepted, of.content
        )
        net = (count.net or 0) if of.pricing == "weighed" and count.accepted else nominal
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
            }
        )
    return values


def _insert(actor: Actor, shipment: Shipment, order: Order, values: list[dict], witness: str, note: str) -> Acceptance:
    day, witness = clock.today(), witness.strip()
    row = Acceptance(
        id=new_id(),
        number=numbered("YS", day.year)[0],
        shipment_id=shipment.id,
        order_id=order.id,
        day=day,
        period=clock.period(day),
        at=clock.now(),
        accepted_by=actor.user,
        state="signed" if witness else "signing",
        signed_at=clock.now() if witness else None,
        witness=witness,
        note=note,
        money_fen=sum(value["money_fen"] for value in values),
    )
    db.session.add(row)
    db.session.flush()
    db.session.execute(insert(AcceptanceLine), [{"acceptance_id": row.id, **value} for value in values])
    change_rows(
        ShipmentLine,
        [
            {"id": value["shipment_line_id"], "accepted": value["accepted"], "rejected": value["rejected"]}
            for value in values
        ],
        set_=lambda line, wanted: {"accepted": wanted.accepted, "rejected": wanted.rejected},
        where=lambda line, wanted: line.accepted + line.rejected == 0,
    )
    audit.record(actor, "delivery.accept", "order", order.id, acceptance=row.number, money_fen=row.money_fen)
    db.session.flush()
    return row


def sign_acceptance(actor: Actor, acceptance_id: UUID) -> tuple[Acceptance, Order]:
    """The second signature, by another user of the agency than who signed first and who requested the order.

    Raises Refused: second_is_first, receiver_is_requester; Conflict: wrong_state.
    """
    actor.require("delivery.accept")
    here = Acceptance.order_id.in_(select(Order.id).where(Order.agency_id == actor.organisation))
    row = by_id(Acceptance, acceptance_id, here, "acceptance", lock=True)
    order = by_id(Order, row.order_id)
    state = rules.ACCEPTANCE.after("sign", row.state)
    if actor.user is not None and actor.user == order.requested_by:
        raise Refused("receiver_is_requester", field="receiver")
    if actor.user == row.accepted_by:
        raise Refused("second_is_first", field="second")
    row.state, row.second_by, row.signed_at = state, actor.user, clock.now()
    audit.record(actor, "delivery.sign", "order", order.id, acceptance=row.number)
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
