"""One small county, and a client that asks as one of its people."""

from collections.abc import Callable
from typing import Any

import pytest

from marketplace.core.actor import Actor
from marketplace.core.db import transaction
from marketplace.identity import tokens
from marketplace.search import gather
from marketplace.search import services as search
from tests.factories.world import World, list_offer


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=6)
        world.extra["second"] = list_offer(
            world.manager, world.product, "YL-HT-0313", pack=20_000, minimum=20_000, breaks=[(20_000, 1250)]
        )
    with transaction():
        search.rebuild(gather.documents())
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
