"""What an agency cancels: of what is open, in parts, and no more."""

from uuid import uuid4

import pytest

from marketplace.core.db import db, transaction
from marketplace.core.errors import Many, NotFound
from marketplace.procurement import services as procurement
from marketplace.procurement.models import OrderLine
from tests.factories.world import World


def test_no_more_is_cancelled_than_is_open(app):
    """Red when `check_lines` does not compare with what is open; below it stands the CHECK not_negative."""
    with transaction():
        world = World.build()
        order = world.approved()[0]
        line = procurement.lines_of([order])[order][0].id
        procurement.cancel(world.approver, order, {line: 150_000}, "人少")
    for quantity, code in ((50_001, "beyond_open"), (0, "quantity_zero"), (-1, "quantity_zero")):
        with pytest.raises(Many) as refused, transaction():
            procurement.cancel(world.approver, order, {line: quantity}, "人少")
        assert [(error.code, error.row) for error in refused.value.errors] == [(code, 1)]
    with pytest.raises(NotFound), transaction():
        procurement.cancel(world.approver, order, {uuid4(): 1_000}, "人少")
    with transaction(write=False):
        row = db.session.get_one(OrderLine, line)
        assert (row.open, row.cancelled) == (50_000, 150_000)
