"""Organisations, users and the actor that they become. Passwords and sign-in are in `sign_in.py`."""

import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from ..core import audit, clock
from ..core.actor import Actor, Scope
from ..core.db import by_id, db, fetch, held_or_read, new_id, visible
from ..core.errors import Refused
from .models import Organisation, User, UserRole
from .permissions import ROLES, permissions_of


def actor_of(user: User) -> Actor:
    """The plain value of who the user is and how far it reaches."""
    organisation = user.organisation
    agencies = agencies_under(organisation.id) if organisation.kind == "agency" else frozenset()
    return as_actor(user.id, user.display_name, user.roles, organisation, agencies)


def as_actor(user: UUID, name: str, roles: frozenset[str], organisation: Any, agencies: frozenset[UUID]) -> Actor:
    """The actor of what was read: `organisation` has id, kind, name, division and prefix; `agencies` are those under it."""
    return Actor(
        kind=organisation.kind,
        user=user,
        organisation=organisation.id,
        name=name,
        organisation_name=organisation.name,
        roles=roles,
        permissions=permissions_of(roles),
        scope=_scope_of(organisation, agencies),
    )


def actor_by_id(user_id: UUID) -> Actor:
    """The actor that a user is now, for work that was begun in its name. Raises NotFound if it may no longer sign in."""
    return actor_of(by_id(User, user_id, User.active.is_(True), "user"))


def _scope_of(organisation: Any, agencies: frozenset[UUID]) -> Scope:
    match organisation.kind:
        case "supplier":
            return Scope(supplier=organisation.id)
        case "agency":
            return Scope(agencies=agencies)
        case "office":
            return Scope(division=organisation.prefix or organisation.division)
        case "auditor" | "platform":
            return Scope(everything=True)
    return Scope()


def agencies_under(agency_id: UUID) -> frozenset[UUID]:
    """The agency and its subtree of supervised units."""
    return frozenset(db.session.scalars(_UNDER, {"root": agency_id}))


_TREE = select(Organisation.id).where(Organisation.id == bindparam("root")).cte(recursive=True)
_TREE = _TREE.union(select(Organisation.id).where(Organisation.parent_id == _TREE.c.id))
_UNDER = select(_TREE.c.id)  # built once: an agency's every request asks it


def add_organisation(
    actor: Actor, kind: str, name: str, division: str, *, level: int = 5, **facts: str | UUID | None
) -> Organisation:
    """Registers an organisation. An office sees the prefix of its division's level (2, 4, 6, 9, 12 digits).

    `facts`: supplier_kind, agency_kind, short_name, credit_code, parent_id, address, account_name, bank_reference.
    Raises Refused('name_taken').
    """
    actor.require("organisation.edit")
    if db.session.scalar(select(Organisation.id).where(Organisation.name == name)):
        raise Refused("name_taken", field="name", name=name)
    prefix = division[: {1: 2, 2: 4, 3: 6, 4: 9, 5: 12}[level]] if kind == "office" else ""
    row = Organisation(
        id=new_id(), kind=kind, name=name, division=division, prefix=prefix, created_at=clock.now(), **facts
    )
    db.session.add(row)
    audit.record(actor, "organisation.add", "organisation", row.id, kind=kind)
    db.session.flush()
    return row


def add_user(
    actor: Actor, organisation_id: UUID, sign_in_name: str, display_name: str, roles: set[str], password_hash: str
) -> User:
    """Adds a user whose roles fit its organisation's kind. Raises Refused: name_taken, role_unfit."""
    actor.require("user.edit")
    organisation = by_id(Organisation, organisation_id, what="organisation")
    if db.session.scalar(select(User.id).where(User.sign_in_name == sign_in_name)):
        raise Refused("name_taken", field="sign_in_name", name=sign_in_name)
    for role in roles:
        if role not in ROLES or ROLES[role][0] != organisation.kind:
            raise Refused("role_unfit", field="roles", role=role)
    user = User(
        id=new_id(),
        organisation_id=organisation_id,
        sign_in_name=sign_in_name,
        display_name=display_name,
        password=password_hash,
        fs_uniquifier=secrets.token_hex(32),
        created_at=clock.now(),
        role_rows=[UserRole(role=role) for role in sorted(roles)],
    )
    db.session.add(user)
    audit.record(actor, "user.add", "user", user.id, roles=sorted(roles))
    db.session.flush()
    return user


def organisation(actor: Actor, organisation_id: UUID) -> Organisation:
    """An organisation; suppliers are public, the others within scope. Raises NotFound."""
    column = Organisation
    within = visible(actor.scope, supplier=column.id, agency=column.id, division=column.division)
    return by_id(Organisation, organisation_id, (column.kind == "supplier") | within, "organisation")


def own(actor: Actor) -> Organisation:
    """The actor's own organisation. Raises NotFound for the public."""
    return fetch(select(Organisation).where(Organisation.id == actor.organisation), "organisation")


def named(ids: set[UUID]) -> dict[UUID, Organisation]:
    """Organisations by id, one statement, for rooms that show names beside their own rows."""
    return held_or_read(Organisation, ids)


def users_of(actor: Actor, organisation_id: UUID) -> list[User]:
    if organisation_id not in actor.scope.agencies and organisation_id != actor.scope.supplier:
        actor.require("user.edit")
    return list(
        db.session.scalars(select(User).where(User.organisation_id == organisation_id).order_by(User.sign_in_name))
    )


def user_names(ids: set[UUID]) -> dict[UUID, str]:
    """Display names by user id, one statement."""
    if not ids:
        return {}
    return dict(db.session.execute(select(User.id, User.display_name).where(User.id.in_(ids))).all())


def people_with(organisation_id: UUID, permission: str) -> dict[UUID, str]:
    """Who of an organisation may sign in and holds a permission: user → display name, one statement."""
    roles = [role for role, (_kind, permissions) in ROLES.items() if permission in permissions]
    query = select(User.id, User.display_name).where(
        User.organisation_id == organisation_id,
        User.active,
        User.id.in_(select(UserRole.user_id).where(UserRole.role.in_(roles))),
    )
    return dict(db.session.execute(query.order_by(User.display_name, User.id)).all())


def actors(user_ids: Sequence[UUID]) -> list[Actor]:
    """The actors that people are now, in their order; those who may no longer sign in are left out."""
    if not user_ids:
        return []
    found = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(user_ids), User.active))}
    return [actor_of(found[id_]) for id_ in user_ids if id_ in found]


def offices_of(prefix: str) -> list[UUID]:
    """The offices of a division, or where it has none, of the nearest one above that has."""
    above = [prefix[:length] for length in (12, 9, 6, 4, 2) if length <= len(prefix)]
    query = select(Organisation.id, Organisation.prefix).where(
        Organisation.kind == "office", Organisation.prefix.in_(above)
    )
    found: dict[str, list[UUID]] = {}
    for id_, held in db.session.execute(query.order_by(Organisation.id)):
        found.setdefault(held, []).append(id_)
    return found[max(found, key=len)] if found else []


def suppliers_in(prefix: str) -> list[Organisation]:
    """Published suppliers registered in a division."""
    query = select(Organisation).where(Organisation.kind == "supplier", Organisation.division.startswith(prefix))
    return list(db.session.scalars(query.order_by(Organisation.name)))


def people_of(organisation_id: UUID) -> int:
    """How many people can sign in for an organisation."""
    query = select(func.count()).select_from(User).where(User.organisation_id == organisation_id, User.active)
    return db.session.scalar(query) or 0


def any_organisation() -> bool:
    """Whether anybody is registered yet."""
    return db.session.scalar(select(Organisation.id).limit(1)) is not None


def holders(organisation_ids: set[UUID]) -> list[tuple[UUID, UUID, frozenset[str]]]:
    """(user, organisation, permissions) of everybody who can sign in for these organisations, in two statements."""
    query = select(User.id, User.organisation_id).where(User.organisation_id.in_(organisation_ids), User.active)
    people = [(user, organisation) for user, organisation in db.session.execute(query)]
    roles: dict[UUID, set[str]] = {}
    held = select(UserRole.user_id, UserRole.role).where(UserRole.user_id.in_([user for user, _ in people]))
    for user, role in db.session.execute(held):
        roles.setdefault(user, set()).add(role)
    return [(user, organisation, permissions_of(frozenset(roles.get(user, ())))) for user, organisation in people]


def reached(user_id: UUID) -> tuple[str, str] | None:
    """(display name, locale) of a user who may still sign in."""
    found = db.session.execute(select(User.display_name, User.locale).where(User.id == user_id, User.active)).first()
    return (found[0], found[1]) if found else None
