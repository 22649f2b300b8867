"""Invariant 12: the fast apportionment is the slow one, sums to the total, is monotone and depends on it alone."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.attribution.rules import apportion, fit, lot_target, next_posting
from tests.attribution.oracle import is_webster, next_served, one_fen_at_a_time
from tests.counts import count

POOLS = st.binary(min_size=16, max_size=16)
WEIGHT = st.one_of(st.integers(1, 12), st.integers(1, 10**9), st.just(1000))
TOTALS = st.integers(0, 10**13)


def named(weights: list[int]) -> list[tuple[bytes, int]]:
    return [(number.to_bytes(4), weight) for number, weight in enumerate(weights)]


def weights(largest: int) -> st.SearchStrategy[list[tuple[bytes, int]]]:
    return st.lists(WEIGHT, min_size=1, max_size=largest).map(named)


@st.composite
def crowds(draw: st.DrawFn) -> list[tuple[bytes, int]]:
    """1 to 5,000 weights from a seed: too many to draw one by one. Few distinct ones make ties, wide ones giants."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    most = draw(st.sampled_from([1, 3, 100, 10**6, 10**12]))
    return named([rng.randint(1, most) for _ in range(draw(st.sampled_from([1, 2, 7, 100, 1500, 5000])))])


@settings(max_examples=count(4000))
@given(st.integers(0, 120), weights(12), POOLS)
def test_the_fast_apportionment_equals_the_slow_definition(
    total: int, who: list[tuple[bytes, int]], pool: bytes
) -> None:
    """Red when ties go by position instead of the hash, or (2k + 1) becomes another divisor."""
    assert apportion(total, who, pool) == one_fen_at_a_time(total, who, pool)


@settings(max_examples=count(400))
@given(TOTALS, crowds(), POOLS)
def test_large_totals_and_crowds_end_where_the_slow_definition_would(
    total: int, who: list[tuple[bytes, int]], pool: bytes
) -> None:
    """Red when the scale of the priorities is too small to tell two apart, or a float decides."""
    shares = apportion(total, who, pool)
    assert sum(shares) == total
    assert min(shares) >= 0
    assert is_webster(shares, who, pool)


@settings(max_examples=count(2000))
@given(TOTALS, weights(60), POOLS)
def test_one_fen_more_goes_to_one_household_and_takes_from_none(
    total: int, who: list[tuple[bytes, int]], pool: bytes
) -> None:
    """Red under the largest remainder, which is not house-monotone."""
    before, after = apportion(total, who, pool), apportion(total + 1, who, pool)
    gained = [later - sooner for sooner, later in zip(before, after, strict=True)]
    assert sorted(gained) == [0] * (len(who) - 1) + [1]
    assert gained[next_served(before, who, pool)] == 1


@settings(max_examples=count(1000))
@given(TOTALS, weights(60), POOLS, st.randoms())
def test_shares_depend_on_the_total_alone(
    total: int, who: list[tuple[bytes, int]], pool: bytes, rng: random.Random
) -> None:
    """Red when the order of the roster decides a tie."""
    shares = dict(zip((pseudonym for pseudonym, _ in who), apportion(total, who, pool), strict=True))
    shuffled = rng.sample(who, len(who))
    assert apportion(total, shuffled, pool) == [shares[pseudonym] for pseudonym, _ in shuffled]


@settings(max_examples=count(1000))
@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=20), weights(40), POOLS)
def test_intervals_of_many_lines_never_drift(lines: list[int], who: list[tuple[bytes, int]], pool: bytes) -> None:
    held, total = [0] * len(who), 0
    for line in lines:
        before, total = apportion(total, who, pool), total + line
        interval = [b - a for a, b in zip(before, apportion(total, who, pool), strict=True)]
        assert sum(interval) == line
        assert min(interval) >= 0
        held = [a + b for a, b in zip(held, interval, strict=True)]
    assert held == apportion(sum(lines), who, pool)


def test_another_pool_breaks_ties_in_another_order() -> None:
    equal = named([1] * 50)
    assert apportion(25, equal, b"one pool") != apportion(25, equal, b"another pool")


def test_weights_alike_share_alike_when_it_comes_out_even() -> None:
    assert apportion(300, named([5, 5, 5]), b"p") == [100, 100, 100]


@pytest.mark.parametrize(
    ("total", "who"),
    [(-1, named([1])), (1, []), (1, named([1, 0])), (1, named([-1])), (1, [(b"a", 1), (b"a", 1)])],
)
def test_nonsense_is_refused(total: int, who: list[tuple[bytes, int]]) -> None:
    with pytest.raises(ValueError, match=r"negative|weights|once"):
        apportion(total, who, b"p")


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
def test_a_lot_sold_out_has_posted_exactly_its_cost(cost: int, parts: list[int]) -> None:
    """Red when each line rounds its own share of the cost."""
    posted = sold = 0
    for part in parts:
        sold += part
        posted += next_posting(lot_target(cost, sold, sum(parts)), posted)
    assert posted == cost


def test_a_lot_whose_cost_fell_posts_nothing_back() -> None:
    assert next_posting(lot_target(100, 1, 2), 80) == 0


@pytest.mark.parametrize(("cost", "sold", "size"), [(1, 2, 1), (1, -1, 1), (-1, 0, 1), (1, 0, 0)])
def test_a_lot_cannot_sell_more_than_it_holds(cost: int, sold: int, size: int) -> None:
    with pytest.raises(ValueError, match="lot"):
        lot_target(cost, sold, size)


@given(st.lists(st.integers(0, 1000), max_size=12), st.integers(0, 3000))
def test_claims_never_take_more_of_a_line_than_its_money(claims: list[int], available: int) -> None:
    granted, written_off = fit(claims, available)
    assert sum(granted) == min(available, sum(claims))
    assert [a + b for a, b in zip(granted, written_off, strict=True)] == claims
    first_short = next((i for i, lost in enumerate(written_off) if lost), len(claims))
    assert not any(granted[first_short + 1 :])  # whoever is served earlier is served in full


def test_timing_is_printed_not_asserted(capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(1)
    for label, most in (("equal", 1), ("shares", 200), ("costs", 10**8)):
        who = named([rng.randint(1, most) for _ in range(5000)])
        for total in (10**7 + 2500, 10**13 + 2500):
            best = min(_seconds(total, who) for _ in range(3))
            with capsys.disabled():
                print(f"\napportion {total:.0e} fen, 5,000 {label}: {best * 1000:.1f} ms", end="")


def _seconds(total: int, who: list[tuple[bytes, int]]) -> float:
    start = time.perf_counter()
    apportion(total, who, b"pool")
    return time.perf_counter() - start
