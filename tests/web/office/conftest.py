"""One small county with settled money, an office on each level, an auditor, the platform; and a client that asks as one."""

from collections.abc import Callable
from typing import Any

import pytest

from marketplace.attribution import services as attribution
from marketplace.core import clock
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.db import transaction
from marketplace.identity import services as identity
from marketplace.identity import tokens
from marketplace.linkage import services as linkage
from tests.factories.world import CHALING, YANLING, ZHUZHOU, World, actor, give_payees, scan, start_agreement


@pytest.fixture
def world(app) -> World:
    with transaction():
        world = World.build(families=6)
        start_agreement(world.manager, world.households, kind="dividend", rate_basis_points=200, service_order=20)
        lot = world.lot(1_000_000, price_fen=680)
        slip = linkage.slips_of_lot(lot)[0]
        linkage.pay_slips(world.clerk, {slip.id: 500}, day=clock.today(), method="cash", evidence="收条 1")
        bill = world.settled(lot, 200_000)
        give_payees(world, "cash")
        row = attribution.prepare(world.clerk, bill.issued_on, notice_days=0)
        attribution.approve(world.manager, row.id)
        paid = attribution.payouts_of(row.id)[0]
        attribution.mark_paid(
            world.clerk, [paid.id], paid_on=clock.today(), method="cash", evidence="花名册 1", file_id=scan(world.clerk)
        )
        world.accepted(world.shipped(lot, 50_000))
        world.extra |= {"order": bill.order_id, "supplier": world.manager.organisation}
        for name, kind, place, level, role in (
            ("county", "office", YANLING, 3, "office_clerk"),
            ("beside", "office", CHALING, 3, "office_clerk"),
            ("auditor", "auditor", ZHUZHOU, 2, "auditor"),
            ("platform", "platform", ZHUZHOU, 2, "platform"),
        ):
            made = identity.add_organisation(SYSTEM, kind, f"单位 {name}", place, level=level)
            world.extra[name] = actor(made.id, {role})
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
