"""A union's festival goods: within the limit a head, frozen when ordered, handed out once and never beyond what came."""

import pytest

from marketplace.core import clock
from marketplace.core.db import transaction
from marketplace.core.errors import Conflict, Forbidden, Many, NotFound, Refused
from marketplace.procurement import services as procurement
from marketplace.sourcing import welfare
from marketplace.sourcing.welfare import Head
from tests.factories.world import World, scan
from tests.faults.test_races import race, refused

PEOPLE = [Head("王一", "语文组", "001"), Head("王一", "语文组", "002"), Head("李三", "后勤"), Head("李三", "数学组")]


@pytest.fixture
def world(app) -> World:
    with transaction():
        return World.build(content=1000, minimum=5_000, pack=5_000, breaks=[(5_000, 1200)])


def draft(world: World, each: int = 3_000, limit_fen: int = 5_000, people=PEOPLE):
    with transaction():
        row = welfare.open_welfare(
            world.requester, title="中秋慰问", festival="mid_autumn", year=2026, limit_fen=limit_fen
        )
        welfare.put_heads(world.requester, row.id, people)
        welfare.put_goods(world.requester, row.id, [{"offer_id": world.offer, "quantity": each}])
        return row.id


def ordered(world: World):
    welfare_id = draft(world)
    with transaction():
        requisition = welfare.order_welfare(world.requester, welfare_id).requisition_id
    return welfare_id, requisition


def arrived(world: World, accepted: int = 15_000):
    """Ordered 15 of 12 needed; `accepted` thousandths of them arrive."""
    welfare_id, requisition = ordered(world)
    with transaction():
        procurement.put_head(world.requester, requisition, deliver_on=clock.today(), contact="工会")
        procurement.submit(world.requester, requisition)
        order = procurement.approve(world.approver, requisition)[0].id
        lot = world.lot(100_000)
    with transaction():
        shipment = world.shipped(lot, 15_000, order)
    with transaction():
        world.accepted(shipment, accepted)
    return welfare_id


def test_a_list_becomes_one_bulk_order_out_of_union_funds_rounded_up_to_packs(world: World) -> None:
    """Four heads at 3 千克 are 12; the pack is 5, so 15 are ordered and 3 are left over."""
    welfare_id, requisition = ordered(world)
    with transaction(write=False):
        row = procurement.requisition(world.requester, requisition)
        assert (row.counted_as, row.state) == ("union", "draft")
        assert [line.quantity for line in procurement.requisition_lines(requisition)] == [15_000]
        good = welfare.wanted(welfare.welfare_order(world.requester, welfare_id))[0]
        assert (good.needed, good.left_over, good.head_fen) == (12_000, 3_000, 3_600)


def test_more_than_the_limit_a_head_is_not_ordered(world: World) -> None:
    """Red when `order_welfare` does not compare with `limit_fen`."""
    welfare_id = draft(world, limit_fen=3_599)
    with pytest.raises(Refused) as refusal, transaction():
        welfare.order_welfare(world.requester, welfare_id)
    assert (refusal.value.code, refusal.value.facts["head_fen"]) == ("beyond_head_limit", 3_600)


def test_a_list_is_frozen_when_it_is_ordered(world: World) -> None:
    welfare_id, _ = ordered(world)
    for change in (
        lambda: welfare.put_heads(world.requester, welfare_id, PEOPLE[:1]),
        lambda: welfare.put_goods(world.requester, welfare_id, [{"offer_id": world.offer, "quantity": 1}]),
        lambda: welfare.order_welfare(world.requester, welfare_id),
        lambda: welfare.cancel_welfare(world.requester, welfare_id),
    ):
        with pytest.raises(Conflict), transaction():
            change()


def test_people_sign_once_and_a_proxy_is_named(world: World) -> None:
    """Red when `sign_for` does not ask that `signed_on` is empty."""
    welfare_id = arrived(world)
    with transaction():
        assert welfare.sign_for(world.receiver, welfare_id, [1, 3]).handed_out == 2
        welfare.sign_for(world.receiver, welfare_id, [2], proxy="李三")
    with pytest.raises(Conflict) as refusal, transaction():
        welfare.sign_for(world.receiver, welfare_id, [3, 4])
    assert refusal.value.code == "already_signed"
    with transaction(write=False):
        signed = {head.no: (head.signed_how, head.proxy) for head in welfare.heads_of(welfare_id)}
        assert signed == {1: ("self", ""), 2: ("proxy", "李三"), 3: ("self", ""), 4: ("", "")}


def test_no_more_heads_are_served_than_goods_were_accepted_for(world: World) -> None:
    """11 千克 serve three heads at 3. Red when `served` is not asked."""
    welfare_id = arrived(world, accepted=11_000)
    with transaction():
        welfare.sign_for(world.receiver, welfare_id, [1, 2])
    with pytest.raises(Refused) as refusal, transaction():
        welfare.sign_for(world.receiver, welfare_id, [3, 4])
    assert (refusal.value.code, refusal.value.facts["left"]) == ("beyond_accepted", 1)


def test_two_who_hand_out_at_once_serve_nobody_twice(app, world: World) -> None:
    welfare_id = arrived(world)
    results = race(app, [lambda: welfare.sign_for(world.receiver, welfare_id, [1, 2]).handed_out] * 6)
    assert len([one for one in results if not refused(one)]) == 1
    with transaction(write=False):
        assert welfare.welfare_order(world.requester, welfare_id).handed_out == 2


def test_nothing_is_handed_out_before_it_came(world: World) -> None:
    welfare_id, _ = ordered(world)
    with pytest.raises(Refused) as refusal, transaction():
        welfare.sign_for(world.receiver, welfare_id, [1])
    assert refusal.value.code == "beyond_accepted"


def test_it_ends_with_the_signed_list(world: World) -> None:
    welfare_id = arrived(world)
    with transaction():
        welfare.sign_for(world.receiver, welfare_id, [1, 2, 3, 4])
        file_id = scan(world.receiver)
        assert welfare.finish_welfare(world.receiver, welfare_id, file_id).state == "done"


def test_a_list_names_each_person_once(world: World) -> None:
    with pytest.raises(Many) as many:
        draft(world, people=[Head("王一", "语文组"), Head("", "语文组"), Head("王一", "语文组")])
    assert [(error.code, error.row) for error in many.value.errors] == [("name_needed", 2), ("named_twice", 3)]


def test_the_list_is_read_by_its_own_agency_alone(world: World) -> None:
    welfare_id = draft(world)
    for stranger in (world.manager, world.office):
        with pytest.raises((NotFound, Forbidden)), transaction(write=False):
            welfare.welfare_order(stranger, welfare_id)
