"""What is paid on slips at the farm gate, and what earlier money covers of them. Never more than is owed."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import change_rows, db, new_id
from ..core.errors import Conflict, Many, Refused
from ..ledger.periods import posting_days
from ..ledger.services import Line, Posting, post_many
from . import accounts, standing
from .models import FarmPayment, Slip, SlipSetOff
from .rules import OWED_AT_SLIP


def pay_slips(actor: Actor, payments: dict[UUID, int], *, day: date, method: str, evidence: str) -> list[FarmPayment]:
    """Records payments at the farm gate: slip → fen. Only of what is owed at the slip: a consigned one is owed when its
    line settles. What the household received too much before covers its slips first (`close_covered`).

    Raises Refused: evidence_needed, method_unknown, day_in_future, not_money; Many with rows: paid_beyond_payable (also
    for an unknown slip), payment_beyond_owed.
    """
    actor.require("payout.record" if "payout.record" in actor.permissions else "slip.record")
    _check(payments, day, method, evidence)
    supplier = actor.organisation
    known = _owners(supplier, payments)
    if supplier is not None:
        close_covered(actor, supplier, set(known.values()))
    changed = change_rows(
        Slip,
        [{"id": slip_id, "fen": fen} for slip_id, fen in payments.items()],
        set_=lambda slip, wanted: {"paid_fen": slip.paid_fen + wanted.fen},
        where=lambda slip, wanted: (
            (slip.supplier_id == supplier)
            & slip.basis.in_(OWED_AT_SLIP)
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
    _receive(changed, payments)
    places = posting_days({slip.division for slip in changed}, day) if changed else {}
    rows = [
        FarmPayment(
            id=new_id(),
            slip_id=slip.id,
            supplier_id=slip.supplier_id,
            household_id=slip.household_id,
            division=slip.division,
            fen=payments[slip.id],
            paid_on=day,
            period=clock.period(places[slip.division][0]),
            method=method,
            evidence=evidence.strip(),
            recorded_by=actor.user,
        )
        for slip in changed
    ]
    db.session.add_all(rows)
    post_many([_posting(row, *places[row.division]) for row in rows])
    audit.record(actor, "slip.pay", "supplier", actor.organisation or "", count=len(rows), fen=sum(payments.values()))
    db.session.flush()
    return rows


def _check(payments: dict[UUID, int], day: date, method: str, evidence: str) -> None:
    if not evidence.strip():
        raise Refused("evidence_needed", field="evidence")
    if method not in ("cash", "transfer"):
        raise Refused("method_unknown", field="method", value=method)
    if day > clock.today():
        raise Refused("day_in_future", field="day")
    if any(fen <= 0 for fen in payments.values()):
        raise Refused("not_money", field="fen", value="0")


def _owners(supplier_id: UUID | None, slip_ids: Any) -> dict[UUID, UUID]:
    query = select(Slip.id, Slip.household_id).where(Slip.id.in_(list(slip_ids)), Slip.supplier_id == supplier_id)
    return dict(db.session.execute(query).all())


def _posting(row: FarmPayment, day: date, concerns: int | None) -> Posting:
    line = Line(accounts.owed(row.household_id, row.supplier_id), accounts.paid(row.supplier_id), row.fen)
    return Posting("farm_payment", str(row.id), row.division, day, [line], concerns)


def _receive(slips: list[Any], payments: dict[UUID, int]) -> None:
    """Raises Many of payment_beyond_owed with rows and what could be paid."""
    if not slips:
        return
    supplier = slips[0].supplier_id
    amounts: dict[UUID, int] = {}
    for slip in slips:
        amounts[slip.household_id] = amounts.get(slip.household_id, 0) + payments[slip.id]
    refused = standing.receive(supplier, amounts)
    if not refused:
        return
    held = standing.locked(supplier, refused)
    left = {household: held[household].payable_fen if household in held else 0 for household in refused}
    owner = {slip.id: slip.household_id for slip in slips}
    raise Many(
        [
            Refused("payment_beyond_owed", field="payments", row=number, left_fen=left[owner[slip_id]])
            for number, slip_id in enumerate(payments, 1)
            if owner[slip_id] in refused
        ]
    )


def close_covered(actor: Actor, supplier_id: UUID, household_ids: set[UUID]) -> None:
    """Closes slips, the oldest first, by what money received before covers: where less is payable than slips leave open.

    Nothing moves: the money was received when it was paid. Raises Conflict('changed_meanwhile').
    """
    held = standing.locked(supplier_id, household_ids)
    payable = {household: row.payable_fen for household, row in held.items()}
    parts = []
    for household, slips in _unpaid(supplier_id, household_ids).items():
        excess = sum(slip.payable_fen - slip.paid_fen for slip in slips) - payable.get(household, 0)
        for slip in slips:
            fen = min(excess, slip.payable_fen - slip.paid_fen)
            if fen > 0:
                excess -= fen
                parts.append({"id": slip.id, "fen": fen})
    if not parts:
        return
    changed = change_rows(
        Slip,
        parts,
        set_=lambda slip, wanted: {"paid_fen": slip.paid_fen + wanted.fen},
        where=lambda slip, wanted: slip.paid_fen + wanted.fen <= slip.payable_fen,
    )
    if len(changed) != len(parts):
        raise Conflict("changed_meanwhile", what="slip")
    today = clock.today()
    rest = {"day": today, "period": clock.period(today), "recorded_at": clock.now(), "recorded_by": actor.user}
    db.session.execute(
        insert(SlipSetOff), [{"id": new_id(), "slip_id": part["id"], "fen": part["fen"], **rest} for part in parts]
    )


def _unpaid(supplier_id: UUID, household_ids: set[UUID]) -> dict[UUID, list[Slip]]:
    query = (
        select(Slip)
        .where(
            Slip.supplier_id == supplier_id,
            Slip.household_id.in_(household_ids),
            Slip.basis.in_(OWED_AT_SLIP),
            Slip.paid_fen < Slip.payable_fen,
        )
        .order_by(Slip.delivered_on, Slip.number)
    )
    found: dict[UUID, list[Slip]] = {}
    for slip in db.session.scalars(query.execution_options(populate_existing=True)):
        found.setdefault(slip.household_id, []).append(slip)
    return found


def payable_now(slips: list[Slip]) -> dict[UUID, int]:
    """Slip → fen that can be paid on it now, zeros left out: what it leaves open, as far as the household is owed.

    All slips of one supplier; what is covered by earlier money is taken off the oldest.
    """
    if not slips:
        return {}
    held = standing.of_supplier(slips[0].supplier_id)
    excess: dict[UUID, int] = {}
    for slip in slips:
        excess[slip.household_id] = excess.get(slip.household_id, 0) + slip.payable_fen - slip.paid_fen
    for household in excess:
        row = held.get(household)
        excess[household] -= row.payable_fen if row else 0
    found = {}
    for slip in sorted(slips, key=lambda slip: (slip.delivered_on, slip.number)):
        left = slip.payable_fen - slip.paid_fen
        covered = min(left, max(0, excess[slip.household_id]))
        excess[slip.household_id] -= covered
        if left > covered:
            found[slip.id] = left - covered
    return found


def payments_of_slip(slip_id: UUID) -> list[FarmPayment]:
    """What was paid on a slip at the farm gate; the caller has checked scope."""
    query = select(FarmPayment).where(FarmPayment.slip_id == slip_id).order_by(FarmPayment.paid_on, FarmPayment.id)
    return list(db.session.scalars(query))


def set_offs_of_slip(slip_id: UUID) -> list[SlipSetOff]:
    """What earlier money covered of a slip; the caller has checked scope."""
    return list(db.session.scalars(select(SlipSetOff).where(SlipSetOff.slip_id == slip_id).order_by(SlipSetOff.id)))
