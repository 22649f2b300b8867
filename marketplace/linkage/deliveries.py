"""Weighing slips: what households deliver, owed at once or when it sells, less what repays their advances."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import db, fetch, new_id, visible
from ..core.errors import Many, Refused
from ..core.numbers import take as take_numbers
from ..households import services as households
from ..ledger.periods import posting_days
from ..ledger.services import Line, Posting, post_many
from . import accounts, rules, standing
from .advances import Open, Share
from .agreements import own
from .farm_payments import close_covered
from .models import Agreement, Consent, Slip
from .rosters import roster_on

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
    """Records a day's slips under a produce agreement; all but consigned ones are owed from now on.

    Owed is a slip's value; its deduction sets off the household's oldest advances and counts as received that day.
    Statements do not grow with the deliveries. Raises Refused: not_produce, agreement_not_in_force, day_in_future, and
    Many with rows: no_consent, not_on_roster, unit_unknown, price_needed, tare_above_gross,
    weight_absurd, nothing_payable, deduction_not_owed, deduction_beyond_advances, deduction_beyond_owed.
    """
    actor.require("slip.record")
    agreement = own(actor, agreement_id)
    _check(agreement, day)
    roster = roster_on(agreement_id, day)
    known = households.by_ids([delivery.household_id for delivery in deliveries])
    places = posting_days({row.present_division for row in known.values()}, day) if known else {}
    first = take_numbers(f"WS:{agreement.supplier_id}:{day.year}", len(deliveries)) if deliveries else 0
    deductions = _Deductions(agreement, deliveries)
    errors: list[Refused] = []
    made: list[tuple[dict[str, Any], list[Share]]] = []
    for number, delivery in enumerate(deliveries):
        try:
            if delivery.household_id not in roster:
                raise Refused(_stranger(agreement_id, delivery.household_id), field="household_id")
            values = _slip_values(delivery)
            shares = deductions.take(delivery, values["payable_fen"])
        except Refused as refusal:
            refusal.row = number + 1
            errors.append(refusal)
            continue
        division = known[delivery.household_id].present_division
        made.append(
            (
                values
                | {
                    "id": new_id(),
                    "number": f"GB-{day.year}-{first + number:05d}",
                    "supplier_id": agreement.supplier_id,
                    "agreement_id": agreement_id,
                    "division": division,
                    "basis": agreement.basis,
                    "delivered_on": day,
                    "period": clock.period(places[division][0]),
                    "recorded_at": clock.now(),
                    "recorded_by": actor.user,
                    "paid_fen": 0,
                },
                shares,
            )
        )
    if errors:
        raise Many(errors)
    if not made:
        return []
    rows = [row for row, _ in made]
    db.session.execute(insert(Slip), rows)
    if agreement.basis in rules.OWED_AT_SLIP:
        deductions.open.repay(actor, made)
        _owe(actor, agreement, rows, places, deductions.recoverable)
    audit.record(actor, "slip.record", "agreement", agreement_id, count=len(rows), day=day.isoformat())
    ids = [row["id"] for row in rows]
    return list(db.session.scalars(select(Slip).where(Slip.id.in_(ids)).order_by(Slip.number)))


def _check(agreement: Agreement, day: date) -> None:
    if agreement.kind != "produce":
        raise Refused("not_produce", field="agreement_id")
    if agreement.state != "in_force" or day < agreement.starts_on or (agreement.ends_on and day > agreement.ends_on):
        raise Refused("agreement_not_in_force", field="agreement_id", number=agreement.number)
    if day > clock.today():
        raise Refused("day_in_future", field="day")


def _stranger(agreement_id: UUID, household_id: UUID) -> str:
    """Why who is not on the roster may not deliver; one that consented to nothing answers as one that does not exist."""
    consent = select(Consent.id).where(Consent.agreement_id == agreement_id, Consent.household_id == household_id)
    return "not_on_roster" if db.session.scalar(consent) else "no_consent"


class _Deductions:
    """What the slips of one call may deduct: of debts alone, of open advances, after what is to be set off before."""

    def __init__(self, agreement: Agreement, deliveries: Sequence[Delivery]) -> None:
        self.owed_now = agreement.basis in rules.OWED_AT_SLIP
        deducting = {one.household_id for one in deliveries if one.deduction_fen}
        self.open = Open(agreement.supplier_id, deducting if self.owed_now else set())
        held = standing.locked(
            agreement.supplier_id, {one.household_id for one in deliveries} if self.owed_now else set()
        )
        self.recoverable = {household: row.recoverable_fen for household, row in held.items() if row.recoverable_fen}
        self.room: dict[UUID, int] = {household: -fen for household, fen in self.recoverable.items()}

    def take(self, delivery: Delivery, payable_fen: int) -> list[Share]:
        """The advances that a delivery sets off. Raises Refused."""
        household, fen = delivery.household_id, delivery.deduction_fen
        room = self.room.get(household, 0) + payable_fen + fen
        if fen:
            if not self.owed_now:
                raise Refused("deduction_not_owed", field="deduction_fen")
            if fen > room:
                raise Refused("deduction_beyond_owed", field="deduction_fen", left_fen=max(0, room))
        shares = self.open.take(household, fen) if fen else []
        self.room[household] = room - fen
        return shares


def _slip_values(delivery: Delivery) -> dict[str, Any]:
    if delivery.unit not in UNITS:
        raise Refused("unit_unknown", field="unit", value=delivery.unit)
    if delivery.price_fen <= 0:
        raise Refused("price_needed", field="price_fen")
    net = rules.check_weights(delivery.gross, delivery.tare, delivery.unit)
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


def _owe(
    actor: Actor,
    agreement: Agreement,
    rows: Sequence[dict[str, Any]],
    places: dict[str, tuple[date, int | None]],
    recoverable: dict[UUID, int],
) -> None:
    """Value is owed, deduction is received by set-off; what was received too much before covers slips first."""
    supplier = agreement.supplier_id
    owed: dict[UUID, int] = {}
    received: dict[UUID, int] = {}
    for row in rows:
        household = row["household_id"]
        owed[household] = owed.get(household, 0) + row["payable_fen"] + row["deduction_fen"]
        if row["deduction_fen"]:
            received[household] = received.get(household, 0) + row["deduction_fen"]
    standing.add_owed(supplier, owed)
    if received and standing.receive(supplier, received):
        raise Refused("deduction_beyond_owed", field="deduction_fen", left_fen=0)
    post_many([_posting(row, *places[row["division"]]) for row in rows])
    if recoverable:
        close_covered(actor, supplier, set(recoverable))


def _posting(row: dict[str, Any], day: date, concerns: int | None) -> Posting:
    owed = accounts.owed(row["household_id"], row["supplier_id"])
    lines = [Line(accounts.purchase(row["supplier_id"]), owed, row["payable_fen"] + row["deduction_fen"])]
    if row["deduction_fen"]:
        lines.append(Line(owed, accounts.advance(row["household_id"], row["supplier_id"]), row["deduction_fen"]))
    return Posting("slip", str(row["id"]), row["division"], day, lines, concerns)


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
    """The supplier's slips, newest first, and how many; `only`: 'open' (in no lot), 'unpaid' (owed, not paid up)."""
    actor.require("slip.record")
    query = select(Slip).where(Slip.supplier_id == actor.organisation)
    if only == "open":
        query = query.where(Slip.lot_id.is_(None))
    if only == "unpaid":
        query = query.where(Slip.basis.in_(rules.OWED_AT_SLIP), Slip.paid_fen < Slip.payable_fen)
    if household_id:
        query = query.where(Slip.household_id == household_id)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(
        query.order_by(Slip.delivered_on.desc(), Slip.number.desc()).limit(size).offset((page - 1) * size)
    )
    return list(rows), total


def slips_by_ids(ids: Iterable[UUID]) -> dict[UUID, Slip]:
    """Slips by id, one statement; the caller has checked scope."""
    return {row.id: row for row in db.session.scalars(select(Slip).where(Slip.id.in_(set(ids))))}


def weighed_on(actor: Actor, day: date) -> list[tuple[str, int, int, int]]:
    """The supplier's slips of a day: (unit, how many, net, value in fen) by unit."""
    actor.require("slip.record")
    query = (
        select(Slip.unit, func.count(), func.sum(Slip.net), func.sum(Slip.value_fen))
        .where(Slip.supplier_id == actor.organisation, Slip.delivered_on == day)
        .group_by(Slip.unit)
        .order_by(Slip.unit)
    )
    return [(unit, int(number), int(net), int(fen)) for unit, number, net, fen in db.session.execute(query)]
