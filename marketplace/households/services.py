"""Adding, finding and moving households."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, lies_in, new_id, visible
from ..core.errors import NotFound, Refused
from ..core.numbers import take
from ..regions import services as regions
from .models import CLASSES, Household


def add(actor: Actor, *, head_name: str, village: str, group_name: str, size: int, class_: str = "none") -> Household:
    """Adds a household of a village (12-digit code). Raises Refused: village_without_households, class_unknown, size."""
    actor.require("household.edit")
    division = regions.division(village)
    if division.level != 5 or not division.has_households:
        raise Refused("village_without_households", field="village", name=division.name)
    if class_ not in CLASSES:
        raise Refused("class_unknown", field="class", value=class_)
    if not 1 <= size <= 30:
        raise Refused("household_size", field="size")
    if actor.kind == "office":
        actor.require_lies_in(village, "village")
    row = Household(
        id=new_id(),
        code=f"{village[:6]}-{take(f'HH:{village[:6]}'):06d}",
        pseudonym=secrets.token_bytes(16),
        head_name=head_name,
        division=village,
        present_division=village,
        group_name=group_name,
        size=size,
        class_=class_,
        created_at=clock.now(),
    )
    db.session.add(row)
    audit.record(actor, "household.add", "household", row.id)
    db.session.flush()
    return row


def within(actor: Actor, linked: Sequence[UUID] | None = None) -> ColumnElement[bool]:
    """The households an actor reaches: by division, or those `linked` to its supplier."""
    here = visible(actor.scope, division=(Household.present_division, Household.division))
    return here if linked is None else here | Household.id.in_(linked)


def one(actor: Actor, household_id: UUID, *, linked: bool = False) -> Household:
    """A household within scope; `linked` says that the caller saw its link to the actor's supplier. Raises NotFound."""
    row = by_id(Household, household_id, None if linked else within(actor), "household")
    return row


def by_ids(ids: Sequence[UUID]) -> dict[UUID, Household]:
    """Households by id, one statement; the caller has checked scope."""
    rows = db.session.scalars(select(Household).where(Household.id.in_(ids))) if ids else []
    return {row.id: row for row in rows}


def by_code(code: str) -> Household:
    row = db.session.scalar(select(Household).where(Household.code == code))
    if row is None:
        raise NotFound("household")
    return row


def recognise(named: Sequence[tuple[str, str]]) -> list[UUID | None]:
    """Households by code and head's name as a paper has them; None where the two do not belong together.

    Who knows both has the household before it: a code alone tells nobody a name.
    """
    rows = db.session.execute(
        select(Household.code, Household.head_name, Household.id).where(Household.code.in_({code for code, _ in named}))
    )
    known = {(code, name): id_ for code, name, id_ in rows}
    return [known.get((code.strip(), name.strip())) for code, name in named]


def listed(
    actor: Actor,
    linked: Sequence[UUID] | None = None,
    *,
    division: str | None = None,
    class_: str | None = None,
    words: str = "",
    page: int = 1,
    size: int = 50,
) -> tuple[list[Household], int]:
    """Households within reach (`within`), of a village or what else a 12-digit code names, and how many there are.

    `words`: part of the head's name, or the beginning of the household's number.
    """
    actor.require("household.read")
    query = select(Household).where(within(actor, linked))
    if division:
        query = query.where(lies_in(Household.present_division, regions.division(division).prefix))
    if class_:
        query = query.where(Household.class_ == class_)
    if words:
        named = Household.head_name.contains(words, autoescape=True)
        query = query.where(named | Household.code.startswith(words, autoescape=True))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Household.present_division, Household.group_name, Household.code
    return list(db.session.scalars(query.order_by(*order).limit(size).offset((page - 1) * size))), total


def in_division(actor: Actor, prefix: str) -> list[Household]:
    actor.require("household.read")
    query = select(Household).where(within(actor), lies_in(Household.present_division, prefix))
    return list(db.session.scalars(query.order_by(Household.present_division, Household.group_name, Household.code)))


def pseudonyms(ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Pseudonyms by household id, one statement."""
    if not ids:
        return {}
    return dict(db.session.execute(select(Household.id, Household.pseudonym).where(Household.id.in_(ids))).all())
