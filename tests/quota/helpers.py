"""Agencies, people and parameters as the tests of quota need them, made through the services."""

from dataclasses import dataclass
from itertools import count
from uuid import UUID

from marketplace.core import clock
from marketplace.core.actor import SYSTEM, Actor
from marketplace.identity import services as identity
from marketplace.quota import services as quota
from marketplace.quota.services import Filing
from tests.factories.world import CHALING, ZHUZHOU, actor, base

YEAR = 2026
_serial = count(1)


@dataclass
class Unit:
    """An agency with who files and who approves for those below it."""

    id: UUID
    filer: Actor
    checker: Actor


def unit(parent: "Unit | None" = None, division: str = CHALING, name: str = "") -> Unit:
    row = identity.add_organisation(
        SYSTEM,
        "agency",
        name or f"单位{next(_serial)}",
        division,
        agency_kind="budget_unit",
        parent_id=parent.id if parent else None,
    )
    return Unit(row.id, actor(row.id, {"requester", "finance"}), actor(row.id, {"approver"}))


def seen_again(of: Unit) -> Unit:
    """The unit's people as they sign in now: their scope holds the units that came below it since."""
    again = {name: identity.actor_by_id(getattr(of, name).user) for name in ("filer", "checker")}  # type: ignore[arg-type]
    return Unit(of.id, **again)


def office(division: str = ZHUZHOU, level: int = 2) -> tuple[Actor, Actor]:
    """An office's head and another one."""
    row = identity.add_organisation(SYSTEM, "office", f"部门{next(_serial)}", division, level=level)
    return actor(row.id, {"office_head"}), actor(row.id, {"office_head"})


def place() -> None:
    base()


def rule(heads: tuple[Actor, Actor], prefix: str = "4302", year: int = YEAR, **figures: object) -> UUID:
    """A confirmed parameter: 10 % and 15 % of the canteen's ingredients, to be filed by 20 February."""
    values = {
        "base": "canteen",
        "minimum_bp": 1000,
        "encouraged_bp": 1500,
        "filing_md": 220,
        "source": "文件 1",
    } | figures
    row = quota.set_rule(heads[0], year, prefix, **values)
    return quota.confirm_rule(heads[1], row.id).id


def filing(**figures: object) -> Filing:
    """Ingredients of ¥100,000, of which ¥15,000 are reserved."""
    values = {"year": YEAR, "unit_case": "own", "canteen_fen": 10_000_000, "target_fen": 1_500_000} | figures
    return Filing(**values)  # type: ignore[arg-type]


def filed(of: Unit, **figures: object) -> UUID:
    row = quota.save_draft(of.filer, filing(**figures))
    return quota.file(of.filer, row.id).id


def approved(of: Unit, head: Actor, **figures: object) -> UUID:
    return quota.approve(head, filed(of, **figures)).id


def on(month: int, day: int, year: int = YEAR):
    return clock.fixed(clock.at(clock.today().replace(year=year, month=month, day=day)))
