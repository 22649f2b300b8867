"""One small county with a lot, an order of each stage, and a client that asks as one of its people."""

from collections.abc import Callable
from typing import Any

import pytest

from marketplace.core.actor import Actor
from marketplace.core.db import transaction
from marketplace.identity import tokens
from tests.factories.world import World, start_agreement


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=4)
        world.extra["dividend"] = start_agreement(
            world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20
        )
        world.extra["lot"] = world.lot(1_000_000, price_fen=680)
        return world


@pytest.fixture
def ask(app, client) -> Callable[..., Any]:
    """ask(actor, url) gets, ask(actor, url, form) posts; the page's own errors are shown when the status differs."""
    secrets: dict[Any, str] = {}

    def ask(actor: Actor, url: str, form: dict | None = None, status: int = 200) -> Any:
        if actor.user not in secrets:
            with transaction():
                secrets[actor.user] = tokens.create_token(actor, "test")[1]
        headers = {"Authorization": f"Bearer {secrets[actor.user]}"}
        answer = client.get(url, headers=headers) if form is None else client.post(url, data=form, headers=headers)
        assert answer.status_code == status, answer.text[:2000]
        return answer

    return ask
