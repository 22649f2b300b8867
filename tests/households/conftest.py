from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask

from marketplace.core.actor import Actor
from marketplace.core.db import transaction
from marketplace.households import services as households
from tests.factories import people
from tests.factories.world import World


@dataclass
class Village:
    """The small county with a head in each household: an office of the city, one of the township, and the supplier."""

    world: World
    clerk: Actor
    members: list[UUID]

    @property
    def city(self) -> Actor:
        return self.world.office

    @property
    def manager(self) -> Actor:
        return self.world.manager

    @property
    def homes(self) -> list[UUID]:
        return self.world.households

    def new(self, place: int = 0, serial: int | None = None, **facts: object) -> households.NewPayee:
        """A card of a household's head."""
        name = households.by_ids([self.homes[place]])[self.homes[place]].head_name
        given = {
            "kind": "card",
            "member_id": self.members[place],
            "bank": "演示农商银行",
            "account": people.account(serial or place + 1),
            "holder_name": name,
        }
        return households.NewPayee(self.homes[place], **(given | facts))

    def paid(self, place: int = 0, serial: int | None = None, **facts: object) -> UUID:
        """A payee that two persons have named."""
        [row] = households.propose_payees(self.clerk, [self.new(place, serial, **facts)])
        return households.approve_payee(self.city, row.id).id


@pytest.fixture
def village(app: Flask) -> Village:
    with transaction():
        world = World.build()
        return Village(world, people.office(), people.with_members(world.office, world.households))
