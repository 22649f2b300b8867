"""Weighing slips and the payments made at the farm gate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import change_rows, db, fetch, new_id, visible
from ..core.errors import Many, Refused
from ..core.numbers import take as take_numbers
from ..households import services as households
from ..ledger.services import Line, Posting, post_many
from . import rules, standing
from .accounts import owed, paid, purchase
from .agreements import own, roster_on
from .models import FarmPayment, Slip

UNITS = ("千克", "升", "枚", "只")


@dataclass(frozen=True)
class Delivery:
    """What a household brought: thousandths of `unit`, fen for one unit, fen deducted (signed advances)."""

    household_id: UUID
    item: str
    unit: str
    gross: int
    tare: int
    price_fen: int
    deduction_fen: int = 0
    grade: str = ""
    pieces: int = 0


def record_slips(actor: Actor, agreement_id: UUID, day: date, deliveries: Sequence[Delivery]) -> list[Slip]:
    """Records a day's slips under a produce agreement; outright ones are owed from now on.

    Statements do not grow with the deliveries. Raises Refused: not_produce, agreement_not_in_force, day_in_future,
    and Many with rows: not_on_roster, unit_unknown, tare_above_gross, nothing_payable, price_needed.
    """
    actor.require("slip.record")
    agreement = own(actor, agreement_id)
    if agreement.kind != "produce":
        raise Refused("not_produce", field="agreement_id")
    if agreement.state != "in_force" or day < agreement.starts_on or (agreement.ends_on and day > agreement.ends_on):
        raise Refused("agreement_not_in_force", field="agreement_id", number=agreement.number)
    if day > clock.today():
        raise Refused("day_in_future", field="day")
    roster = roster_on(agreement_id, day)
    known = households.by_ids([delivery.household_id for delivery in deliveries])
    first = take_numbers(f"WS:{agreement.supplier_id}:{day.year}", len(deliveries)) if deliveries else 0
    errors, rows = [], []
    for number, delivery in enumerate(deliveries):
        try:
            rows.append(
                _slip_values(delivery, roster)
                | {
                    "id": new_id(),
                    "number": f"GB-{day.year}-{first + number:05d}",
                    "supplier_id": agreement.supplier_id,
                    "agreement_id": agreement_id,
                    "division": known[delivery.household_id].present_division,
                    "basis": agreement.basis,
                    "delivered_on": day,
                    "period": clock.period(day),
                    "recorded_at": clock.now(),
                    "recorded_by": actor.user,
                    "paid_fen": 0,
                }
            )
        except Refused as refusal:
            refusal.row = number + 1
            errors.append(refusal)
    if errors:
        raise Many(errors)
    if not rows:
        return []
    db.session.execute(insert(Slip), rows)
    if agreement.basis == "outright":
        post_many([_owed_posting(row) for row in rows])
        owed_now: dict[UUID, int] = {}
        for row in rows:
            owed_now[row["household_id"]] = owed_now.get(row["household_id"], 0) + row["payable_fen"]
        standing.add_owed(agreement.supplier_id, owed_now)
    audit.record(actor, "slip.record", "agreement", agreement_id, count=len(rows), day=day.isoformat())
    ids = [row["id"] for row in rows]
    return list(db.session.scalars(select(Slip).where(Slip.id.in_(ids)).order_by(Slip.number)))


def _slip_values(delivery: Delivery, roster: dict[UUID, int]) -> dict[str, Any]:
    if delivery.household_id not in roster:
        raise Refused("not_on_roster", field="household_id")
    if delivery.unit not in UNITS:
        raise Refused("unit_unknown", field="unit", value=delivery.unit)
    if delivery.price_fen <= 0:
        raise Refused("price_needed", field="price_fen")
    net = rules.check_weights(delivery.gross, delivery.tare)
    return {
        "household_id": delivery.household_id,
        "item": delivery.item,
        "grade": delivery.grade,
        "pieces": delivery.pieces,
        "unit": delivery.unit,
        "gross": delivery.gross,
        "tare": delivery.tare,
        "net": net,
        "price_fen": delivery.price_fen,
        "deduction_fen": delivery.deduction_fen,
        "payable_fen": rules.payable(net, delivery.price_fen, delivery.deduction_fen),
    }


def _owed_posting(row: dict[str, Any]) -> Posting:
    line = Line(purchase(row["supplier_id"]), owed(row["household_id"], row["supplier_id"]), row["payable_fen"])
    return Posting("slip", str(row["id"]), row["division"], row["delivered_on"], [line])


def pay_slips(actor: Actor, payments: dict[UUID, int], *, day: date, method: str, evidence: str) -> list[FarmPayment]:
    """Records payments at the farm gate: slip → fen. Only outright slips: a consigned one is owed when its line settles.

    Raises Refused: evidence_needed, method_unknown; Many with rows: paid_beyond_payable (also for an unknown slip).
    """
    actor.require("payout.record" if "payout.record" in actor.permissions else "slip.record")
    if not evidence.strip():
        raise Refused("evidence_needed", field="evidence")
    if method not in ("cash", "transfer"):
        raise Refused("method_unknown", field="method", value=method)
    if day > clock.today():
        raise Refused("day_in_future", field="day")
    if any(fen <= 0 for fen in payments.values()):
        raise Refused("not_money", field="fen", value="0")
    changed = change_rows(
        Slip,
        [{"id": slip_id, "fen": fen} for slip_id, fen in payments.items()],
        set_=lambda slip, wanted: {"paid_fen": slip.paid_fen + wanted.fen},
        where=lambda slip, wanted: (
            (slip.supplier_id == actor.organisation)
            & (slip.basis == "outright")
            & (slip.paid_fen + wanted.fen <= slip.payable_fen)
        ),
        returning=("id", "household_id", "division", "supplier_id"),
    )
    done = {row.id for row in changed}
    errors = [
        Refused("paid_beyond_payable", field="payments", row=number)
        for number, slip_id in enumerate(payments, 1)
        if slip_id not in done
    ]
    if errors:
        raise Many(errors)
    received: dict[UUID, int] = {}
    for slip in changed:
        received[slip.household_id] = received.get(slip.household_id, 0) + payments[slip.id]
    if changed and standing.receive(changed[0].supplier_id, received):
        raise Refused("paid_beyond_owed", field="payments")
    rows = [
        FarmPayment(
            id=new_id(),
            slip_id=slip.id,
            supplier_id=slip.supplier_id,
            household_id=slip.household_id,
            division=slip.division,
            fen=payments[slip.id],
            paid_on=day,
            period=clock.period(day),
            method=method,
            evidence=evidence.strip(),
            recorded_by=actor.user,
        )
        for slip in changed
    ]
    db.session.add_all(rows)
    post_many(
        [
            Posting(
                "farm_payment",
                str(row.id),
                row.division,
                day,
                [Line(owed(row.household_id, row.supplier_id), paid(row.supplier_id), row.fen)],
            )
            for row in rows
        ]
    )
    audit.record(actor, "slip.pay", "supplier", actor.organisation or "", count=len(rows), fen=sum(payments.values()))
    db.session.flush()
    return rows


def slip(actor: Actor, slip_id: UUID) -> Slip:
    """A slip within scope. Raises NotFound."""
    within = visible(actor.scope, supplier=Slip.supplier_id, division=Slip.division)
    return fetch(select(Slip).where(Slip.id == slip_id, within), "slip")


def open_slips(actor: Actor) -> list[Slip]:
    """The supplier's slips that are in no lot yet, oldest first."""
    actor.require("slip.record")
    query = select(Slip).where(Slip.supplier_id == actor.organisation, Slip.lot_id.is_(None))
    return list(db.session.scalars(query.order_by(Slip.delivered_on, Slip.number)))


def slips_of_lot(lot_id: UUID) -> list[Slip]:
    return list(db.session.scalars(select(Slip).where(Slip.lot_id == lot_id).order_by(Slip.number)))


def listed_slips(
    actor: Actor, *, only: str = "", household_id: UUID | None = None, page: int = 1, size: int = 50
) -> tuple[list[Slip], int]:
    """The supplier's slips, newest first, and how many; `only`: 'open' (in no lot), 'unpaid' (outright, not paid up)."""
    actor.require("slip.record")
    query = select(Slip).where(Slip.supplier_id == actor.organisation)
    if only == "open":
        query = query.where(Slip.lot_id.is_(None))
    if only == "unpaid":
        query = query.where(Slip.basis == "outright", Slip.paid_fen < Slip.payable_fen)
    if household_id:
        query = query.where(Slip.household_id == household_id)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(
        query.order_by(Slip.delivered_on.desc(), Slip.number.desc()).limit(size).offset((page - 1) * size)
    )
    return list(rows), total


def payments_of_slip(slip_id: UUID) -> list[FarmPayment]:
    """What was paid on a slip at the farm gate; the caller has checked scope."""
    query = select(FarmPayment).where(FarmPayment.slip_id == slip_id).order_by(FarmPayment.paid_on, FarmPayment.id)
    return list(db.session.scalars(query))
