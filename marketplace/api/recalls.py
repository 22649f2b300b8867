"""Recalls of a lot: opened, answered by everybody who got it, ended; and what everybody may know of them."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..edge.current import actor
from ..edge.guard import guard
from ..procurement import services as procurement
from ..procurement.after_schemas import (
    AnswerRecallSchema,
    EndRecallSchema,
    NewRecallSchema,
    PublicRecallSchema,
    RecallOpenedSchema,
    RecallRecipientSchema,
    RecallSchema,
)
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("recalls", _("召回"))


class RecallsQuery(PageSchema):
    state = fields.String(load_default="", validate=validate.OneOf(["", "open", "ended"]))


@blueprint.get("/public/recalls", summary=_("召回公告"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(PublicRecallSchema))
@guard(public=True)
def published(query: dict[str, Any]) -> Any:
    """Open, or ended within a year."""
    return cut(procurement.public_recalls(), query)


@blueprint.get("/recalls", summary=_("召回列表"))
@blueprint.asks(RecallsQuery)
@blueprint.gives(list_of(RecallSchema))
@guard("recall.read")
def listed(query: dict[str, Any]) -> Any:
    """Of one's own lots, of lots in one's division, or that one's agency got."""
    rows, total = procurement.recalls(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/lots/<uuid:lot_id>/recalls", summary=_("召回批次"))
@blueprint.takes(NewRecallSchema)
@blueprint.gives(RecallSchema, 201)
@guard("recall.open")
def open_(data: dict[str, Any], lot_id: UUID) -> Any:
    """By the supplier or an office over the lot's origin: nothing of it is shipped or accepted any more."""
    return procurement.open_recall(actor(), lot_id, **data)


@blueprint.get("/recalls/<uuid:recall_id>", summary=_("召回"))
@blueprint.gives(RecallOpenedSchema)
@guard("recall.read")
def one(recall_id: UUID) -> Any:
    """With everybody who got the lot; an agency sees itself."""
    row = procurement.recall(actor(), recall_id)
    shown = {name: getattr(row, name) for name in RecallSchema().fields}
    return shown | {"recipients": procurement.seen_recipients(actor(), row)}


@blueprint.post("/recalls/<uuid:recall_id>/answer", summary=_("回复召回"))
@blueprint.takes(AnswerRecallSchema)
@blueprint.gives(RecallRecipientSchema)
@guard("recall.answer")
def answer(data: dict[str, Any], recall_id: UUID) -> Any:
    """By an agency that got the lot; again while the recall is open, never less returned or destroyed."""
    return procurement.answer_recall(actor(), recall_id, **data)


@blueprint.post("/recalls/<uuid:recall_id>/end", summary=_("结束召回"))
@blueprint.takes(EndRecallSchema)
@blueprint.gives(RecallSchema)
@guard("recall.open")
def end(data: dict[str, Any], recall_id: UUID) -> Any:
    """By who opened it, once everybody answered or the day has passed."""
    return procurement.end_recall(actor(), recall_id, **data)
