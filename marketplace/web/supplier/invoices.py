"""One tax invoice for several bills of a buyer: those that are not invoiced in full, and each one's part."""

from uuid import UUID

from flask import Response
from flask_babel import gettext as _

from ...core import clock
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...payments import services as payments
from ...payments.invoices import parts_of
from ...settlement import services as settlement
from . import blueprint, fields
from .bills import LABELS
from .files import uploaded
from .schemas import SharedInvoiceSchema


@blueprint.route("/agencies/<uuid:agency_id>/invoice", methods=["GET", "POST"])
@guard("invoice.record")
def shared_invoice(agency_id: UUID) -> Response:
    rows = payments.to_invoice(actor(), agency_id)
    form = Form(SharedInvoiceSchema(), {"issued_on": clock.today().isoformat()}, needs={"parts": "fen"})
    if form.posted:
        with form.attempt():
            data = form.data()
            parts = parts_of(data.pop("parts"))
            row = settlement.share_invoice(actor(), parts, **data, file_id=uploaded())
            return done(
                _("发票 %(number)s 已登记到 %(count)s 张结算单。", number=row.number, count=len(parts)),
                "supplier.bills",
            )
    return form.page(
        "supplier/shared_invoice.html",
        rows=rows,
        agency=identity.named({agency_id})[agency_id],
        typed=fields.yuan,
        labels=LABELS | {"parts": _("结算单"), "fen": _("金额"), "bill_id": _("结算单")},
    )
