"""Listing offers, and holding their stock for orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from statistics import median_low
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, select
from sqlalchemy.orm.attributes import flag_modified

from ..core import audit, clock, outbox
from ..core.actor import Actor
from ..core.db import Change, by_id, db, new_id
from ..core.errors import Conflict, Many, NotFound, Refused
from ..products import services as products
from . import rules
from .agreed import agree, agreed, agreed_for, agreed_of, draw, end_agreed, undraw  # noqa: F401
from .models import Offer, PriceBreak, ReferencePrice

Breaks = Sequence[tuple[int, int]]
EDITABLE = ("order_unit", "content", "step", "pack", "season_from", "season_to", "lead_days", "tolerance_basis_points")


def list_offer(
    actor: Actor, product_id: UUID, *, code: str, pricing: str, minimum: int, breaks: Breaks, **fields: Any
) -> Offer:
    """Puts a product on sale. `breaks`: (from_quantity thousandths, fen per price unit), the first at the minimum.

    `fields`: order_unit, content (base-unit thousandths in one), and optionally step, pack, stock (thousandths),
    season_from, season_to (MMDD), lead_days, tolerance_basis_points (weighed).
    Raises Refused: code_taken, pricing_unknown, quantity_not_positive, breaks_*; NotFound for a foreign product.
    """
    actor.require("offer.edit")
    product = products.one(product_id)
    actor.require_own(product.supplier_id, "product")
    if pricing not in ("counted", "weighed"):
        raise Refused("pricing_unknown", field="pricing", value=pricing)
    if db.session.scalar(select(Offer.id).where(Offer.code == code)):
        raise Refused("code_taken", field="code", value=code)
    for name in ("content", "step", "pack"):
        if fields.get(name, 1000) <= 0:
            raise Refused("quantity_zero", field=name)
    rules.check_breaks(breaks, minimum)
    row = Offer(
        id=new_id(),
        product_id=product_id,
        supplier_id=product.supplier_id,
        code=code,
        pricing=pricing,
        minimum=minimum,
        price_unit=fields["order_unit"] if pricing == "counted" else product.base_unit,
        comparable_fen=rules.comparable_price(
            pricing=pricing,
            price_fen=breaks[0][1],
            content=fields["content"],
            comparable_per_base=product.comparable_per_base,
        ),
        breaks=[PriceBreak(from_quantity=quantity, price_fen=fen) for quantity, fen in breaks],
        listed_at=clock.now(),
        **fields,
    )
    db.session.add(row)
    _changed(actor, row, "offer.list")
    return row


def edit_offer(actor: Actor, offer_id: UUID, version: int, *, breaks: Breaks | None = None, **fields: Any) -> Offer:
    """Changes an own offer; approved orders keep what they were approved with. Raises Conflict('changed_meanwhile')."""
    row = _own(actor, offer_id, version)
    product = products.one(row.product_id)
    row.minimum = fields.get("minimum", row.minimum)
    for name in EDITABLE:
        if name in fields:
            setattr(row, name, fields[name])
    pairs = list(breaks) if breaks is not None else [(item.from_quantity, item.price_fen) for item in row.breaks]
    rules.check_breaks(pairs, row.minimum)
    if breaks is not None:
        db.session.execute(delete(PriceBreak).where(PriceBreak.offer_id == row.id))
        db.session.expire(row, ["breaks"])
        db.session.add_all(
            PriceBreak(offer_id=row.id, from_quantity=quantity, price_fen=fen) for quantity, fen in pairs
        )
    flag_modified(row, "minimum")  # a new version, even where a price break alone has changed
    row.price_unit = row.order_unit if row.pricing == "counted" else product.base_unit
    row.comparable_fen = rules.comparable_price(
        pricing=row.pricing, price_fen=pairs[0][1], content=row.content, comparable_per_base=product.comparable_per_base
    )
    _changed(actor, row, "offer.edit")
    return row


def set_stock(actor: Actor, offer_id: UUID, stock: int, seen: int | None = None) -> Offer:
    """Sets what there is for sale, thousandths, approved orders included; `seen` is the stock that the editor saw.

    Raises Refused('below_reserved'), Conflict('changed_meanwhile') where goods left in between.
    """
    row = _own(actor, offer_id)
    if seen is not None and row.stock != seen:
        raise Conflict("changed_meanwhile", what="offer")
    if stock < row.reserved:
        raise Refused("below_reserved", field="stock", reserved=row.reserved)
    row.stock = stock
    _changed(actor, row, "offer.stock")
    return row


def withdraw(actor: Actor, offer_id: UUID) -> Offer:
    """Takes an offer off sale; orders already approved go on. Raises Conflict('wrong_state')."""
    return _turn(actor, offer_id, "on_sale", "withdrawn", "withdraw")


def relist(actor: Actor, offer_id: UUID) -> Offer:
    return _turn(actor, offer_id, "withdrawn", "on_sale", "relist")


def _turn(actor: Actor, offer_id: UUID, source: str, target: str, verb: str) -> Offer:
    row = _own(actor, offer_id)
    if row.state != source:
        raise Conflict("wrong_state", what="offer", state=row.state, verb=verb)
    row.state = target
    _changed(actor, row, f"offer.{verb}")
    return row


def _own(actor: Actor, offer_id: UUID, version: int | None = None) -> Offer:
    actor.require("offer.edit")
    row = by_id(Offer, offer_id, Offer.supplier_id == actor.organisation, "offer", lock=True)
    if version is not None and row.version != version:
        raise Conflict("changed_meanwhile", what="offer")
    return row


def _changed(actor: Actor, row: Offer, verb: str) -> None:
    audit.record(actor, verb, "offer", row.id, code=row.code)
    outbox.emit("offers_changed", offer_id=str(row.id))
    db.session.flush()


def reserve(quantities: dict[UUID, int], rows: dict[UUID, int] | None = None) -> None:
    """Holds stock for approved lines, one statement: check and reservation are the same.

    `rows` names the requisition's line of each offer. Raises Many of Refused('beyond_stock' or 'offer_withdrawn').
    """
    missing = set(quantities) - {row.id for row in _RESERVE(_of(quantities))}
    if missing:
        now = by_ids(missing)
        raise Many([_why_not(now.get(offer), (rows or {}).get(offer)) for offer in missing])


def _why_not(offer: Offer | None, row: int | None) -> Refused:
    if offer is None or offer.state != "on_sale":
        return Refused("offer_withdrawn", field="offer", row=row)
    return Refused("beyond_stock", field="quantity", row=row, available=offer.available)


def release(quantities: dict[UUID, int]) -> None:
    """Gives back what was held: cancelled or declined lines."""
    _RELEASE(_of(quantities))


def consume(quantities: dict[UUID, int]) -> None:
    """Shipped goods leave stock and reservation together."""
    _CONSUME(_of(quantities))


def put_back(quantities: dict[UUID, int]) -> None:
    """What was loaded and is not sent after all: in stock again, and still held for its order."""
    _PUT_BACK(_of(quantities))


def _of(quantities: dict[UUID, int]) -> list[dict[str, Any]]:
    return [{"id": offer, "quantity": quantity} for offer, quantity in quantities.items()]


_RESERVE = Change(
    Offer,
    set_=lambda offer, wanted: {"reserved": offer.reserved + wanted.quantity},
    where=lambda offer, wanted: (offer.state == "on_sale") & (offer.stock - offer.reserved >= wanted.quantity),
)
_RELEASE = Change(
    Offer,
    set_=lambda offer, wanted: {"reserved": offer.reserved - wanted.quantity},
    where=lambda offer, wanted: offer.reserved >= wanted.quantity,
)
_CONSUME = Change(
    Offer,
    set_=lambda offer, wanted: {
        "reserved": offer.reserved - wanted.quantity,
        "stock": offer.stock - wanted.quantity,
    },
    where=lambda offer, wanted: offer.reserved >= wanted.quantity,
)
_PUT_BACK = Change(
    Offer,
    set_=lambda offer, wanted: {
        "reserved": offer.reserved + wanted.quantity,
        "stock": offer.stock + wanted.quantity,
    },
    where=lambda offer, wanted: offer.stock >= 0,
)


def by_ids(ids: Iterable[UUID]) -> dict[UUID, Offer]:
    """Offers with their breaks by id, two statements."""
    query = select(Offer).where(Offer.id.in_(set(ids))).execution_options(populate_existing=True)
    return {row.id: row for row in db.session.scalars(query)}


class Break(NamedTuple):
    from_quantity: int
    price_fen: int


@dataclass(frozen=True, slots=True)
class Goods:
    """An offer as orders ask for it, read past the session: forty rows of a bulk order cost a tenth that way."""

    id: UUID
    product_id: UUID
    supplier_id: UUID
    code: str
    order_unit: str
    price_unit: str
    pricing: str
    content: int
    step: int
    pack: int
    minimum: int
    tolerance_basis_points: int
    lead_days: int
    state: str
    available: int
    product: products.Facts
    reference_fen: int | None  # of the product's category and comparable unit
    breaks: list[Break]


_OWN = list(Goods.__dataclass_fields__)[:-4]
_PRODUCT = products.FACTS.subquery()
_GOODS = (
    select(
        *(getattr(Offer, name) for name in _OWN),
        (Offer.stock - Offer.reserved).label("available"),
        *_PRODUCT.c,
        ReferencePrice.price_fen,
        PriceBreak.from_quantity,
        PriceBreak.price_fen,
    )
    .join(_PRODUCT, _PRODUCT.c.id == Offer.product_id)
    .join(PriceBreak, PriceBreak.offer_id == Offer.id)
    .outerjoin(
        ReferencePrice,
        (ReferencePrice.category_code == _PRODUCT.c.category_code)
        & (ReferencePrice.comparable_unit == _PRODUCT.c.comparable_unit),
    )
    .where(Offer.id.in_(bindparam("ids", expanding=True)))
    .order_by(Offer.id, PriceBreak.from_quantity)
)


def goods(ids: Iterable[UUID]) -> dict[UUID, Goods]:
    """Offers by id as they are now, with their breaks, products and reference prices; one statement."""
    found: dict[UUID, Goods] = {}
    wanted = list(set(ids))
    for row in db.session.execute(_GOODS, {"ids": wanted}) if wanted else ():
        one = found.get(row[0])
        if one is None:
            own = len(_OWN) + 1  # the statement's columns are the fields, in their order
            one = found[row[0]] = Goods(*row[:own], products.Facts(*row[own:-3]), row[-3], [])  # type: ignore[call-arg]
        one.breaks.append(Break(row[-2], row[-1]))
    return found


def by_codes(codes: Iterable[str]) -> dict[str, Offer]:
    """Offers by upper-cased code, two statements."""
    query = select(Offer).where(Offer.code.in_({code.strip().upper() for code in codes}))
    return {row.code: row for row in db.session.scalars(query)}


class Coded(NamedTuple):
    id: UUID
    code: str
    state: str
    order_unit: str


def coded(codes: Iterable[str]) -> dict[str, Coded]:
    """What a sheet of codes needs to know of its offers, by upper-cased code; one statement."""
    query = select(Offer.id, Offer.code, Offer.state, Offer.order_unit)
    rows = db.session.execute(query.where(Offer.code.in_({code.strip().upper() for code in codes})))
    return {row.code: Coded(*row) for row in rows}


def near_codes(code: str, limit: int = 3) -> list[str]:
    """Codes on sale that look like a mistyped one, the nearest first; those that begin alike. One statement."""
    start = code.strip().upper()[:24]
    query = select(Offer.code).where(Offer.state == "on_sale", Offer.code.startswith(start[:3], autoescape=True))
    return get_close_matches(
        start, db.session.scalars(query.order_by(Offer.code).limit(5000)).all(), n=limit, cutoff=0.5
    )


def one(offer_id: UUID) -> Offer:
    """An offer; withdrawn ones too, for what was ordered. Raises NotFound."""
    return by_id(Offer, offer_id, what="offer")


def by_code(code: str) -> Offer:
    row = db.session.scalar(select(Offer).where(Offer.code == code.strip().upper()))
    if row is None:
        raise NotFound("offer")
    return row


def own(actor: Actor) -> list[Offer]:
    actor.require("offer.edit")
    query = select(Offer).where(Offer.supplier_id == actor.organisation).order_by(Offer.code)
    return list(db.session.scalars(query))


def of_product(product_id: UUID) -> list[Offer]:
    query = select(Offer).where(Offer.product_id == product_id, Offer.state == "on_sale").order_by(Offer.code)
    return list(db.session.scalars(query))


def of_supplier(supplier_id: UUID) -> list[Offer]:
    """A supplier's offers on sale."""
    query = select(Offer).where(Offer.supplier_id == supplier_id, Offer.state == "on_sale").order_by(Offer.code)
    return list(db.session.scalars(query))


def sellers(product_ids: Select[UUID]) -> Select[UUID]:
    """The suppliers with an offer of these products on sale, as a part of another statement."""
    return select(Offer.supplier_id).where(Offer.product_id.in_(product_ids), Offer.state == "on_sale")


def stamps(ids: Iterable[UUID]) -> dict[UUID, tuple[int, int, str]]:
    """Offer → (version, thousandths still to be had, state): what a page that remembers the rest asks anew."""
    query = select(Offer.id, Offer.version, Offer.stock - Offer.reserved, Offer.state).where(Offer.id.in_(set(ids)))
    return {row[0]: (row[1], row[2], row[3]) for row in db.session.execute(query)}


def stamp(code: str) -> tuple[int, int, int, str]:
    """(version, stock, thousandths still to be had, state) of the offer of that code. Raises NotFound."""
    query = select(Offer.version, Offer.stock, Offer.stock - Offer.reserved, Offer.state)
    row = db.session.execute(query.where(Offer.code == code.strip().upper())).one_or_none()
    if row is None:
        raise NotFound("offer")
    return row[0], row[1], row[2], row[3]


_REFERENCES = select(ReferencePrice.category_code, ReferencePrice.comparable_unit, ReferencePrice.price_fen).where(
    ReferencePrice.category_code.in_(bindparam("keys", expanding=True))
)


def references(keys: Iterable[str]) -> dict[tuple[str, str], int]:
    """(category, comparable unit) → reference price in fen, one statement."""
    return {(row[0], row[1]): row[2] for row in db.session.execute(_REFERENCES, {"keys": list(set(keys))})}


def refresh_references() -> int:
    """Recomputes every category's median comparable price of offers on sale (three at least). Returns how many."""
    offers = db.session.scalars(select(Offer).where(Offer.state == "on_sale")).all()
    found = products.by_ids({offer.product_id for offer in offers})
    prices: dict[tuple[str, str], list[int]] = {}
    for offer in offers:
        product = found[offer.product_id]
        prices.setdefault((product.category_code, product.comparable_unit), []).append(offer.comparable_fen)
    db.session.execute(delete(ReferencePrice))
    db.session.add_all(
        ReferencePrice(
            category_code=category,
            comparable_unit=unit,
            price_fen=median_low(values),
            offers=len(values),
            day=clock.today(),
        )
        for (category, unit), values in prices.items()
        if len(values) >= 3
    )
    db.session.flush()
    return len(prices)
