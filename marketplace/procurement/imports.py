"""Order lines out of a spreadsheet: every row is told good or bad; what is bad is never half taken.

A sheet sets the quantities of the offers that it names and leaves the draft's other lines as they are: reading the same
file again changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ..catalogue import services as catalogue
from ..core import sheets
from ..core.actor import Actor
from ..core.errors import DomainError, Refused
from ..core.quantity import parse
from . import requisitions
from .checking import lines_of
from .models import Requisition

# Column → what its head may begin with.
HEADS: dict[str, tuple[str, ...]] = {
    "code": ("编码", "商品编码", "产品编码", "货号", "Code", "code"),
    "quantity": ("数量", "采购数量", "Quantity", "quantity"),
    "unit": ("单位", "Unit", "unit"),
    "reason": ("理由", "备注", "Reason", "reason"),
}
HEAD_WITHIN = 10  # a title and the head's own words may stand above it


@dataclass(frozen=True)
class SheetLine:
    """One row as it was written; `quantity` thousandths of the offer's order unit where it is good, else a problem."""

    row: int
    code: str
    text: str
    unit: str = ""
    reason: str = ""
    offer_id: UUID | None = None
    quantity: int = 0
    problem: DomainError | None = None


@dataclass
class SheetAnswer:
    """What became of a sheet: how many rows it has, how many were taken, and what was wrong in the others."""

    rows: int
    taken: int = 0
    lines: list[SheetLine] = field(default_factory=list)

    @property
    def problems(self) -> list[DomainError]:
        return [line.problem for line in self.lines if line.problem]


def read_sheet(content: bytes) -> list[SheetLine]:
    """The rows of an XLSX or CSV file with the columns 编码 and 数量, and 单位 and 理由 where it has them.

    Statements do not grow with the rows. Raises Refused: what `sheets.read` refuses, sheet_heads_missing, no_lines.
    """
    limits = sheets.Limits(size=4 * sheets.MB, sheets=10, rows=requisitions.MAX_LINES + HEAD_WITHIN)
    rows = sheets.read(content, limits)[0].rows
    places, first = _heads(rows)
    written = [
        (number, {name: row[place] if place < len(row) else "" for name, place in places.items()})
        for number, row in enumerate(rows[first:], first + 1)
        if any(row)
    ]
    if not written:
        raise Refused("no_lines", field="file")
    offers = catalogue.coded({cells["code"] for _, cells in written if cells["code"]})
    return _once([_line(number, cells, offers) for number, cells in written])


def _heads(rows: Sequence[Sequence[str]]) -> tuple[dict[str, int], int]:
    """(column of each name, index of the first row below the head)."""
    for number, row in enumerate(rows[:HEAD_WITHIN]):
        places: dict[str, int] = {}
        for place, cell in enumerate(row):
            for name, words in HEADS.items():
                if name not in places and cell.startswith(words):
                    places[name] = place
        if {"code", "quantity"} <= set(places):
            return places, number + 1
    raise Refused("sheet_heads_missing", field="file")


def _line(number: int, cells: Mapping[str, str], offers: Mapping[str, Any]) -> SheetLine:
    code, text, unit = cells["code"][:40], cells["quantity"][:40], cells.get("unit", "")[:20]
    line = SheetLine(number, code, text, unit, cells.get("reason", "")[:200])
    if not code:  # a cell that was merged with the one above it stands only there
        return _bad(line, Refused("code_missing", field="code", row=number))
    offer = offers.get(code.upper())
    if offer is None or offer.state != "on_sale":
        return _bad(line, Refused("code_unknown", field="code", row=number, value=code))
    try:
        quantity = parse(_with_unit(text, unit, offer.order_unit), "quantity", number, offer.order_unit)
    except Refused as refusal:
        return _bad(line, refusal)
    if quantity <= 0:
        return _bad(line, Refused("quantity_zero", field="quantity", row=number))
    return SheetLine(number, code, text, unit, line.reason, offer.id, quantity)


def _with_unit(text: str, unit: str, order_unit: str) -> str:
    """The quantity with the unit of its column, unless that is the offer's own: what cannot be converted is refused."""
    return text if unit in ("", order_unit) else f"{text}{unit}"


def _bad(line: SheetLine, problem: DomainError) -> SheetLine:
    return SheetLine(line.row, line.code, line.text, line.unit, line.reason, problem=problem)


def _once(lines: list[SheetLine]) -> list[SheetLine]:
    """An offer stands in one row: a second one is told, so that nobody wonders which of them counted."""
    seen: set[UUID] = set()
    found = []
    for line in lines:
        if line.offer_id is not None and line.offer_id in seen:
            line = _bad(line, Refused("line_twice", field="code", row=line.row, offer=line.code))
        elif line.offer_id is not None:
            seen.add(line.offer_id)
        found.append(line)
    return found


def take_sheet(actor: Actor, requisition_id: UUID, content: bytes, *, good_only: bool = False) -> SheetAnswer:
    """Sets a draft's lines from a sheet. With bad rows nothing is taken unless `good_only`; the answer tells them.

    Raises what `read_sheet` raises, and put_lines.
    """
    actor.require("requisition.edit")
    lines = read_sheet(content)
    answer = SheetAnswer(len(lines), lines=lines)
    good = [line for line in lines if line.problem is None]
    if not good or (answer.problems and not good_only):
        return answer
    _set(actor, requisition_id, good)
    answer.taken = len(good)
    return answer


def _set(actor: Actor, requisition_id: UUID, good: Sequence[SheetLine]) -> Requisition:
    wanted = {line.offer_id: line for line in good}
    kept = {line.offer_id: _values(line) for line in lines_of(requisition_id)}
    for offer_id, line in wanted.items():
        if offer_id is not None:
            before = kept.get(offer_id, {"offer_id": offer_id, "reason": ""})
            kept[offer_id] = before | {"quantity": line.quantity, "reason": line.reason or before["reason"]}
    return requisitions.put_lines(actor, requisition_id, list(kept.values()))


def _values(line: Any) -> dict[str, Any]:
    names = ("offer_id", "quantity", "counts", "reason", "agreed_id")
    return {name: getattr(line, name) for name in names}
