"""Small cells, months and levels of a drill."""

import pytest

from marketplace.core.errors import Refused
from marketplace.reporting import rules


def cells(*sizes: int) -> list[set[int]]:
    found, start = [], 0
    for size in sizes:
        found.append(set(range(start, start + size)))
        start += size
    return found


def test_nothing_is_hidden_where_every_cell_has_five_households_or_none() -> None:
    assert rules.hidden(cells(5, 0, 12)) == {}


def test_a_cell_of_fewer_than_five_is_hidden_with_the_smallest_other() -> None:
    # Shown alone, the total less the other cells would be the hidden one.
    assert rules.hidden(cells(40, 3, 9, 7)) == {1: "few", 3: "complement"}


def test_two_small_cells_whose_union_is_small_take_a_third_with_them() -> None:
    assert rules.hidden(cells(1, 2, 30, 8)) == {0: "few", 1: "few", 3: "complement"}
    same = [{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4, 5, 6}]
    assert rules.hidden(same) == {0: "few", 1: "few", 2: "complement"}


def test_cells_without_households_stay() -> None:
    assert rules.hidden(cells(3, 0)) == {0: "few"}


@pytest.mark.parametrize(
    ("code", "prefix", "part"),
    [
        ("430225103201", "", "43"),
        ("430225103201", "43", "4302"),
        ("430225103201", "430225", "430225103"),
        ("430225000000", "430225", "430225000000"),
        ("430225103201", "430225103", "430225103201"),
        ("441900003000", "4419", "441900003"),  # a township right under its prefecture
    ],
)
def test_a_drill_goes_one_level_down(code: str, prefix: str, part: str) -> None:
    assert rules.child(code, prefix) == part


def test_months_cross_the_year() -> None:
    assert rules.months(202511, 202602) == [202511, 202512, 202601, 202602]
    assert rules.before(202601) == 202512
    assert rules.before(202611, 11) == 202512


@pytest.mark.parametrize(("first", "last"), [(202613, 202613), (202602, 202601), (200001, 202601), (0, 202601)])
def test_months_that_make_no_sense_are_refused(first: int, last: int) -> None:
    with pytest.raises(Refused):
        rules.check_months(first, last)


def test_change_is_none_where_nothing_was_sold_before() -> None:
    assert rules.change(100, 0) is None
    assert rules.change(109, 100) == 900
    assert rules.change(95, 100) == -500
