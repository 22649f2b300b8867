"""Tax invoices recorded beside bills: number once per seller, money, seller's name, and the rate its goods ask for."""

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from ..core import clock, files
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Refused
from . import transfers
from .credit_models import BillCredit
from .models import Bill, RedInvoice, TaxInvoice


def record_invoice(
    actor: Actor,
    bill_id: UUID,
    *,
    number: str,
    issued_on: date,
    amount_fen: int,
    rate_basis_points: int | None,
    file_id: UUID | None = None,
    seller: str = "",
    reason: str = "",
    expected: Collection[int | None] | None = None,
) -> TaxInvoice:
    """Records the tax invoice of a bill. `expected`: the rates of its goods; another rate or seller needs a reason.

    Raises Refused: invoice_number_needed, invoice_exists, invoice_differs, rate_out_of_range, day_in_future,
    invoice_rate_differs, invoice_seller_differs.
    """
    actor.require("invoice.record")
    bill = by_id(Bill, bill_id, Bill.supplier_id == actor.organisation, "bill", lock=True)
    _refuse_number(bill.supplier_id, number, "number")
    if rate_basis_points is not None and not 0 < rate_basis_points <= 2000:
        raise Refused("rate_out_of_range", field="rate_basis_points")
    if issued_on > clock.today():
        raise Refused("day_in_future", field="issued_on")
    earlier = db.session.scalar(select(func.sum(TaxInvoice.amount_fen)).where(TaxInvoice.bill_id == bill_id)) or 0
    left = bill.total_fen - bill.credited_fen - earlier + _taken_back(bill_id)
    if not 0 < amount_fen <= left:
        raise Refused("invoice_differs", field="amount_fen", left_fen=max(0, left))
    if not reason.strip():
        _refuse_mismatch(bill, seller.strip() or bill.account_name, rate_basis_points, expected)
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
        seller=seller.strip() or bill.account_name,
        reason=reason.strip(),
        file_id=file_id,
        recorded_at=clock.now(),
    )
    db.session.add(row)
    transfers.tell_about(bill, "invoice.record", actor, number=row.number)
    db.session.flush()
    return row


def _refuse_number(supplier_id: UUID, number: str, field: str) -> None:
    if not number.strip():
        raise Refused("invoice_number_needed", field=field)
    used = (
        select(model.id).where(model.supplier_id == supplier_id, model.number == number.strip())
        for model in (RedInvoice, TaxInvoice)
    )
    if any(db.session.scalar(query) for query in used):
        raise Refused("invoice_exists", field=field, number=number.strip())


def _refuse_mismatch(bill: Bill, seller: str, rate: int | None, expected: Collection[int | None] | None) -> None:
    """Names of contract, invoice and payee agree, save a mandated trader's; the rate is the goods' (RULES.md)."""
    if seller != bill.account_name:
        raise Refused("invoice_seller_differs", field="seller", payee=bill.account_name)
    if expected and rate not in expected:
        raise Refused("invoice_rate_differs", field="rate_basis_points", rates=rates_in_words(expected))


def rates_in_words(rates: Iterable[int | None]) -> str:
    return "、".join(
        "免税" if rate is None else f"{rate / 100:g}%" for rate in sorted(rates, key=lambda rate: rate or 0)
    )


def _taken_back(bill_id: UUID) -> int:
    """Fen of red-letter invoices for what was taken off a bill before it was paid: invoiced, and invoiced no more."""
    query = (
        select(func.sum(RedInvoice.amount_fen))
        .join(BillCredit, BillCredit.return_id == RedInvoice.return_id)
        .where(RedInvoice.bill_id == bill_id)
    )
    return int(db.session.scalar(query) or 0)


def record_red_invoice(
    bill_id: UUID, return_id: UUID, *, number: str, issued_on: date, amount_fen: int, refund_serial: str | None
) -> RedInvoice:
    """Records the red-letter invoice (红字发票) of a return and the refund's bank serial. Called by settlement.

    `refund_serial` is None where nothing had been paid, and so nothing goes back.

    Raises Refused: invoice_number_needed, invoice_exists, day_in_future, bank_serial_needed.
    """
    bill = by_id(Bill, bill_id)
    if not number.strip():
        raise Refused("invoice_number_needed", field="red_invoice_number")
    if refund_serial is not None and not refund_serial.strip():
        raise Refused("bank_serial_needed", field="refund_serial")
    if issued_on > clock.today():
        raise Refused("day_in_future", field="issued_on")
    _refuse_number(bill.supplier_id, number, "red_invoice_number")
    row = RedInvoice(
        id=new_id(),
        bill_id=bill_id,
        supplier_id=bill.supplier_id,
        return_id=return_id,
        number=number.strip(),
        issued_on=issued_on,
        amount_fen=amount_fen,
        refund_serial=(refund_serial or "").strip(),
        recorded_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def invoices_of(bill_ids: Iterable[UUID]) -> dict[UUID, list[TaxInvoice]]:
    found: dict[UUID, list[TaxInvoice]] = {}
    for row in db.session.scalars(
        select(TaxInvoice).where(TaxInvoice.bill_id.in_(set(bill_ids))).order_by(TaxInvoice.issued_on)
    ):
        found.setdefault(row.bill_id, []).append(row)
    return found


def red_invoices_of(return_ids: Iterable[UUID]) -> dict[UUID, RedInvoice]:
    """Return → its red-letter invoice, one statement; the caller has checked scope."""
    query = select(RedInvoice).where(RedInvoice.return_id.in_(set(return_ids)))
    return {row.return_id: row for row in db.session.scalars(query)}
