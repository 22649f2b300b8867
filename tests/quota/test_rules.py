"""Pure rules: the finest parameter, what it asks of each unit case, the days of a year, where a plan is counted."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.quota import rules

pytestmark = pytest.mark.unit


@dataclass
class Rule:
    prefix: str = ""
    status: str = "confirmed"
    base: str = "canteen"
    minimum_bp: int | None = 1000
    union_share_bp: int | None = None
    not_below_last_year: bool = False
    filing_md: int | None = 220
    counting_md: int = 1231
    warn_md: int = 1101
    lead_days: int = 14
    pay_days: int = 30
    confirm_days: int = 11


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([("", "confirmed"), ("43", "confirmed"), ("4302", "confirmed")], "4302"),
        ([("", "confirmed"), ("44", "confirmed")], ""),
        # A finer one that is not published does not hide what stands above it...
        ([("", "confirmed"), ("4302", "unconfirmed")], ""),
        # ...and where nothing is published, the finest says so.
        ([("", "unconfirmed"), ("43", "unconfirmed")], "43"),
        ([("44", "confirmed")], None),
        ([], None),
    ],
)
def test_the_finest_published_parameter_wins_and_the_countrys_is_the_last(rows, wanted):
    """Red when the longest prefix wins whatever its status."""
    found = rules.finest([Rule(prefix, status) for prefix, status in rows], "430224000000")
    assert (found.prefix if found else None) == wanted


@pytest.mark.parametrize(
    ("rule", "case", "last", "base", "rate", "minimum"),
    [
        (Rule(), "own", None, 10_000, 1000, 1000),  # national 2024
        (Rule(base="canteen_union", minimum_bp=1500), "own", None, 12_000, 1500, 1800),  # Zhangye 2023
        (Rule(minimum_bp=1500, not_below_last_year=True), "own", 1_900, 10_000, 1500, 1900),  # Anhui 2025
        (Rule(minimum_bp=1500, not_below_last_year=True), "own", 900, 10_000, 1500, 1500),
        (Rule(minimum_bp=3000), "outsourced", None, 10_000, 3000, 3000),  # Guangdong 2025
        (Rule(minimum_bp=1500, union_share_bp=2000), "none", None, 2_000, 2000, 400),  # Bozhou 2025
        (Rule(), "none", None, 2_000, None, None),  # a region that says nothing of units without canteen
        (Rule(status="unconfirmed"), "own", 900, 10_000, None, None),
        (None, "own", 900, 10_000, None, None),
    ],
)
def test_a_rule_asks_of_each_case_its_share_of_its_base(rule, case, last, base, rate, minimum):
    """Red when an unpublished rule's rate is applied, or last year's target is left out."""
    assert rules.asked(rule, case, 10_000, 2_000, last) == rules.Asked(base, rate, minimum)


@pytest.mark.parametrize(
    ("asks", "target", "ceiling", "code"),
    [
        (rules.Asked(0, 1000, 0), 1, None, "base_not_positive"),
        (rules.Asked(10_000, 1000, 1000), 0, None, "target_not_positive"),
        (rules.Asked(10_000, 1000, 1000), 999, None, "target_below_minimum"),
        (rules.Asked(10_000, 1000, 1000), 1000, 999, "ceiling_below_target"),
        (rules.Asked(10_000, 1000, 1000), 1000, 1000, None),
        (rules.Asked(10_000, None, None), 1, None, None),
    ],
)
def test_figures_below_the_rule_are_refused(asks, target, ceiling, code):
    fault = rules.figures_fault(asks, target, ceiling)
    assert (fault.code if fault else None) == code


def test_a_years_days_follow_from_its_rule():
    """Pay by 20 December: 31 December less the days until a supplier has confirmed the money."""
    days = rules.calendar(Rule(), 2026)
    assert (days.filing, days.warn_from, days.counting) == (date(2026, 2, 20), date(2026, 11, 1), date(2026, 12, 31))
    assert (days.pay_by, days.order_by, days.order_at_once_by) == (
        date(2026, 12, 20),
        date(2026, 11, 6),
        date(2026, 12, 6),
    )


def test_an_unpublished_rule_has_no_deadline():
    assert rules.calendar(Rule(status="unconfirmed"), 2026).filing is None
    assert rules.calendar(None, 2026).filing is None


def test_the_29th_of_february_is_the_28th_in_a_common_year():
    assert rules.day_of(2026, 229) == date(2026, 2, 28)
    assert rules.day_of(2028, 229) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("deliver", "accepted", "today", "due"),
    [
        (date(2026, 12, 1), None, date(2026, 11, 20), date(2026, 12, 31)),
        (date(2026, 12, 2), None, date(2026, 11, 20), date(2027, 1, 1)),
        (date(2026, 11, 1), None, date(2026, 11, 20), date(2026, 12, 20)),  # late already: not before today
        (date(2026, 11, 1), date(2026, 11, 3), date(2026, 11, 20), date(2026, 12, 3)),
    ],
)
def test_an_orders_term_ends_after_its_delivery_or_its_acceptance(deliver, accepted, today, due):
    assert rules.due_day(rules.calendar(Rule(), 2026), deliver, accepted, today) == due


def test_what_is_still_to_order_counts_everything_under_way_once():
    outlook = rules.Outlook(target_fen=1_000, settled_fen=300, committed_fen=200, submitted_fen=100)
    assert (outlook.to_order_fen, outlook.to_settle_fen) == (400, 700)
    assert rules.Outlook(1_000, 900, 200, 0).to_order_fen == 0


def ids(number: int) -> list[UUID]:
    return [UUID(int=place + 1) for place in range(number)]


def test_a_unit_is_counted_at_the_last_that_follows_it_and_a_circle_ends():
    a, b, c, d = ids(4)
    assert rules.seats([a, b, c], {a: b, b: c}) == {a: c, b: c, c: c}
    assert rules.seats([d], {d: None}) == {d: d}
    assert rules.seats([a], {a: b, b: a})[a] in (a, b)


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(
            st.lists(st.none() | st.integers(0, n - 1), min_size=n, max_size=n),
            st.lists(st.integers(0, 10**9), min_size=n, max_size=n),
        )
    )
)
def test_sums_over_any_tree_add_each_unit_once(tree):
    """Whatever stands above whom, circles included: the tops' sums are all figures, each once; a unit's is its own and
    those of the units below it. Red when a unit is entered twice."""
    parents_at, fen = tree
    units = ids(len(fen))
    parents = {unit: units[at] if at is not None else None for unit, at in zip(units, parents_at, strict=True)}
    order = rules.below(parents)
    assert sorted(unit for unit, _ in order) == sorted(units)
    sums = rules.subtree_sums(order, {unit: [value] for unit, value in zip(units, fen, strict=True)}, 1)
    assert sum(sums[unit][0] for unit, depth in order if depth == 0) == sum(fen)
    own = dict(zip(units, fen, strict=True))
    for place, (unit, depth) in enumerate(order):
        inside = [unit]
        for below, deeper in order[place + 1 :]:
            if deeper <= depth:
                break
            inside.append(below)
        assert sums[unit] == [sum(own[one] for one in inside)]
