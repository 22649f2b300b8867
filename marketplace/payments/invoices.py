"""Tax invoices recorded beside bills: number once per seller, money, seller's name, and the rate its goods ask for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from ..core import clock, files
from ..core.actor import Actor
from ..core.db import by_id, db, insert_rows, new_id
from ..core.errors import NotFound, Refused
from . import transfers
from .credit_models import BillCredit
from .invoice_models import InvoicePart
from .models import Bill, RedInvoice, TaxInvoice

MOST = 100  # bills that a page offers to one invoice


def record_invoice(actor: Actor, bill_id: UUID, *, amount_fen: int, **values: Any) -> TaxInvoice:
    """Records a tax invoice of one bill alone. Values and errors: see share_invoice."""
    return share_invoice(actor, {bill_id: amount_fen}, amount_fen=amount_fen, **values)


def share_invoice(
    actor: Actor,
    parts: Mapping[UUID, int],
    *,
    number: str,
    issued_on: date,
    amount_fen: int,
    rate_basis_points: int | None,
    file_id: UUID | None = None,
    seller: str = "",
    reason: str = "",
    expected: Mapping[UUID, Collection[int | None]] | None = None,
) -> TaxInvoice:
    """Records one tax invoice for several bills of a buyer; `parts`: bill → its fen, which sum to the invoice.

    `expected`: the rates of each bill's goods; another rate or seller needs a reason. Raises NotFound; Refused:
    invoice_number_needed, invoice_exists, invoice_parts_needed, invoice_of_several_buyers, invoice_sum_differs,
    invoice_differs, invoice_part_differs, rate_out_of_range, day_in_future, invoice_rate_differs, invoice_seller_differs.
    """
    actor.require("invoice.record")
    bills = _locked(actor, parts)
    _refuse_number(bills[0].supplier_id, number, "number")
    if rate_basis_points is not None and not 0 < rate_basis_points <= 2000:
        raise Refused("rate_out_of_range", field="rate_basis_points")
    if issued_on > clock.today():
        raise Refused("day_in_future", field="issued_on")
    _refuse_parts(bills, parts, amount_fen)
    if not reason.strip():
        for bill in bills:
            rates = (expected or {}).get(bill.id)
            _refuse_mismatch(bill, seller.strip() or bill.account_name, rate_basis_points, rates)
    if file_id:
        files.kept(actor, file_id)
    row = TaxInvoice(
        id=new_id(),
        supplier_id=bills[0].supplier_id,
        number=number.strip(),
        issued_on=issued_on,
        amount_fen=amount_fen,
        rate_basis_points=rate_basis_points,
        seller=seller.strip() or bills[0].account_name,
        reason=reason.strip(),
        file_id=file_id,
        recorded_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    _add_parts(row, bills, parts)
    for bill in bills:
        transfers.tell_about(bill, "invoice.record", actor, number=row.number)
    db.session.flush()
    return row


def parts_of(rows: Iterable[Mapping[str, Any]]) -> dict[UUID, int]:
    """{bill_id, fen} rows as share_invoice takes them. Raises Refused('invoice_bill_twice')."""
    parts: dict[UUID, int] = {}
    for no, row in enumerate(rows, 1):
        if row["bill_id"] in parts:
            raise Refused("invoice_bill_twice", field="bill_id", row=no)
        parts[row["bill_id"]] = row["fen"]
    return parts


def _locked(actor: Actor, bill_ids: Collection[UUID]) -> list[Bill]:
    """The supplier's bills, locked in the order of their ids. Raises NotFound; Refused('invoice_parts_needed')."""
    if not bill_ids:
        raise Refused("invoice_parts_needed", field="parts")
    query = select(Bill).where(Bill.id.in_(bill_ids), Bill.supplier_id == actor.organisation).order_by(Bill.id)
    found = list(db.session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    if len(found) < len(bill_ids):
        raise NotFound("bill")
    return found


def _refuse_parts(bills: Sequence[Bill], parts: Mapping[UUID, int], amount_fen: int) -> None:
    if len({bill.agency_id for bill in bills}) > 1:
        raise Refused("invoice_of_several_buyers", field="parts")
    left = left_to_invoice(bills)
    for bill in bills:
        if 0 < parts[bill.id] <= left[bill.id]:
            continue
        if len(bills) == 1:
            raise Refused("invoice_differs", field="amount_fen", left_fen=left[bill.id])
        raise Refused("invoice_part_differs", field="parts", number=bill.number, left_fen=left[bill.id])
    if sum(parts.values()) != amount_fen:
        raise Refused("invoice_sum_differs", field="amount_fen", sum_fen=sum(parts.values()))


def _add_parts(row: TaxInvoice, bills: Sequence[Bill], parts: Mapping[UUID, int]) -> None:
    upto = list(accumulate(parts[bill.id] for bill in bills))
    insert_rows(
        InvoicePart,
        [
            {
                "invoice_id": row.id,
                "bill_id": bill.id,
                "fen": parts[bill.id],
                "after_fen": after,
                "upto_fen": end,
                "amount_fen": row.amount_fen,
            }
            for bill, after, end in zip(bills, [None, *upto], upto, strict=False)
        ],
    )


def left_to_invoice(bills: Iterable[Bill]) -> dict[UUID, int]:
    """Bill → fen that invoices may still ask of it. Two statements."""
    left = {bill.id: bill.total_fen - bill.credited_fen for bill in bills}
    issued = select(InvoicePart.bill_id, func.sum(InvoicePart.fen)).where(InvoicePart.bill_id.in_(left))
    for bill_id, fen in db.session.execute(issued.group_by(InvoicePart.bill_id)):
        left[bill_id] -= int(fen)
    # Red-letter invoices for what was taken off a bill before it was paid: invoiced, and invoiced no more.
    taken_back = (
        select(RedInvoice.bill_id, func.sum(RedInvoice.amount_fen))
        .join(BillCredit, BillCredit.return_id == RedInvoice.return_id)
        .where(RedInvoice.bill_id.in_(left))
    )
    for bill_id, fen in db.session.execute(taken_back.group_by(RedInvoice.bill_id)):
        left[bill_id] += int(fen)
    return {bill_id: max(0, fen) for bill_id, fen in left.items()}


def to_invoice(actor: Actor, agency_id: UUID) -> list[tuple[Bill, int]]:
    """The supplier's bills to a buyer that are not invoiced in full, oldest first, and what is left of each.

    Raises NotFound where it has no bill to that buyer.
    """
    actor.require("invoice.record")
    mine = (Bill.supplier_id == actor.organisation, Bill.agency_id == agency_id, Bill.state != "credited")
    if db.session.scalar(select(Bill.id).where(*mine).limit(1)) is None:
        raise NotFound("organisation")
    issued = select(func.coalesce(func.sum(InvoicePart.fen), 0)).where(InvoicePart.bill_id == Bill.id)
    some = issued.scalar_subquery() < Bill.total_fen
    rows = list(db.session.scalars(select(Bill).where(*mine, some).order_by(Bill.issued_on, Bill.number).limit(MOST)))
    left = left_to_invoice(rows)
    return [(row, left[row.id]) for row in rows if left[row.id]]


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


def record_red_invoice(
    bill_id: UUID, return_id: UUID, *, number: str, issued_on: date, amount_fen: int, refund_serial: str | None
) -> RedInvoice:
    """Records the red-letter invoice (红字发票) of a return and the refund's bank serial. Called by settlement.

    `refund_serial` is None where nothing had been paid, and so nothing goes back.

    Raises Refused: invoice_number_needed, invoice_exists, day_in_future, bank_serial_needed, red_beyond_invoiced.
    """
    bill = by_id(Bill, bill_id, lock=True)
    if not number.strip():
        raise Refused("invoice_number_needed", field="red_invoice_number")
    if refund_serial is not None and not refund_serial.strip():
        raise Refused("bank_serial_needed", field="refund_serial")
    if issued_on > clock.today():
        raise Refused("day_in_future", field="issued_on")
    _refuse_number(bill.supplier_id, number, "red_invoice_number")
    _refuse_beyond_invoiced(bill_id, amount_fen)
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


def _refuse_beyond_invoiced(bill_id: UUID, amount_fen: int) -> None:
    """Of a bill that has invoices, red-letter ones take back no more than what they said; the bill is locked."""
    issued = db.session.scalar(select(func.sum(InvoicePart.fen)).where(InvoicePart.bill_id == bill_id))
    red = db.session.scalar(select(func.sum(RedInvoice.amount_fen)).where(RedInvoice.bill_id == bill_id))
    left = int(issued or 0) - int(red or 0)
    if issued and amount_fen > left:
        raise Refused("red_beyond_invoiced", field="red_invoice_number", left_fen=max(0, left))


def invoices_of(bill_ids: Iterable[UUID]) -> dict[UUID, list[InvoicePart]]:
    """Bill → its parts of tax invoices, each with its invoice; one statement; the caller has checked scope."""
    found: dict[UUID, list[InvoicePart]] = {}
    query = select(InvoicePart).join(TaxInvoice, TaxInvoice.id == InvoicePart.invoice_id)
    for row in db.session.scalars(
        query.where(InvoicePart.bill_id.in_(set(bill_ids))).order_by(TaxInvoice.issued_on, TaxInvoice.number)
    ):
        found.setdefault(row.bill_id, []).append(row)
    return found


def red_invoices_of(return_ids: Iterable[UUID]) -> dict[UUID, RedInvoice]:
    """Return → its red-letter invoice, one statement; the caller has checked scope."""
    query = select(RedInvoice).where(RedInvoice.return_id.in_(set(return_ids)))
    return {row.return_id: row for row in db.session.scalars(query)}
