"""What must hold among people and payees, and rows alone cannot keep: one small check each, a list of what is wrong.

No fault names a person: households by their number, rows by their id.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from ..core import clock
from ..core.db import db
from .models import TURNING, Household, HouseholdChange, HouseholdChangePart, Member, Payee


def parts_are_the_whole() -> list[str]:
    """A merger goes to one other household, a split to several; the parts sum to 10,000 basis points."""
    parts = (
        select(
            HouseholdChangePart.change_id,
            func.count().label("count"),
            func.sum(HouseholdChangePart.basis_points).label("whole"),
        )
        .group_by(HouseholdChangePart.change_id)
        .subquery()
    )
    query = select(HouseholdChange.id, HouseholdChange.kind, parts.c["count"], parts.c.whole).outerjoin(
        parts, parts.c.change_id == HouseholdChange.id
    )
    wrong = []
    for id_, kind, count, whole in db.session.execute(query):
        good = whole == 10_000 and (count == 1) == (kind == "merged") if kind in TURNING else count is None
        if not good:
            wrong.append(f"change {id_} ({kind}): {count or 0} parts of {whole or 0} basis points")
    return wrong


def payees_are_named_by_two() -> list[str]:
    """Whoever may be paid was proposed and approved by two persons, one of them an office's."""
    paid = Payee.state.in_(("approved", "ended"))
    alone = Payee.approved_by.is_(None) | (Payee.approved_by == Payee.proposed_by)
    suppliers = (Payee.proposed_side != "office") & (Payee.approved_side != "office")
    return [f"payee {id_}" for id_ in db.session.scalars(select(Payee.id).where(paid, alone | suppliers))]


def changes_of_payees_cooled_off() -> list[str]:
    """A payee that is not its household's first stands a day or more after its approval."""
    query = select(Payee.id, Payee.household_id, Payee.approved_at, Payee.in_force_from)
    query = query.where(Payee.approved_by.is_not(None)).order_by(Payee.household_id, Payee.approved_at, Payee.id)
    wrong, seen = [], set()
    row: Any
    for row in db.session.execute(query):
        id_, household, approved_at, in_force_from = row
        earliest = clock.local(approved_at).date() + timedelta(days=1 if household in seen else 0)
        if in_force_from < earliest:
            wrong.append(f"payee {id_} stands from {in_force_from}, approved {approved_at:%Y-%m-%d}")
        seen.add(household)
    return wrong


def payees_are_of_their_household() -> list[str]:
    """A payee who is a member is or was one of that household, and who died or left is paid no more."""
    query = (
        select(Payee.id)
        .join(Member, Member.id == Payee.member_id)
        .where(
            (Member.household_id != Payee.household_id)
            | (Member.left_on.is_not(None) & Payee.state.in_(("proposed", "approved")))
        )
    )
    return [f"payee {id_}" for id_ in db.session.scalars(query)]


def heads_have_the_households_name() -> list[str]:
    """Where a household has a head among its members, the two names are one."""
    query = (
        select(Household.code)
        .join(Member, Member.household_id == Household.id)
        .where(Member.relation == "head", Member.left_on.is_(None), Member.name != Household.head_name)
    )
    return [f"household {code}" for code in db.session.scalars(query)]


CHECKS: list[Callable[[], list[str]]] = [
    parts_are_the_whole,
    payees_are_named_by_two,
    changes_of_payees_cooled_off,
    payees_are_of_their_household,
    heads_have_the_households_name,
]
