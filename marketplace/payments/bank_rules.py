"""Pure rules of matching: which bill a row of a bank statement pays, and how far."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from .rules import check_digit

_CODE = re.compile(r"BF(\d{9})(\d)")
# A person looks at these before anything happens; the others are proposed.
FOR_A_PERSON = frozenset(("double", "differs", "several", "unmatched"))


@dataclass
class Claim:
    """A transfer of a bill without a row of a statement: recorded by the agency, or confirmed by the supplier's word."""

    transfer_id: UUID
    fen: int
    serial: str


@dataclass
class Open:
    """A bill as matching sees it: what it still asks, and the transfers that a row may turn out to be."""

    bill_id: UUID
    left_fen: int
    recorded: list[Claim] = field(default_factory=list)
    confirmed: list[Claim] = field(default_factory=list)


@dataclass(frozen=True)
class Match:
    """`outcome` is one of bank_models.OUTCOMES; `transfer_id`: the one that the row turned out to be."""

    outcome: str
    bill_id: UUID | None = None
    transfer_id: UUID | None = None


def codes_in(remark: str) -> list[str]:
    """The payment codes of a remark, each once; a code with a typing error is none."""
    text = re.sub(r"[\s\-_,，。.:：/]", "", unicodedata.normalize("NFKC", remark)).upper()
    found = [f"BF{digits}{last}" for digits, last in _CODE.findall(text) if check_digit(digits) == int(last)]
    return list(dict.fromkeys(found))


def same_name(name: str) -> str:
    """A name without blanks and brackets' width, as two systems may write it."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).lower()


def by_bill(fen: int, serial: str, bill: Open) -> Match:
    """What a payment of `fen` does to that bill. Takes it off `bill`, so that the next row sees what is left."""
    for claims, known in ((bill.confirmed, True), (bill.recorded, False)):
        same = [claim for claim in claims if claim.fen == fen]
        claim = next((claim for claim in same if claim.serial == serial), same[0] if same else None)
        if claim is None:
            continue
        claims.remove(claim)
        if known:
            return Match("known", bill.bill_id, claim.transfer_id)
        return Match(_take(fen, bill), bill.bill_id, claim.transfer_id)
    if bill.left_fen > 0 and bill.recorded:
        return Match("differs", bill.bill_id)
    return Match(_take(fen, bill), bill.bill_id)


def _take(fen: int, bill: Open) -> str:
    left = bill.left_fen
    bill.left_fen = max(0, left - fen)
    if left <= 0:
        return "double"
    return "exact" if fen == left else "partial" if fen < left else "over"


def match(
    fen: int,
    serial: str,
    remark: str,
    payers: Sequence[str],
    by_code: Mapping[str, Open],
    by_payer: Mapping[str, Sequence[Open]],
) -> Match:
    """The bill of a row: by its payment code, else by payer and exact amount where that is one bill alone.

    `payers`: the names that may stand for the agency (the payer's, and the budget unit's for which a treasury pays).
    """
    found = [by_code[code] for code in codes_in(remark) if code in by_code]
    if len(found) > 1:
        return Match("several")
    if found:
        return by_bill(fen, serial, found[0])
    names = {same_name(name) for name in payers if name}
    fits = [bill for name in sorted(names) for bill in by_payer.get(name, ()) if fen == bill.left_fen]
    if len(fits) == 1:
        return by_bill(fen, serial, fits[0])
    return Match("several" if fits else "unmatched")
