"""What a papers pack is made of: the rows of an order's or a bill's papers, as far as the actor may see them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..core.actor import Actor
from ..core.db import by_id, db
from ..core.files import FileRow
from ..identity import services as identity
from ..linkage import services as linkage
from ..linkage.models import LotPaper
from ..payments import intents, refunds
from ..payments import services as payments
from ..payments.invoice_models import InvoicePart
from ..payments.models import Bill, RedInvoice, TaxInvoice, Transfer
from ..payments.stripe_models import CardPayment, CardRefund
from ..procurement import services as procurement
from ..procurement.chain_models import ApprovalStep
from ..procurement.models import Acceptance, GoodsReturn, Order, Requisition, Shipment
from ..procurement.plan_models import OrderConfirmationScan
from ..products import services as products
from . import delivery_papers
from . import papers_sheets as sheets
from .papers_rules import Accepted, Batch, Billed, Delivered, Facts, Missing, Returned, missing


@dataclass(frozen=True)
class Document:
    """One numbered entry of the index: our own sheet, and what was uploaded for it.

    `sheet`: data of `paper.typ`; `form`: makes the PDF of a paper that has a form of its own instead.
    """

    kind: str
    number: str
    day: date | None
    sheet: dict[str, Any] = field(default_factory=dict)
    files: tuple[UUID, ...] = ()
    note: str = ""
    form: Callable[[], bytes] | None = None


@dataclass(frozen=True)
class Pack:
    """`number`: the order's or bill's; `bytes_`: of the uploaded files, before anything is made of them."""

    number: str
    agency: str
    supplier: str
    fen: int
    documents: list[Document]
    missing: list[Missing]
    bytes_: int = 0


@dataclass
class _Rows:
    """The rows of one pack, read with a fixed number of statements however many there are."""

    orders: list[Order]
    shipments: list[Shipment]
    acceptances: list[Acceptance]
    bills: list[Bill]
    requisitions: dict[UUID, Requisition] = field(default_factory=dict)
    steps: dict[UUID, list[ApprovalStep]] = field(default_factory=dict)
    stamped: dict[UUID, list[OrderConfirmationScan]] = field(default_factory=dict)
    invoices: dict[UUID, list[InvoicePart]] = field(default_factory=dict)
    transfers: dict[UUID, list[Transfer]] = field(default_factory=dict)
    cards: dict[UUID, list[CardPayment]] = field(default_factory=dict)
    refunds: dict[UUID, list[CardRefund]] = field(default_factory=dict)
    parts: dict[UUID, list[Any]] = field(default_factory=dict)
    bill_of: dict[UUID, Bill] = field(default_factory=dict)
    returns: list[GoodsReturn] = field(default_factory=list)
    reds: dict[UUID, RedInvoice] = field(default_factory=dict)
    lots: dict[UUID, Any] = field(default_factory=dict)
    papers: dict[UUID, list[LotPaper]] = field(default_factory=dict)
    needed: dict[UUID, list[str]] = field(default_factory=dict)
    parties: dict[UUID, Any] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)


def of_order(actor: Actor, order_id: UUID) -> Pack:
    """An order's papers. Raises NotFound, Forbidden."""
    actor.require("bill.read")
    order = procurement.order(actor, order_id)
    shipments = procurement.shipments_of([order_id]).get(order_id, [])
    acceptances = procurement.acceptances_of([order_id]).get(order_id, [])
    bills = payments.bills_of([order_id]).get(order_id, [])
    return _pack(actor, order.number, _read(actor, _Rows([order], shipments, acceptances, bills)), order.total_fen)


def of_bill(actor: Actor, bill_id: UUID) -> Pack:
    """A bill's papers: those of the deliveries that it is for; of a prepayment, its order's. Raises NotFound."""
    row = payments.bill(actor, bill_id)
    wanted = set(payments.acceptances_paid_by(row))
    order_ids = set(db.session.scalars(select(Acceptance.order_id).where(Acceptance.id.in_(wanted))))
    order_ids |= {row.order_id} if row.order_id else set()
    orders = sorted(procurement.by_ids(actor, order_ids).values(), key=lambda one: one.number)
    ids = [one.id for one in orders]
    found = [one for many in procurement.acceptances_of(ids).values() for one in many if one.id in wanted]
    delivered = {one.shipment_id for one in found}
    shipments = [one for many in procurement.shipments_of(ids).values() for one in many if one.id in delivered]
    return _pack(actor, row.number, _read(actor, _Rows(orders, shipments, found, [row])), row.total_fen)


def _by(rows: Iterable[Any], name: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


def _read(actor: Actor, rows: _Rows) -> _Rows:
    ids, bill_ids = [one.id for one in rows.orders], [one.id for one in rows.bills]
    if actor.kind != "supplier":  # the agency's own way to its approval is not the supplier's
        _read_requests(rows)
    scans = select(OrderConfirmationScan).where(OrderConfirmationScan.order_id.in_(ids))
    rows.stamped = _by(db.session.scalars(scans.order_by(OrderConfirmationScan.added_at)), "order_id")
    rows.invoices, rows.transfers = payments.invoices_of(bill_ids), payments.transfers_of(bill_ids)
    rows.cards = intents.payments_of_bills(bill_ids)
    rows.refunds = refunds.of_payments([card.id for cards in rows.cards.values() for card in cards])
    rows.parts = payments.parts_of(bill_ids)
    rows.bill_of = payments.bill_by_acceptance([one.id for one in rows.acceptances])
    lines = {line.id for one in rows.acceptances for line in one.lines}
    back = [one for many in procurement.returns_of(ids).values() for one in many if one.acceptance_line_id in lines]
    rows.returns, rows.reds = back, payments.red_invoices_of([one.id for one in back])
    rows.lots = linkage.by_ids({line.lot_id for one in rows.shipments for line in one.lines})
    rows.papers = linkage.papers_of(rows.lots)
    rows.needed = products.papers_needed({lot.product_id for lot in rows.lots.values()})
    _name(rows)
    return rows


def _read_requests(rows: _Rows) -> None:
    wanted = {one.requisition_id for one in rows.orders}
    rows.requisitions = {
        row.id: row for row in db.session.scalars(select(Requisition).where(Requisition.id.in_(wanted)))
    }
    query = select(ApprovalStep).where(ApprovalStep.requisition_id.in_(wanted), ApprovalStep.verdict == "approved")
    for step in db.session.scalars(query.order_by(ApprovalStep.no)):
        if step.attempt == rows.requisitions[step.requisition_id].attempt:
            rows.steps.setdefault(step.requisition_id, []).append(step)


def _name(rows: _Rows) -> None:
    traded: list[Any] = [*rows.orders, *rows.bills]
    rows.parties = identity.named(
        {one.agency_id for one in traded}
        | {one.supplier_id for one in traded}
        | {lot.supplier_id for lot in rows.lots.values()}
    )
    people = {one.accepted_by for one in rows.acceptances} | {one.second_by for one in rows.acceptances}
    people |= {one.submitted_by for one in rows.requisitions.values()}
    people |= {one.decided_by for one in rows.requisitions.values()}
    people |= {step.decided_by for many in rows.steps.values() for step in many}
    people |= {one.recorded_by for many in rows.transfers.values() for one in many}
    rows.names = identity.user_names({person for person in people if person})


def _pack(actor: Actor, number: str, rows: _Rows, fen: int) -> Pack:
    documents = [*_requests(rows), *_orders(actor, rows), *_deliveries(actor, rows), *_bills(rows), *_returns(rows)]
    first = rows.orders[0] if rows.orders else rows.bills[0]
    sizes = select(FileRow.size).where(FileRow.id.in_({file for one in documents for file in one.files}))
    return Pack(
        number=number,
        agency=rows.parties[first.agency_id].name,
        supplier=rows.parties[first.supplier_id].name,
        fen=fen,
        documents=documents,
        missing=[one for order in rows.orders for one in missing(_facts(rows, order))] + _of_bills(rows),
        bytes_=sum(db.session.scalars(sizes)),
    )


def _requests(rows: _Rows) -> list[Document]:
    found = []
    for order in rows.orders:
        row = rows.requisitions.get(order.requisition_id)
        if row is not None:
            data = sheets.request(order, row, rows.parties, rows.names, rows.steps.get(row.id, []))
            found.append(Document("request", row.number, _day(row.submitted_at), data))
    return found


def _orders(actor: Actor, rows: _Rows) -> list[Document]:
    found = []
    for order in rows.orders:
        newest = {scan.side: scan.file_id for scan in rows.stamped.get(order.id, [])}
        note = "盖章扫描件见后页" if newest else ""
        form = _form(procurement.confirmation, actor, order.id)
        scans = tuple(newest[side] for side in sorted(newest))
        found.append(Document("order", order.number, _day(order.confirmed_at), files=scans, note=note, form=form))
    return found


def _deliveries(actor: Actor, rows: _Rows) -> list[Document]:
    found = [
        Document("delivery", one.number, _day(one.shipped_at), form=_form(delivery_papers.delivery_note, actor, one.id))
        for one in rows.shipments
    ]
    for row in rows.acceptances:
        note = "" if row.state == "signed" else "未签齐"
        form = _form(delivery_papers.acceptance, actor, row.id)
        found.append(Document("acceptance", row.number, row.day, note=note, form=form))
    for lot in sorted(rows.lots.values(), key=lambda one: one.number):
        papers = rows.papers.get(lot.id, [])
        if papers:
            data = sheets.batch(lot, rows.parties[lot.supplier_id].name, papers)
            scans = tuple(paper.file_id for paper in papers if paper.file_id)
            words = "、".join(sheets.PAPERS.get(paper.kind, paper.kind) for paper in papers)
            found.append(Document("batch", lot.number, lot.harvested_on, data, scans, words))
    return found


def _form(make: Callable[[Actor, UUID], tuple[str, bytes]], actor: Actor, id_: UUID) -> Callable[[], bytes]:
    return lambda: make(actor, id_)[1]


def _bills(rows: _Rows) -> list[Document]:
    numbers = {one.id: one.number for one in rows.acceptances}
    of = {bill.id: bill.number for bill in rows.bills}
    issued = [part for many in rows.invoices.values() for part in many]
    found, shown = [], set[UUID]()
    for bill in rows.bills:
        parts = [(numbers.get(part.acceptance_id, "—"), part.fen) for part in rows.parts.get(bill.id, [])]
        found.append(Document("bill", bill.number, bill.issued_on, sheets.bill(bill, rows.parties, parts)))
        for part in rows.invoices.get(bill.id, []):
            if part.invoice_id not in shown:  # an invoice of several bills is one paper
                shown.add(part.invoice_id)
                found.append(_invoice(part.invoice, [one for one in issued if one.invoice_id == part.invoice_id], of))
        cards = [one for one in rows.cards.get(bill.id, []) if one.state == "succeeded"]
        by_card = {one.transfer_id for one in cards}
        for card in cards:
            data = sheets.card_payment(card, bill, rows.parties, rows.refunds.get(card.id, []))
            found.append(Document("card_payment", card.stripe_id or "—", _day(card.succeeded_at), data))
        for one in rows.transfers.get(bill.id, []):
            if one.state != "refused" and one.id not in by_card:
                data = sheets.payment(one, bill, rows.parties, rows.names)
                found.append(Document("payment", one.bank_serial, one.paid_on, data))
    return found


def _invoice(row: TaxInvoice, parts: Sequence[InvoicePart], of: Mapping[UUID, str]) -> Document:
    """`parts`: those of the pack's bills; what is another bill's is not in this pack."""
    scan = (row.file_id,) if row.file_id else ()
    data = sheets.invoice(row, [(of[part.bill_id], part.fen) for part in parts])
    return Document("invoice", row.number, row.issued_on, data, scan, "" if scan else "没有扫描件")


def _returns(rows: _Rows) -> list[Document]:
    lines = {line.id: line for one in rows.orders for line in one.lines}
    of = {line.id: lines[line.order_line_id].name for one in rows.acceptances for line in one.lines}
    orders, found = {one.id: one for one in rows.orders}, []
    for row in rows.returns:
        data = sheets.returned(row, orders[row.order_id], of[row.acceptance_line_id])
        found.append(Document("return", row.number, row.day, data))
        if red := rows.reds.get(row.id):
            number = next((bill.number for bill in rows.bills if bill.id == red.bill_id), "—")
            found.append(Document("red_invoice", red.number, red.issued_on, sheets.red_invoice(red, number)))
    return found


def _facts(rows: _Rows, order: Order) -> Facts:
    accepted = {one.shipment_id for one in rows.acceptances}
    shipments = [one for one in rows.shipments if one.order_id == order.id and one.state != "cancelled"]
    lots = {line.lot_id for one in shipments for line in one.lines}
    lines = {line.id for one in rows.acceptances if one.order_id == order.id for line in one.lines}
    return Facts(
        order=order.number,
        confirmed=order.confirmed_at is not None,
        deliveries=[Delivered(one.number, one.id in accepted) for one in shipments],
        acceptances=[
            Accepted(one.number, one.state == "signed", one.id in rows.bill_of or not one.money_fen)
            for one in rows.acceptances
            if one.order_id == order.id
        ],
        batches=[_batch(rows, lot) for lot in sorted(lots, key=lambda one: rows.lots[one].number)],
        returns=[
            Returned(one.number, one.money_fen, one.id in rows.reds)
            for one in rows.returns
            if one.acceptance_line_id in lines
        ],
    )


def _batch(rows: _Rows, lot_id: UUID) -> Batch:
    lot = rows.lots[lot_id]
    held = frozenset(paper.kind for paper in rows.papers.get(lot_id, []))
    return Batch(lot.number, tuple(rows.needed.get(lot.product_id, ())), held)


def _of_bills(rows: _Rows) -> list[Missing]:
    """A month's bill is one demand, whatever its orders."""
    billed = [_billed(rows, bill) for bill in rows.bills]
    return missing(Facts("", True, deliveries=[Delivered("", True)], bills=billed))


def _billed(rows: _Rows, bill: Bill) -> Billed:
    issued, cards = rows.invoices.get(bill.id, []), rows.cards.get(bill.id, [])
    back = [one for card in cards for one in rows.refunds.get(card.id, []) if one.state in ("new", "pending")]
    reference = {card.id: card.stripe_id or "—" for card in cards}
    return Billed(
        number=bill.number,
        asked_fen=bill.total_fen - bill.credited_fen,
        paid_fen=bill.paid_fen,
        recorded_fen=sum(one.fen for one in rows.transfers.get(bill.id, []) if one.state == "recorded"),
        invoiced_fen=sum(one.fen for one in issued),
        prepaid=bill.kind == "prepay",
        without_scan=tuple(one.invoice.number for one in issued if not one.invoice.file_id),
        processing_fen=sum(card.fen for card in cards if card.state == "processing"),
        refunding=tuple((reference[one.payment_id], one.fen) for one in back),
    )


def _day(moment: Any) -> date | None:
    return sheets.clock.local(moment).date() if moment else None


def batch_scan(actor: Actor, order_id: UUID, paper_id: UUID) -> FileRow:
    """A supplier's scan of a batch's paper, for who sees an order that was filled from that batch. Raises NotFound."""
    order = procurement.order(actor, order_id)
    lots = {line.lot_id for one in procurement.shipments_of([order.id]).get(order.id, []) for line in one.lines}
    condition = LotPaper.lot_id.in_(lots) & LotPaper.file_id.is_not(None)
    paper = by_id(LotPaper, paper_id, condition, "file")
    return by_id(FileRow, paper.file_id, what="file")  # type: ignore[arg-type]
