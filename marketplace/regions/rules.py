"""What a division's code says, without asking the table (RULES.md, Divisions)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

LEVELS = {"province": 1, "prefecture": 2, "county": 3, "township": 4, "village": 5}
PREFIX = {1: 2, 2: 4, 3: 6, 4: 9, 5: 12}
# The code table fills the prefecture's place with these where there is none; nobody writes them in an address.
FILLERS = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}


def prefix_of(code: str, level: int) -> str:
    """The digits that everything in a division begins with: 2, 4, 6, 9 or 12 by its level, never zeros stripped."""
    return code[: PREFIX[level]]


def lies_in(code: str, prefix: str) -> bool:
    """Whether the division of that 12-digit code is, or lies in, the one that the prefix names."""
    return code.startswith(prefix)


def county_code(code: str) -> str:
    """The county that a code lies in; where there is none between (Dongguan, Zhongshan, Danzhou), the prefecture."""
    digits = 4 if code[4:6] == "00" else 6
    return code[:digits].ljust(12, "0")


def ancestors(code: str) -> list[str]:
    """The codes that may stand above a code and the code itself, from the province down. Not all need to exist."""
    codes = [code[:digits].ljust(12, "0") for digits in PREFIX.values()]
    return list(dict.fromkeys(codes[: codes.index(code) + 1]))


def joined(names: Sequence[str]) -> str:
    """Names from the province down as an address has them: no fillers, and no county said twice.

    ["湖南省", "株洲市", "炎陵县", "炎陵县大院农场"] → 湖南省株洲市炎陵县大院农场
    """
    parts: list[str] = []
    for name in names:
        if name in FILLERS and parts:
            continue
        if parts and name.startswith(parts[-1]) and name != parts[-1]:
            name = name[len(parts[-1]) :]
        parts.append(name)
    return "".join(parts)


def code_fault(code: str, level: int) -> str | None:
    """Why a code cannot be a division's of that level, as an error code, or None."""
    if len(code) != 12 or not (code.isascii() and code.isdigit()):
        return "division_code"
    if code[PREFIX[level] :].strip("0"):
        return "division_code_level"
    digits = code[PREFIX[level - 1] if level > 1 else 0 : PREFIX[level]]
    return None if digits.strip("0") else "division_code_level"


def parent_fault(code: str, level: int, parent: str, parent_level: int | None) -> str | None:
    """Why a division cannot stand under `parent` (`parent_level` None: unknown), as an error code, or None."""
    if level == 1:
        return "division_parent_of_province" if parent else None
    if not parent or parent_level is None:
        return "division_parent_unknown"
    # A county is never skipped but in prefectures without counties; whatever else is skipped is a mistake.
    if parent_level != level - 1 and not (level == 4 and parent_level == 2 and code[4:6] == "00"):
        return "division_parent_level"
    return None if lies_in(code, prefix_of(parent, parent_level)) else "division_parent_prefix"


def with_successors(
    listed: Iterable[str], successors: Mapping[str, Iterable[tuple[str, date]]], day: date
) -> frozenset[str]:
    """The listed codes and all that has followed from them by `day`, step by step.

    `successors`: code → (successor, first day). A list keeps its codes when a county is renamed or split.
    """
    found: set[str] = set()
    open_codes = list(listed)
    while open_codes:
        code = open_codes.pop()
        if code not in found:
            found.add(code)
            open_codes += [successor for successor, first in successors.get(code, ()) if first <= day]
    return frozenset(found)
