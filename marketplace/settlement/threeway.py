"""Three-way match (三单匹配): what was ordered, what was accepted, what was invoiced, and what was billed and paid of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from ..core.actor import Actor
from ..core.db import db
from ..payments import services as payments
from ..payments.invoice_models import InvoicePart
from ..payments.models import Bill, BillPart, RedInvoice, TaxInvoice
from ..procurement.models import AcceptanceLine, OrderLine


@dataclass(frozen=True)
class Line:
    """An order line within a bill: quantities in thousandths of the order unit; `accepted_fen` before returns."""

    order_id: UUID
    name: str
    code: str
    order_unit: str
    ordered: int
    ordered_fen: int
    accepted: int
    accepted_fen: int
    returned: int
    returned_fen: int

    @property
    def differs(self) -> bool:
        return (self.accepted, self.accepted_fen) != (self.ordered, self.ordered_fen) or bool(self.returned)


@dataclass
class Match:
    """`differences`: what does not agree, as codes; `state`: matched, differs (money), or missing (an invoice)."""

    bill: Bill
    lines: list[Line] = field(default_factory=list)
    accepted_fen: int = 0
    returned_fen: int = 0
    invoiced_fen: int = 0
    red_fen: int = 0
    rates_differ: bool = False

    @property
    def net_fen(self) -> int:
        """What the tax invoices come to, less the red-letter ones."""
        return self.invoiced_fen - self.red_fen

    @property
    def due_fen(self) -> int:
        """What the goods that stayed come to: what the invoices should."""
        return self.accepted_fen - self.returned_fen

    @property
    def differences(self) -> list[str]:
        found = []
        if self.accepted_fen != self.bill.total_fen:
            found.append("billed")
        if self.invoiced_fen and self.net_fen != self.due_fen:
            found.append("invoiced")
        if self.rates_differ:
            found.append("rate")
        if self.bill.state != "credited" and self.bill.paid_fen + self.bill.credited_fen < self.bill.total_fen:
            found.append("unpaid")
        return found

    @property
    def state(self) -> str:
        if not self.invoiced_fen and self.due_fen:
            return "missing"
        return "differs" if set(self.differences) - {"unpaid"} else "matched"


def matches(actor: Actor, *, state: str | None = None, page: int = 1, size: int = 25) -> tuple[list[Match], int]:
    """The bills within scope and how each matches, those due first, and how many bills there are. Statements: constant.

    `state` is a bill's. Prepayments are not among them: they are of no acceptance.
    """
    rows, total = payments.listed(actor, state=state, page=page, size=size)
    found = of_bills([row for row in rows if row.kind != "prepay"], lines=False)
    return [found[row.id] for row in rows if row.id in found], total


def match_of(actor: Actor, bill_id: UUID) -> Match:
    """One bill's match with its lines. Raises NotFound."""
    return of_bills([payments.bill(actor, bill_id)])[bill_id]


def of_bills(bills: Iterable[Bill], *, lines: bool = True) -> dict[UUID, Match]:
    """Bill → its match; the caller has checked scope."""
    found = {row.id: Match(row) for row in bills}
    accepted = (
        select(
            BillPart.bill_id,
            OrderLine.id,
            func.sum(AcceptanceLine.accepted),
            func.sum(AcceptanceLine.money_fen),
            func.sum(AcceptanceLine.returned),
            func.sum(AcceptanceLine.returned_fen),
        )
        .join(AcceptanceLine, AcceptanceLine.acceptance_id == BillPart.acceptance_id)
        .join(OrderLine, OrderLine.id == AcceptanceLine.order_line_id)
        .where(BillPart.bill_id.in_(found))
        .group_by(BillPart.bill_id, OrderLine.id)
    )
    sums: list[Any] = list(db.session.execute(accepted))
    of = {row.id: row for row in _order_lines({line_id for _, line_id, *_ in sums})} if lines else {}
    for bill_id, line_id, *counted in sums:
        quantity, fen, returned, returned_fen = map(int, counted)
        match = found[bill_id]
        match.accepted_fen += fen
        match.returned_fen += returned_fen
        if line := of.get(line_id):
            match.lines.append(
                Line(
                    line.order_id,
                    line.name,
                    line.code,
                    line.order_unit,
                    line.ordered,
                    line.money_fen,
                    quantity,
                    fen,
                    returned,
                    returned_fen,
                )
            )
    for match in found.values():
        match.lines.sort(key=lambda line: (str(line.order_id), line.code))
    _invoices(found)
    return found


def _order_lines(ids: set[UUID]) -> Iterable[OrderLine]:
    return db.session.scalars(select(OrderLine).where(OrderLine.id.in_(ids)))


def _invoices(found: dict[UUID, Match]) -> None:
    issued = (
        select(InvoicePart.bill_id, func.sum(InvoicePart.fen), func.max(TaxInvoice.reason))
        .join(TaxInvoice, TaxInvoice.id == InvoicePart.invoice_id)
        .where(InvoicePart.bill_id.in_(found))
    )
    for bill_id, fen, reason in db.session.execute(issued.group_by(InvoicePart.bill_id)):
        found[bill_id].invoiced_fen, found[bill_id].rates_differ = int(fen), bool(reason)
    red = select(RedInvoice.bill_id, func.sum(RedInvoice.amount_fen)).where(RedInvoice.bill_id.in_(found))
    for bill_id, fen in db.session.execute(red.group_by(RedInvoice.bill_id)):
        found[bill_id].red_fen = int(fen)
