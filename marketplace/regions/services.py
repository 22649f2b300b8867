"""Reads of divisions and programmes, as plain values. They are public, so no service here takes an actor.

What was read is remembered in the process: every page shows paths. It is forgotten after five minutes, when a load
runs in this process, and when the engine's connections are closed.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, event, or_, select

from ..core.db import db
from ..core.errors import NotFound
from . import rules
from .models import Division, DivisionSuccessor, ProgrammeCounty

REMEMBERED = 20_000  # divisions, at most; about 10 MB
SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Place:
    """A division. `level` 1 province … 5 village; `starts` and `ends` are its first and last day, None: open."""

    code: str
    name: str
    level: int
    parent_code: str | None
    starts: date | None
    ends: date | None
    has_households: bool

    @property
    def prefix(self) -> str:
        return rules.prefix_of(self.code, self.level)


class _Memory:
    def __init__(self) -> None:
        self.places: dict[tuple[Engine, str], Place] = {}
        self.programmes: dict[tuple[Engine, str, date], frozenset[str]] = {}
        self.since = time.monotonic()

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]

    def fresh(self) -> "_Memory":
        if time.monotonic() - self.since > SECONDS or len(self.places) > REMEMBERED:
            self.clear()
        return self


_memory = _Memory()


@event.listens_for(Engine, "engine_disposed")
def _forget(_engine: Engine) -> None:
    _memory.clear()


def forget() -> None:
    """Forgets what was read: after a load."""
    _memory.clear()


_COLUMNS = (
    Division.code,
    Division.name,
    Division.level,
    Division.parent_code,
    Division.starts,
    Division.ends,
    Division.has_households,
)


def _places(codes: Iterable[str]) -> dict[str, Place]:
    """The divisions that exist among `codes`; one query for those not remembered."""
    memory, engine = _memory.fresh(), db.engine
    wanted = set(codes)
    found = {code: memory.places[engine, code] for code in wanted if (engine, code) in memory.places}
    missing = sorted(wanted - found.keys())
    for start in range(0, len(missing), 5000):
        for row in db.session.execute(select(*_COLUMNS).where(Division.code.in_(missing[start : start + 5000]))):
            found[row.code] = memory.places[engine, row.code] = Place(*row)
    return found


def division(code: str) -> Place:
    """The division of a 12-digit code. Raises NotFound."""
    place = _places([code]).get(code)
    if place is None:
        raise NotFound("division")
    return place


def paths_of(codes: Iterable[str]) -> dict[str, list[Place]]:
    """For each code its path from the province down to itself, in one query. An unknown code's path is empty."""
    wanted = {code: _ancestors(code) for code in set(codes)}
    places = _places(code for path in wanted.values() for code in path)
    return {
        code: [places[step] for step in path if step in places] if code in places else []
        for code, path in wanted.items()
    }


def _ancestors(code: str) -> list[str]:
    return rules.ancestors(code) if len(code) == 12 else []


def path_of(code: str) -> list[Place]:
    """The path from the province down to the division itself. Raises NotFound."""
    path = paths_of([code])[code]
    if not path:
        raise NotFound("division")
    return path


def name_paths(codes: Iterable[str]) -> dict[str, str]:
    """`name_path` of many codes in one query; an unknown code's is empty."""
    return {code: rules.joined([place.name for place in path]) for code, path in paths_of(codes).items()}


def name_path(code: str) -> str:
    """The whole name, as an address has it: 湖南省株洲市炎陵县中村瑶族乡. Raises NotFound."""
    return rules.joined([place.name for place in path_of(code)])


def county_of(code: str) -> Place:
    """The county of a township or village; its prefecture where no county stands between. Raises NotFound."""
    return division(rules.county_code(code))


def children(code: str | None, day: date) -> list[Place]:
    """The divisions directly under a code on a day, by code; under None the provinces."""
    query = (
        select(*_COLUMNS)
        .where(Division.parent_code == code if code else Division.level == 1)
        .where(
            or_(Division.starts.is_(None), Division.starts <= day), or_(Division.ends.is_(None), Division.ends >= day)
        )
        .order_by(Division.code)
    )
    return [Place(*row) for row in db.session.execute(query)]


def below(code: str, level: int, day: date) -> list[Place]:
    """All divisions of a level that lie in a division on a day, by code. Raises NotFound."""
    prefix = division(code).prefix
    query = (
        select(*_COLUMNS)
        .where(Division.code.between(prefix.ljust(12, "0"), prefix.ljust(12, "9")), Division.level == level)
        .where(
            or_(Division.starts.is_(None), Division.starts <= day), or_(Division.ends.is_(None), Division.ends >= day)
        )
        .order_by(Division.code)
    )
    return [Place(*row) for row in db.session.execute(query)]


def counties_of(programme: str, day: date) -> frozenset[str]:
    """The codes of a programme's counties on a day: those listed then, and what has followed from them by then."""
    memory, engine = _memory.fresh(), db.engine
    if (engine, programme, day) not in memory.programmes:
        listed = db.session.scalars(
            select(ProgrammeCounty.county_code).where(
                ProgrammeCounty.programme == programme,
                ProgrammeCounty.starts <= day,
                or_(ProgrammeCounty.ends.is_(None), ProgrammeCounty.ends >= day),
            )
        ).all()
        successors: dict[str, list[tuple[str, date]]] = {}
        row: Any
        for row in db.session.execute(select(DivisionSuccessor)).scalars():
            successors.setdefault(row.code, []).append((row.successor_code, row.day))
        memory.programmes[engine, programme, day] = rules.with_successors(listed, successors, day)
    return memory.programmes[engine, programme, day]


def in_programme(county_code: str, programme: str, day: date) -> bool:
    """Whether the county (or the county of a finer code) is in the programme on a day.

    A county that was renamed, recoded or split off after the list was made counts as the one it came from.
    """
    return rules.county_code(county_code) in counties_of(programme, day)
