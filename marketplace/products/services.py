"""Categories and products. A supplier edits its own; everybody may read."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from ..core import audit, clock, outbox
from ..core.actor import Actor
from ..core.db import by_id, db, held_or_read, new_id
from ..core.errors import Conflict, Refused
from ..identity import services as identity
from ..regions import services as regions
from .models import Category, Product
from .rules import BASE_UNITS


def categories() -> list[Category]:
    return list(db.session.scalars(select(Category).order_by(Category.position, Category.code)))


def of_category(code: str) -> Select[UUID]:
    """The products of a category and of what lies below it, as a part of another statement."""
    above = {row.code: row.parent_code for row in categories()}
    codes = set()
    for one in above:
        up: str | None = one
        while up and up != code:
            up = above.get(up)
        if up:
            codes.add(one)
    return select(Product.id).where(Product.category_code.in_(codes))


def add_category(
    code: str, name: str, name_en: str, tile: str, papers: list[str], parent_code: str | None, position: int
) -> None:
    db.session.merge(
        Category(
            code=code, name=name, name_en=name_en, tile=tile, papers=papers, parent_code=parent_code, position=position
        )
    )
    db.session.flush()


def add_product(actor: Actor, **fields: Any) -> Product:
    """Adds a product of the actor's supplier.

    `fields`: code, name, category_code, base_unit, origin (village or township), and optionally comparable_unit,
    comparable_per_base (thousandths), grade, storage, shelf_life_days, certificates, description.
    Raises Refused: code_taken, category_unknown, unit_unknown, origin_outside (products lie in the supplier's county).
    """
    actor.require("product.edit")
    _check(actor, fields)
    if db.session.scalar(select(Product.id).where(Product.code == fields["code"])):
        raise Refused("code_taken", field="code", value=fields["code"])
    fields.setdefault("comparable_unit", fields["base_unit"])
    row = Product(id=new_id(), supplier_id=actor.organisation, created_at=clock.now(), **fields)
    db.session.add(row)
    audit.record(actor, "product.add", "product", row.id, code=row.code)
    db.session.flush()
    return row


def edit_product(actor: Actor, product_id: UUID, version: int, **fields: Any) -> Product:
    """Changes name, grade, storage, shelf life, certificates or description. Raises NotFound, Conflict by version."""
    actor.require("product.edit")
    row = by_id(Product, product_id, Product.supplier_id == actor.organisation, "product", lock=True)
    if row.version != version:
        raise Conflict("changed_meanwhile", what="product")
    for name in ("name", "grade", "storage", "shelf_life_days", "certificates", "description"):
        if name in fields:
            setattr(row, name, fields[name])
    audit.record(actor, "product.edit", "product", row.id)
    outbox.emit("offers_changed", product_id=str(row.id))
    db.session.flush()
    return row


def _check(actor: Actor, fields: dict[str, Any]) -> None:
    if db.session.get(Category, fields["category_code"]) is None:
        raise Refused("category_unknown", field="category_code", value=fields["category_code"])
    if fields["base_unit"] not in BASE_UNITS:
        raise Refused("unit_unknown", field="base_unit", value=fields["base_unit"])
    supplier = identity.own(actor)
    if regions.county_of(fields["origin"]).code != regions.county_of(supplier.division).code:
        raise Refused("origin_outside", field="origin")


def by_ids(ids: Iterable[UUID]) -> dict[UUID, Product]:
    """Products by id, one statement for those that the transaction has not read yet."""
    return held_or_read(Product, set(ids))


class Facts(NamedTuple):
    """What orders ask of a product, read past the session."""

    id: UUID
    supplier_id: UUID
    code: str
    name: str
    category_code: str
    base_unit: str
    comparable_unit: str
    comparable_per_base: int


# For the rooms above to join: an offer is read with its product by one statement.
FACTS = select(*(getattr(Product, name) for name in Facts._fields))
_FACTS = FACTS.where(Product.id.in_(bindparam("ids", expanding=True)))


def facts(ids: Iterable[UUID]) -> dict[UUID, Facts]:
    """What orders ask of products by id, one statement."""
    wanted = list(set(ids))
    return {row.id: Facts(*row) for row in db.session.execute(_FACTS, {"ids": wanted})} if wanted else {}


def one(product_id: UUID) -> Product:
    return by_id(Product, product_id, what="product")


def own(actor: Actor) -> list[Product]:
    actor.require("product.edit")
    query = select(Product).where(Product.supplier_id == actor.organisation).order_by(Product.code)
    return list(db.session.scalars(query))


def of_supplier(supplier_id: UUID) -> list[Product]:
    """A supplier's products by code: published facts."""
    return list(db.session.scalars(select(Product).where(Product.supplier_id == supplier_id).order_by(Product.code)))


def papers_needed(product_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The papers that each product's batches must carry, one statement."""
    query = select(Product.id, Category.papers).join(Category, Category.code == Product.category_code)
    return dict(db.session.execute(query.where(Product.id.in_(set(product_ids)))).all())
