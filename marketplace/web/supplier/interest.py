"""Interest that was claimed of a late bill: it came, or the supplier waives it; either is said once, with its reason."""

from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...payments import services as payments
from ...payments.schemas import CloseClaimSchema
from . import blueprint


@blueprint.route("/interest-claims/<uuid:claim_id>", methods=["GET", "POST"])
@guard("interest.claim")
def interest_claim(claim_id: UUID) -> Response:
    form = Form(CloseClaimSchema())
    if form.posted:
        with form.attempt():
            row = payments.close_claim(actor(), claim_id, **form.data())
            words = _("利息单 %(number)s 已记为收到。") if row.state == "paid" else _("利息单 %(number)s 已放弃。")
            return done(words % {"number": row.number}, "supplier.bill", bill_id=row.bill_id)
    row, bill = payments.claim(actor(), claim_id)
    return form.page(
        "supplier/interest_claim.html", row=row, bill=bill, labels={"paid": _l("利息"), "reason": _l("流水号或理由")}
    )
