"""A shipment notice: what it says, changing it, taking it back; crates that ride along."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from marketplace.catalogue import services as catalogue
from marketplace.core import clock
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Conflict, DomainError, Many, NotFound, Refused
from marketplace.identity import services as identity
from marketplace.linkage import services as linkage
from marketplace.notices.models import Message
from marketplace.procurement import services as procurement
from marketplace.procurement.delivery_models import CrateBalance, CrateMovement
from marketplace.settlement import checks
from marketplace.settlement import services as settlement
from tests.factories.world import BEIJING_COUNTY, actor
from tests.faults.test_races import race


def ship(world, quantity=50_000, part=None, **notice):
    order = world.approved(quantity)[0]
    procurement.confirm(world.manager, order)
    line = procurement.lines_of([order])[order][0]
    piece = procurement.Part(line.id, world.extra["lot"], quantity, **(part or {}))
    return procurement.ship(world.clerk, order, [piece], **{"expected_on": clock.today(), **notice})


def code_of(act):
    with pytest.raises(DomainError) as refusal, transaction():
        act()
    error = refusal.value
    return error.errors[0].code if isinstance(error, Many) else error.code


def test_a_notice_says_what_was_loaded_and_how_it_comes(world):
    with transaction():
        row = ship(
            world,
            part={"packages": 10, "gross": 54_000, "net": 50_000},
            carrier="县域共配",
            plate="湘B12345",
            driver="谢师傅",
            temperature_tenths=45,
            window="6:30–7:30",
        )
    with transaction(write=False):
        held, _order = procurement.shipment(world.receiver, row.id)
        assert (held.plate, held.temperature_tenths, held.window, held.delivery_no) == ("湘B12345", 45, "6:30–7:30", 1)
        assert [(line.packages, line.gross, line.net) for line in held.lines] == [(10, 54_000, 50_000)]


def test_what_is_loaded_is_checked(world):
    assert code_of(lambda: ship(world, part={"gross": 40_000, "net": 50_000})) == "weights_differ"
    assert code_of(lambda: ship(world, part={"net": 50_000})) == "weights_differ"
    assert code_of(lambda: ship(world, delivery_no=2)) == "delivery_unknown"
    assert code_of(lambda: ship(world, expected_on=clock.today() - timedelta(days=1))) == "day_in_past"


def test_what_comes_after_the_agreed_day_is_late(world):
    with transaction():
        assert procurement.is_late(ship(world, expected_on=clock.today() + timedelta(days=9)))
        assert not procurement.is_late(ship(world))


def test_the_agency_is_told_and_no_longer_once_it_is_accepted(world):
    """Red when ship tells nobody, or record_acceptance leaves the message open."""
    with transaction(write=False):
        told = db.session.query(Message).filter_by(kind="shipment_under_way").one()
        assert (told.organisation_id, told.permission) == (world.receiver.organisation, "delivery.accept")
        assert told.done_at is None
    with transaction():
        world.accepted(world.extra["shipment"])
        assert db.session.query(Message).filter_by(kind="shipment_under_way").one().done_at is not None


def test_a_cancelled_shipment_gives_everything_back(world):
    """Red when cancel_shipment forgets the lot, the stock or the line."""
    shipment = world.extra["shipment"]
    with transaction(write=False):
        stock, reserved = (offer := catalogue.one(world.offer)).stock, offer.reserved
        _row, order = procurement.shipment(world.receiver, shipment)
    with transaction():
        procurement.cancel_shipment(world.clerk, shipment, "装错了货")
    with transaction(write=False):
        line = procurement.lines_of([order.id])[order.id][0]
        assert (line.open, line.in_transit) == (200_000, 0)
        assert procurement.order(world.clerk, order.id).state == "to_ship"
        offer = catalogue.one(world.offer)
        assert (offer.stock, offer.reserved) == (stock + 200_000, reserved + 200_000)
        assert linkage.by_ids([world.extra["lot"]])[world.extra["lot"]].taken == 0
        assert checks.lots_gave_what_was_shipped() == []
    with transaction():
        again = world.shipped(world.extra["lot"], 200_000, order=order.id)
        assert world.accepted(again)[1].total_fen == 240_000


def test_a_cancelled_shipment_is_neither_accepted_nor_cancelled_again(world):
    shipment = world.extra["shipment"]
    assert code_of(lambda: procurement.cancel_shipment(world.clerk, shipment, " ")) == "reason_needed"
    with transaction():
        procurement.cancel_shipment(world.clerk, shipment, "车坏了")
    for act in (
        lambda: world.accepted(shipment),
        lambda: procurement.cancel_shipment(world.clerk, shipment, "再来"),
        lambda: procurement.amend_shipment(world.clerk, shipment, expected_on=clock.today()),
        lambda: settlement.deem(shipment),
    ):
        with pytest.raises(Conflict), transaction():
            act()


def test_a_shipment_is_cancelled_or_accepted_never_both(app, world):
    """Red when cancel_shipment reads the shipment without its order's lock."""
    shipment = world.extra["shipment"]
    results = race(
        app,
        [lambda: procurement.cancel_shipment(world.clerk, shipment, "退回") and "cancelled"] * 3
        + [lambda: world.accepted(shipment) and "accepted"] * 3,
    )
    assert sorted(isinstance(result, DomainError) for result in results) == [False] + [True] * 5


def test_another_suppliers_shipment_is_unknown(world):
    with transaction():
        other = identity.add_organisation(SYSTEM, "supplier", "别的合作社", BEIJING_COUNTY, supplier_kind="cooperative")
        stranger = actor(other.id, {"supplier_manager"})
    for act in (
        lambda: procurement.cancel_shipment(stranger, world.extra["shipment"], "x"),
        lambda: procurement.amend_shipment(stranger, world.extra["shipment"], expected_on=clock.today()),
    ):
        with pytest.raises(NotFound), transaction():
            act()


def test_a_notice_is_changed_while_the_goods_are_under_way(world):
    later = clock.today() + timedelta(days=2)
    with transaction():
        row = procurement.amend_shipment(world.clerk, world.extra["shipment"], expected_on=later, plate="湘B00001")
        assert (row.expected_on, row.plate) == (later, "湘B00001")
    past = clock.today() - timedelta(days=1)
    assert code_of(lambda: procurement.amend_shipment(world.clerk, row.id, expected_on=past)) == "day_in_past"


# Crates on deposit


@pytest.fixture
def crates(world):
    """Twenty baskets at ¥30 and four pallets at ¥80, accepted; the agency's balances by kind."""
    with transaction():
        sent = [procurement.Crates("basket", 20, 3000), procurement.Crates("pallet", 4, 8000)]
        world.accepted(ship(world, sent_crates=sent).id)
    return {row.kind: row.id for row in procurement.crate_balances(world.receiver)}


def test_crates_are_owed_once_their_delivery_is_accepted_and_both_sides_see_the_same(world, crates):
    with transaction():
        ship(world, sent_crates=[procurement.Crates("basket", 5, 3000)])  # under way: not the agency's yet
    with transaction(write=False):
        for side in (world.receiver, world.clerk):
            held = procurement.crate_balances(side)
            assert sum(row.count * row.deposit_fen for row in held) == 20 * 3000 + 4 * 8000


def test_crates_come_back_with_a_later_delivery(world, crates):
    agency = world.receiver.organisation
    with transaction():
        procurement.take_crates_back(
            world.clerk, agency, {crates["basket"]: 15}, shipment_id=world.extra["shipment"], note="随车带回"
        )
    with transaction(write=False):
        assert {row.kind: row.count for row in procurement.crate_balances(world.receiver)} == {"basket": 5, "pallet": 4}
        moved = db.session.query(CrateMovement).filter(CrateMovement.count < 0).one()
        assert (moved.count, moved.shipment_id) == (-15, world.extra["shipment"])


def test_more_crates_than_are_held_do_not_come_back(app, world, crates):
    """Red when take_back compares in Python; below it stands the CHECK never_below_zero."""
    agency, basket = world.receiver.organisation, crates["basket"]
    assert code_of(lambda: procurement.take_crates_back(world.clerk, agency, {basket: 21})) == "crates_beyond_held"
    assert code_of(lambda: procurement.take_crates_back(world.clerk, agency, {basket: -1})) == "no_lines"
    results = race(app, [lambda: procurement.take_crates_back(world.clerk, agency, {basket: 8})] * 6)
    assert sum(not isinstance(result, DomainError) for result in results) == 2
    with transaction(write=False):
        held = db.session.get_one(CrateBalance, basket).count
        moved = sum(row.count for row in db.session.query(CrateMovement).filter_by(kind="basket"))
        assert held == moved == 4
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(update(CrateBalance).values(count=-1))


def test_strangers_crates_do_not_come_back(world, crates):
    with transaction():
        other = identity.add_organisation(SYSTEM, "supplier", "别的合作社", BEIJING_COUNTY, supplier_kind="cooperative")
        stranger = actor(other.id, {"supplier_manager"})
    agency = world.receiver.organisation
    act = lambda: procurement.take_crates_back(stranger, agency, {crates["basket"]: 1})  # noqa: E731
    assert code_of(act) == "crates_beyond_held"


def test_crates_of_a_kind_are_named_once_and_counted(world):
    twice = [procurement.Crates("basket", 1, 3000), procurement.Crates("basket", 2, 2000)]
    assert code_of(lambda: ship(world, sent_crates=twice)) == "crates_twice"
    assert code_of(lambda: ship(world, sent_crates=[procurement.Crates("basket", 0, 3000)])) == "crates_count"
    with pytest.raises(Refused), transaction():
        ship(world, sent_crates=[procurement.Crates("basket", 1, -1)])
