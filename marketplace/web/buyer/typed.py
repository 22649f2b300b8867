"""The builder's table as somebody typed it: lines read from the form, added by code or search, pasted from a sheet."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from ...catalogue import services as catalogue
from ...core import clock
from ...core.errors import DomainError, Many, Refused
from ...core.quantity import format_quantity, parse
from ...procurement import services as procurement
from ...products import services as products
from ...search import services as search
from ...search.documents import Query

MOST_PASTED = 500
_LINE = re.compile(r"^lines\.(\d{1,4})\.offer_id$")
_PASTED = re.compile(r"^\s*([^\t,，;；]+?)(?:\s*[\t,，;；]\s*|\s+)([^\t,，;；\s]*)\s*$")
_ENDS_IN_QUANTITY = re.compile(r"^(.*\S)\s+([\d.,，]+\S{0,2})$")


@dataclass(frozen=True)
class Typed:
    """One line as typed; `quantity` is thousandths, or None while the text is none."""

    offer_id: UUID
    text: str
    counts: bool = True
    reason: str = ""
    agreed_id: UUID | None = None

    @property
    def quantity(self) -> int | None:
        try:
            return parse(self.text)
        except Refused:
            return None


@dataclass(frozen=True)
class Pasted:
    """One pasted row and what became of it: `offer` and `quantity` where recognised, else a problem and codes near it."""

    row: int
    code: str
    text: str
    offer: Any = None
    name: str = ""
    problem: DomainError | None = None
    near: Sequence[tuple[str, str]] = field(default_factory=tuple)


def from_form(form: Mapping[str, str]) -> list[Typed]:
    """The lines of the posted table in their order; ids that are none are passed over."""
    found = []
    for number in sorted(int(match.group(1)) for name in form if (match := _LINE.match(name))):
        try:
            offer_id = UUID(form[f"lines.{number}.offer_id"])
        except ValueError:
            continue
        found.append(
            Typed(
                offer_id,
                form.get(f"lines.{number}.quantity", "").strip()[:40],
                form.get(f"lines.{number}.counts", "1") == "1",
                form.get(f"lines.{number}.reason", "").strip()[:200],
                id_of(form.get(f"lines.{number}.agreed_id", "")),
            )
        )
    return found


def from_rows(lines: Iterable[Any]) -> list[Typed]:
    return [
        Typed(line.offer_id, format_quantity(line.quantity), line.counts, line.reason, line.agreed_id) for line in lines
    ]


def id_of(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def check_texts(lines: Sequence[Typed]) -> None:
    """Raises Many: every line whose quantity is none, with its row."""
    errors: list[DomainError] = []
    for row, line in enumerate(lines, 1):
        try:
            parse(line.text, field="quantity", row=row)
        except Refused as refusal:
            errors.append(refusal)
    if errors:
        raise Many(errors)


def values(lines: Sequence[Typed]) -> list[dict[str, Any]]:
    """What `procurement.put_lines` takes; call `check_texts` first."""
    return [
        {
            "offer_id": line.offer_id,
            "quantity": line.quantity,
            "counts": line.counts,
            "reason": line.reason,
            "agreed_id": line.agreed_id,
        }
        for line in lines
    ]


def put(lines: list[Typed], offer_id: UUID, quantity: int) -> list[Typed]:
    """Adds a quantity of an offer: to its line if it has one, else as a new line."""
    for place, line in enumerate(lines):
        if line.offer_id == offer_id:
            sum_ = format_quantity((line.quantity or 0) + quantity)
            return [*lines[:place], replace(line, text=sum_), *lines[place + 1 :]]
    return [*lines, Typed(offer_id, format_quantity(quantity))]


def split_entry(text: str) -> tuple[str, str]:
    """'ylht 600' → ('ylht', '600'); without a quantity at its end the second is ''."""
    found = _ENDS_IN_QUANTITY.match(text.strip())
    if found:
        try:
            parse(found.group(2), unit="千克")
            return found.group(1), found.group(2)
        except Refused:
            pass
    return text.strip(), ""


def found_by(entry: str) -> list[Any]:
    """The offers on sale that an entry may mean: the one of that code, else the best eight by search."""
    exact = catalogue.by_codes([entry]).get(entry.upper())
    if exact is not None and exact.state == "on_sale":
        return [exact]
    ids = search.search(Query(day=clock.today(), text=entry, size=8)).ids
    offers = catalogue.by_ids(ids) if ids else {}
    return [offers[id_] for id_ in ids if id_ in offers and offers[id_].state == "on_sale"]


def read_pasted(text: str) -> list[Pasted]:
    """Rows of two columns, code and quantity, parted by tab, comma or spaces. Blank rows and a heading are passed over.

    Statements do not grow with the rows; near codes are looked for in the first ten unknown ones.
    """
    rows = []
    for number, line in enumerate(text.splitlines()[:MOST_PASTED], 1):
        if line.strip():
            found = _PASTED.match(line)
            rows.append((number, *(found.groups() if found else (line.strip(), ""))))
    offers = catalogue.by_codes({code for _, code, _ in rows})
    if rows and rows[0][1].upper() not in offers and not any(char.isdigit() for char in "".join(rows[0][1:])):
        rows = rows[1:]
    names = products.by_ids({offer.product_id for offer in offers.values()}) if offers else {}
    return _near([_pasted(row, code, typed, offers.get(code.upper()), names) for row, code, typed in rows])


def _pasted(row: int, code: str, text: str, offer: Any, names: Mapping[UUID, Any]) -> Pasted:
    if offer is None or offer.state != "on_sale":
        return Pasted(row, code, text, problem=Refused("offer_unknown", field="paste", row=row))
    try:
        quantity = parse(text, field="paste", row=row, unit=offer.order_unit)
    except Refused as refusal:
        return Pasted(row, code, text, problem=refusal)
    return Pasted(row, code, format_quantity(quantity), offer=offer, name=names[offer.product_id].name)


def _near(rows: list[Pasted]) -> list[Pasted]:
    unknown = [one for one in rows if one.problem and one.problem.code == "offer_unknown"][:10]
    near = {one.row: catalogue.near_codes(one.code) for one in unknown}
    offers = catalogue.by_codes({code for codes in near.values() for code in codes}) if any(near.values()) else {}
    names = products.by_ids({offer.product_id for offer in offers.values()}) if offers else {}
    return [
        replace(
            one, near=[(code, names[offers[code].product_id].name) for code in near.get(one.row, ()) if code in offers]
        )
        for one in rows
    ]


def checked(row: Any, lines: Sequence[Typed]) -> dict[int, Any]:
    """Row number → the checked line, of the lines whose quantity is one."""
    known = catalogue.by_ids({line.offer_id for line in lines}) if lines else {}
    typed = [
        procurement.typed_line(number, line.offer_id, line.quantity, line.counts, line.reason, line.agreed_id)
        for number, line in enumerate(lines, 1)
        if line.quantity is not None and line.offer_id in known
    ]
    return {item.no: item for item in procurement.check(row, lines=typed)}
