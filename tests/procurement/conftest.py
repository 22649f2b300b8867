"""A world with one shipment under way, and a second receiver."""

import pytest

from marketplace.core.db import transaction
from tests.factories.world import World, actor


@pytest.fixture
def world(app):
    """One supplier, one agency; `extra`: lot, shipment under way (200 千克), second (another receiver)."""
    with transaction():
        made = World.build()
        made.extra["second"] = actor(made.receiver.organisation, {"receiver"}, "周立新")
        made.extra["lot"] = made.lot()
        made.extra["shipment"] = made.shipped(made.extra["lot"])
    return made
