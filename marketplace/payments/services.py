"""Billing an acceptance, recording its invoice and its transfer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from ..core import audit, clock, files
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, Refused
from ..core.numbers import numbered, take
from ..identity import services as identity
from . import rules
from .models import Bill, RedInvoice, TaxInvoice, Transfer


def within(actor: Actor) -> Any:
    return visible(
        actor.scope, supplier=Bill.supplier_id, agency=Bill.agency_id, division=(Bill.division, Bill.agency_division)
    )


@dataclass(frozen=True)
class Delivered:
    """What a bill demands money for: one acceptance, `total_fen` of it on `day`."""

    acceptance_id: UUID
    order_id: UUID
    supplier_id: UUID
    agency_id: UUID
    division: str
    agency_division: str
    day: date
    total_fen: int


def make_bill(delivered: Delivered) -> Bill:
    """The bill for an acceptance. The supplier's account is copied as text of that day."""
    supplier = identity.named({delivered.supplier_id})[delivered.supplier_id]
    year = delivered.day.year
    row = Bill(
        id=new_id(),
        number=numbered("JS", year, owner=str(delivered.supplier_id))[0],
        payment_code=_payment_code(year),
        acceptance_id=delivered.acceptance_id,
        order_id=delivered.order_id,
        supplier_id=delivered.supplier_id,
        agency_id=delivered.agency_id,
        division=delivered.division,
        agency_division=delivered.agency_division,
        account_name=supplier.account_name or supplier.name,
        bank_reference=supplier.bank_reference,
        total_fen=delivered.total_fen,
        issued_on=delivered.day,
        due_on=rules.due_on(delivered.day),
    )
    db.session.add(row)
    db.session.flush()
    return row


def lock_bills_of(acceptance_ids: Iterable[UUID]) -> dict[UUID, Bill]:
    """Acceptance → its bill, locked for the transaction in the order of their ids."""
    query = select(Bill).where(Bill.acceptance_id.in_(set(acceptance_ids))).order_by(Bill.id)
    rows = db.session.scalars(query.with_for_update().execution_options(populate_existing=True))
    return {row.acceptance_id: row for row in rows}


def _payment_code(year: int) -> str:
    """A code for the transfer's remark: BF, year, number, and a check digit against typing errors."""
    digits = f"{year % 100:02d}{take(f'PAYCODE:{year}'):07d}"
    check = sum((2 if place % 2 else 1) * int(digit) for place, digit in enumerate(digits)) % 10
    return f"BF{digits}{check}"


def record_invoice(
    actor: Actor,
    bill_id: UUID,
    *,
    number: str,
    issued_on: date,
    amount_fen: int,
    rate_basis_points: int | None,
    file_id: UUID | None = None,
) -> TaxInvoice:
    """Records the tax invoice of a bill. Raises Refused: invoice_number_needed, invoice_exists, invoice_differs, rate."""
    actor.require("invoice.record")
    bill = by_id(Bill, bill_id, Bill.supplier_id == actor.organisation, "bill", lock=True)
    if not number.strip():
        raise Refused("invoice_number_needed", field="number")
    if db.session.scalar(
        select(TaxInvoice.id).where(TaxInvoice.supplier_id == bill.supplier_id, TaxInvoice.number == number.strip())
    ):
        raise Refused("invoice_exists", field="number", number=number.strip())
    if rate_basis_points is not None and not 0 < rate_basis_points <= 2000:
        raise Refused("rate_out_of_range", field="rate_basis_points")
    earlier = db.session.scalar(select(func.sum(TaxInvoice.amount_fen)).where(TaxInvoice.bill_id == bill_id)) or 0
    if not 0 < amount_fen <= bill.total_fen - earlier:
        raise Refused("invoice_differs", field="amount_fen", left_fen=bill.total_fen - earlier)
    if file_id:
        files.kept(actor, file_id)
    row = TaxInvoice(
        id=new_id(),
        bill_id=bill_id,
        supplier_id=bill.supplier_id,
        number=number.strip(),
        issued_on=issued_on,
        amount_fen=amount_fen,
        rate_basis_points=rate_basis_points,
        seller=bill.account_name,
        file_id=file_id,
        recorded_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "invoice.record", "bill", bill_id, number=row.number)
    db.session.flush()
    return row


def record_red_invoice(
    bill_id: UUID, return_id: UUID, *, number: str, issued_on: date, amount_fen: int, refund_serial: str
) -> RedInvoice:
    """Records the red-letter invoice (红字发票) of a return and the refund's bank serial. Called by settlement.reverse.

    Raises Refused: invoice_number_needed, invoice_exists, day_in_future, bank_serial_needed.
    """
    bill = by_id(Bill, bill_id)
    if not number.strip():
        raise Refused("invoice_number_needed", field="red_invoice_number")
    if not refund_serial.strip():
        raise Refused("bank_serial_needed", field="refund_serial")
    if issued_on > clock.today():
        raise Refused("day_in_future", field="issued_on")
    used = (
        select(model.id).where(model.supplier_id == bill.supplier_id, model.number == number.strip())
        for model in (RedInvoice, TaxInvoice)
    )
    if any(db.session.scalar(query) for query in used):
        raise Refused("invoice_exists", field="red_invoice_number", number=number.strip())
    row = RedInvoice(
        id=new_id(),
        bill_id=bill_id,
        supplier_id=bill.supplier_id,
        return_id=return_id,
        number=number.strip(),
        issued_on=issued_on,
        amount_fen=amount_fen,
        refund_serial=refund_serial.strip(),
        recorded_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def record_transfer(actor: Actor, bill_id: UUID, *, fen: int, paid_on: date, bank_serial: str) -> Transfer:
    """The agency's finance says that it paid a bill in full.

    Raises Refused: payment_differs, bank_serial_needed, day_in_future; Conflict: transfer_exists, wrong_state.
    """
    actor.require("transfer.record")
    bill = by_id(Bill, bill_id, Bill.agency_id == actor.organisation, "bill", lock=True)
    if bill.state != "to_pay":
        raise Conflict("wrong_state", what="bill", state=bill.state, verb="pay")
    if fen != bill.total_fen - bill.paid_fen:
        raise Refused("payment_differs", field="fen", due_fen=bill.total_fen - bill.paid_fen)
    if not bank_serial.strip():
        raise Refused("bank_serial_needed", field="bank_serial")
    if paid_on > clock.today():
        raise Refused("day_in_future", field="paid_on")
    live = select(Transfer.id).where(Transfer.bill_id == bill_id, Transfer.state != "refused")
    if db.session.scalar(live):
        raise Conflict("transfer_exists")
    row = Transfer(
        id=new_id(),
        bill_id=bill_id,
        fen=fen,
        paid_on=paid_on,
        bank_serial=bank_serial.strip(),
        recorded_by=actor.user,
        recorded_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "transfer.record", "bill", bill_id, fen=fen)
    db.session.flush()
    return row


def answer_transfer(actor: Actor, transfer_id: UUID, *, arrived: bool, reason: str = "") -> tuple[Transfer, Bill]:
    """The supplier says whether the money arrived; arrived pays the bill. Settlement calls it, and settles.

    Raises Refused('reason_needed') for a refusal without reason, Conflict('wrong_state').
    """
    actor.require("transfer.confirm")
    own = Transfer.bill_id.in_(select(Bill.id).where(Bill.supplier_id == actor.organisation))
    bill_id = by_id(Transfer, transfer_id, own, "transfer").bill_id
    bill = by_id(Bill, bill_id, lock=True)
    row = by_id(Transfer, transfer_id, lock=True)
    if row.state != "recorded":
        raise Conflict("wrong_state", what="transfer", state=row.state, verb="answer")
    if not arrived and not reason.strip():
        raise Refused("reason_needed", field="reason")
    row.state, row.reason = ("confirmed", "") if arrived else ("refused", reason.strip())
    row.answered_by, row.answered_at = actor.user, clock.now()
    if arrived:
        bill.paid_fen += row.fen
        bill.state, bill.paid_on = "paid", row.paid_on
    audit.record(actor, "transfer.confirm" if arrived else "transfer.refuse", "bill", bill.id, fen=row.fen)
    db.session.flush()
    return row, bill


def bill(actor: Actor, bill_id: UUID) -> Bill:
    """A bill within scope. Raises NotFound."""
    actor.require("bill.read")
    return by_id(Bill, bill_id, within(actor), "bill")


def listed(
    actor: Actor, *, state: str | None = None, due_before: date | None = None, page: int = 1, size: int = 25
) -> tuple[list[Bill], int]:
    """Bills within scope, those due first, and how many there are; `due_before` keeps those due earlier."""
    actor.require("bill.read")
    query = select(Bill).where(within(actor))
    if state:
        query = query.where(Bill.state == state)
    if due_before:
        query = query.where(Bill.due_on < due_before)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.scalars(
        query.order_by(Bill.state.desc(), Bill.due_on, Bill.number).limit(size).offset((page - 1) * size)
    )
    return list(rows), total


@dataclass(frozen=True)
class Due:
    """Unpaid fen of the bills within scope by when they fall due, and how many are overdue."""

    week_fen: int = 0
    later_fen: int = 0
    overdue_fen: int = 0
    overdue: int = 0

    @property
    def total_fen(self) -> int:
        return self.week_fen + self.later_fen + self.overdue_fen


def due(actor: Actor) -> Due:
    """What is still to come (or to pay), one statement."""
    actor.require("bill.read")
    today = clock.today()
    bucket = case((Bill.due_on < today, "overdue"), (Bill.due_on <= today + timedelta(days=7), "week"), else_="later")
    query = select(bucket, func.sum(Bill.total_fen - Bill.paid_fen), func.count())
    found = {
        name: (int(fen), int(number))
        for name, fen, number in db.session.execute(query.where(within(actor), Bill.state == "to_pay").group_by(bucket))
    }
    zero = (0, 0)
    return Due(
        week_fen=found.get("week", zero)[0],
        later_fen=found.get("later", zero)[0],
        overdue_fen=found.get("overdue", zero)[0],
        overdue=found.get("overdue", zero)[1],
    )


def count_to_pay(actor: Actor) -> int:
    """How many bills within the actor's scope wait for a transfer to be recorded."""
    live = select(Transfer.bill_id).where(Transfer.state != "refused")
    query = select(func.count()).select_from(Bill).where(Bill.state == "to_pay", within(actor), Bill.id.not_in(live))
    return db.session.scalar(query) or 0


def bills_of(order_ids: Iterable[UUID]) -> dict[UUID, list[Bill]]:
    """Bills by order; the caller has checked scope."""
    found: dict[UUID, list[Bill]] = {}
    for row in db.session.scalars(
        select(Bill).where(Bill.order_id.in_(set(order_ids))).order_by(Bill.issued_on, Bill.number)
    ):
        found.setdefault(row.order_id, []).append(row)
    return found


def transfer(actor: Actor, transfer_id: UUID) -> tuple[Transfer, Bill]:
    """A transfer within scope, with its bill. Raises NotFound."""
    actor.require("bill.read")
    row = by_id(Transfer, transfer_id, Transfer.bill_id.in_(select(Bill.id).where(within(actor))), "transfer")
    return row, by_id(Bill, row.bill_id)


def transfers_of(bill_ids: Iterable[UUID]) -> dict[UUID, list[Transfer]]:
    found: dict[UUID, list[Transfer]] = {}
    for row in db.session.scalars(
        select(Transfer).where(Transfer.bill_id.in_(set(bill_ids))).order_by(Transfer.recorded_at)
    ):
        found.setdefault(row.bill_id, []).append(row)
    return found


def invoices_of(bill_ids: Iterable[UUID]) -> dict[UUID, list[TaxInvoice]]:
    found: dict[UUID, list[TaxInvoice]] = {}
    for row in db.session.scalars(
        select(TaxInvoice).where(TaxInvoice.bill_id.in_(set(bill_ids))).order_by(TaxInvoice.issued_on)
    ):
        found.setdefault(row.bill_id, []).append(row)
    return found


def to_confirm(actor: Actor) -> list[tuple[Transfer, Bill]]:
    """Transfers that wait for the supplier's word, oldest first."""
    actor.require("bill.read")
    query = (
        select(Transfer, Bill)
        .join(Bill, Bill.id == Transfer.bill_id)
        .where(Transfer.state == "recorded", within(actor))
    )
    return [(row, bill) for row, bill in db.session.execute(query.order_by(Transfer.recorded_at))]


def red_invoices_of(return_ids: Iterable[UUID]) -> dict[UUID, RedInvoice]:
    """Return → its red-letter invoice, one statement; the caller has checked scope."""
    query = select(RedInvoice).where(RedInvoice.return_id.in_(set(return_ids)))
    return {row.return_id: row for row in db.session.scalars(query)}
