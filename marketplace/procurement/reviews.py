"""Reviews after acceptance (评价): by the agency once per order line, answered once by the supplier, never about people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id, visible
from ..core.errors import Conflict, Refused
from . import after_terms
from .after_models import Review
from .models import Order, OrderLine

MARKS = ("quality", "packing", "punctuality")
SHOWN_FROM = 3  # an average of fewer would name who gave it


@dataclass(frozen=True)
class Rating:
    """Averages in hundredths of a mark, and of how many reviews."""

    count: int
    quality: int
    packing: int
    punctuality: int


def review(
    actor: Actor, order_line_id: UUID, *, quality: int, packing: int, punctuality: int, words: str = ""
) -> Review:
    """The agency's marks of 1 to 5 for an accepted line. Raises NotFound; Refused: out_of_range, review_too_early;
    Conflict('review_exists')."""
    actor.require("review.write")
    own = OrderLine.order_id.in_(select(Order.id).where(Order.agency_id == actor.organisation))
    line = by_id(OrderLine, order_line_id, own, "order_line", lock=True)
    _check_marks(quality, packing, punctuality)
    if not line.accepted:
        raise Refused("review_too_early", field="quality")
    if db.session.scalar(select(Review.id).where(Review.order_line_id == line.id)):
        raise Conflict("review_exists")
    order = by_id(Order, line.order_id)
    row = Review(
        id=new_id(),
        order_line_id=line.id,
        order_id=order.id,
        product_id=line.product_id,
        supplier_id=order.supplier_id,
        agency_id=order.agency_id,
        division=order.division,
        quality=quality,
        packing=packing,
        punctuality=punctuality,
        words=words.strip(),
        written_by=actor.user,
        written_at=clock.now(),
    )
    db.session.add(row)
    return _done(actor, "write", row)


def line_to_review(actor: Actor, order_line_id: UUID) -> tuple[OrderLine, Order, Review | None]:
    """A line of the actor's own orders, and its review if it has one. Raises NotFound."""
    actor.require("review.write")
    own = OrderLine.order_id.in_(select(Order.id).where(Order.agency_id == actor.organisation))
    line = by_id(OrderLine, order_line_id, own, "order_line")
    row = db.session.scalar(select(Review).where(Review.order_line_id == line.id))
    return line, by_id(Order, line.order_id), row


def _check_marks(*marks: int) -> None:
    for name, mark in zip(MARKS, marks, strict=True):
        if not 1 <= mark <= 5:
            raise Refused("out_of_range", field=name)


def edit_review(
    actor: Actor, review_id: UUID, *, quality: int, packing: int, punctuality: int, words: str = ""
) -> Review:
    """Changed by the agency within its days. Raises NotFound; Refused: out_of_range, review_closed, review_hidden."""
    actor.require("review.write")
    row = by_id(Review, review_id, Review.agency_id == actor.organisation, "review", lock=True)
    _check_marks(quality, packing, punctuality)
    if row.hidden_at is not None:
        raise Refused("review_hidden", field="words")
    if clock.today() > editable_until(row):
        raise Refused("review_closed", field="words", day=editable_until(row))
    row.quality, row.packing, row.punctuality, row.words = quality, packing, punctuality, words.strip()
    row.edited_at = clock.now()
    return _done(actor, "edit", row)


def editable_until(row: Review) -> date:
    """The last day on which its agency may change a review."""
    day = clock.local(row.written_at).date()
    return day + timedelta(days=after_terms.days("review_edit", row.division, day))


def reply(actor: Actor, review_id: UUID, words: str) -> Review:
    """The supplier's one answer. Raises NotFound, Refused('reason_needed'), Conflict('review_replied')."""
    actor.require("review.reply")
    row = by_id(Review, review_id, Review.supplier_id == actor.organisation, "review", lock=True)
    if row.replied_at is not None:
        raise Conflict("review_replied")
    if not words.strip():
        raise Refused("reason_needed", field="words")
    row.reply, row.replied_by, row.replied_at = words.strip(), actor.user, clock.now()
    return _done(actor, "reply", row)


def hide(actor: Actor, review_id: UUID, reason: str) -> Review:
    """An office takes a review out of what is shown and counted. Raises NotFound, Refused('reason_needed'), Conflict."""
    actor.require("review.hide")
    row = by_id(Review, review_id, visible(actor.scope, division=Review.division), "review", lock=True)
    if row.hidden_at is not None:
        raise Conflict("review_hidden")
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    row.hidden_reason, row.hidden_by, row.hidden_at = reason.strip(), actor.user, clock.now()
    return _done(actor, "hide", row, reason=reason.strip())


def _done(actor: Actor, verb: str, row: Review, **facts: object) -> Review:
    audit.record(actor, f"review.{verb}", "order", row.order_id, review=str(row.id), **facts)
    db.session.flush()
    return row


def ratings(*, products: Iterable[UUID] = (), suppliers: Iterable[UUID] = ()) -> dict[UUID, Rating]:
    """Product or supplier → its averages; only those with at least SHOWN_FROM reviews that are not hidden."""
    products, suppliers = set(products), set(suppliers)
    key, wanted = (Review.product_id, products) if products else (Review.supplier_id, suppliers)
    sums = [func.sum(getattr(Review, name)) for name in MARKS]
    query = select(key, func.count(), *sums).where(key.in_(wanted), Review.hidden_at.is_(None)).group_by(key)
    return {
        id_: Rating(count, *((int(total) * 200 + count) // (2 * count) for total in totals))
        for id_, count, *totals in db.session.execute(query)
        if count >= SHOWN_FROM
    }


def reviewed(order_line_ids: Iterable[UUID]) -> set[UUID]:
    """Those order lines that have been reviewed."""
    return set(db.session.scalars(select(Review.order_line_id).where(Review.order_line_id.in_(set(order_line_ids)))))


def shown_of(product_id: UUID, limit: int = 20) -> list[Review]:
    """A product's reviews as everybody sees them, newest first."""
    query = select(Review).where(Review.product_id == product_id, Review.hidden_at.is_(None))
    return list(db.session.scalars(query.order_by(Review.written_at.desc(), Review.id).limit(limit)))


def reviews(actor: Actor, *, order_id: UUID | None = None, page: int = 1, size: int = 50) -> tuple[list[Review], int]:
    """Reviews within scope, newest first, hidden ones too, and how many."""
    actor.require("order.read")
    seen = visible(actor.scope, supplier=Review.supplier_id, agency=Review.agency_id, division=Review.division)
    query = select(Review).where(seen)
    if order_id:
        query = query.where(Review.order_id == order_id)
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Review.written_at.desc(), Review.id
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def one(actor: Actor, review_id: UUID) -> Review:
    """A review within scope. Raises NotFound."""
    actor.require("order.read")
    seen = visible(actor.scope, supplier=Review.supplier_id, agency=Review.agency_id, division=Review.division)
    return by_id(Review, review_id, seen, "review")
