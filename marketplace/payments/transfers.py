"""Transfers by bank or treasury: recorded by the agency, answered by the supplier or found in its bank statement."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Conflict, NotFound, Refused
from ..identity import services as identity
from ..notices import services as notices
from . import bills, prepayments, rules
from .models import Bill, Transfer


def record_transfer(actor: Actor, bill_id: UUID, *, fen: int, paid_on: date, bank_serial: str) -> Transfer:
    """The agency's finance says that it paid a bill, or a part of it.

    Raises Refused: payment_differs (more than is still asked), bank_serial_needed, day_in_future; Conflict:
    transfer_exists (the same serial, or everything is recorded already), wrong_state.
    """
    actor.require("transfer.record")
    bill = by_id(Bill, bill_id, Bill.agency_id == actor.organisation, "bill", lock=True)
    if bill.state not in bills.TO_PAY:
        raise Conflict("wrong_state", what="bill", state=bill.state, verb="pay")
    if not bank_serial.strip():
        raise Refused("bank_serial_needed", field="bank_serial")
    if paid_on > clock.today():
        raise Refused("day_in_future", field="paid_on")
    same = select(Transfer.id).where(
        Transfer.bill_id == bill_id, Transfer.state != "refused", Transfer.bank_serial == bank_serial.strip()
    )
    if not rules.open_fen(bill) or db.session.scalar(same):
        raise Conflict("transfer_exists")
    if not 0 < fen <= rules.open_fen(bill):
        raise Refused("payment_differs", field="fen", due_fen=rules.open_fen(bill))
    bill.recorded_fen += fen  # the bill's CHECK: recorded and paid together never above its total
    row = _transfer(actor, bill, fen, paid_on, bank_serial.strip())
    tell_about(bill, "transfer.record", actor, fen=fen)
    notices.tell(
        "transfer_to_confirm",
        organisation_id=bill.supplier_id,
        about=("bill", bill.id),
        number=bill.number,
        permission="transfer.confirm",
        who=identity.named({bill.agency_id})[bill.agency_id].name,
        fen=fen,
    )
    db.session.flush()
    return row


def _transfer(actor: Actor, bill: Bill, fen: int, paid_on: date, serial: str) -> Transfer:
    row = Transfer(
        id=new_id(),
        bill_id=bill.id,
        fen=fen,
        applied_fen=0,
        paid_on=paid_on,
        bank_serial=serial,
        state="recorded",
        recorded_by=actor.user,
        recorded_at=clock.now(),
    )
    db.session.add(row)
    return row


def answer_transfer(actor: Actor, transfer_id: UUID, *, arrived: bool, reason: str = "") -> tuple[Transfer, Bill]:
    """The supplier says whether the money arrived; arrived pays the bill. Settlement calls it, and settles.

    What is more than the bill asks by now (goods came back meanwhile) is kept as the payer's credit.
    Raises Refused('reason_needed') for a refusal without reason, Conflict('wrong_state').
    """
    actor.require("transfer.confirm")
    bill, row = _locked(transfer_id, Bill.supplier_id == actor.organisation)
    rules.TRANSFER.after("confirm" if arrived else "refuse", row.state)
    if not arrived and not reason.strip():
        raise Refused("reason_needed", field="reason")
    bill.recorded_fen -= row.fen
    if arrived:
        _confirm(actor, row, bill, "transfer_to_confirm")
    else:
        refuse(actor, row, bill, reason.strip())
        notices.done_about("bill", [bill.id], "transfer_to_confirm")
    db.session.flush()
    return row, bill


def _locked(transfer_id: UUID, condition: ColumnElement[bool]) -> tuple[Bill, Transfer]:
    """A transfer and its bill, locked after the bill's orders. Raises NotFound."""
    query = select(Bill, Transfer).join(Transfer, Transfer.bill_id == Bill.id)
    query = query.where(Transfer.id == transfer_id, condition)
    prepayments.lock_orders_of(query.with_only_columns(Bill.id))
    found = db.session.execute(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("transfer")
    return found[0], found[1]


def receive(
    actor: Actor, bill_id: UUID, *, fen: int, paid_on: date, serial: str, transfer_id: UUID | None = None
) -> tuple[Transfer, Bill]:
    """Money that surely came for a bill, whatever its state: found in a bank statement, or paid by card.

    Of `transfer_id` (one that the agency recorded) the word comes with it; else a transfer is made. What the bill does
    not ask is the payer's credit, and recorded transfers that it has no more room for are refused: the agency is told.
    """
    prepayments.lock_orders_of(bill_id)
    bill = by_id(Bill, bill_id, lock=True)
    if transfer_id:
        row = by_id(Transfer, transfer_id, Transfer.bill_id == bill_id, "transfer", lock=True)
        rules.TRANSFER.after("confirm", row.state)
        bill.recorded_fen -= row.fen
        _confirm(actor, row, bill, "transfer_to_confirm")
    else:
        _make_room(actor, bill, min(fen, rules.left_fen(bill)))
        row = _transfer(actor, bill, fen, paid_on, serial)
        row.recorded_by = None  # no agency's record: the money itself says so
        _confirm(actor, row, bill)
    db.session.flush()
    return row, bill


def _make_room(actor: Actor, bill: Bill, fen: int) -> None:
    """The money came by another way than what the agency recorded: the newest records give way."""
    query = select(Transfer).where(Transfer.bill_id == bill.id, Transfer.state == "recorded")
    for row in db.session.scalars(query.order_by(Transfer.recorded_at.desc(), Transfer.id.desc())):
        if bill.paid_fen + fen + bill.recorded_fen <= bill.total_fen:
            return
        bill.recorded_fen -= row.fen
        refuse(actor, row, bill, "到账的是另一笔款")


def _confirm(actor: Actor, row: Transfer, bill: Bill, *done: str) -> None:
    row.state, row.answered_by, row.answered_at = "confirmed", actor.user, clock.now()
    with db.session.no_autoflush:  # each row changes once: changed twice, PostgreSQL checks and locks its keys again
        row.applied_fen = bills.pay(bill, row.fen, row.paid_on, *done)
    db.session.flush()
    prepayments.keep(actor, bill, row.fen, row.applied_fen)
    tell_about(bill, "transfer.confirm", actor, fen=row.fen)
    notices.tell(
        "transfer_confirmed", organisation_id=bill.agency_id, about=("bill", bill.id), number=bill.number, fen=row.fen
    )


def refuse(actor: Actor, row: Transfer, bill: Bill, reason: str) -> None:
    row.state, row.reason = "refused", reason
    row.answered_by, row.answered_at = actor.user, clock.now()
    tell_about(bill, "transfer.refuse", actor, fen=row.fen)
    notices.tell(
        "transfer_refused",
        organisation_id=bill.agency_id,
        about=("bill", bill.id),
        number=bill.number,
        permission="transfer.record",
        fen=row.fen,
    )


def tell_about(bill: Bill, verb: str, actor: Actor, **facts: int | str) -> None:
    """The trail of a bill: on its order, where it has one; a month's on the bill itself."""
    kind, of = ("order", bill.order_id) if bill.order_id else ("bill", bill.id)
    audit.record(actor, verb, kind, of, bill=bill.number, **facts)


def transfer(actor: Actor, transfer_id: UUID) -> tuple[Transfer, Bill]:
    """A transfer within scope, with its bill. Raises NotFound."""
    actor.require("bill.read")
    seen = Transfer.bill_id.in_(select(Bill.id).where(bills.within(actor)))
    row = by_id(Transfer, transfer_id, seen, "transfer")
    return row, by_id(Bill, row.bill_id)


def transfers_of(bill_ids: Iterable[UUID]) -> dict[UUID, list[Transfer]]:
    found: dict[UUID, list[Transfer]] = {}
    for row in db.session.scalars(
        select(Transfer).where(Transfer.bill_id.in_(set(bill_ids))).order_by(Transfer.recorded_at)
    ):
        found.setdefault(row.bill_id, []).append(row)
    return found


def to_confirm(actor: Actor) -> list[tuple[Transfer, Bill]]:
    """Transfers that wait for the supplier's word, oldest first."""
    actor.require("bill.read")
    query = (
        select(Transfer, Bill)
        .join(Bill, Bill.id == Transfer.bill_id)
        .where(Transfer.state == "recorded", bills.within(actor))
    )
    return [(row, bill) for row, bill in db.session.execute(query.order_by(Transfer.recorded_at))]
