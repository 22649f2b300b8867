"""How goods are taxed: product category × supplier kind × day, dated data in `data/tax_treatments.json` (RULES.md, papers).

A category without an entry of its own goes by the one above it; a row may allow several rates, because a supplier's own
standing with the tax bureau decides among them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True)
class Treatment:
    """`rates`: basis points, None where exempt (免税); `basis`: where it is written."""

    goods: frozenset[str]
    suppliers: frozenset[str]
    starts: date
    ends: date | None
    rates: tuple[int | None, ...]
    basis: str

    def holds(self, category: str, supplier_kind: str, day: date) -> bool:
        within = self.starts <= day and (self.ends is None or day <= self.ends)
        return within and category in self.goods and supplier_kind in self.suppliers


@lru_cache(maxsize=1)
def treatments() -> tuple[Treatment, ...]:
    raw = json.loads((resources.files(__package__) / "data" / "tax_treatments.json").read_text(encoding="utf-8"))
    return tuple(
        Treatment(
            frozenset(row["goods"]),
            frozenset(row["suppliers"]),
            date.fromisoformat(row["from"]),
            date.fromisoformat(row["until"]) if row["until"] else None,
            tuple(row["rates"]),
            row["basis"],
        )
        for row in raw
    )


def treatment_of(path: Sequence[str], supplier_kind: str | None, day: date) -> Treatment | None:
    """The treatment of a category, given with those above it from the nearest on; None where the table says nothing."""
    for category in path:
        for row in treatments():
            if row.holds(category, supplier_kind or "", day):
                return row
    return None
