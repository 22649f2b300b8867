"""Which households the current actor works with: an office by division, a supplier those linked to it."""

from typing import Any
from uuid import UUID

from ..core.errors import NotFound
from ..households import services as households
from ..linkage import services as linkage
from .current import actor


def linked() -> list[UUID] | None:
    """The households linked to the actor's supplier; None for who sees by division."""
    who = actor()
    if who.kind != "supplier" or who.organisation is None:
        return None
    return list(linkage.linked_households(who.organisation) | linkage.consented(who.organisation))


def one_of(household_id: UUID) -> Any:
    """A household within reach. Raises NotFound."""
    known = linked()
    if known is not None and household_id not in known:
        raise NotFound("household")
    return households.one(actor(), household_id, linked=known is not None)
