"""The story of an order, as it stands on its page."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import fields

from ..core.fields import Day, Id, Moment, Shown
from ..edge import story_words
from ..edge.current import actor
from ..edge.guard import guard
from ..reporting import story
from .blueprint import Blueprint

blueprint = Blueprint("story", _("经过"))


class StepSchema(Shown):
    verb = fields.String(metadata={"example": "order.confirm"})
    words = fields.String(metadata={"description": "In the request's language"})
    at = Moment()
    name = fields.String(metadata={"description": "Who did it; empty for the system"})
    organisation = fields.String()
    side = fields.String(metadata={"description": "agency, supplier, office or system"})


class ComingSchema(Shown):
    code = fields.String(metadata={"example": "pay"})
    words = fields.String()
    by = Day(allow_none=True)


class StorySchema(Shown):
    order_id = Id()
    steps = fields.List(fields.Nested(StepSchema))
    coming = fields.List(fields.Nested(ComingSchema), metadata={"description": "The first waits now"})


@blueprint.get("/orders/<uuid:order_id>/story", summary=_("订单的经过"))
@blueprint.gives(StorySchema)
@guard("order.read")
def of_order(order_id: UUID) -> Any:
    """Who did what and when; a supplier does not see the agency's own way to its approval."""
    found = story.of_order(actor(), order_id)
    return {
        "order_id": found.order_id,
        "steps": [
            {
                "verb": one.verb,
                "words": story_words.title(one),
                "at": one.at,
                "name": one.name,
                "organisation": one.organisation,
                "side": one.side,
            }
            for one in found.steps
        ],
        "coming": [{"code": one.code, "words": story_words.title_of_coming(one), "by": one.by} for one in found.coming],
    }
