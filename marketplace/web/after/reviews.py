"""Reviews: written by the buyer on an accepted line, answered by the supplier, hidden by an office with a reason."""

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...procurement import services as procurement
from ...procurement.after_schemas import HideSchema, NewReviewSchema, ReplySchema
from ...products import services as products
from ..tables import Table
from . import EVERYBODY, around, words

LABELS: dict[str, Any] = {**words.MARKS, "words": _l("评语"), "reason": _l("屏蔽的原因")}


@guard("order.read")
def reviews() -> Response:
    return _page(Form(None, {}))


def _page(form: Form, wrong: UUID | None = None) -> Response:
    table = Table(per_page=20)
    rows, table.total = procurement.reviews(actor(), page=table.page, size=table.per_page)
    return form.page(
        "after/reviews.html",
        rows=rows,
        wrong=wrong,
        table=table,
        products=products.by_ids({row.product_id for row in rows}),
        labels=LABELS,
        **around(*(row.supplier_id for row in rows), *(row.agency_id for row in rows)),
    )


@guard("review.write")
def review_line(order_line_id: UUID) -> Response:
    """Written the first time, changed within its days after."""
    line, order, row = procurement.line_to_review(actor(), order_line_id)
    given = {name: getattr(row, name) for name in (*words.MARKS, "words")} if row else {}
    form = Form(NewReviewSchema(), given)
    if form.posted:
        with form.attempt():
            if row:
                procurement.edit_review(actor(), row.id, **form.data())
            else:
                procurement.review(actor(), order_line_id, **form.data())
            return done(_("已评价。"), ".order", order_id=order.id)
    return form.page(
        "after/review.html",
        line=line,
        order=order,
        row=row,
        until=procurement.editable_until(row) if row else None,
        marks=[(str(mark), f"{mark}") for mark in range(5, 0, -1)],
        labels=LABELS,
        **around(order.supplier_id),
    )


@guard("review.reply")
def review_reply(review_id: UUID) -> Response:
    form = Form(ReplySchema())
    with form.attempt():
        procurement.reply(actor(), review_id, form.data()["words"])
        return done(_("已回复。"), ".reviews", page=request.args.get("page"))
    return _page(form, review_id)


@guard("review.hide")
def review_hide(review_id: UUID) -> Response:
    form = Form(HideSchema())
    with form.attempt():
        procurement.hide(actor(), review_id, form.data()["reason"])
        return done(_("已屏蔽。"), ".reviews", page=request.args.get("page"))
    return _page(form, review_id)


ROUTES: list[tuple[str, Any, list[str], tuple[str, ...]]] = [
    ("/reviews", reviews, ["GET"], EVERYBODY),
    ("/order-lines/<uuid:order_line_id>/review", review_line, ["GET", "POST"], ("buyer",)),
    ("/reviews/<uuid:review_id>/reply", review_reply, ["POST"], ("supplier",)),
    ("/reviews/<uuid:review_id>/hide", review_hide, ["POST"], ("office",)),
]
