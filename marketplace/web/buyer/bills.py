"""Bills: what must be paid by when, one bill with its payment code, and the transfer that finance records."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.fields import Id, Taken
from ...core.money import format_yuan, yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...payments import services as payments
from ...payments.rules import clock_of, open_fen
from ...payments.schemas import NewTransferSchema
from ...settlement import services as settlement
from ..bill_shown import kind_of, of_bill
from ..tables import Table
from . import blueprint

STATES = ("to_pay", "paid", "credited")
LABELS = {"fen": _l("付款金额"), "paid_on": _l("付款日期"), "bank_serial": _l("银行流水号"), "credit_id": _l("余款")}


class CreditSchema(Taken):
    credit_id = Id(required=True)


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
        clocks={row.id: clock_of(row.delivered_on, row.due_on, row.paid_on or clock.today()) for row in rows},
        transfers=transfers,
        names=identity.named({row.supplier_id for row in rows}),
        kind_of=kind_of,
        today=clock.today(),
    )


@blueprint.get("/bills/<uuid:bill_id>")
@guard("bill.read")
def bill(bill_id: UUID) -> Response:
    row = payments.bill(actor(), bill_id)
    return _page(row, Form(NewTransferSchema(), {"fen": str(yuan(open_fen(row))), "paid_on": clock.today()}))


@blueprint.post("/bills/<uuid:bill_id>/transfer")
@guard("transfer.record")
def record_transfer(bill_id: UUID) -> Response:
    form = Form(NewTransferSchema())
    with form.attempt():
        payments.record_transfer(actor(), bill_id, **form.data())
        return done(_("付款已登记，等供应商确认到账。"), "buyer.bill", bill_id=bill_id)
    return _page(payments.bill(actor(), bill_id), form)


@blueprint.post("/bills/<uuid:bill_id>/credit")
@guard("credit.use")
def use_credit(bill_id: UUID) -> Response:
    """Pays by what the supplier owes back."""
    form = Form(CreditSchema())
    with form.attempt():
        settlement.use_credit(actor(), form.data()["credit_id"], bill_id)
        return done(_("已用余款付款。"), "buyer.bill", bill_id=bill_id)
    return _page(payments.bill(actor(), bill_id), form)


def _page(row: Any, form: Form) -> Response:
    transfers = payments.transfers_of([row.id]).get(row.id, [])
    shown = of_bill(row)
    people = {one.accepted_by for one in shown["acceptances"]} | {transfer.recorded_by for transfer in transfers}
    mine = row.agency_id == actor().organisation and row.state in payments.TO_PAY and open_fen(row) > 0
    return form.page(
        "buyer/bill.html",
        row=row,
        supplier=identity.named({row.supplier_id})[row.supplier_id],
        invoices=payments.invoices_of([row.id]).get(row.id, []),
        transfers=transfers,
        names=identity.user_names({person for person in people if person}),
        may_pay=mine and actor().may("transfer.record"),
        credits=[
            (credit.id, f"{credit.number}（{format_yuan(credit.fen - credit.used_fen)}）")
            for credit in (payments.credits_listed(actor()) if mine and actor().may("credit.use") else [])
            if credit.state == "to_refund" and credit.supplier_id == row.supplier_id and row.kind != "prepay"
        ],
        labels=LABELS,
        **shown,
    )
