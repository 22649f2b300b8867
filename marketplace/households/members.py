"""Who belongs to a household, from which day to which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..core import audit, clock, crypto
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import DomainError, Many, Refused
from . import payees, rules
from .models import RELATIONS, Household, Member
from .register import reached, within


@dataclass(frozen=True)
class NewMember:
    """`relation` to the head, one of models.RELATIONS; `id_number` 18 characters; `joined_on` today unless told."""

    household_id: UUID
    name: str
    relation: str
    id_number: str
    phone: str = ""
    joined_on: date | None = None


def add_member(actor: Actor, household_id: UUID, *, linked: Sequence[UUID] | None = None, **facts: Any) -> Member:
    """Adds one member; `facts` are those of NewMember. Raises Refused naming the field, NotFound."""
    try:
        return add_members(actor, [NewMember(household_id, **facts)], linked=linked)[0]
    except Many as refused:
        error = refused.errors[0]
        error.row = None
        raise error from refused


def add_members(actor: Actor, news: Sequence[NewMember], *, linked: Sequence[UUID] | None = None) -> list[Member]:
    """Adds members; statements do not grow with them. `linked`: the households that the caller saw linked to a supplier.

    Raises NotFound for a household outside scope; Many with rows: id_number_malformed, id_number_checksum,
    id_number_birth, phone_malformed, relation_unknown, head_name_differs, head_exists, named_twice, person_elsewhere,
    day_in_future.
    """
    actor.require("household.edit")
    families = reached(actor, {new.household_id for new in news}, linked)
    indexes = [crypto.blind_index("id_number", new.id_number) for new in news]
    present = select(Member.id_index).where(Member.id_index.in_(indexes), Member.left_on.is_(None))
    taken = set(db.session.scalars(present))
    heads = set(
        db.session.scalars(
            select(Member.household_id).where(
                Member.household_id.in_(families), Member.relation == "head", Member.left_on.is_(None)
            )
        )
    )
    errors: list[DomainError] = []
    for row, (new, index) in enumerate(zip(news, indexes, strict=True), 1):
        code, field = _fault(new, families[new.household_id], index, taken, heads)
        if code:
            errors.append(Refused(code, field=field, row=row))
        taken.add(index)
        if new.relation == "head":
            heads.add(new.household_id)
    if errors:
        raise Many(errors)
    rows = [_row(new, index) for new, index in zip(news, indexes, strict=True)]
    db.session.add_all(rows)
    for member_ in rows:
        audit.record(actor, "member.add", "household", member_.household_id, member=str(member_.id))
    db.session.flush()
    return rows


def _fault(
    new: NewMember, family: Household, index: bytes, taken: set[bytes], heads: set[UUID]
) -> tuple[str | None, str]:
    """(code of what is wrong, its field)."""
    if wrong := rules.id_number_fault(crypto.normalised(new.id_number), clock.today()):
        return wrong, "id_number"
    if new.phone and not 7 <= len(crypto.normalised(new.phone)) <= 15:
        return "phone_malformed", "phone"
    if new.relation not in RELATIONS:
        return "relation_unknown", "relation"
    if new.relation == "head" and new.household_id in heads:
        return "head_exists", "relation"
    if new.relation == "head" and new.name != family.head_name:
        return "head_name_differs", "name"
    if index in taken:
        return "person_elsewhere", "id_number"
    if new.joined_on and new.joined_on > clock.today():
        return "day_in_future", "joined_on"
    return None, ""


def _row(new: NewMember, index: bytes) -> Member:
    id_, number = new_id(), crypto.normalised(new.id_number)
    return Member(
        id=id_,
        household_id=new.household_id,
        name=new.name,
        relation=new.relation,
        id_sealed=crypto.seal("member", "id_sealed", id_, number),
        id_index=index,
        id_last4=crypto.last4(number),
        phone_sealed=crypto.seal("member", "phone_sealed", id_, crypto.normalised(new.phone)) if new.phone else None,
        joined_on=new.joined_on or clock.today(),
        created_at=clock.now(),
    )


def member(actor: Actor, member_id: UUID, linked: Sequence[UUID] | None = None, *, lock: bool = False) -> Member:
    """A member of a household within reach. Raises NotFound."""
    homes = select(Household.id).where(within(actor, linked))
    return by_id(Member, member_id, Member.household_id.in_(homes), "member", lock=lock)


def members_of(household_id: UUID) -> list[Member]:
    """Present ones first, the head on top; the caller has checked scope."""
    rows = db.session.scalars(select(Member).where(Member.household_id == household_id).order_by(Member.id))
    return sorted(rows, key=lambda row: (row.left_on is not None, RELATIONS.index(row.relation)))


def shown_phone(row: Member) -> str:
    """138＊＊＊＊5678, or nothing."""
    if row.phone_sealed is None:
        return ""
    return crypto.masked_phone(crypto.unseal("member", "phone_sealed", row.id, row.phone_sealed))


def leave(actor: Actor, member_id: UUID, day: date, linked: Sequence[UUID] | None = None) -> Member:
    """The member belongs to the household no more from that day; whoever was paid through it is to be named anew.

    Raises NotFound, Refused: member_left, day_in_future, left_before_joined.
    """
    actor.require("household.edit")
    row = member(actor, member_id, linked, lock=True)
    depart(actor, row, day)
    audit.record(actor, "member.leave", "household", row.household_id, member=str(row.id))
    db.session.flush()
    return row


def depart(actor: Actor, row: Member, day: date, *, died: bool = False) -> None:
    """Ends a locked member's time and the payees that rest on it. Raises Refused as `leave`."""
    if row.left_on is not None:
        raise Refused("member_left", field="member_id")
    if day > clock.today():
        raise Refused("day_in_future", field="from_day")
    if day < row.joined_on:
        raise Refused("left_before_joined", field="from_day")
    row.left_on, row.died_on = day, day if died else None
    payees.end_of_member(actor, row.id, day)


def move(actor: Actor, row: Member, household_id: UUID, day: date, relation: str = "other") -> Member:
    """A member of one household becomes one of another from that day, with number and telephone; `row` is locked."""
    number = crypto.unseal("member", "id_sealed", row.id, row.id_sealed)
    phone = crypto.unseal("member", "phone_sealed", row.id, row.phone_sealed) if row.phone_sealed else ""
    depart(actor, row, day)
    db.session.flush()  # a person is a member of one household at a time
    joined = _row(NewMember(household_id, row.name, relation, number, phone, day), row.id_index)
    db.session.add(joined)
    audit.record(
        actor, "member.move", "household", household_id, member=str(joined.id), came_from=str(row.household_id)
    )
    return joined
