"""What several tests of this room do."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.core.errors import DomainError, Many
from marketplace.ledger import services as ledger
from marketplace.linkage import services as linkage
from marketplace.linkage.accounts import owed
from marketplace.linkage.standing import Standing
from tests.factories.world import World


def delivery(household: UUID, net: int = 50_000, price_fen: int = 680, **facts: Any) -> linkage.Delivery:
    values = {"item": "黄桃", "unit": "千克", "gross": net + 1000, "tare": 1000, "price_fen": price_fen} | facts
    return linkage.Delivery(household_id=household, **values)


def weighed(world: World, *deliveries: linkage.Delivery, agreement: UUID | None = None) -> list:
    return linkage.record_slips(world.clerk, agreement or world.agreement, clock.today(), deliveries)


def standing(world: World, household: UUID) -> tuple[int, int]:
    """(owed, received) fen of a household with the world's supplier; the ledger says the same."""
    supplier = world.manager.organisation
    assert supplier is not None
    ref = owed(household, supplier)
    row = db.session.get(Standing, ref.id, populate_existing=True)
    held = (row.owed_fen, row.received_fen) if row else (0, 0)
    assert ledger.balance(ref) == held[0] - held[1]
    return held


def refused(act: Callable[[], object]) -> list[tuple[str, int | None]]:
    """(code, row) of what a verb refuses; nothing of it stays."""
    with pytest.raises(DomainError) as found, transaction():
        act()
    errors = found.value.errors if isinstance(found.value, Many) else [found.value]
    return [(error.code, error.row) for error in errors]
