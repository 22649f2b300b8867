"""Offers as documents: read from the rooms that know them, a constant number of statements per batch."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from ..accreditation.models import Grant
from ..catalogue.models import Offer
from ..core.db import db
from ..identity.models import Organisation
from ..linkage.models import Agreement, Roster, RosterEntry
from ..products.models import Category, Product
from ..regions import services as regions
from . import services
from .documents import Document

BATCH = 500


def documents(offer_ids: Iterable[UUID] | None = None, programme: str = "832") -> Iterator[Document]:
    """The documents of these offers, or of every offer on sale; an offer that is not on sale has none."""
    query = select(Offer.id).where(Offer.state == "on_sale").order_by(Offer.id)
    if offer_ids is not None:
        query = query.where(Offer.id.in_(list(offer_ids)))
    ids = list(db.session.scalars(query))
    for start in range(0, len(ids), BATCH):
        yield from _batch(ids[start : start + BATCH], programme)


def _batch(ids: list[UUID], programme: str) -> list[Document]:
    query = select(Offer, Product, Organisation)
    query = query.join(Product, Product.id == Offer.product_id).join(Organisation, Organisation.id == Offer.supplier_id)
    rows = db.session.execute(query.where(Offer.id.in_(ids)).order_by(Offer.id)).all()
    categories = {row.code: row for row in db.session.scalars(select(Category))}
    places = regions.paths_of({product.origin for _, product, _ in rows} | {owner.division for _, _, owner in rows})
    windows = _windows({product.id for _, product, _ in rows}, programme)
    linked = _linked({owner.id for _, _, owner in rows})
    return [
        _document(offer, product, owner, categories, places, windows.get(product.id, (0, 0)), linked.get(owner.id, 0))
        for offer, product, owner in rows
    ]


def _windows(product_ids: set[UUID], programme: str) -> dict[UUID, tuple[int, int]]:
    """Product → first and last day of its latest grant, as ordinals."""
    query = select(Grant).where(Grant.product_id.in_(product_ids), Grant.programme == programme)
    found = {}
    for grant in db.session.scalars(query.order_by(Grant.valid_from, Grant.id)):
        last = min(grant.valid_to, grant.ended_on) if grant.ended_on else grant.valid_to
        found[grant.product_id] = grant.valid_from.toordinal(), last.toordinal()
    return found


def _linked(supplier_ids: set[UUID]) -> dict[UUID, int]:
    """Supplier → households on its rosters, each once."""
    query = (
        select(Agreement.supplier_id, func.count(RosterEntry.household_id.distinct()))
        .join(Roster, Roster.agreement_id == Agreement.id)
        .join(RosterEntry, RosterEntry.roster_id == Roster.id)
        .where(Agreement.supplier_id.in_(supplier_ids), Agreement.state == "in_force")
        .group_by(Agreement.supplier_id)
    )
    return {supplier: int(households) for supplier, households in db.session.execute(query)}


def _document(
    offer: Offer,
    product: Product,
    owner: Organisation,
    categories: dict[str, Category],
    places: dict[str, list[regions.Place]],
    window: tuple[int, int],
    households: int,
) -> Document:
    names = {place.level: place for place in places[product.origin]}
    county = regions.county_of(owner.division)
    return Document(
        offer_id=offer.id,
        code=offer.code,
        name=product.name,
        supplier_name=owner.name,
        categories=_path(categories, product.category_code),
        county=county.code,
        county_name=county.name,
        township=names[4].code if 4 in names else "",
        township_name=names[4].name if 4 in names else "",
        village_name=names[5].name if 5 in names else "",
        summary=f"{product.grade} {product.description}",
        comparable_price_fen=offer.comparable_fen,
        comparable_unit=product.comparable_unit,
        order_unit=offer.order_unit,
        season_from=offer.season_from,
        season_to=offer.season_to,
        eligible_from=window[0],
        eligible_to=window[1],
        available=offer.available,
        certificates=tuple(product.certificates),
        listed_at=offer.listed_at,
        households=households,
    )


def _path(categories: dict[str, Category], code: str | None) -> tuple[tuple[str, str], ...]:
    path: list[tuple[str, str]] = []
    while code:
        path.insert(0, (code, categories[code].name))
        code = categories[code].parent_code
    return tuple(path)


def offers_changed(events: list[dict[str, Any]]) -> None:
    """Outbox handler: renews the documents of changed offers, and of all offers of changed products."""
    ids = {UUID(event["offer_id"]) for event in events if "offer_id" in event}
    products = {UUID(event["product_id"]) for event in events if "product_id" in event}
    if products:
        ids.update(db.session.scalars(select(Offer.id).where(Offer.product_id.in_(products))))
    found = list(documents(ids))
    services.replace(found)
    services.remove(list(ids - {document.offer_id for document in found}))


def on_sale() -> int:
    """How many offers the index should hold."""
    return db.session.scalar(select(func.count()).select_from(Offer).where(Offer.state == "on_sale")) or 0


def rebuild() -> int:
    """Makes the whole index anew; returns how many documents it holds."""
    return services.rebuild(documents())
