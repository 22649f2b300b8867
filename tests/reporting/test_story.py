"""The story of an order: every verb has words, both sides see it, and the agency's way to its approval is its own."""

import pytest

from marketplace.core.actor import SYSTEM
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, transaction
from marketplace.core.errors import NotFound
from marketplace.edge import story_words
from marketplace.identity import services as identity
from marketplace.procurement import services as procurement
from marketplace.reporting import story
from tests import sources
from tests.factories.world import YANLING, World
from tests.factories.world import actor as person

TRAILS = {"order", "requisition"}


def recorded() -> dict[str, str]:
    """Verb → where it is recorded on an order or a bulk order, for every call in the source."""
    found: dict[str, str] = {}
    for file, tree, calls in sources.files():
        for call in calls:
            name = sources.name_of(call)
            if name in ("tell_about", "_tell_about") or (
                name == "record" and len(call.args) > 3 and TRAILS & set(sources.given(tree, calls, call, call.args[2]))
            ):  # a bill's trail is its order's
                verbs = sources.given(tree, calls, call, call.args[1])
            else:
                continue
            found |= dict.fromkeys(verbs, f"{file}:{call.lineno}")
    return found


def test_every_verb_on_an_order_has_words():
    """Red when a verb is recorded that the table lacks (try: take a line out of VERBS)."""
    assert {verb: where for verb, where in recorded().items() if verb not in story_words.VERBS} == {}


def test_the_source_is_read_through_helpers_and_assignments():
    """What the test above finds: a verb given by name, by an f-string, and through a function."""
    assert {"order.confirm", "order.lapse", "transfer.record", "shipment.send"} <= set(recorded())


@pytest.fixture
def settled(app):
    with transaction():
        world = World.build()
        bill = world.settled(world.lot())
        return world, bill.order_id


def test_both_sides_and_the_office_are_told_what_happened_by_whom(settled):
    """Red when a step's organisation or name is lost, or a bill's events are left out."""
    world, order = settled
    for who in (world.requester, world.manager, world.office):
        found = story.of_order(who, order)
        verbs = [step.verb for step in found.steps]
        assert verbs[-1] == "bill.settle"
        assert {"order.confirm", "shipment.send", "delivery.accept", "transfer.record", "transfer.confirm"} <= set(
            verbs
        )
        confirmed = next(step for step in found.steps if step.verb == "order.confirm")
        assert (confirmed.name, confirmed.organisation, confirmed.side) == (
            world.manager.name,
            "炎陵县桃源合作社",
            "supplier",
        )
        assert found.coming == []
        titles = [step["title"] for step in story_words.timeline(found.steps, found.coming)]
        assert all("%(" not in one for one in titles)


def test_the_supplier_does_not_see_the_agencys_way_to_its_approval(settled):
    """Red when `_steps` does not ask which side looks."""
    world, order = settled
    seen = story.of_order(world.manager, order).steps
    assert [step.verb for step in seen if step.verb.startswith("requisition.")] == []
    assert seen[0].verb == story.MADE
    assert seen[0].name == ""
    own = [step.verb for step in story.of_order(world.finance, order).steps]
    assert own[:3] == ["requisition.open", "requisition.submit", "requisition.approve"]


def test_a_foreign_order_has_no_story(settled):
    _world, order = settled
    with transaction():
        stranger = identity.add_organisation(SYSTEM, "supplier", "别家", YANLING, supplier_kind="enterprise")
        manager = person(stranger.id, {"supplier_manager"})
    with pytest.raises(NotFound):
        story.of_order(manager, order)


def test_what_is_still_to_come_stands_behind_what_was_done(app):
    """Red when a thing to come is shown as done, or one that waits now is not the first."""
    with transaction():
        world = World.build()
        order = world.approved()[0]
    codes = [one.code for one in story.of_order(world.requester, order).coming]
    assert codes == ["confirm", "ship", "settle"]
    with transaction():
        shipment = world.shipped(world.lot(), order=order)
    assert [one.code for one in story.of_order(world.requester, order).coming] == ["accept", "settle"]
    with transaction():
        world.accepted(shipment)
    found = story.of_order(world.requester, order).coming
    assert [one.code for one in found] == ["pay", "settle"]
    shown = story_words.timeline([], found)
    assert [one["state"] for one in shown] == ["now", "next"]
    assert shown[0]["title"] == "付款 ¥2,400.00"


def test_a_setback_is_told_with_its_reason(app):
    with transaction():
        world = World.build()
        order = world.approved()[0]
        procurement.decline(world.manager, order, "产量不足")
    found = story.of_order(world.requester, order)
    last = story_words.timeline(found.steps, found.coming)[-1]
    assert (last["title"], last["state"]) == ("供应商未接单：产量不足", "bad")
    assert found.coming == []


def test_statements_do_not_grow_with_the_story(settled):
    """Red when a step asks the database by itself."""
    from tests.procurement.test_statements import counted

    world, order = settled
    with counted() as few:
        story.of_order(world.finance, order)
    with transaction():
        for _more in range(30):
            db.session.add(
                AuditEvent(
                    at=story.clock.now(),
                    user_id=world.manager.user,
                    organisation_id=world.manager.organisation,
                    actor_name="甲",
                    verb="shipment.send",
                    object_kind="order",
                    object_id=str(order),
                    facts={"shipment": "SH-1"},
                )
            )
    with counted() as many:
        story.of_order(world.finance, order)
    assert len(many) <= len(few) + 1
