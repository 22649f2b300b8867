"""The register: adding and finding households."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, lies_in, new_id, rows_as_query, visible
from ..core.errors import Many, NotFound, Refused
from ..core.numbers import take
from ..regions import services as regions
from .models import CLASSES, Household


@dataclass(frozen=True)
class NewHousehold:
    """`village` is a 12-digit code, `size` people; `class_` one of models.CLASSES."""

    head_name: str
    village: str
    group_name: str
    size: int
    class_: str = "none"


def add(actor: Actor, **facts: Any) -> Household:
    """Adds one household; `facts` are those of NewHousehold. Raises Refused naming the field."""
    try:
        return add_many(actor, [NewHousehold(**facts)])[0]
    except Many as refused:
        error = refused.errors[0]
        error.row = None
        raise error from refused


def add_many(actor: Actor, news: Sequence[NewHousehold]) -> list[Household]:
    """Adds households; statements do not grow with them.

    Raises Many with rows: village_without_households, class_unknown, household_size; NotFound outside an office's scope.
    """
    actor.require("household.edit")
    errors = [problem for row, new in enumerate(news, 1) for problem in _problems(actor, new, row)]
    if errors:
        raise Many(errors)
    rows = [_row(new, code) for new, code in zip(news, _codes(news), strict=True)]
    db.session.add_all(rows)
    for row in rows:
        audit.record(actor, "household.add", "household", row.id)
    db.session.flush()
    return rows


def _problems(actor: Actor, new: NewHousehold, row: int) -> list[Refused]:
    place = regions.division(new.village)
    if actor.kind == "office":
        actor.require_lies_in(new.village, "village")
    problems = []
    if place.level != 5 or not place.has_households:
        problems.append(Refused("village_without_households", field="village", row=row, name=place.name))
    if new.class_ not in CLASSES:
        problems.append(Refused("class_unknown", field="class", row=row, value=new.class_))
    if not 1 <= new.size <= 30:
        problems.append(Refused("household_size", field="size", row=row))
    return problems


def _codes(news: Sequence[NewHousehold]) -> list[str]:
    """The next household numbers of each county, in the order of the households."""
    counties = [new.village[:6] for new in news]
    numbers = {county: take(f"HH:{county}", counties.count(county)) for county in sorted(set(counties))}
    codes = []
    for county in counties:
        codes.append(f"{county}-{numbers[county]:06d}")
        numbers[county] += 1
    return codes


def _row(new: NewHousehold, code: str) -> Household:
    return Household(
        id=new_id(),
        code=code,
        pseudonym=secrets.token_bytes(16),
        head_name=new.head_name,
        division=new.village,
        present_division=new.village,
        group_name=new.group_name,
        size=new.size,
        class_=new.class_,
        created_at=clock.now(),
    )


def within(actor: Actor, linked: Sequence[UUID] | None = None) -> ColumnElement[bool]:
    """The households an actor reaches: by division, or those `linked` to its supplier."""
    here = visible(actor.scope, division=(Household.present_division, Household.division))
    return here if linked is None else here | Household.id.in_(linked)


def reached(
    actor: Actor, ids: set[UUID], linked: Sequence[UUID] | None, *, lock: bool = False
) -> dict[UUID, Household]:
    """The households, all within the actor's reach, locked in order if asked. Raises NotFound."""
    query = select(Household).where(Household.id.in_(ids), within(actor, linked)).order_by(Household.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = {row.id: row for row in db.session.scalars(query)}
    if set(ids) - set(found):
        raise NotFound("household")
    return found


def one(actor: Actor, household_id: UUID, *, linked: bool = False) -> Household:
    """A household within scope; `linked` says that the caller saw its link to the actor's supplier. Raises NotFound."""
    row = by_id(Household, household_id, None if linked else within(actor), "household")
    return row


def by_ids(ids: Sequence[UUID]) -> dict[UUID, Household]:
    """Households by id, one statement; the caller has checked scope."""
    rows: Iterable[Household] = db.session.scalars(select(Household).where(Household.id.in_(ids))) if ids else ()
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


def pseudonyms(ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Pseudonyms by household id, one statement."""
    if not ids:
        return {}
    return dict(db.session.execute(select(Household.id, Household.pseudonym).where(Household.id.in_(ids))).all())


def ids_as_query(ids: Iterable[UUID]) -> Select[tuple[UUID]]:
    """Ids as a query of one parameter, however many."""
    return select(rows_as_query([], [{"id": id_} for id_ in ids]).subquery().c.id)


def places(prefix: str = "") -> Select[UUID, str, str]:
    """A query of (id, present_division, group_name) of who lives in a division's prefix, for joins above."""
    return select(Household.id, Household.present_division, Household.group_name).where(
        lies_in(Household.present_division, prefix)
    )


def ids_in(prefix: str) -> Select[UUID]:
    """A query of the households that live in a division's prefix, for another query's IN: however many they are."""
    return select(Household.id).where(lies_in(Household.present_division, prefix))


def those_in(prefix: str, ids: Iterable[UUID]) -> set[UUID]:
    """Which of these households live in a division's prefix: one statement of one parameter, however many."""
    return set(db.session.scalars(ids_in(prefix).where(Household.id.in_(ids_as_query(ids)))))


def names_of(ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Household → (head's name, number), one statement of one parameter; the caller has checked scope."""
    query = select(Household.id, Household.head_name, Household.code).where(Household.id.in_(ids_as_query(ids)))
    return {id_: (name, code) for id_, name, code in db.session.execute(query)}
