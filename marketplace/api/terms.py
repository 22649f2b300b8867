"""Terms of billing and paying, payers' credits, and how agencies pay."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..core.fields import Place
from ..edge.current import actor
from ..edge.guard import guard
from ..identity import services as identity
from ..payments import services as payments
from ..payments.schemas import (
    BillSchema,
    DisciplineSchema,
    NewPaymentTermSchema,
    PayerCreditSchema,
    PaymentTermSchema,
    RefundSchema,
    TermAnswerSchema,
    UseCreditSchema,
)
from ..regions import services as regions
from ..settlement import services as settlement
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of

blueprint = Blueprint("terms", _("结算约定、余款与付款情况"))


class DisciplineQuery(PageSchema):
    division = Place(load_default=None)


@blueprint.get("/payment-terms", summary=_("结算约定列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(PaymentTermSchema))
@guard("bill.read")
def terms(query: dict[str, Any]) -> Any:
    return cut(payments.terms_listed(actor()), query)


@blueprint.post("/payment-terms", summary=_("提出结算约定"))
@blueprint.takes(NewPaymentTermSchema)
@blueprint.gives(PaymentTermSchema, 201)
@guard("term.propose")
def propose(data: dict[str, Any]) -> Any:
    """By the agency; they hold from their day on, once the supplier agrees."""
    return payments.propose_term(actor(), **data)


@blueprint.post("/payment-terms/<uuid:term_id>/answer", summary=_("答复结算约定"))
@blueprint.takes(TermAnswerSchema)
@blueprint.gives(PaymentTermSchema)
@guard("term.answer")
def answer(data: dict[str, Any], term_id: UUID) -> Any:
    return payments.answer_term(actor(), term_id, **data)


@blueprint.get("/payer-credits", summary=_("余款列表"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(PayerCreditSchema))
@guard("bill.read")
def credits(query: dict[str, Any]) -> Any:
    """Money that a supplier holds of an agency: prepaid, or paid too much. Those to give back first."""
    return cut(payments.credits_listed(actor()), query)


@blueprint.get("/payer-credits/<uuid:credit_id>", summary=_("余款"))
@blueprint.gives(PayerCreditSchema)
@guard("bill.read")
def credit(credit_id: UUID) -> Any:
    return payments.payer_credit(actor(), credit_id)


@blueprint.post("/payer-credits/<uuid:credit_id>/uses", summary=_("用余款付结算单"))
@blueprint.takes(UseCreditSchema)
@blueprint.gives(BillSchema)
@guard("credit.use")
def use(data: dict[str, Any], credit_id: UUID) -> Any:
    """By the agency: another bill of the same supplier is paid by it; paid in full, it settles."""
    return settlement.use_credit(actor(), credit_id, data["bill_id"])


@blueprint.post("/payer-credits/<uuid:credit_id>/refund", summary=_("登记退回余款"))
@blueprint.takes(RefundSchema)
@blueprint.gives(PayerCreditSchema)
@guard("credit.refund")
def refund(data: dict[str, Any], credit_id: UUID) -> Any:
    """By the supplier, after its bank gave back what is left."""
    return payments.refund_credit(actor(), credit_id, **data)


@blueprint.get("/payment-discipline", summary=_("付款情况"))
@blueprint.asks(DisciplineQuery)
@blueprint.gives(list_of(DisciplineSchema))
@guard(public=True)
def discipline(query: dict[str, Any]) -> Any:
    """Public: agencies with their days to pay within a year, and what is overdue. Those in arrears first."""
    found = payments.discipline(regions.division(query["division"]).prefix if query["division"] else "")
    names = identity.named({row.agency_id for row in found})
    rows = [
        vars(row)
        | {f"{name}_fen": row.buckets.get(name, 0) for name in ("to_30", "to_60", "over_60")}
        | {"agency": names[row.agency_id].name}
        for row in found
    ]
    return cut(rows, query)
