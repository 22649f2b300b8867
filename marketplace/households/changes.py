"""What becomes of households: they leave, merge, split, move; members die. Recorded with evidence, never rewritten.

What a household was owed stays in its own accounts, whose pools and postings never change; `heirs_on` says who is paid
for it. A merger or a split turns money to others, so it stands once another person of an office approved it; the rest
stands at once. Days run one way: a change is never dated before another of the same households, nor after today.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select

from ..core import audit, clock
from ..core.actor import Actor
from ..core.db import by_id, db, new_id
from ..core.errors import Conflict, DomainError, Forbidden, Many, NotFound, Refused
from ..regions import services as regions
from . import members, rules
from .models import CHANGES, TURNING, Household, HouseholdChange, HouseholdChangePart, Member
from .register import ids_as_query, reached, within


@dataclass(frozen=True)
class NewChange:
    """`parts` (household, basis points) of merged and split, `village` and `group_name` of moved, `member_id` of died
    and who is the head after it, if the head died."""

    kind: str
    from_day: date
    evidence: str
    file_id: UUID | None = None
    parts: Sequence[tuple[UUID, int]] = ()
    village: str | None = None
    group_name: str = ""
    member_id: UUID | None = None
    new_head_id: UUID | None = None


@dataclass(frozen=True)
class Change:
    """A change as it is shown: its row and its parts by share."""

    row: HouseholdChange
    parts: list[tuple[UUID, int]] = field(default_factory=list)


def record_change(actor: Actor, household_id: UUID, new: NewChange) -> HouseholdChange:
    """Records what became of a household.

    Raises NotFound; Refused: change_evidence_needed, number_in_reason, day_in_future, change_before_another, household_ended,
    the faults of parts (part_is_itself, parts_one, parts_sum, part_twice_named, part_ended, household_unknown), of a move
    (village_without_households, not_moved) and of a death (not_a_member, member_left, new_head_needed).
    """
    user = _by_an_office(actor)
    if new.kind not in CHANGES:
        raise Refused("not_a_choice", field="kind")
    if fault := rules.told_fault(new.evidence):
        raise Refused("change_evidence_needed" if fault == "reason_needed" else fault, field="evidence")
    reached(actor, {household_id}, None)
    row = HouseholdChange(
        id=new_id(),
        household_id=household_id,
        kind=new.kind,
        from_day=new.from_day,
        evidence=new.evidence.strip(),
        file_id=new.file_id,
        recorded_by=user,
        recorded_at=clock.now(),
        state="proposed" if new.kind in TURNING else "in_force",
    )
    if new.kind in TURNING:
        family = _check_parts(actor, row, new.parts)[household_id]
    else:
        family = reached(actor, {household_id}, None, lock=True)[household_id]
        _check_days(row, {household_id: family})
    if new.kind == "moved":
        _move(family, row, new)
    if new.kind == "died":
        _die(actor, family, row, new)
    db.session.add(row)
    db.session.flush()
    db.session.add_all(
        HouseholdChangePart(change_id=row.id, household_id=id_, basis_points=bp) for id_, bp in new.parts
    )
    audit.record(actor, "household.change", "household", household_id, change=str(row.id), kind=new.kind)
    db.session.flush()
    return row


def _by_an_office(actor: Actor) -> UUID:
    actor.require("household.change")
    if actor.user is None:
        raise Forbidden("household.change")
    return actor.user


def _check_parts(actor: Actor, row: HouseholdChange, parts: Sequence[tuple[UUID, int]]) -> dict[UUID, Household]:
    """The household and its parts, locked. Raises Refused or Many for parts that a merger or split cannot have."""
    own, ids = row.household_id, [id_ for id_, _ in parts]
    if row.kind == "merged" and (len(parts) != 1 or parts[0][1] != rules.WHOLE):
        raise Refused("parts_one", field="parts")
    if row.kind == "merged" and ids == [own]:
        raise Refused("part_is_itself", field="parts")
    if row.kind == "split" and (len(parts) < 2 or sum(bp for _, bp in parts) != rules.WHOLE):
        raise Refused("parts_sum", field="parts")
    errors: list[DomainError] = [
        Refused("part_twice_named", field="household_id", row=number)
        for number, id_ in enumerate(ids, 1)
        if id_ in ids[: number - 1]
    ]
    errors += [Refused("out_of_range", field="basis_points", row=n) for n, (_, bp) in enumerate(parts, 1) if bp < 1]
    if errors:
        raise Many(errors)
    try:
        families = reached(actor, {own, *ids}, None, lock=True)
    except NotFound:
        raise Refused("household_unknown", field="parts") from None
    _check_days(row, families)
    if gone := ended([id_ for id_ in ids if id_ != own], row.from_day):
        raise Refused("part_ended", field="parts", household=families[next(iter(gone))].code)
    return families


def _check_days(row: HouseholdChange, families: Mapping[UUID, Household]) -> None:
    """No change is dated in the future, before another of these households, or of one that is no more.

    A death is known late sometimes, and turns nothing: it may come before another change.
    """
    if row.from_day > clock.today():
        raise Refused("day_in_future", field="from_day")
    if row.kind == "died":
        return
    parts = select(HouseholdChangePart.change_id).where(HouseholdChangePart.household_id.in_(families))
    query = select(func.max(HouseholdChange.from_day)).where(
        or_(HouseholdChange.household_id.in_(families), HouseholdChange.id.in_(parts)),
        HouseholdChange.state != "refused",
        HouseholdChange.kind != "died",
        HouseholdChange.id != row.id,
    )
    latest = db.session.scalar(query)
    if latest is not None and row.from_day < latest:
        raise Refused("change_before_another", field="from_day", latest=latest)
    if ended([row.household_id], row.from_day):
        raise Refused("household_ended", field="kind")


def ended(ids: Sequence[UUID], day: date) -> set[UUID]:
    """Those that a merger, or a split without a part of their own, had ended by a day; one statement."""
    if not ids:
        return set()
    keeps_itself = (
        select(HouseholdChangePart.change_id)
        .where(
            HouseholdChangePart.change_id == HouseholdChange.id,
            HouseholdChangePart.household_id == HouseholdChange.household_id,
        )
        .exists()
    )
    query = select(HouseholdChange.household_id).where(
        HouseholdChange.household_id.in_(ids_as_query(ids)),
        HouseholdChange.kind.in_(TURNING),
        HouseholdChange.state == "in_force",
        HouseholdChange.from_day <= day,
        ~keeps_itself,
    )
    return set(db.session.scalars(query))


def _move(family: Household, row: HouseholdChange, new: NewChange) -> None:
    """Figures go where it lives from now on; what was posted keeps the code of its day."""
    try:
        place = regions.division(new.village or "")
    except NotFound:
        raise Refused("village_unknown", field="village") from None
    if place.level != 5 or not place.has_households or place.ends is not None:
        raise Refused("village_without_households", field="village", name=place.name)
    if (place.code, new.group_name) == (family.present_division, family.group_name):
        raise Refused("not_moved", field="village")
    row.village, row.village_before = place.code, family.present_division
    row.group_name, row.group_before = new.group_name, family.group_name
    family.present_division, family.group_name = place.code, new.group_name


def _die(actor: Actor, family: Household, row: HouseholdChange, new: NewChange) -> None:
    """The member's time ends, and the payees that rest on it; a head leaves a head behind, if anybody is left."""
    found = {one.id: one for one in members.members_of(family.id) if one.left_on is None}
    dead = found.pop(new.member_id, None) if new.member_id else None
    if dead is None:
        raise Refused("not_a_member", field="member_id")
    head = found.get(new.new_head_id) if new.new_head_id else None
    if dead.relation == "head" and found and head is None:
        raise Refused("new_head_needed", field="new_head_id")
    row.member_id = dead.id
    members.depart(actor, dead, row.from_day, died=True)
    if dead.relation == "head" and head is not None:
        db.session.flush()  # a household has one head at a time
        head.relation, family.head_name = "head", head.name


def approve_change(actor: Actor, change_id: UUID) -> HouseholdChange:
    """The second person's word on a merger or split. A merged household's members join the other.

    Raises NotFound, Conflict('wrong_state'), Refused: approver_is_recorder, and what `record_change` refuses of parts.
    """
    user = _by_an_office(actor)
    row = _decidable(actor, change_id)
    if row.recorded_by == user:
        raise Refused("approver_is_recorder")
    parts = _parts_of([row.id])[row.id]
    _check_parts(actor, row, parts)
    row.state, row.decided_by, row.decided_at = "in_force", user, clock.now()
    db.session.flush()
    if row.kind == "merged":
        for one in members.members_of(row.household_id):
            if one.left_on is None:
                members.move(actor, one, parts[0][0], max(row.from_day, one.joined_on))
    audit.record(actor, "household.approve_change", "household", row.household_id, change=str(row.id), kind=row.kind)
    db.session.flush()
    return row


def refuse_change(actor: Actor, change_id: UUID, reason: str) -> HouseholdChange:
    """A merger or split that does not stand; whoever recorded it may take it back so too.

    Raises NotFound, Conflict('wrong_state'), Refused: reason_needed, number_in_reason.
    """
    user = _by_an_office(actor)
    if fault := rules.told_fault(reason):
        raise Refused(fault, field="reason")
    row = _decidable(actor, change_id)
    row.state, row.decided_by, row.decided_at = "refused", user, clock.now()
    facts = {"change": str(row.id), "reason": reason.strip()[:200]}
    audit.record(actor, "household.refuse_change", "household", row.household_id, **facts)
    db.session.flush()
    return row


def _decidable(actor: Actor, change_id: UUID) -> HouseholdChange:
    found = change(actor, change_id)
    # All of them in one order, so that two that decide on the same households wait for each other.
    reached(actor, {found.household_id, *(id_ for id_, _ in _parts_of([found.id])[found.id])}, None, lock=True)
    row = change(actor, change_id, lock=True)
    if row.state != "proposed":
        raise Conflict("wrong_state", what="change")
    return row


def change(actor: Actor, change_id: UUID, *, lock: bool = False) -> HouseholdChange:
    """A change of a household within reach. Raises NotFound."""
    homes = select(Household.id).where(within(actor))
    return by_id(HouseholdChange, change_id, HouseholdChange.household_id.in_(homes), "change", lock=lock)


def _parts_of(ids: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, int]]]:
    found: dict[UUID, list[tuple[UUID, int]]] = {id_: [] for id_ in ids}
    rows = db.session.scalars(select(HouseholdChangePart).where(HouseholdChangePart.change_id.in_(ids)))
    for row in sorted(rows, key=lambda row: (-row.basis_points, row.household_id)):
        found[row.change_id].append((row.household_id, row.basis_points))
    return found


def changes_of(household_id: UUID) -> list[Change]:
    """What became of a household, and what made others part of it, newest first; the caller has checked scope."""
    parts = select(HouseholdChangePart.change_id).where(HouseholdChangePart.household_id == household_id)
    mine = or_(HouseholdChange.household_id == household_id, HouseholdChange.id.in_(parts))
    query = select(HouseholdChange).where(mine).order_by(HouseholdChange.from_day.desc(), HouseholdChange.id.desc())
    return _with_parts(list(db.session.scalars(query)))


def _with_parts(rows: Sequence[HouseholdChange]) -> list[Change]:
    parts = _parts_of([row.id for row in rows])
    return [Change(row, parts[row.id]) for row in rows]


def changes_waiting(actor: Actor, *, page: int = 1, size: int = 50) -> tuple[list[Change], int]:
    """Mergers and splits within reach that wait for a second person, the oldest first, and how many."""
    actor.require("household.read")
    query = select(HouseholdChange).join(Household, Household.id == HouseholdChange.household_id)
    query = query.where(within(actor), HouseholdChange.state == "proposed")
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = list(db.session.scalars(query.order_by(HouseholdChange.id).limit(size).offset((page - 1) * size)))
    return _with_parts(rows), total


def heirs_on(household_ids: Sequence[UUID], day: date) -> dict[UUID, list[tuple[UUID, int]]]:
    """Household → who is paid for it on a day, (household, basis points) that sum to 10,000; only those that changed.

    One statement for each link of the longest chain: merged → its successor, split → its parts. One that left, moved or
    lost a member is paid itself and is not in the answer.
    """
    turns: dict[UUID, list[rules.Turn]] = {}
    asked: set[UUID] = set()
    wanted = set(household_ids)
    while wanted:
        asked |= wanted
        found = _turns(wanted, day)
        turns |= found
        wanted = {part for listed in found.values() for turn in listed for part, _ in turn.parts} - asked
    answer = {id_: rules.heirs(id_, turns) for id_ in household_ids if id_ in turns}
    return {id_: parts for id_, parts in answer.items() if parts != [(id_, rules.WHOLE)]}


def _turns(ids: set[UUID], day: date) -> dict[UUID, list[rules.Turn]]:
    """Mergers and splits in force on a day, by household."""
    part = HouseholdChangePart
    query = (
        select(
            HouseholdChange.household_id,
            HouseholdChange.from_day,
            HouseholdChange.id,
            part.household_id.label("part"),
            part.basis_points,
        )
        .join(part, part.change_id == HouseholdChange.id)
        .where(
            HouseholdChange.household_id.in_(ids_as_query(ids)),
            HouseholdChange.state == "in_force",
            HouseholdChange.from_day <= day,
        )
    )
    parts: dict[tuple[UUID, date, UUID], list[tuple[UUID, int]]] = {}
    for row in db.session.execute(query):
        parts.setdefault((row.household_id, row.from_day, row.id), []).append((row.part, row.basis_points))
    found: dict[UUID, list[rules.Turn]] = {}
    for (household, from_day, change_id), listed in parts.items():
        found.setdefault(household, []).append(rules.Turn((from_day, change_id), tuple(listed)))
    return found


def member_names(ids: set[UUID]) -> dict[UUID, str]:
    """Names by member id, for the story of changes."""
    return dict(db.session.execute(select(Member.id, Member.name).where(Member.id.in_(ids))).all()) if ids else {}
