"""Public notices, which anybody reads, and objections to them."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields, validate

from ..core.fields import Flag, Place
from ..edge.current import actor
from ..edge.guard import guard
from ..notices import services as notices
from ..notices.schemas import (
    NoticeLineSchema,
    NoticeSchema,
    ObjectionAnswerSchema,
    ObjectionDecisionSchema,
    ObjectionSchema,
    ObjectSchema,
    shown_lines,
)
from .blueprint import Blueprint
from .paging import PageSchema, cut, list_of, page_of

blueprint = Blueprint("notices", _("公示与异议"))
STATES = ("open", "answered", "upheld", "dismissed", "settled")


class NoticeQuerySchema(PageSchema):
    division = Place(load_default=None, metadata={"description": "A village"})
    running = Flag(load_default=True)


class ObjectionQuerySchema(PageSchema):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


@blueprint.get("/notices", summary=_("公示列表"))
@blueprint.asks(NoticeQuerySchema)
@blueprint.gives(list_of(NoticeSchema))
@guard(public=True)
def listed(query: dict[str, Any]) -> Any:
    """Those that run, or all, newest first."""
    rows, total = notices.listed(
        division=query["division"], running=query["running"], page=query["page"], size=query["size"]
    )
    return page_of(rows, total, query)


@blueprint.get("/notices/<uuid:notice_id>", summary=_("公示"))
@blueprint.gives(NoticeSchema)
@guard(public=True)
def one(notice_id: UUID) -> Any:
    return notices.public(notice_id)


@blueprint.get("/notices/<uuid:notice_id>/lines", summary=_("公示名单"))
@blueprint.asks(PageSchema)
@blueprint.gives(list_of(NoticeLineSchema))
@guard(public=True)
def lines(query: dict[str, Any], notice_id: UUID) -> Any:
    """By group; names masked, numbers by their last digits."""
    return cut(shown_lines(notices.public(notice_id)), query)


@blueprint.post("/notices/<uuid:notice_id>/objections", summary=_("代为登记异议"))
@blueprint.takes(ObjectSchema)
@blueprint.gives(ObjectionSchema, 201)
@guard("objection.record")
def record(data: dict[str, Any], notice_id: UUID) -> Any:
    """By the village's officer for somebody; anybody may object by themselves on the notice's page."""
    return notices.record_objection(actor(), notice_id, **data)


@blueprint.get("/objections", summary=_("异议列表"))
@blueprint.asks(ObjectionQuerySchema)
@blueprint.gives(list_of(ObjectionSchema))
@guard("objection.read")
def objections(query: dict[str, Any]) -> Any:
    """Within scope, newest first."""
    rows, total = notices.register(actor(), **query)
    return page_of([row for row, _ in rows], total, query)


@blueprint.get("/objections/<uuid:objection_id>", summary=_("异议"))
@blueprint.gives(ObjectionSchema)
@guard("objection.read")
def objection(objection_id: UUID) -> Any:
    return notices.objection(actor(), objection_id)[0]


@blueprint.post("/objections/<uuid:objection_id>/answer", summary=_("答复异议"))
@blueprint.takes(ObjectionAnswerSchema)
@blueprint.gives(ObjectionSchema)
@guard("objection.answer")
def answer(data: dict[str, Any], objection_id: UUID) -> Any:
    """By the supplier."""
    return notices.answer(actor(), objection_id, words=data["words"])


@blueprint.post("/objections/<uuid:objection_id>/decision", summary=_("裁定异议"))
@blueprint.takes(ObjectionDecisionSchema)
@blueprint.gives(ObjectionSchema)
@guard("objection.decide")
def decide(data: dict[str, Any], objection_id: UUID) -> Any:
    """By the township's office or one above. Upheld: the household, or the whole list, waits until put right."""
    return notices.decide(actor(), objection_id, **data)


@blueprint.post("/objections/<uuid:objection_id>/settlement", summary=_("异议整改完成"))
@blueprint.takes(ObjectionAnswerSchema)
@blueprint.gives(ObjectionSchema)
@guard("objection.decide")
def settle(data: dict[str, Any], objection_id: UUID) -> Any:
    """What was upheld has been put right: payment goes on."""
    return notices.settle(actor(), objection_id, words=data["words"])
