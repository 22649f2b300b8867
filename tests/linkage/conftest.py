"""A small county whose supplier has agreements of every kind."""

import pytest

from marketplace.core import files
from marketplace.core.db import transaction
from tests.factories.world import World


@pytest.fixture
def world(app) -> World:
    with transaction():
        return World.build(families=3)


@pytest.fixture
def paper(world):
    """A signed paper of the supplier's."""
    with transaction():
        return files.keep(world.manager, "signed.pdf", b"%PDF-1.4 signed").id
