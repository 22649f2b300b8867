"""The ledger accounts of what households are owed. Obligations and proofs, not custody."""

from functools import lru_cache
from uuid import UUID

from ..ledger.services import AccountRef


@lru_cache(maxsize=20_000)  # a list names each of its accounts several times, and its id is a hash
def owed(household_id: UUID, supplier_id: UUID) -> AccountRef:
    """What a supplier owes a household: credits make it, debits pay it."""
    return AccountRef("owed", household_id, supplier_id)


def purchase(supplier_id: UUID) -> AccountRef:
    """The other side of what is owed at the slip."""
    return AccountRef("purchase", supplier_id, None)


def paid(supplier_id: UUID) -> AccountRef:
    """The other side of everything a supplier paid to households."""
    return AccountRef("paid", supplier_id, None)


def advance(household_id: UUID, supplier_id: UUID) -> AccountRef:
    """What a household had before it was owed: debits give it, credits set it off or bring it back."""
    return AccountRef("advance", household_id, supplier_id)


def expense(kind: str, supplier_id: UUID) -> AccountRef:
    """The other side of what flows make owed: wages, rent, fixed dividends, surplus."""
    return AccountRef(f"expense_{kind}", supplier_id, None)
