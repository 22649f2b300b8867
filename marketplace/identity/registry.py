"""Lists of organisations and users: choices for filters, and the platform's registers."""

import secrets
from uuid import UUID

from sqlalchemy import Select, exists, func, literal, select

from ..core.actor import Actor
from ..core.db import db, lies_in, visible
from .models import Organisation, User

# Without characters that are mistaken for each other when read aloud or copied by hand.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def choices(actor: Actor, kind: str) -> list[tuple[UUID, str]]:
    """(id, name) of the organisations of a kind within scope, by name: for a filter."""
    within = visible(actor.scope, supplier=Organisation.id, agency=Organisation.id, division=Organisation.division)
    query = select(Organisation.id, Organisation.name).where(Organisation.kind == kind, within)
    return [(id_, name) for id_, name in db.session.execute(query.order_by(Organisation.name))]


def agencies() -> list[Organisation]:
    """Every agency, by name: what a clock's duty goes through."""
    return list(
        db.session.scalars(select(Organisation).where(Organisation.kind == "agency").order_by(Organisation.name))
    )


def buyers(prefix: str) -> list[tuple[UUID, str]]:
    """(id, name) of a region's agencies, by name: whom a unit may name as its contractor, or as who files for it."""
    inside = Organisation.kind == "agency", lies_in(Organisation.division, prefix)
    query = select(Organisation.id, Organisation.name).where(*inside).order_by(Organisation.name)
    return [(id_, name) for id_, name in db.session.execute(query)]


def office_over(division: str) -> UUID | None:
    """The office of the finest division that a division lies in; None where none is registered."""
    covers = Organisation.kind == "office", literal(division).startswith(Organisation.prefix)
    query = select(Organisation.id).where(*covers).order_by(func.length(Organisation.prefix).desc(), Organisation.name)
    return db.session.scalar(query.limit(1))


def suppliers(
    *, words: str = "", prefix: str = "", among: Select[UUID] | None = None, page: int = 1, size: int = 20
) -> tuple[list[Organisation], int]:
    """Suppliers for which somebody can sign in, by name, and how many: those that would answer."""
    active = exists().where(User.organisation_id == Organisation.id, User.active)
    query = select(Organisation).where(Organisation.kind == "supplier", active)
    if prefix:
        query = query.where(lies_in(Organisation.division, prefix))
    if words:
        query = query.where(Organisation.name.contains(words, autoescape=True))
    if among is not None:
        query = query.where(Organisation.id.in_(among))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Organisation.name, Organisation.id
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def supplier_places() -> set[str]:
    """The divisions that suppliers are registered in."""
    return set(db.session.scalars(select(Organisation.division).where(Organisation.kind == "supplier").distinct()))


def organisations(
    actor: Actor, *, kind: str | None = None, words: str = "", page: int = 1, size: int = 50
) -> tuple[list[Organisation], int]:
    """The register of organisations by kind and name, and how many. Raises Forbidden."""
    actor.require("organisation.edit")
    query = select(Organisation)
    if kind:
        query = query.where(Organisation.kind == kind)
    if words:
        query = query.where(Organisation.name.contains(words, autoescape=True))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Organisation.kind, Organisation.name
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def users(
    actor: Actor, *, organisation_id: UUID | None = None, words: str = "", page: int = 1, size: int = 50
) -> tuple[list[User], int]:
    """The register of users by sign-in name, and how many. Raises Forbidden."""
    actor.require("user.edit")
    query = select(User)
    if organisation_id:
        query = query.where(User.organisation_id == organisation_id)
    if words:
        named = User.display_name.contains(words, autoescape=True)
        query = query.where(named | User.sign_in_name.startswith(words, autoescape=True))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return list(db.session.scalars(query.order_by(User.sign_in_name).limit(size).offset((page - 1) * size))), total


def first_password() -> str:
    """A password to hand over, in four groups: about 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
