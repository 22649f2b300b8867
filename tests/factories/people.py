"""Members and payees as tests need them: plainly invented numbers with the right check digits, two persons' word."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from stdnum.cn import ric

from marketplace.core.actor import SYSTEM, Actor
from marketplace.households import services as households
from marketplace.identity import services as identity
from tests.factories import world as factory


def id_number(serial: int, born: date = date(1970, 1, 1)) -> str:
    """An identity number of county 990000, which no place has."""
    digits = f"990000{born:%Y%m%d}{serial % 1000:03d}"
    return digits + ric.calc_check_digit(digits + "0")


def account(serial: int) -> str:
    """A card number of a bank that is none, without a check digit of its own."""
    return f"9999000000{serial:09d}"


def office(place: str = factory.TOWNSHIP, level: int = 4, role: str = "office_clerk") -> Actor:
    """Somebody of another office of the county: the second person."""
    serial = next(factory._serial)
    return factory.actor(identity.add_organisation(SYSTEM, "office", f"乡镇{serial}", place, level=level).id, {role})


def with_members(actor: Actor, ids: Sequence[UUID], first: int = 1) -> list[UUID]:
    """A head each; returns the members."""
    heads = households.by_ids(ids)
    news = [
        households.NewMember(id_, heads[id_].head_name, "head", id_number(first + place), "13800000000")
        for place, id_ in enumerate(ids)
    ]
    return [row.id for row in households.add_members(actor, news)]


def with_payees(proposer: Actor, approver: Actor, ids: Sequence[UUID], first: int = 1) -> list[UUID]:
    """A head and a card each, in force today; returns the payees. `proposer` and `approver` reach all of them."""
    members = with_members(proposer, ids, first)
    heads = households.by_ids(ids)
    news = [
        households.NewPayee(
            id_,
            "card",
            member_id=member,
            bank="演示农商银行",
            account=account(first + place),
            holder_name=heads[id_].head_name,
        )
        for place, (id_, member) in enumerate(zip(ids, members, strict=True))
    ]
    rows = households.propose_payees(proposer, news)
    return [row.id for row in households.approve_payees(approver, [row.id for row in rows])]
