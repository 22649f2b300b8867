"""Who is paid for a household, as arithmetic."""

from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from marketplace.households.rules import WHOLE, Turn, heirs

A, B, C, D = (UUID(int=n) for n in range(1, 5))
DAY = date(2026, 6, 1)


def turn(days: int, *parts: tuple[UUID, int], serial: int = 0) -> Turn:
    return Turn((DAY + timedelta(days=days), UUID(int=1000 + serial)), parts)


def test_nothing_changed_is_itself() -> None:
    assert heirs(A, {}) == [(A, WHOLE)]


def test_a_merger_is_followed_to_its_end() -> None:
    turns = {A: [turn(0, (B, WHOLE))], B: [turn(5, (C, WHOLE))]}
    assert heirs(A, turns) == [(C, WHOLE)]


def test_a_split_may_keep_a_part_for_itself() -> None:
    """Red when the walk does not look at time: a part of itself would never end."""
    assert heirs(A, {A: [turn(0, (A, 6000), (B, 4000))]}) == [(A, 6000), (B, 4000)]
    again = {A: [turn(0, (A, 6000), (B, 4000)), turn(9, (A, 5000), (C, 5000))]}
    assert heirs(A, again) == [(B, 4000), (A, 3000), (C, 3000)]


def test_what_merged_before_a_split_is_split_and_what_merged_after_is_not() -> None:
    """Red when a turn earlier than the one that led there is followed."""
    split = turn(5, (C, 5000), (D, 5000))
    assert heirs(A, {A: [turn(0, (B, WHOLE))], B: [split]}) == [(C, 5000), (D, 5000)]
    assert heirs(A, {A: [turn(9, (B, WHOLE))], B: [split]}) == [(B, WHOLE)]


def test_parts_that_meet_again_are_added() -> None:
    turns = {A: [turn(0, (B, 5000), (C, 5000))], B: [turn(1, (D, WHOLE))], C: [turn(1, (D, WHOLE))]}
    assert heirs(A, turns) == [(D, WHOLE)]


def test_thirds_of_thirds_still_sum_to_the_whole() -> None:
    thirds = ((B, 3334), (C, 3333), (D, 3333))
    turns = {A: [turn(0, *thirds)], B: [turn(1, (A, 3334), (C, 3333), (D, 3333))]}
    assert sum(bp for _, bp in heirs(A, turns)) == WHOLE


@st.composite
def histories(draw: st.DrawFn) -> dict[UUID, list[Turn]]:
    people = [UUID(int=n) for n in range(1, 8)]
    found: dict[UUID, list[Turn]] = {}
    for serial in range(draw(st.integers(0, 12))):
        one = draw(st.sampled_from(people))
        parts = draw(st.lists(st.sampled_from(people), min_size=1, max_size=4, unique=True))
        cuts = sorted(
            draw(st.lists(st.integers(1, WHOLE - 1), min_size=len(parts) - 1, max_size=len(parts) - 1, unique=True))
        )
        shares = [high - low for low, high in zip([0, *cuts], [*cuts, WHOLE], strict=True)]
        day = draw(st.integers(0, 20))
        found.setdefault(one, []).append(turn(day, *zip(parts, shares, strict=True), serial=serial))
    return found


@given(histories())
def test_any_history_ends_and_sums_to_the_whole(turns: dict[UUID, list[Turn]]) -> None:
    """Red when a chain can run in a circle, or rounding loses a basis point."""
    for one in [UUID(int=n) for n in range(1, 8)]:
        found = heirs(one, turns)
        assert sum(bp for _, bp in found) == WHOLE
        assert all(bp > 0 for _, bp in found)
        exact = _exact(one, turns)
        assert all(abs(Fraction(bp, WHOLE) - exact[id_]) < Fraction(1, WHOLE) for id_, bp in found)


def _exact(one: UUID, turns: dict[UUID, list[Turn]]) -> dict[UUID, Fraction]:
    """The slow definition: all turns of everybody in the order of time, moving what stands with each."""
    held = {one: Fraction(1)}
    story = sorted((step.order, household, step.parts) for household, steps in turns.items() for step in steps)
    for _, household, parts in story:
        share = held.pop(household, Fraction(0))
        for part, points in parts:
            held[part] = held.get(part, Fraction(0)) + share * points / WHOLE
    return held
