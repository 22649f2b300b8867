"""The ledger accounts of what households are owed. Obligations and proofs, not custody."""

from uuid import UUID

from ..ledger.services import AccountRef


def owed(household_id: UUID, supplier_id: UUID) -> AccountRef:
    """What a supplier owes a household: credits make it, debits pay it."""
    return AccountRef("owed", household_id, supplier_id)


def purchase(supplier_id: UUID) -> AccountRef:
    """The other side of outright purchases."""
    return AccountRef("purchase", supplier_id, None)


def paid(supplier_id: UUID) -> AccountRef:
    """The other side of everything a supplier paid to households."""
    return AccountRef("paid", supplier_id, None)
