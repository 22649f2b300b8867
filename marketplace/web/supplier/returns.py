"""A return: goods of a settled line came back, a red-letter invoice was made and the money refunded."""

from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.money import format_yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...payments import services as payments
from ...procurement import services as procurement
from ...settlement import services as settlement
from ...settlement.schemas import NewReturnSchema
from . import blueprint

LABELS = {
    "quantity": _l("退回数量"),
    "net": _l("退回净重"),
    "reason": _l("退货原因"),
    "red_invoice_number": _l("红字发票号码"),
    "issued_on": _l("红字发票开票日"),
    "refund_serial": _l("退款银行流水号"),
    "restocked": _l("货物已收回入库，可再发"),
}


@blueprint.route("/settled-lines/<uuid:line_id>/return", methods=["GET", "POST"])
@guard("return.record")
def record_return(line_id: UUID) -> Response:
    form = Form(NewReturnSchema(), {"issued_on": clock.today().isoformat()})
    if form.posted:
        with form.attempt():
            row = settlement.reverse(actor(), line_id, **form.data())
            words = _("退货已登记，已冲减 %(fen)s；份额、报表和农户的账随之调整。", fen=format_yuan(-row.money_fen))
            return done(words, "supplier.bill", bill_id=row.bill_id)
    sale = settlement.sale(actor(), line_id)
    bill = payments.bill(actor(), sale.bill_id)
    order = procurement.order(actor(), sale.order_id)
    accepted = procurement.acceptances_of([order.id])[order.id]
    line = {row.id: row for row in procurement.lines_of([order.id])[order.id]}[sale.order_line_id]
    return form.page(
        "supplier/return_form.html",
        sale=sale,
        bill=bill,
        order=order,
        line=line,
        part=next(part for acceptance in accepted for part in acceptance.lines if part.id == sale.line_id),
        agency=identity.named({order.agency_id})[order.agency_id],
        labels=LABELS,
    )
