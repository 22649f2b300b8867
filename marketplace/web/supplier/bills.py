"""Bills: what is to come, the tax invoice beside each, and the word that a transfer arrived."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.money import format_yuan, yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...payments import services as payments
from ...payments.invoices import rates_in_words
from ...payments.rules import left_fen
from ...payments.schemas import MonthBillSchema
from ...settlement import services as settlement
from .. import sheets
from ..bill_shown import of_bill
from ..tables import Table
from . import blueprint, fields
from .files import uploaded
from .schemas import InvoiceSchema, ReasonSchema

ONLY = {"": _l("全部"), "to_pay": _l("待付款"), "overdue": _l("对方逾期"), "paid": _l("已付清")}
LABELS = {
    "number": _l("发票号码"),
    "issued_on": _l("开票日"),
    "amount_fen": _l("发票金额"),
    "rate_basis_points": _l("税率"),
    "file": _l("发票文件"),
    "reason": _l("理由"),
    "seller": _l("销售方"),
    "agency_id": _l("采购人"),
}


@blueprint.get("/bills")
@guard("bill.read")
def bills() -> Response | str:
    table = Table(per_page=50)
    only = request.args.get("only", "")
    only = only if only in ONLY else ""
    narrowed: dict[str, Any] = {"state": "to_pay" if only == "overdue" else only or None}
    if only == "overdue":
        narrowed["due_before"] = clock.today()
    if request.args.get("format") == "csv":
        return _csv(payments.listed(actor(), size=10_000, **narrowed)[0])
    rows, table.total = payments.listed(actor(), page=table.page, size=table.limit, **narrowed)
    ids = [row.id for row in rows]
    return render_template(
        "supplier/bills.html",
        rows=rows,
        table=table,
        only=only,
        choices=list(ONLY.items()),
        due=payments.due(actor()),
        unbilled=[one for one in payments.unbilled(actor()) if one[1] == actor().organisation],
        waiting={bill.id: transfer for transfer, bill in payments.to_confirm(actor())},
        invoices=payments.invoices_of(ids),
        names=identity.named({row.agency_id for row in rows} | {one[0] for one in payments.unbilled(actor())}),
    )


def _csv(rows: list[Any]) -> Response:
    names = identity.named({row.agency_id for row in rows})
    invoices = payments.invoices_of([row.id for row in rows])
    heads = [
        _("结算单"), _("付款码"), _("采购人"), _("开单日"), _("到期日"), _("金额（元）"), _("已付（元）"), _("付款日"),
        _("发票号码"),
    ]  # fmt: skip
    return sheets.download(
        "bills",
        heads,
        (
            [
                row.number,
                row.payment_code,
                names[row.agency_id].name,
                row.issued_on,
                row.due_on,
                yuan(row.total_fen),
                yuan(row.paid_fen),
                row.paid_on,
                "、".join(part.invoice.number for part in invoices.get(row.id, [])),
            ]
            for row in rows
        ),
    )


@blueprint.route("/bills/<uuid:bill_id>", methods=["GET", "POST"])
@guard("bill.read")
def bill(bill_id: UUID) -> Response:
    """The bill's page; its form records a tax invoice."""
    row = payments.bill(actor(), bill_id)
    invoices = payments.invoices_of([bill_id]).get(bill_id, [])
    left = payments.left_to_invoice([row])[bill_id]
    form = Form(InvoiceSchema(), {"issued_on": clock.today().isoformat(), "amount_fen": fields.yuan(left)})
    if form.posted:
        with form.attempt():
            invoice = settlement.record_invoice(actor(), bill_id, **form.data(), file_id=uploaded())
            return done(_("发票 %(number)s 已登记。", number=invoice.number), "supplier.bill", bill_id=bill_id)
    return form.page("supplier/bill.html", **_shown(row, invoices, left))


def _shown(row: Any, invoices: list[Any], left: int) -> dict[str, Any]:
    transfers = payments.transfers_of([row.id]).get(row.id, [])
    shown = of_bill(row)
    settled = settlement.settled_of(list(shown["orders"]))
    people = {user for transfer in transfers for user in (transfer.recorded_by, transfer.answered_by) if user}
    rates = settlement.rates_of([row.id], clock.today()).get(row.id)
    return {
        "bill": row,
        "transfers": transfers,
        "recorded": next((transfer for transfer in transfers if transfer.state == "recorded"), None),
        "invoices": invoices,
        "left": left,
        "rates": rates_in_words(rates) if rates else "",
        "settled": {line.id: line for lines in settled.values() for line in lines},
        "agency": identity.named({row.agency_id})[row.agency_id],
        "users": identity.user_names(people),
        "labels": LABELS,
        **shown,
    }


@blueprint.post("/bills/months")
@guard("bill.make")
def bill_month() -> Response:
    """Everything of an agency that waits is billed now."""
    form = Form(MonthBillSchema())
    with form.attempt():
        row = payments.make_month_bill(actor(), form.data()["agency_id"])
        return done(_("结算单 %(number)s 已开出。", number=row.number), "supplier.bill", bill_id=row.id)
    return done(str(form.error("agency_id") or _("没有待开结算单的验收")), "supplier.bills")


@blueprint.post("/bills/<uuid:bill_id>/interest")
@guard("interest.claim")
def claim_interest(bill_id: UUID) -> Response:
    row = payments.claim_interest(actor(), bill_id)
    return done(
        _("利息单 %(number)s（%(fen)s）已发给对方。", number=row.number, fen=format_yuan(row.fen)),
        "supplier.bill",
        bill_id=bill_id,
    )


@blueprint.post("/transfers/<uuid:transfer_id>/confirm")
@guard("transfer.confirm")
def transfer_confirm(transfer_id: UUID) -> Response:
    """The money arrived: the bill is paid, and its lines settle down to the households."""
    transfer, row = settlement.confirm_payment(actor(), transfer_id)
    if row.state == "paid":
        words = _("%(fen)s 已确认到账，已结清并记到农户名下。", fen=format_yuan(transfer.fen))
    else:
        words = _(
            "%(fen)s 已确认到账，还有 %(left)s 未付。", fen=format_yuan(transfer.fen), left=format_yuan(left_fen(row))
        )
    return done(words, "supplier.bill", bill_id=row.id)


@blueprint.route("/transfers/<uuid:transfer_id>/refuse", methods=["GET", "POST"])
@guard("transfer.confirm")
def transfer_refuse(transfer_id: UUID) -> Response:
    form = Form(ReasonSchema())
    if form.posted:
        with form.attempt():
            _transfer, row = settlement.refuse_payment(actor(), transfer_id, **form.data())
            return done(_("已告诉对方没有到账。"), "supplier.bill", bill_id=row.id)
    transfer, row = payments.transfer(actor(), transfer_id)
    return form.page("supplier/transfer_refuse.html", transfer=transfer, bill=row, labels=LABELS)
