"""What a notice shows of a person, and whom an objection makes wait."""

import pytest

from marketplace.notices import rules

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),
        ("张老三", "张*三"),
        ("欧阳老三", "欧**三"),
        ("张", "*"),
        ("", "*"),
        (" 张三 ", "张*"),
        ("阿依古丽", "阿**丽"),
    ],
)
def test_a_name_is_masked_between_its_ends(name, shown):
    assert rules.masked(name) == shown


def test_a_number_is_shown_by_its_last_four():
    assert rules.tail("430225-000123") == "0123"


@pytest.mark.parametrize(
    ("objections", "whole", "lines"),
    [
        ([("open", "household", 3)], False, {3}),
        ([("answered", "household", 3)], False, {3}),
        ([("open", "list", None)], True, set()),
        ([("upheld", "household", 3)], False, {3}),
        ([("upheld", "list", 3)], True, {3}),
        ([("dismissed", "household", 3), ("settled", "list", None)], False, set()),
    ],
)
def test_who_waits_for_an_objection(objections, whole, lines):
    assert rules.whole_list_waits(objections) is whole
    assert rules.lines_that_wait(objections) == lines
