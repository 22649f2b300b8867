"""How a bank or a treasury names its columns: data in `data/statement_templates/` (its README tells the fields)."""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

FIELDS = ("day", "serial", "income", "outgo", "amount", "direction", "payer", "unit", "remark")


@dataclass(frozen=True)
class Template:
    code: str
    name: str
    position: int
    columns: dict[str, tuple[str, ...]]
    incoming: frozenset[str]

    def places(self, head: Sequence[str]) -> dict[str, list[int]]:
        """Field → the columns of a head that it stands in, in the template's order of headings."""
        at: dict[str, int] = {}
        for column, heading in enumerate(head):
            at.setdefault(plain(heading), column)
        return {
            field: found
            for field, names in self.columns.items()
            if (found := [at[plain(name)] for name in names if plain(name) in at])
        }

    def missing(self, places: dict[str, list[int]]) -> list[str]:
        """What a statement cannot do without."""
        money = "income" in places or {"amount", "direction"} <= places.keys()
        return [name for name in ("day", "serial") if name not in places] + ([] if money else ["income"])


def plain(heading: str) -> str:
    return re.sub(r"[\s()（）:：/*元¥]", "", unicodedata.normalize("NFKC", heading)).lower()


@lru_cache(maxsize=1)
def templates() -> tuple[Template, ...]:
    """In the order in which they are tried. Raises ValueError for a file that is none."""
    folder = resources.files(__package__) / "data" / "statement_templates"
    found = []
    for file in folder.iterdir():
        if not file.name.endswith(".json"):
            continue
        raw = json.loads(file.read_text(encoding="utf-8"))
        columns = {field: tuple(names) for field, names in raw["columns"].items()}
        if set(columns) - set(FIELDS):
            raise ValueError(f"statement template {file.name}: {sorted(set(columns) - set(FIELDS))}")
        found.append(
            Template(file.name.removesuffix(".json"), raw["name"], raw["position"], columns, frozenset(raw["incoming"]))
        )
    return tuple(sorted(found, key=lambda template: (template.position, template.code)))


def name_of(code: str) -> str:
    return next((template.name for template in templates() if template.code == code), code)
