"""What needs no table: masks, the forms of identity and account numbers, and who is paid after households changed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from stdnum import luhn
from stdnum.cn import ric

WHOLE = 10_000  # basis points
OLDEST_YEARS = 130
_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_ACCOUNT = re.compile(r"[0-9]{8,30}")
_LONG_NUMBER = re.compile(r"[0-9Xx]{8,}")


def masked(name: str) -> str:
    """张三明 → 张＊明, 张三 → 张＊ (RULES.md: lists are posted with names masked)."""
    if len(name) <= 1:
        return "＊"
    return f"{name[0]}＊{name[-1]}" if len(name) > 2 else f"{name[0]}＊"


def id_number_fault(number: str, today: date) -> str | None:
    """The refusal's code of a normalised identity number, or None.

    Eighteen characters, their check digit, a birth date that somebody living can have. The county code is not looked
    up: python-stdnum's list lacks more than half of those of 2023.
    """
    if not _ID_NUMBER.fullmatch(number):
        return "id_number_malformed"
    if number[-1] != ric.calc_check_digit(number):
        return "id_number_checksum"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "id_number_birth"
    return None if born <= today and today.year - born.year <= OLDEST_YEARS else "id_number_birth"


def account_fault(number: str) -> str | None:
    """The refusal's code of a normalised account number, or None."""
    return None if _ACCOUNT.fullmatch(number) else "account_malformed"


def odd_account(number: str) -> bool:
    """Whether the last digit is no check digit (Luhn). Many 一卡通 and passbooks have none: a warning, no refusal."""
    return not luhn.is_valid(number)


def told_fault(text: str) -> str | None:
    """The refusal's code of a reason or a note for the trail: it says something, and no number of a person."""
    if not text.strip():
        return "reason_needed"
    return "number_in_reason" if _LONG_NUMBER.search(text) else None


@dataclass(frozen=True)
class Turn:
    """A household's money goes to `parts` (household, basis points) from a change on; `order` sorts changes in time."""

    order: tuple[date, UUID]
    parts: tuple[tuple[UUID, int], ...]


def heirs(household: UUID, turns: Mapping[UUID, Sequence[Turn]]) -> list[tuple[UUID, int]]:
    """Who is paid what is owed to a household, in basis points that sum to 10,000, by share and id.

    Each step is later than the one before, so a chain ends; a household that is a part of its own split stays one.
    """
    found: dict[UUID, Fraction] = {}

    def follow(one: UUID, after: tuple[date, UUID] | None, share: Fraction) -> None:
        later = [turn for turn in turns.get(one, ()) if after is None or turn.order > after]
        if not later:
            found[one] = found.get(one, Fraction(0)) + share
            return
        turn = min(later, key=lambda turn: turn.order)
        for part, basis_points in turn.parts:
            follow(part, turn.order, share * basis_points / WHOLE)

    follow(household, None, Fraction(1))
    return _in_basis_points(found)


def _in_basis_points(shares: Mapping[UUID, Fraction]) -> list[tuple[UUID, int]]:
    """Largest remainders, ties by id: the shares of one moment, so nothing needs to be monotone here."""
    whole = {one: int(share * WHOLE) for one, share in shares.items()}
    left = WHOLE - sum(whole.values())
    for one in sorted(shares, key=lambda one: (whole[one] - shares[one] * WHOLE, one))[:left]:
        whole[one] += 1
    return sorted(((one, points) for one, points in whole.items() if points), key=lambda part: (-part[1], part[0]))
