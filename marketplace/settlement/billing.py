"""Verbs of bills that cross rooms: a confirmed order asks its prepayment, months are billed, credits pay, invoices match."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..core import clock
from ..core.actor import Actor
from ..core.db import db
from ..identity import services as identity
from ..payments import prepayments, tax
from ..payments import services as payments
from ..payments.models import Bill, BillPart, TaxInvoice
from ..procurement import services as procurement
from ..procurement.models import AcceptanceLine, Order, OrderLine
from ..products import services as products
from .settling import settle_paid

# Nothing more is delivered of an order in these states.
ENDED = ("settled", "rejected", "cancelled", "declined", "lapsed")


def confirm_order(actor: Actor, order_id: UUID) -> Order:
    """The supplier takes an order; where the parties agreed on prepaying, its prepayment is asked. Errors: see confirm."""
    order = procurement.confirm(actor, order_id)
    prepayments.ask(
        payments.Delivered(
            acceptance_id=order.id,  # a prepayment has none
            order_id=order.id,
            supplier_id=order.supplier_id,
            agency_id=order.agency_id,
            division=order.division,
            agency_division=order.agency_division,
            day=clock.today(),
            total_fen=order.total_fen,
        )
    )
    return order


def bill_month_ends() -> int:
    """Everything delivered in months that have ended is billed; returns how many bills were made. For the worker."""
    return len(payments.bill_months(clock.today().replace(day=1) - timedelta(days=1)))


def end_prepayments() -> int:
    """Prepaid orders of which nothing more comes: what is held goes back, what was asked is withdrawn. For the worker."""
    ids = payments.open_prepayments()
    ended = list(db.session.scalars(select(Order.id).where(Order.id.in_(ids), Order.state.in_(ENDED))))
    for order_id in sorted(ended):
        payments.end_prepayment(order_id)
    return len(ended)


def use_credit(actor: Actor, credit_id: UUID, bill_id: UUID) -> Bill:
    """The agency pays a bill by its credit with the supplier; paid in full, what is signed settles. Errors: as there."""
    bill = payments.use_credit(actor, credit_id, bill_id)
    settle_paid(actor, bill)
    return bill


def record_invoice(actor: Actor, bill_id: UUID, *, amount_fen: int, **values: Any) -> TaxInvoice:
    """The supplier records the tax invoice of one bill. Values and errors: see share_invoice."""
    return share_invoice(actor, {bill_id: amount_fen}, amount_fen=amount_fen, **values)


def share_invoice(actor: Actor, parts: Mapping[UUID, int], *, issued_on: date, **values: Any) -> TaxInvoice:
    """The supplier records a tax invoice of several bills; its rate must be one of those of each one's goods.

    Errors: see payments.
    """
    actor.require("invoice.record")
    expected = rates_of(parts, issued_on)
    return payments.share_invoice(actor, parts, issued_on=issued_on, expected=expected, **values)


def rates_of(bill_ids: Iterable[UUID], day: date) -> dict[UUID, frozenset[int | None]]:
    """Bill → the rates that its goods may be invoiced at; a bill of goods that the table does not know has none."""
    query = (
        select(BillPart.bill_id, BillPart.supplier_id, OrderLine.category_code)
        .join(AcceptanceLine, AcceptanceLine.acceptance_id == BillPart.acceptance_id)
        .join(OrderLine, OrderLine.id == AcceptanceLine.order_line_id)
        .where(BillPart.bill_id.in_(set(bill_ids)), AcceptanceLine.money_fen > 0)
        .distinct()
    )
    found: list[Any] = list(db.session.execute(query))
    kinds = identity.named({supplier_id for _, supplier_id, _ in found})
    above = {row.code: row.parent_code for row in products.categories()}
    rates: dict[UUID, set[int | None]] = {}
    unknown: set[UUID] = set()
    for bill_id, supplier_id, category in found:
        treatment = tax.treatment_of(_path(category, above), kinds[supplier_id].supplier_kind, day)
        if treatment is None:
            unknown.add(bill_id)
        else:
            rates.setdefault(bill_id, set()).update(treatment.rates)
    return {bill_id: frozenset(all_) for bill_id, all_ in rates.items() if bill_id not in unknown}


def _path(category: str, above: dict[str, str | None]) -> list[str]:
    path: list[str] = []
    at: str | None = category
    while at and at not in path:
        path.append(at)
        at = above.get(at)
    return path
