"""Messages (消息) of the caller: what waits for it, and what happened."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields

from ..core.fields import Day, Flag, Id, Moment, Shown, Whole
from ..edge.current import actor
from ..edge.guard import guard
from ..notices import inbox
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("messages", _("消息"))


class MessagesQuery(PageSchema):
    unread = Flag(load_default=False, metadata={"description": "Not read by the caller, and not done by anybody"})


class MessageSchema(Shown):
    id = Id()
    kind = fields.String(metadata={"example": "bill_to_pay"})
    number = fields.String()
    about_kind = fields.String(metadata={"description": "What it is about: order, bill, shipment …"})
    about_id = Id()
    facts = fields.Dict(keys=fields.String())
    at = Moment()
    act_by = Day(allow_none=True, metadata={"description": "The day it should be done by"})
    done_at = Moment(allow_none=True)
    read = fields.Boolean()


class ReadSchema(Shown):
    read = Whole(metadata={"description": "How many were marked"})


def shown(seen: inbox.Seen) -> dict[str, Any]:
    names = ("id", "kind", "number", "about_kind", "about_id", "facts", "at", "act_by", "done_at")
    return {name: getattr(seen.row, name) for name in names} | {"read": seen.read}


@blueprint.get("/messages", summary=_("消息列表"))
@blueprint.asks(MessagesQuery)
@blueprint.gives(list_of(MessageSchema))
@guard(signed_in=True)
def listed(query: dict[str, Any]) -> Any:
    """Newest first: those of the caller's organisation for a permission that it holds, or for itself alone."""
    rows, total = inbox.listed(actor(), **query)
    return page_of([shown(row) for row in rows], total, query)


@blueprint.get("/messages/<uuid:message_id>", summary=_("消息"))
@blueprint.gives(MessageSchema)
@guard(signed_in=True)
def one(message_id: UUID) -> Any:
    return shown(inbox.one(actor(), message_id))


@blueprint.post("/messages/<uuid:message_id>/read", summary=_("标为已读"))
@blueprint.gives(MessageSchema)
@guard(signed_in=True)
def read(message_id: UUID) -> Any:
    return shown(inbox.Seen(inbox.read(actor(), message_id), True))


@blueprint.post("/messages/read", summary=_("全部标为已读"))
@blueprint.gives(ReadSchema)
@guard(signed_in=True)
def read_all() -> Any:
    return {"read": inbox.read_all(actor())}
