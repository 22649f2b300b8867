"""What codes say by themselves."""

from datetime import date

import pytest

from marketplace.regions import rules

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("level", "prefix"), [(1, "43"), (2, "4302"), (3, "430225"), (4, "430225209"), (5, "430225209003")]
)
def test_a_prefix_has_the_digits_of_its_level(level, prefix):
    assert rules.prefix_of("430225209003", level) == prefix


def test_zeros_at_the_end_are_digits_of_a_prefix():
    # 430200 and 430201 would both "begin with 4302" if the zeros were stripped from a county's prefix 430200.
    assert rules.prefix_of("430200000000", 3) == "430200"
    assert not rules.lies_in("430225000000", rules.prefix_of("430200000000", 3))
    assert rules.lies_in("430225000000", rules.prefix_of("430200000000", 2))


@pytest.mark.parametrize(
    ("code", "county"),
    [
        ("430225209003", "430225000000"),
        ("430225000000", "430225000000"),
        ("441900003000", "441900000000"),  # Dongguan: townships hang on the prefecture
        ("442000001000", "442000000000"),  # Zhongshan
        ("460400100000", "460400000000"),  # Danzhou
    ],
)
def test_a_place_lies_in_its_county_or_where_there_is_none_in_its_prefecture(code, county):
    assert rules.county_code(code) == county


def test_ancestors_stop_at_the_code_itself():
    assert rules.ancestors("430225209000") == ["430000000000", "430200000000", "430225000000", "430225209000"]
    assert rules.ancestors("430000000000") == ["430000000000"]


@pytest.mark.parametrize(
    ("names", "whole"),
    [
        (["湖南省", "株洲市", "炎陵县", "中村瑶族乡"], "湖南省株洲市炎陵县中村瑶族乡"),
        (["北京市", "市辖区", "东城区"], "北京市东城区"),
        (["海南省", "省直辖县级行政区划", "五指山市"], "海南省五指山市"),
        (["湖南省", "株洲市", "炎陵县", "炎陵县大院农场"], "湖南省株洲市炎陵县大院农场"),
        (["西藏自治区", "林芝市", "米林市", "米林镇"], "西藏自治区林芝市米林市米林镇"),
    ],
)
def test_a_whole_name_is_what_an_address_says(names, whole):
    assert rules.joined(names) == whole


@pytest.mark.parametrize(
    ("code", "level", "fault"),
    [
        ("430225000000", 3, None),
        ("43022500000", 3, "division_code"),
        ("4302250000000", 3, "division_code"),
        ("43022500000x", 3, "division_code"),
        ("４３０２２５００００００", 3, "division_code"),  # full-width digits are digits to Python
        ("430225209000", 3, "division_code_level"),  # a township's code on a county
        ("430200000000", 3, "division_code_level"),  # a prefecture's
        ("000000000000", 1, "division_code_level"),
    ],
)
def test_a_code_has_twelve_digits_that_end_at_its_level(code, level, fault):
    assert rules.code_fault(code, level) == fault


@pytest.mark.parametrize(
    ("code", "level", "parent", "parent_level", "fault"),
    [
        ("430000000000", 1, "", None, None),
        ("430000000000", 1, "440000000000", 1, "division_parent_of_province"),
        ("430225000000", 3, "430200000000", 2, None),
        ("430225000000", 3, "", None, "division_parent_unknown"),
        ("430225000000", 3, "430200000000", None, "division_parent_unknown"),
        ("430225000000", 3, "430300000000", 2, "division_parent_prefix"),
        ("430225000000", 3, "430000000000", 1, "division_parent_level"),
        ("441900003000", 4, "441900000000", 2, None),  # Dongguan
        ("430225209000", 4, "430200000000", 2, "division_parent_level"),  # but here the county was forgotten
    ],
)
def test_a_parent_is_one_level_up_and_shares_its_digits(code, level, parent, parent_level, fault):
    assert rules.parent_fault(code, level, parent, parent_level) == fault


SUCCESSORS = {
    "a": [("b", date(2013, 1, 18))],
    "b": [("c", date(2020, 1, 1))],
    "c": [("a", date(2021, 1, 1))],  # a circle in bad data must end
}


@pytest.mark.parametrize(
    ("day", "codes"),
    [
        (date(2013, 1, 17), {"a"}),
        (date(2013, 1, 18), {"a", "b"}),
        (date(2020, 1, 1), {"a", "b", "c"}),
        (date(2022, 1, 1), {"a", "b", "c"}),
    ],
)
def test_a_list_follows_its_counties_from_the_day_of_each_change(day, codes):
    assert rules.with_successors(["a"], SUCCESSORS, day) == codes
