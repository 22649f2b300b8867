"""发放花名册: the payout list in the office's columns (RULES.md, Paper forms), by village, group and household.

Columns are data: (field, heading). An office's own columns win; `data/pay_lists/<division prefix>.json` holds them.
Numbers are shown by their ends unless the caller revealed them, with a reason that stands in the trail.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ..core.db import db
from ..core.money import yuan
from ..households import services as households
from ..regions import services as regions
from .models import Distribution, DistributionHousehold, Payout

COLUMNS: tuple[tuple[str, str], ...] = (
    ("no", "序号"),
    ("village", "村"),
    ("group", "组（社）"),
    ("head", "户主"),
    ("payee", "收款人"),
    ("relation", "与户主关系"),
    ("id_number", "身份证号"),
    ("bank", "开户行"),
    ("account", "账号"),
    ("item", "项目"),
    ("due", "应发"),
    ("deduction", "扣款"),
    ("paid", "实发"),
    ("signature", "签字/手印"),
    ("proxy", "代领人"),
    ("note", "备注"),
)
FIELDS = frozenset(field for field, _ in COLUMNS) | {"household", "state"}
MONEY = ("due", "deduction", "paid")


@lru_cache(maxsize=64)
def columns_for(division: str) -> tuple[tuple[str, str], ...]:
    """The columns of the finest office above a division that has its own, else the default. Raises ValueError."""
    folder = resources.files(__package__) / "data" / "pay_lists"
    for length in (12, 9, 6, 4, 2):
        file = folder / f"{division[:length]}.json"
        if file.is_file():
            columns = tuple((field, heading) for field, heading in json.loads(file.read_text(encoding="utf-8")))
            if unknown := {field for field, _ in columns} - FIELDS:
                raise ValueError(f"pay list {file.name}: {sorted(unknown)}")
            return columns
    return COLUMNS


def rows_of(
    row: Distribution, *, division: str | None = None, revealed: dict[UUID, tuple[str, str]] | None = None
) -> list[dict[str, Any]]:
    """One row per payout, and one for each household that set-off leaves nothing; money in fen, None where it is none.

    `revealed`: payee → (account, identity number) in full. The caller has checked scope. Statements do not grow.
    """
    lines = _lines(row.id, division)
    payouts: dict[UUID, list[Payout]] = {}
    query = select(Payout).where(Payout.distribution_id == row.id, Payout.state != "void")
    if division:
        query = query.where(Payout.division == division)
    for payout in db.session.scalars(query.order_by(Payout.household_id, Payout.part)):
        payouts.setdefault(payout.household_id, []).append(payout)
    named = households.names_of([line.household_id for line in lines])
    payees = households.payee_names({p.payee_id for some in payouts.values() for p in some if p.payee_id})
    places = regions.paths_of({line.division for line in lines})
    item = f"{row.number}"
    found: list[dict[str, Any]] = []
    for line in lines:
        head, code = named[line.household_id]
        parts = payouts.get(line.household_id, [])
        common = {
            "village": places[line.division][-1].name if places[line.division] else line.division,
            "group": line.group_name,
            "head": head,
            "household": code,
            "item": item,
        }
        for place, part in enumerate(parts or [None]):
            payee = payees.get(part.payee_id) if part is not None and part.payee_id else None
            account, id_number = (revealed or {}).get(payee.id, ("", "")) if payee else ("", "")
            found.append(
                {
                    "no": len(found) + 1,
                    **common,
                    "payee": payee.name if payee else "",
                    "relation": payee.relation if payee else "",
                    "id_number": id_number or (f"****{payee.id_last4}" if payee else ""),
                    "bank": payee.bank if payee else "",
                    "account": account or (f"****{payee.account_last4}" if payee and payee.account_last4 else ""),
                    "due": line.share_fen + line.flow_fen if not place else None,
                    "deduction": (line.set_off_fen or 0) if not place else None,
                    "paid": part.fen if part is not None else 0,
                    "signature": "",
                    "proxy": payee.proxy_name or "" if payee else "",
                    "note": "" if part is not None else "抵扣后无应发",
                    "state": part.state if part is not None else "",
                }
            )
    return found


def _lines(distribution_id: UUID, division: str | None) -> Sequence[DistributionHousehold]:
    query = select(DistributionHousehold).where(DistributionHousehold.distribution_id == distribution_id)
    if division:
        query = query.where(DistributionHousehold.division == division)
    order = DistributionHousehold.division, DistributionHousehold.group_name, DistributionHousehold.household_id
    return db.session.scalars(query.order_by(*order)).all()


def payees_of_list(distribution_id: UUID) -> list[UUID]:
    """Whose numbers a list shows; the caller has checked scope."""
    query = select(Payout.payee_id).where(Payout.distribution_id == distribution_id, Payout.payee_id.is_not(None))
    return sorted(set(db.session.scalars(query.where(Payout.state != "void"))))  # type: ignore[arg-type]


def sums(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {field: sum(row[field] or 0 for row in rows) for field in MONEY}


def table(rows: Sequence[dict[str, Any]], columns: Sequence[tuple[str, str]]) -> list[list[Any]]:
    """Head, rows and the sum as cells for a sheet; money in yuan."""
    total = sums(rows)
    cells: list[list[Any]] = [[heading for _, heading in columns]]
    cells += [[_cell(field, row[field]) for field, _ in columns] for row in rows]
    first = next((field for field, _ in columns if field not in MONEY), columns[0][0])
    cells.append([yuan(total[field]) if field in MONEY else "合计" if field == first else "" for field, _ in columns])
    return cells


def _cell(field: str, value: Any) -> Any:
    return yuan(value) if field in MONEY and value is not None else value
