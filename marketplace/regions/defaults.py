"""The data that the product ships: divisions to the township, the demo counties' villages, the 832 list, successors."""

import csv
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import update

from ..core.actor import Actor
from ..core.db import db
from . import imports, rules, services
from .models import Division, DivisionSuccessor, Programme, ProgrammeCounty

FOLDER = Path(__file__).parent / "data"
# The national list was complete with 832 counties in 2014. A year of exit ends poverty, not the membership.
LIST_OF_832 = ("832", "脱贫县名单（832个）", date(2014, 1, 1))


def load(actor: Actor, progress: imports.Progress | None = None) -> imports.Loaded:
    """Loads or repeats all of it. Raises Forbidden."""
    total = imports.Loaded()
    for name in ("divisions.csv.gz", "villages-demo.csv.gz"):
        with (FOLDER / name).open("rb") as content:
            done = imports.load(actor, content, progress=progress)
        total.rows, total.added = total.rows + done.rows, total.added + done.added
        total.changed, total.same = total.changed + done.changed, total.same + done.same
    _mark_places_without_households()
    _load_successors()
    _load_programme(*LIST_OF_832)
    db.session.flush()
    services.forget()
    return total


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _mark_places_without_households() -> None:
    for row in _rows("without-households.csv"):
        prefix = rules.prefix_of(row["code"], rules.LEVELS[row["level"]])
        inside = Division.code.between(prefix.ljust(12, "0"), prefix.ljust(12, "9"))
        db.session.execute(update(Division).where(inside).values(has_households=False))


def _load_successors() -> None:
    """A code that ended stays a division with its last day, so that what was posted under it has a name."""
    for row in _rows("successors.csv"):
        day = date.fromisoformat(row["day"])
        db.session.merge(DivisionSuccessor(code=row["code"], successor_code=row["successor_code"], day=day))
        if row["ended"] == "yes":
            db.session.merge(
                Division(
                    code=row["code"],
                    name=row["name"],
                    level=rules.LEVELS["county"],
                    parent_code=row["code"][:4].ljust(12, "0"),
                    ends=day - timedelta(days=1),
                )
            )


def _load_programme(code: str, name: str, starts: date) -> None:
    db.session.merge(Programme(code=code, name=name))
    db.session.flush()
    for row in _rows("counties-832.csv"):
        db.session.merge(ProgrammeCounty(programme=code, county_code=row["code"], starts=starts, name=row["name"]))
