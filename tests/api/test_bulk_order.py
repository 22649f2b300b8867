"""The bulk order through the API: its plan, its steps, stand-ins, and an agreed price."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from marketplace.core import clock
from marketplace.core.db import transaction
from tests.api.callers import Caller, token_of
from tests.factories.world import World, actor


@pytest.fixture
def people(app: Flask) -> dict[str, Any]:
    with transaction():
        world = World.build(minimum=20_000, pack=1_000, breaks=[(20_000, 1_200)])
        leader = actor(world.requester.organisation, {"leader"})
        actors = {name: getattr(world, name) for name in ("manager", "requester", "approver")} | {"leader": leader}
        return {name: Caller(app, token_of(one), one) for name, one in actors.items()} | {"world": world}


def draft(people: dict[str, Any], quantity: str = "200.000") -> dict[str, Any]:
    day = (clock.today() + timedelta(days=4)).isoformat()
    head = {"title": "采购", "deliver_on": day, "contact": "甲", "counted_as": "union"}
    row = people["requester"].post("requisitions", head)
    line = {"offer_id": str(people["world"].offer), "quantity": quantity}
    return people["requester"].change("PUT", f"requisitions/{row['id']}/lines", {"lines": [line]}, row["version"])


def test_a_plan_and_a_chain_of_two_steps_lead_to_orders(people: dict[str, Any]) -> None:
    """Red when the API answers orders before the last step, or an order without its deliveries."""
    chain = {
        "from_day": clock.today().isoformat(),
        "tiers": [{"from_fen": 0, "steps": [{"title": "科室"}, {"title": "负责人", "role": "leader"}]}],
    }
    assert people["leader"].post("approval-rules", chain)["total"] == 1
    row = draft(people)
    offer, days = str(people["world"].offer), [clock.today() + timedelta(days=ahead) for ahead in (4, 6)]
    deliveries = [
        {
            "address": f"校区 {place}",
            "contact": "乙",
            "deliver_on": day.isoformat(),
            "parts": [{"offer_id": offer, "quantity": "100.000"}],
        }
        for place, day in enumerate(days, 1)
    ]
    row = people["requester"].change(
        "PUT", f"requisitions/{row['id']}/plan", {"deliveries": deliveries}, row["version"]
    )
    assert [one["no"] for one in row["deliveries"]] == [1, 2]
    row = people["requester"].post(f"requisitions/{row['id']}/submit")
    assert [(step["no"], step["verdict"]) for step in row["steps"]] == [(1, None), (2, None)]
    assert row["hold_until"]
    approve = f"requisitions/{row['id']}/approve"
    assert people["leader"].refused("POST", approve, {"step": 2})["code"] == "approval_out_of_order"
    assert people["approver"].post(approve, {"step": 1, "reason": "同意"})["items"] == []
    [order] = people["leader"].post(approve)["items"]
    opened = people["manager"].get(f"orders/{order['id']}")
    assert [(one["no"], one["parts"][0]["quantity"]) for one in opened["deliveries"]] == [
        (1, "100.000"),
        (2, "100.000"),
    ]
    assert opened["counted_as"] == "union"


def test_a_deputy_is_named_and_ended(people: dict[str, Any]) -> None:
    """Red when another than who is stood in for, or who sets the chain, may end it."""
    day = clock.today().isoformat()
    body = {
        "principal_id": str(people["leader"].actor.user),
        "deputy_id": str(people["approver"].actor.user),
        "from_day": day,
        "until_day": day,
    }
    row = people["leader"].post("deputies", body)
    assert people["requester"].get("deputies")["total"] == 1
    assert people["requester"]("POST", f"deputies/{row['id']}/end").status_code == 403
    people["leader"].post(f"deputies/{row['id']}/end")
    assert people["requester"].get("deputies")["total"] == 0


def test_two_thousand_lines_are_the_most(people: dict[str, Any]) -> None:
    """Red when the schema takes more lines than the service."""
    row = people["requester"].post("requisitions", {"title": "采购"})
    line = {"offer_id": str(people["world"].offer), "quantity": "20.000"}
    answer = people["requester"](
        "PUT", f"requisitions/{row['id']}/lines", {"lines": [line] * 2001}, headers={"If-Match": f'"{row["version"]}"'}
    )
    assert answer.status_code == 422
