"""The small county with three suppliers that can answer, and a request as tests need it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.accreditation import services as accreditation
from marketplace.core import clock
from marketplace.core.actor import SYSTEM, Actor
from marketplace.households import services as households
from marketplace.identity import services as identity
from marketplace.products import services as products
from marketplace.sourcing import services as sourcing
from tests.factories import world as factory
from tests.factories.world import World


@dataclass
class Seller:
    """A supplier's manager with an offer of eligible peaches: 千克 each unless told."""

    actor: Actor
    offer: UUID
    product: UUID

    @property
    def id(self) -> UUID:
        assert self.actor.organisation
        return self.actor.organisation


def seller(world: World, name: str, code: str, division: str = factory.YANLING, **offer: Any) -> Seller:
    """Another supplier of a listed county, linked to a household, its product granted and on sale."""
    home = identity.add_organisation(SYSTEM, "supplier", name, division, supplier_kind="cooperative").id
    manager = factory.actor(home, {"supplier_manager"})
    family = households.add(
        world.office, head_name=f"李{code}", village=factory.VILLAGES[0], group_name="二组", size=3, class_="none"
    )
    factory.start_agreement(manager, [family.id], kind="produce", basis="outright", service_order=10)
    origin = factory.TOWNSHIP if division == factory.YANLING else division
    product = products.add_product(
        manager, code=f"P-{code}", name=f"黄桃 {name}", category_code="peach", base_unit="千克", origin=origin
    )
    days = {"valid_from": clock.today() - timedelta(days=30), "valid_to": clock.today() + timedelta(days=365)}
    accreditation.give(world.office, product.id, programme="832", committed_value_fen=100_000_000, **days)
    return Seller(manager, factory.list_offer(manager, product.id, code, **offer), product.id)


@dataclass
class Market:
    """The world, its three sellers (the world's own first, a box of 5 千克 third), and other agencies."""

    world: World
    sellers: list[Seller]
    extra: dict = field(default_factory=dict)

    @classmethod
    def build(cls) -> "Market":
        world = World.build()
        own = Seller(world.manager, world.offer, world.product)
        second = seller(world, "茶陵县果业合作社", "CL-HT-01", factory.CHALING)
        box = {"order_unit": "箱", "content": 5_000, "minimum": 2_000, "pack": 1_000, "breaks": [(2_000, 6_000)]}
        return cls(world, [own, second, seller(world, "炎陵县箱装合作社", "YL-HT-05", **box)])

    def agency(self, name: str) -> tuple[Actor, Actor]:
        """Another agency's requester and approver."""
        home = identity.add_organisation(
            SYSTEM, "agency", name, factory.CHALING, agency_kind="budget_unit", address=f"{name} 门口"
        ).id
        return factory.actor(home, {"requester"}), factory.actor(home, {"approver"})

    def line(self, quantity: int = 100_000, **changes: Any) -> dict[str, Any]:
        day = clock.today() + timedelta(days=10)
        values = {"category_code": "peach", "name": "黄桃", "spec": "大果", "unit": "千克", "quantity": quantity}
        return values | {"from_day": day, "until_day": day + timedelta(days=5)} | changes

    def head(self, **changes: Any) -> dict[str, Any]:
        today = clock.today()
        values: dict[str, Any] = {
            "title": "十二月水果",
            "answer_on": today + timedelta(days=5),
            "until_day": today + timedelta(days=60),
            "contact": "陈老师",
            "supplier_ids": [one.id for one in self.sellers],
            "lines": [self.line()],
        }
        return values | changes

    def asked(self, kind: str = "rfq", **changes: Any) -> UUID:
        """An open request of the world's agency; every other supplier is asked."""
        row = sourcing.write(self.world.requester, kind, **self.head(**changes))
        return sourcing.open_request(self.world.requester, row.id).id

    def pooled(self, **changes: Any) -> UUID:
        return self.asked("demand", join_on=clock.today() + timedelta(days=2), **changes)

    def answered(self, request: UUID, place: int, price_fen: int, most: int = 1_000_000, line: int = 0) -> UUID:
        """A seller's quotation for one line; its id."""
        one = self.sellers[place]
        wanted = sourcing.request_lines(request)[line]
        answer = {"line_id": wanted.id, "offer_id": one.offer, "price_fen": price_fen, "most": most, "lead_days": 2}
        valid = clock.today() + timedelta(days=30)
        return sourcing.send(one.actor, request, lines=[answer], valid_until=valid).id

    def part(self, request: UUID, quotation: UUID, quantity: int, reason: str = "", line: int = 0) -> dict[str, Any]:
        wanted = sourcing.request_lines(request)[line]
        return {"line_id": wanted.id, "quotation_id": quotation, "quantity": quantity, "reason": reason}


def after(days: int) -> Any:
    """A clock that stands so many days later, after offices have closed."""
    return clock.fixed(clock.at(clock.today() + timedelta(days=days), 18))


def after_deadline() -> Any:
    return after(5)


def moment(days: int, hour: int) -> datetime:
    return clock.at(clock.today() + timedelta(days=days), hour)


def one_of_each(world: World) -> dict[str, UUID]:
    """An open request with a quotation, a posted demand, and a framework in force of the small county, by what their
    routes and bodies call them."""
    own = Seller(world.manager, world.offer, world.product)
    market = Market(world, [own])
    request = market.asked(note="SOURCING-CANARY")
    quotation = market.answered(request, 0, 987)
    line = {"offer_id": own.offer, "price_fen": 1050, "ceiling": 100_000}
    days = {"from_day": clock.today(), "until_day": clock.today() + timedelta(days=90)}
    framework = sourcing.draft_framework(
        world.requester, supplier_id=own.id, title="框架协议", terms="SOURCING-CANARY", lines=[line], **days
    )
    sourcing.propose(world.approver, framework.id)
    sourcing.sign(world.manager, framework.id)
    return {
        "request_id": request,
        "line_id": sourcing.request_lines(request)[0].id,
        "quotation_id": quotation,
        "demand_id": market.asked("demand"),
        "framework_id": framework.id,
    }
