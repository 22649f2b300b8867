"""Quotations: a supplier's own, and the buyers' once the deadline has opened them."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..edge.current import actor
from ..edge.guard import guard
from ..sourcing import services as sourcing
from ..sourcing.rules import QUOTATION
from ..sourcing.schemas import QuotationOpenedSchema, QuotationSchema
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("quotations", _("报价"))
HEAD = tuple(QuotationSchema().fields)
STATES = sorted({target for _sources, target in QUOTATION.transitions.values()})


class QuotationsQuery(PageSchema):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


def opened(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in HEAD} | {"lines": sourcing.quotation_lines([row.id])[row.id]}


@blueprint.get("/quotations", summary=_("本单位的报价"))
@blueprint.asks(QuotationsQuery)
@blueprint.gives(list_of(QuotationSchema))
@guard("quotation.edit")
def listed(query: dict[str, Any]) -> Any:
    """A supplier's own; buyers read a request's comparison."""
    rows, total = sourcing.quotations(actor(), **query)
    return page_of(rows, total, query)


@blueprint.get("/quotations/<uuid:quotation_id>", summary=_("报价单"))
@blueprint.gives(QuotationOpenedSchema)
@guard("request.read")
def one(quotation_id: UUID) -> Any:
    return opened(sourcing.quotation(actor(), quotation_id))


@blueprint.post("/quotations/<uuid:quotation_id>/withdraw", summary=_("撤回报价"))
@blueprint.gives(QuotationOpenedSchema)
@guard("quotation.edit")
def withdraw(quotation_id: UUID) -> Any:
    return opened(sourcing.withdraw_quotation(actor(), quotation_id))
