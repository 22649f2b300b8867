from collections.abc import Callable

import pytest
from flask import Flask

from marketplace.core.actor import Actor
from marketplace.core.db import transaction
from tests.api.callers import ROLES, Caller, token_of
from tests.factories.world import World


@pytest.fixture
def caller(app: Flask) -> Callable[[Actor | None], Caller]:
    """A caller for an actor; makes its token."""

    def make(actor: Actor | None = None) -> Caller:
        if actor is None:
            return Caller(app)
        with transaction():
            return Caller(app, token_of(actor), actor)

    return make


@pytest.fixture
def world(app: Flask) -> World:
    with transaction():
        return World.build()


@pytest.fixture
def people(world: World, caller: Callable[[Actor | None], Caller]) -> dict[str, Caller]:
    """The small county's callers by their names in `World`."""
    return {name: caller(getattr(world, name)) for name in ROLES}
