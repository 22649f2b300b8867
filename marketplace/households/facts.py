"""What somebody who holds a household's card must know besides: the last four of an ID number, and whose they are."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select

from ..core import clock
from ..core.db import db
from .models import Member, Payee


class Fact(NamedTuple):
    """Four characters of an ID number; `proxy_id` and `name` where they are a 代领人's (a payee's row)."""

    last4: str
    proxy_id: UUID | None = None
    name: str = ""


def of_people(household_id: UUID) -> list[Fact]:
    """The facts of a household's present members and of its proxies in force today; the caller has checked scope."""
    members = select(Member.id_last4).where(Member.household_id == household_id, Member.left_on.is_(None))
    found = [Fact(last4) for last4 in db.session.scalars(members)]
    return found + [Fact(row.id_last4, row.id, row.name) for row in _proxies(household_id)]


def proxy(household_id: UUID, proxy_id: UUID) -> Payee | None:
    """A household's proxy if he is one today."""
    return next((row for row in _proxies(household_id) if row.id == proxy_id), None)


def _proxies(household_id: UUID) -> list[Payee]:
    today = clock.today()
    query = select(Payee).where(
        Payee.household_id == household_id,
        Payee.member_id.is_(None),
        Payee.state == "approved",
        Payee.in_force_from <= today,  # one that cools off is none yet
        or_(Payee.until.is_(None), Payee.until >= today),
        or_(Payee.ended_on.is_(None), Payee.ended_on > today),
    )
    return list(db.session.scalars(query.order_by(Payee.id)))
