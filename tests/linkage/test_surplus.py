"""A cooperative's surplus: the worked case of RULES.md to the fen, by two persons, never below 60 % by volume."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.linkage import rules
from marketplace.linkage import services as linkage
from marketplace.linkage.services import Resolution
from tests.factories.world import World, actor, start_agreement
from tests.linkage.helpers import delivery, refused, standing, weighed

YEAR = clock.today().year


@pytest.fixture
def coop(app) -> World:
    with transaction():
        world = World.build(families=4)
        world.extra["agreement"] = start_agreement(world.manager, world.households, kind="surplus")
        from marketplace.core import files

        world.extra["file"] = files.keep(world.manager, "resolution.pdf", b"%PDF-1.4").id
        world.extra["second"] = actor(world.manager.organisation, {"supplier_manager"})
    return world


def prepare(world, actor_=None, **changes):
    facts = {
        "resolution": Resolution("2026-03 号", clock.today(), world.extra["file"]),
        "profit_fen": 40_000_000,
        "reserves_fen": 4_000_000,
        "volume_basis_points": 7_000,
    } | changes
    return linkage.prepare_surplus(actor_ or world.clerk, world.extra["agreement"], facts.pop("year", YEAR), **facts)


def test_the_worked_case_of_the_rules(coop):
    """Surplus 400,000, reserve 10 %, 70 % by 8,000,000 斤 = 0.0315 a 斤, 30 % by 1,700,000 yuan = 0.0635 a yuan."""
    one, two, three, four = coop.households
    volumes = {one: 4_000_000, two: 2_500_000, three: 1_499_000, four: 1_000}
    capitals = {one: 100_000_000, two: 60_000_000, three: 10_000_000}
    with transaction():
        row = prepare(coop, volumes=volumes, capitals=capitals)
        assert (row.volume_fen, row.capital_fen) == (25_200_000, 10_800_000)
        shares = {share.household_id: share for share in linkage.shares_of_surplus(row.id)}
        # 252,000 yuan × 1,000 ÷ 8,000,000 斤: ¥31.50
        assert shares[four].volume_fen == 3_150
        assert [shares[key].volume_fen for key in coop.households] == [12_600_000, 7_875_000, 4_721_850, 3_150]
        # 108,000 × 100,000 ÷ 1,700,000: ¥6,352.94
        assert shares[three].capital_fen == 635_294
        assert sum(share.volume_fen for share in shares.values()) == 25_200_000
        assert sum(share.capital_fen for share in shares.values()) == 10_800_000
        linkage.approve_surplus(coop.manager, row.id)
    with transaction(write=False):
        flows, count, fen = linkage.flows(coop.manager, kind="surplus")
        assert (count, fen) == (4, 36_000_000)
        assert {flow.batch for flow in flows} == {row.number}
        assert standing(coop, four) == (3_150, 0)
        assert standing(coop, one)[0] == 12_600_000 + shares[one].capital_fen


def test_without_entered_volumes_the_years_slips_count(coop):
    one, two = coop.households[:2]
    with transaction():
        weighed(coop, delivery(one, net=30_000), delivery(two, net=10_000))
        row = prepare(coop, volume_basis_points=10_000)
        found = {share.household_id: share.volume_fen for share in linkage.shares_of_surplus(row.id)}
        assert found == {one: 27_000_000, two: 9_000_000}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"volume_basis_points": 5_999}, "volume_part_low"),
        ({"losses_fen": 36_000_000}, "surplus_nothing"),
        ({"volumes": {}}, "volume_weights_missing"),
        ({"capitals": {}}, "capital_weights_missing"),
        ({"year": YEAR + 1}, "year_not_over"),
        ({"resolution": Resolution("", clock.today(), uuid4())}, "resolution_needed"),
        ({"resolution": Resolution("1", clock.today(), None)}, "resolution_needed"),
        ({"resolution": Resolution("1", clock.today() + timedelta(days=1), uuid4())}, "day_in_future"),
        ({"resolution": Resolution("1", clock.today(), uuid4())}, "not_found"),
    ],
)
def test_a_year_that_cannot_be_divided_is_refused(coop, changes, code):
    weights = {"volumes": {coop.households[0]: 1}, "capitals": {coop.households[0]: 1}}
    assert refused(lambda: prepare(coop, **(weights | changes))) == [(code, None)]


def test_weights_of_strangers_and_below_zero_are_refused_by_row(coop):
    wrong = {"volumes": {coop.households[0]: 1, uuid4(): 1}, "capitals": {coop.households[0]: -1}}
    assert refused(lambda: prepare(coop, **wrong)) == [("not_on_roster", 2), ("weight_not_positive", 1)]


def test_who_prepared_a_year_does_not_approve_it(coop):
    """Red when approve_surplus does not compare; the CHECK `two_persons` refuses even then."""
    weights = {"volumes": {coop.households[0]: 1}, "capitals": {coop.households[0]: 1}}
    with transaction():
        row = prepare(coop, coop.manager, **weights)
    assert refused(lambda: linkage.approve_surplus(coop.manager, row.id)) == [("approver_is_preparer", None)]
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("UPDATE surplus_year SET state = 'approved', approved_by = prepared_by"))
    with transaction():
        linkage.approve_surplus(coop.extra["second"], row.id)
    assert refused(lambda: linkage.approve_surplus(coop.extra["second"], row.id)) == [("wrong_state", None)]
    assert refused(lambda: linkage.discard_surplus(coop.clerk, row.id)) == [("wrong_state", None)]


def test_a_year_is_divided_once_and_anew_after_a_discarded_draft(coop):
    weights = {"volumes": {coop.households[0]: 1}, "capitals": {coop.households[0]: 1}}
    with transaction():
        row = prepare(coop, **weights)
    assert refused(lambda: prepare(coop, **weights)) == [("surplus_exists", None)]
    with transaction():
        linkage.discard_surplus(coop.clerk, row.id)
        assert prepare(coop, **weights).id != row.id


def test_the_parts_always_sum_to_what_is_distributable():
    for profit in (1, 7, 99, 10**9 + 1):
        for points in (6_000, 6_001, 9_999, 10_000):
            by_volume, by_capital = rules.surplus_parts(profit, 0, 0, points)
            assert by_volume + by_capital == profit
            assert by_capital >= 0
