"""Reviews after acceptance: written by the agency, answered once by the supplier, shown with the product."""

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _

from ..core.fields import Id
from ..edge.current import actor
from ..edge.guard import guard
from ..procurement import services as procurement
from ..procurement.after_schemas import (
    HideSchema,
    NewReviewSchema,
    ProductReviewsSchema,
    ReplySchema,
    ReviewSchema,
)
from .blueprint import Blueprint
from .paging import PageSchema, list_of, page_of

blueprint = Blueprint("reviews", _("评价"))


class ReviewsQuery(PageSchema):
    order_id = Id(load_default=None)


@blueprint.get("/products/<uuid:product_id>/reviews", summary=_("产品的评价"))
@blueprint.gives(ProductReviewsSchema)
@guard(public=True)
def of_product(product_id: UUID) -> Any:
    """The newest twenty as everybody sees them, and the averages once there are enough."""
    rating = procurement.ratings(products=[product_id]).get(product_id)
    return {"rating": rating, "reviews": procurement.shown_of(product_id)}


@blueprint.get("/reviews", summary=_("评价列表"))
@blueprint.asks(ReviewsQuery)
@blueprint.gives(list_of(ReviewSchema))
@guard("order.read")
def listed(query: dict[str, Any]) -> Any:
    """Within scope, newest first, hidden ones too."""
    rows, total = procurement.reviews(actor(), **query)
    return page_of(rows, total, query)


@blueprint.post("/order-lines/<uuid:order_line_id>/review", summary=_("评价"))
@blueprint.takes(NewReviewSchema)
@blueprint.gives(ReviewSchema, 201)
@guard("review.write")
def write(data: dict[str, Any], order_line_id: UUID) -> Any:
    """Once per order line, after acceptance."""
    return procurement.review(actor(), order_line_id, **data)


@blueprint.post("/reviews/<uuid:review_id>/edit", summary=_("修改评价"))
@blueprint.takes(NewReviewSchema)
@blueprint.gives(ReviewSchema)
@guard("review.write")
def edit(data: dict[str, Any], review_id: UUID) -> Any:
    return procurement.edit_review(actor(), review_id, **data)


@blueprint.post("/reviews/<uuid:review_id>/reply", summary=_("回复评价"))
@blueprint.takes(ReplySchema)
@blueprint.gives(ReviewSchema)
@guard("review.reply")
def reply(data: dict[str, Any], review_id: UUID) -> Any:
    return procurement.reply(actor(), review_id, data["words"])


@blueprint.post("/reviews/<uuid:review_id>/hide", summary=_("屏蔽评价"))
@blueprint.takes(HideSchema)
@blueprint.gives(ReviewSchema)
@guard("review.hide")
def hide(data: dict[str, Any], review_id: UUID) -> Any:
    """By an office over the supplier, with a reason."""
    return procurement.hide(actor(), review_id, data["reason"])
