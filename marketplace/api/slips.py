"""Weighing slips, and what was paid on them at the farm gate."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..core.fields import Id
from ..edge.current import actor
from ..edge.guard import guard
from ..linkage import services as linkage
from ..linkage.schemas import FarmPaymentSchema, FarmPaymentsSchema, NewSlipsSchema, SlipPaymentsSchema, SlipSchema
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("slips", _("收购过磅单"))


class SlipsQuery(PageSchema):
    only = fields.String(
        load_default="",
        validate=validate.OneOf(["", "open", "unpaid"]),
        metadata={"description": "open: in no lot; unpaid: outright, not paid up"},
    )
    household_id = Id(load_default=None)


@blueprint.get("/slips", summary=_("过磅单列表"))
@blueprint.asks(SlipsQuery)
@blueprint.gives(list_of(SlipSchema))
@guard("slip.record")
def listed(query: dict[str, Any]) -> Any:
    """The supplier's own, newest first."""
    rows, total = linkage.listed_slips(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/slips", summary=_("登记过磅单"))
@blueprint.takes(NewSlipsSchema)
@blueprint.gives(list_of(SlipSchema), 201)
@guard("slip.record")
def record(data: dict[str, Any]) -> Any:
    """A day's slips under a produce agreement, all or none; outright ones are owed from now on."""
    rows = linkage.record_slips(actor(), **data)
    return page_of(rows, len(rows), {"page": 1, "size": len(rows)})


@blueprint.get("/slips/<uuid:slip_id>", summary=_("过磅单"))
@blueprint.gives(SlipSchema)
@guard(signed_in=True)
def one(slip_id: UUID) -> Any:
    """Of one's own, or of one's division."""
    return linkage.slip(actor(), slip_id)


@blueprint.get("/slips/<uuid:slip_id>/payments", summary=_("过磅单的付款"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(FarmPaymentSchema))
@guard(signed_in=True)
def payments(query: dict[str, Any], slip_id: UUID) -> Any:
    return cut(linkage.payments_of_slip(linkage.slip(actor(), slip_id).id), query)


@blueprint.post("/slips/payments", summary=_("登记田头付款"))
@blueprint.takes(SlipPaymentsSchema)
@blueprint.gives(FarmPaymentsSchema, 201)
@guard("slip.record")
def pay(data: dict[str, Any]) -> Any:
    """All rows or none, never beyond what a slip is payable."""
    fen = {payment["slip_id"]: payment["fen"] for payment in data["payments"]}
    rows = linkage.pay_slips(actor(), fen, day=data["day"], method=data["method"], evidence=data["evidence"])
    return {"items": rows}
