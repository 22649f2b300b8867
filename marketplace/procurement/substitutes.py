"""Substitutes only with consent: another offer instead of an open quantity, at no higher price, if the agency agrees.

Consent moves the quantity: it is cancelled on its line and stands on a new line of the same order, frozen like any
other. The new line holds no more of the quota plan than the old one gave up.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..accreditation import services as accreditation
from ..catalogue import rules as prices
from ..catalogue import services as catalogue
from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, insert_rows, new_id
from ..core.errors import NotFound, Refused
from ..identity import services as identity
from ..notices import services as notices
from ..products import services as products
from ..quota import services as quota
from .delivery_models import Substitute
from .models import Order, OrderLine
from .orders import locked, recommit, within
from .rules import ORDER, SUBSTITUTE
from .splitting import NOTHING_YET

PROGRAMME = "832"


def propose(
    actor: Actor, line_id: UUID, *, offer_id: UUID, quantity: int, instead: int, price_fen: int, reason: str
) -> Substitute:
    """The supplier proposes `instead` thousandths of another of its offers for `quantity` thousandths of a line.

    Raises Refused: beyond_open, quantity_zero, offer_withdrawn, other_category, price_above, money_above, same_offer,
    reason_needed, substitute_waits, not_eligible_…; Conflict; NotFound.
    """
    actor.require("order.confirm")
    order_id = db.session.scalar(select(OrderLine.order_id).where(OrderLine.id == line_id))
    if order_id is None:
        raise NotFound("order_line")
    order, lines = locked(order_id, Order.supplier_id == actor.organisation)
    ORDER.after("ship", order.state)
    line = next(each for each in lines if each.id == line_id)
    if not reason.strip():
        raise Refused("reason_needed", field="reason")
    _new_line(order, line, offer_id, quantity, instead, price_fen)
    live = select(Substitute.id).where(Substitute.order_line_id == line_id, Substitute.state == "proposed")
    if db.session.scalar(live):
        raise Refused("substitute_waits", field="quantity")
    row = Substitute(
        id=new_id(),
        order_id=order.id,
        order_line_id=line_id,
        offer_id=offer_id,
        quantity=quantity,
        instead=instead,
        price_fen=price_fen,
        reason=reason.strip(),
        proposed_by=actor.user,
        proposed_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    audit.record(actor, "substitute.propose", "order", order.id, line=line.no)
    notices.tell(
        "substitute_proposed",
        organisation_id=order.agency_id,
        about=("substitute", row.id),
        number=order.number,
        permission="order.cancel",
        who=actor.organisation_name,
    )
    return row


def withdraw(actor: Actor, substitute_id: UUID) -> Substitute:
    """The supplier takes a proposal back."""
    actor.require("order.confirm")
    row, order, _lines = _locked(substitute_id, Order.supplier_id == actor.organisation)
    _decide(actor, row, order, "withdraw", "")
    return row


def refuse(actor: Actor, substitute_id: UUID, answer: str) -> Substitute:
    """The agency does not want it: the line stays as it was ordered. Raises Refused('reason_needed')."""
    actor.require("order.cancel")
    if not answer.strip():
        raise Refused("reason_needed", field="answer")
    row, order, _lines = _locked(substitute_id, Order.agency_id == actor.organisation)
    _decide(actor, row, order, "refuse", answer.strip())
    return row


def consent(actor: Actor, substitute_id: UUID) -> Substitute:
    """The agency agrees: looked at again as of today, then the quantity moves. Errors: see propose; beyond_stock."""
    actor.require("order.cancel")
    row, order, lines = _locked(substitute_id, Order.agency_id == actor.organisation)
    SUBSTITUTE.after("consent", row.state)
    ORDER.after("ship", order.state)
    line = next(each for each in lines if each.id == row.order_line_id)
    values = _new_line(order, line, row.offer_id, row.quantity, row.instead, row.price_fen)
    catalogue.reserve({row.offer_id: row.instead})
    line.open -= row.quantity
    line.cancelled += row.quantity
    released = recommit(lines)
    values["no"] = max(each.no for each in lines) + 1
    values["committed_fen"] = min(values["committed_fen"], released) if order.plan_id else 0
    db.session.flush()
    insert_rows(OrderLine, [values])
    catalogue.release({line.offer_id: row.quantity})
    if order.plan_id:
        quota.release(order.plan_id, released - values["committed_fen"])
    row.new_line_id = values["id"]
    _decide(actor, row, order, "consent", "")
    return row


def _new_line(
    order: Order, line: OrderLine, offer_id: UUID, quantity: int, instead: int, price_fen: int
) -> dict[str, Any]:
    """The line that the substitute would be, as of today. Raises what stands against it."""
    if quantity <= 0 or instead <= 0 or price_fen <= 0:
        raise Refused("quantity_zero", field="quantity")
    if quantity > line.open:
        raise Refused("beyond_open", field="quantity", left=line.open)
    offer = catalogue.by_ids([offer_id]).get(offer_id)
    if offer is None or offer.supplier_id != order.supplier_id:
        raise NotFound("offer")
    if offer.id == line.offer_id:
        raise Refused("same_offer", field="offer_id")
    if offer.state != "on_sale":
        raise Refused("offer_withdrawn", field="offer_id")
    found = products.facts([offer.product_id, line.product_id])
    product = found[offer.product_id]
    if product.category_code != line.category_code:
        raise Refused("other_category", field="offer_id")
    money = prices.money(instead, pricing=offer.pricing, price_fen=price_fen, content=offer.content)
    given_up = prices.money(quantity, pricing=line.pricing, price_fen=line.price_fen, content=line.content)
    _check_price(offer, product, price_fen, line, found[line.product_id])
    if money > given_up:
        raise Refused("money_above", field="instead", most_fen=given_up)
    grant_id = None
    if line.counts:
        suppliers = identity.named({order.supplier_id})
        verdict = accreditation.verdicts_on({product.id: product}, suppliers, clock.today(), PROGRAMME)[product.id]
        if not verdict.grant_id:
            raise Refused(f"not_eligible_{verdict.reason}", field="offer_id")
        grant_id = verdict.grant_id
    tolerance = offer.tolerance_basis_points if offer.pricing == "weighed" else 0
    return {
        "id": new_id(),
        "order_id": order.id,
        "offer_id": offer.id,
        "product_id": product.id,
        "name": product.name,
        "code": offer.code,
        "category_code": product.category_code,
        "grant_id": grant_id,
        "agreed_id": None,
        "counts": line.counts,
        "pricing": offer.pricing,
        "order_unit": offer.order_unit,
        "price_unit": offer.price_unit,
        "base_unit": product.base_unit,
        "content": offer.content,
        "tolerance_basis_points": tolerance,
        "price_fen": price_fen,
        "reference_fen": line.reference_fen,
        "price_reason": "",
        "money_fen": money,
        "ordered": instead,
        "open": instead,
        **NOTHING_YET,
        "committed_fen": prices.at_most(money, tolerance) if line.counts else 0,
    }


def _check_price(offer: Any, product: Any, price_fen: int, line: OrderLine, of: Any) -> None:
    """Per comparable unit not above what was ordered."""
    new = prices.comparable_price(
        pricing=offer.pricing,
        price_fen=price_fen,
        content=offer.content,
        comparable_per_base=product.comparable_per_base,
    )
    old = prices.comparable_price(
        pricing=line.pricing, price_fen=line.price_fen, content=line.content, comparable_per_base=of.comparable_per_base
    )
    if new > old:
        raise Refused("price_above", field="price_fen", most_fen=old)


def _locked(substitute_id: UUID, condition: Any) -> tuple[Substitute, Order, list[OrderLine]]:
    query = select(Substitute.order_id).join(Order, Order.id == Substitute.order_id)
    order_id = db.session.scalar(query.where(Substitute.id == substitute_id, condition))
    if order_id is None:
        raise NotFound("substitute")
    order, lines = locked(order_id, condition)
    return by_id(Substitute, substitute_id, what="substitute", lock=True), order, lines


def _decide(actor: Actor, row: Substitute, order: Order, verb: str, answer: str) -> None:
    row.state = SUBSTITUTE.after(verb, row.state)
    row.answered_by, row.answered_at, row.answer = actor.user, clock.now(), answer
    audit.record(actor, f"substitute.{verb}", "order", order.id)
    notices.done_about("substitute", [row.id])
    if verb != "withdraw":
        notices.tell(
            "substitute_answered",
            organisation_id=order.supplier_id,
            about=("order", order.id),
            number=order.number,
            permission="order.confirm",
            who=actor.organisation_name,
        )
    db.session.flush()


def substitute(actor: Actor, substitute_id: UUID) -> tuple[Substitute, Order]:
    """A proposal within scope, with its order. Raises NotFound."""
    actor.require("order.read")
    row = by_id(Substitute, substitute_id, Substitute.order_id.in_(select(Order.id).where(within(actor))), "substitute")
    return row, by_id(Order, row.order_id)


def of_orders(order_ids: Iterable[UUID]) -> dict[UUID, list[Substitute]]:
    """Proposals by order, oldest first; the caller has checked scope."""
    found: dict[UUID, list[Substitute]] = {}
    query = select(Substitute).where(Substitute.order_id.in_(set(order_ids))).order_by(Substitute.proposed_at)
    for row in db.session.scalars(query):
        found.setdefault(row.order_id, []).append(row)
    return found
