"""What a line commits of the plan: settling never adds to committed + settled, and enough is held for the rest."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from marketplace.catalogue import rules as prices
from marketplace.procurement import rules


@dataclass
class Line:
    ordered: int
    open: int = 0
    in_transit: int = 0
    accepted: int = 0
    rejected: int = 0
    cancelled: int = 0
    credited: int = 0
    settled: int = 0


PART = st.tuples(st.integers(1, 40), st.sampled_from(["settle", "reject", "cancel"]), st.integers(0, 10_000))


@given(
    price=st.integers(1, 50_000),
    content=st.integers(1, 9_000),
    weighed=st.booleans(),
    tolerance=st.integers(1, 2000),
    parts=st.lists(PART, min_size=1, max_size=8),
)
def test_a_line_settled_in_any_parts_never_needs_more_of_the_plan_than_it_holds(
    price, content, weighed, tolerance, parts
):
    """Red when `still_committed` rounds down, or forgets what settled."""
    pricing, tolerance = ("weighed", tolerance) if weighed else ("counted", 0)
    line = Line(ordered=sum(quantity for quantity, _, _ in parts) * 1000)
    money = prices.money(line.ordered, pricing=pricing, price_fen=price, content=content)
    limit = held = prices.at_most(money, tolerance)
    before = net_before = settled = 0
    for quantity, fate, weight in parts:
        now = 0
        if fate == "settle":
            nominal = prices.nominal_base(quantity * 1000, content)
            most = nominal * (10_000 + tolerance) // 10_000
            net = max(1, most * weight // 10_000) if weighed else nominal
            start, added = (net_before, net) if weighed else (before, quantity * 1000)
            now = rules.delivered_money(pricing, price, before=start, added=added)
            before, net_before = before + quantity * 1000, net_before + net
            line.settled += quantity * 1000
        elif fate == "reject":
            line.rejected += quantity * 1000
        else:
            line.cancelled += quantity * 1000
        after = rules.still_committed(line, limit, held, now)
        assert now <= held  # what settles was held
        assert after + now <= held  # and nothing was added to the plan by it
        held, settled = after, settled + now
    assert held == 0
    assert settled <= limit


def test_the_order_is_settled_when_all_that_was_accepted_is_and_nothing_is_under_way():
    done = Line(ordered=5, accepted=3, rejected=1, cancelled=1, settled=3)
    assert rules.order_state([done], confirmed=True) == "settled"
    assert rules.order_state([Line(ordered=5, accepted=5, settled=3)], confirmed=True) == "accepted"
    assert rules.order_state([done, Line(ordered=5, open=5)], confirmed=True) == "part_delivered"
    assert rules.order_state([Line(ordered=5, cancelled=5)], confirmed=True) == "cancelled"
    assert rules.order_state([Line(ordered=5, rejected=5)], confirmed=True) == "rejected"
