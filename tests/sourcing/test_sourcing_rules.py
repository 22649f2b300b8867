"""What an award is judged by, without a database."""

from datetime import UTC, datetime
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from marketplace.sourcing import rules

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
BEFORE, AFTER = NOON.replace(hour=11), NOON.replace(hour=13)


def test_the_deadline_closes_a_request_by_itself():
    assert rules.state_at("open", NOON, BEFORE) == "open"
    assert rules.state_at("open", NOON, NOON) == rules.state_at("open", NOON, AFTER) == "closed"
    assert rules.state_at("cancelled", NOON, AFTER) == "cancelled"


def test_quotations_are_sealed_until_the_deadline_and_for_good_if_cancelled_before_it():
    """Red when `sealed` looks at the deadline alone."""
    assert rules.sealed(NOON, None, BEFORE)
    assert not rules.sealed(NOON, None, NOON)
    assert rules.sealed(NOON, BEFORE, AFTER)
    assert not rules.sealed(NOON, AFTER, AFTER)


def test_a_part_beyond_the_last_pack_becomes_a_whole_one():
    five = rules.per_unit(5_000, 1_000)  # a box of 5 kg
    assert rules.order_quantity(100_000, five, 1_000) == 20_000
    assert rules.order_quantity(100_001, five, 1_000) == 21_000
    assert rules.order_quantity(100_001, five, 2_000) == 22_000
    assert rules.comparable_quantity(20_000, five) == 100_000


def test_passing_over_a_cheaper_one_with_goods_left_needs_a_reason():
    cheap, dear = uuid4(), uuid4()
    asked = [rules.Asked(cheap, 1000, 60), rules.Asked(dear, 1200, 100)]
    assert rules.not_cheapest(asked, {cheap: 60, dear: 40}) == set()  # the cheapest has no more
    assert rules.not_cheapest(asked, {cheap: 59, dear: 41}) == {dear}
    assert rules.not_cheapest(asked, {dear: 100}) == {dear}
    assert rules.not_cheapest(asked, {cheap: 10}) == set()
    assert rules.not_cheapest([rules.Asked(cheap, 1000, 60), rules.Asked(dear, 1000, 60)], {dear: 60}) == set()


@given(
    wants=st.lists(st.integers(1, 10**10), min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 10_000), min_size=1, max_size=4),
)
def test_shares_sum_to_each_award_and_no_agency_gets_more_than_it_wants(wants, cuts):
    """Red when each award is apportioned by itself instead of cumulatively."""
    wanted = {uuid4(): quantity for quantity in wants}
    total = sum(wants)
    awarded = [total * cut // 10_000 // len(cuts) for cut in cuts]
    found = rules.shares(wanted, awarded, uuid4())
    assert [sum(part.values()) for part in found] == awarded
    for agency, quantity in wanted.items():
        got = [part[agency] for part in found]
        assert all(part >= 0 for part in got)
        assert sum(got) <= quantity


@given(wants=st.lists(st.integers(1, 10**9), min_size=1, max_size=6), cut=st.integers(0, 10_000))
def test_what_is_wholly_awarded_is_wholly_divided(wants, cut):
    wanted = {uuid4(): quantity for quantity in wants}
    first = sum(wants) * cut // 10_000
    found = rules.shares(wanted, [first, sum(wants) - first], uuid4())
    assert {agency: sum(part[agency] for part in found) for agency in wanted} == wanted
