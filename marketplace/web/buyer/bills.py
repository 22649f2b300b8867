"""Bills: what must be paid by when, one bill with its payment code, and the transfer that finance records."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...payments import services as payments
from ...payments.rules import clock_of
from ...payments.schemas import NewTransferSchema
from ...procurement import services as procurement
from .. import returned
from ..tables import Table
from . import blueprint

STATES = ("to_pay", "paid")
LABELS = {"fen": _l("付款金额"), "paid_on": _l("付款日期"), "bank_serial": _l("银行流水号")}


@blueprint.get("/bills")
@guard("bill.read")
def bills() -> str:
    state = request.args.get("state", "to_pay")
    state = state if state in STATES else ""  # "all", and whatever else
    table = Table(per_page=50)
    rows, table.total = payments.listed(actor(), state=state or None, page=table.page, size=table.per_page)
    transfers = payments.transfers_of([row.id for row in rows]) if rows else {}
    return render_template(
        "buyer/bills.html",
        rows=rows,
        table=table,
        state=state,
        clocks={row.id: clock_of(row.issued_on, row.due_on, row.paid_on or clock.today()) for row in rows},
        transfers=transfers,
        names=identity.named({row.supplier_id for row in rows}),
        kind_of=kind_of,
        today=clock.today(),
    )


def kind_of(bill: Any, today: date) -> str:
    """A bill's badge: one past its day is overdue, whatever its row says."""
    return "overdue" if bill.state == "to_pay" and bill.due_on < today else str(bill.state)


@blueprint.get("/bills/<uuid:bill_id>")
@guard("bill.read")
def bill(bill_id: UUID) -> Response:
    row = payments.bill(actor(), bill_id)
    due = row.total_fen - row.paid_fen
    return _page(row, Form(NewTransferSchema(), {"fen": f"{due // 100}.{due % 100:02d}", "paid_on": clock.today()}))


@blueprint.post("/bills/<uuid:bill_id>/transfer")
@guard("transfer.record")
def record_transfer(bill_id: UUID) -> Response:
    form = Form(NewTransferSchema())
    with form.attempt():
        payments.record_transfer(actor(), bill_id, **form.data())
        return done(_("付款已登记，等供应商确认到账。"), "buyer.bill", bill_id=bill_id)
    return _page(payments.bill(actor(), bill_id), form)


def _page(row: Any, form: Form) -> Response:
    order = procurement.order(actor(), row.order_id)
    transfers = payments.transfers_of([row.id]).get(row.id, [])
    acceptance = next(
        one for one in procurement.acceptances_of([row.order_id])[row.order_id] if one.id == row.acceptance_id
    )
    people = {acceptance.accepted_by} | {transfer.recorded_by for transfer in transfers}
    return form.page(
        "buyer/bill.html",
        row=row,
        order=order,
        acceptance=acceptance,
        lines={line.id: line for line in procurement.lines_of([row.order_id])[row.order_id]},
        supplier=identity.named({row.supplier_id})[row.supplier_id],
        invoices=payments.invoices_of([row.id]).get(row.id, []),
        transfers=transfers,
        **returned.of_acceptance(acceptance),
        clock=clock_of(row.issued_on, row.due_on, row.paid_on or clock.today()),
        names=identity.user_names({person for person in people if person}),
        kind=kind_of(row, clock.today()),
        may_pay=actor().may("transfer.record")
        and row.agency_id == actor().organisation
        and row.state == "to_pay"
        and all(transfer.state == "refused" for transfer in transfers),
        labels=LABELS,
    )
